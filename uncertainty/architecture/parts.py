"""Where a transformers model keeps what the lessons look at. The only place that knows architectures.

A causal language model is, for this course: an embedding, blocks that each add to a residual stream, a final norm, an
unembedding, and perhaps something after it (a scale, a softcap). `model_parts` finds the parts and proves itself: from the
stream that enters the final norm it must arrive at the model's own log-probabilities, or the model is refused.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from weakref import WeakKeyDictionary

import torch
from torch import Tensor, nn
from torch.nn.functional import linear

STACKS = ("layers", "h", "blocks")
NORMS = ("norm", "ln_f", "final_layer_norm", "final_layernorm", "norm_f", "layer_norm")
TOLERANCE = {
    torch.float64: 1e-6,
    torch.float32: 1e-3,
}  # nats; 0.01 in half precision: the same steps round alike
_PROVEN: WeakKeyDictionary = WeakKeyDictionary()


@dataclass(frozen=True)
class ModelParts:
    """The parts of a model, for the way from the residual stream to the logits.

    Attributes:
        blocks: the transformer blocks, first to last.
        norm: the final norm, or None where the blocks end without one (OPT-350m).
        project: a projection between norm and unembedding (OPT-350m), or None.
        unembedding: the linear layer to the vocabulary: ``weight`` (vocabulary, width), perhaps a ``bias``.
        scale, divisor: the logits are multiplied by the one (Cohere) and divided by the other (Granite); 1 elsewhere.
        softcap: where not None the logits are softcap * tanh(logits / softcap) (Gemma-2).
    """

    blocks: nn.ModuleList
    norm: nn.Module | None
    project: nn.Module | None
    unembedding: nn.Module
    scale: float
    divisor: float
    softcap: float | None

    def before_head(self, residual: Tensor) -> Tensor:
        """The final norm, with the scale of *this* residual, and the projection: what the unembedding multiplies.

        Works for the stream at any depth, ``(..., width)``: recomputing the norm is what makes it a lens.
        """
        states = residual.to(self.unembedding.weight)
        states = states if self.norm is None else self.norm(states)
        states = states if self.project is None else self.project(states)
        return states.to(self.unembedding.weight.device)

    def after_head(self, logits: Tensor) -> Tensor:
        """What follows the product with the unembedding: scale and divisor, then the softcap."""
        logits = logits if self.scale == 1 else logits * self.scale
        logits = logits if self.divisor == 1 else logits / self.divisor
        return logits if self.softcap is None else self.softcap * torch.tanh(logits / self.softcap)

    def logits(self, residual: Tensor) -> Tensor:
        """Raw logits, ``(..., vocabulary)``, if this residual were the one that enters the final norm."""
        bias = getattr(self.unembedding, "bias", None)
        return self.after_head(linear(self.before_head(residual), self.unembedding.weight, bias))

    @contextmanager
    def record_stream(
        self, *, middle: tuple = (), positions: slice = slice(None)
    ) -> Iterator[list[Tensor]]:
        """Inside, every forward pass appends the stream at each depth to a list: tensors (batch, positions, width).

        ``layers + 1`` a pass: what enters each block (the first is the embedding, scaled where the model scales it), then
        what enters the final norm. (The last of transformers' own ``hidden_states`` is already normed.) ``middle``: modules
        from `resid_mid_modules`; their inputs come in between, ``2 * layers + 1`` in all.
        """
        stream: list[Tensor] = []

        def keep(module, arguments, named, output=None):
            state = (
                output
                if output is not None
                else arguments[0]
                if arguments
                else named["hidden_states"]
            )
            state = first_output(state).detach()
            shape = (
                stream[0].shape if stream and state.ndim == 2 else state.shape
            )  # OPT flattens before its second norm
            part = state.reshape(shape)[:, positions].to(self.unembedding.weight.device)
            stream.append(
                part.clone() if part.numel() < state.numel() else part
            )  # a view would keep the rest in memory

        hooks = [
            part.register_forward_pre_hook(keep, with_kwargs=True)
            for part in [*self.blocks, *middle]
        ]
        hooks.append(self.blocks[-1].register_forward_hook(keep, with_kwargs=True))
        try:
            yield stream
        finally:
            for hook in hooks:
                hook.remove()


def model_parts(model) -> ModelParts:
    """The parts of a decoder-only language model in transformers' format.

    Proven on a few tokens the first time, and again when a part or the precision has changed. (A hook put on the model
    after its proof is not noticed.)

    Raises:
        ValueError: an encoder-decoder; a part that was not found or is packed (a 4-bit unembedding); or the parts do not
            give the model's own log-probabilities.
    """
    found = _find(model)
    if _PROVEN.get(model) != (found, model.dtype):
        _prove(model, found)
        _PROVEN[model] = (found, model.dtype)
    return found


def _find(model) -> ModelParts:
    if model.config.is_encoder_decoder:
        raise ValueError(
            f"{type(model).__name__} is an encoder-decoder; this needs a decoder-only model."
        )
    body = getattr(model.base_model, "decoder", model.base_model)
    body = getattr(body, "language_model", body)
    blocks, unembedding = _first(body, STACKS), model.get_output_embeddings()
    if not isinstance(blocks, nn.ModuleList) or not len(blocks) or unembedding is None:
        raise ValueError(
            f"{type(model).__name__} has no stack of blocks, or no unembedding, where we know to look."
        )
    weight = unembedding.weight
    if not weight.is_floating_point() or weight.is_meta:
        raise ValueError(
            f"the unembedding of this {type(model).__name__} is packed or not in memory ({weight.dtype}, "
            f"{weight.device}): load the model with its output layer in floating point, on a device."
        )
    config = model.config.get_text_config()
    scale, divisor = (
        getattr(config, name, None) or 1 for name in ("logit_scale", "logits_scaling")
    )
    scale = (
        scale if isinstance(scale, (int, float)) else 1
    )  # MPT's may be a word, which transformers ignores
    return ModelParts(
        blocks,
        _first(body, NORMS),
        getattr(body, "project_out", None),
        unembedding,
        scale,
        divisor,
        getattr(config, "final_logit_softcapping", None),
    )


def _first(module: nn.Module, names: tuple[str, ...]):
    return next((part for name in names if (part := getattr(module, name, None)) is not None), None)


def probe_ids(model) -> Tensor:
    return torch.arange(1, 6, device=model.device)[None] % model.config.get_text_config().vocab_size


@torch.no_grad()
def _prove(model, parts: ModelParts) -> None:
    with parts.record_stream() as stream:
        logits = model(input_ids=probe_ids(model), use_cache=False).logits
    name = type(model).__name__
    if len(stream) != len(parts.blocks) + 1:
        raise ValueError(
            f"{name}: {len(parts.blocks)} blocks gave {len(stream)} residuals instead of one more than blocks."
        )
    ours = parts.logits(stream[-1]).to(logits)
    error = (ours.double().log_softmax(-1) - logits.double().log_softmax(-1)).abs().max().item()
    if not error <= TOLERANCE.get(model.dtype, 0.01):
        raise ValueError(
            f"{name}: from the last residual our log-probabilities are off by {error:.2g} nats, so something "
            "between residual and logits is unknown to us. This model is refused rather than misread."
        )


def first_output(output):
    return output[0] if isinstance(output, (tuple, list)) else output
