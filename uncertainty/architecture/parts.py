"""Where a transformers model keeps what the lessons look at.

A causal language model is, for this course: an embedding, blocks that each add to a residual
stream, a final norm, an unembedding, and perhaps something after it (a scale, a softcap).
`model_parts` finds the parts and proves that it found them: from the stream that enters the final
norm it must arrive at the model's own log-probabilities, or the model is refused.
"""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from typing import Any
from weakref import WeakKeyDictionary

import torch
from torch import Tensor, nn
from torch.nn.functional import linear

from .._inputs import (
    hooks_are_called,
    input_device,
    require_eval_mode,
    require_whole_layers,
    without_wrapper,
)
from .stored_weights import in_memory, plain_copy

BLOCK_STACKS = ("layers", "h", "blocks")
FINAL_NORMS = (
    "norm",
    "ln_f",
    "final_layer_norm",
    "final_layernorm",
    "norm_f",
    "layer_norm",
    "layernorm",
    "final_norm",
    "embedding_norm",
    "ln_out",
)
SOFTCAPS = ("final_logit_softcapping", "logits_soft_cap")
TOLERANCES = {torch.float64: 1e-6, torch.float32: 1e-3}  # nats
HALF_PRECISION_TOLERANCE = 0.01  # nats; the same steps round alike
_PROVEN: WeakKeyDictionary = WeakKeyDictionary()


@dataclass(frozen=True)
class ModelParts:
    """The parts of a model that lead from the residual stream to the logits.

    Attributes:
        blocks: the transformer blocks, first to last.
        norm: the final norm, or None where the blocks end without one (OPT-350m).
        projection: a linear layer between norm and unembedding (OPT-350m), or None.
        unembedding: the linear layer to the vocabulary: ``weight`` (vocabulary, width), perhaps a
            ``bias``. Where accelerate keeps the model's own elsewhere (offloading), it is a copy on
            the device that computes, and so is the projection.
        scale, divisor: the logits are multiplied by ``scale`` (Cohere) and divided by ``divisor``
            (Granite); both are 1 elsewhere.
        head_dtype: in which norm, projection and unembedding compute; None for the weights' own.
        softcap: where not None, the logits are softcap * tanh(logits / softcap) (Gemma-2).
    """

    blocks: nn.ModuleList
    norm: nn.Module | None
    projection: nn.Linear | None
    unembedding: nn.Linear
    scale: float
    divisor: float
    softcap: float | None
    head_dtype: torch.dtype | None = None

    def before_unembedding(self, residual: Tensor) -> Tensor:
        """Return what the unembedding multiplies: the residual after the final norm and projection.

        The norm takes its scale from *this* residual. That makes the function a lens: it works for
        the stream at any depth, ``(..., width)``.
        """
        states = residual.to(self.unembedding.weight)
        if self.head_dtype is not None:
            states = residual.to(states.device, self.head_dtype)
        if self.norm is not None:
            states = self.norm(states)
        if self.projection is not None:
            states = self.projection(states)
        return states.to(self.unembedding.weight.device)

    def after_unembedding(self, logits: Tensor) -> Tensor:
        """Apply what follows the product with the unembedding: scale, divisor, then softcap."""
        if self.scale != 1:
            logits = logits * self.scale
        if self.divisor != 1:
            logits = logits / self.divisor
        if self.softcap is not None:
            logits = self.softcap * torch.tanh(logits / self.softcap)
        return logits

    def logits(self, residual: Tensor) -> Tensor:
        """Return the raw logits that would follow if this residual entered the final norm.

        Shapes: ``(..., width)`` to ``(..., vocabulary)``.
        """
        bias = getattr(self.unembedding, "bias", None)
        states = self.before_unembedding(residual)
        weight = self.unembedding.weight.to(states.dtype)
        bias = None if bias is None else bias.to(states.dtype)
        return self.after_unembedding(linear(states, weight, bias))

    @contextmanager
    def record_stream(
        self, *, middle: Sequence[nn.Module] = (), positions: slice = slice(None)
    ) -> Iterator[list[Tensor]]:
        """Record the residual stream of every forward pass made inside the context.

        Each pass appends ``layers + 1`` tensors (batch, positions, width) to the list: what enters
        each block (the first is the embedding, scaled where the model scales it), then what enters
        the final norm. (The last of transformers' own ``hidden_states`` is already normed.)

        Args:
            middle: modules from `resid_mid_modules`. Their inputs come in between, so a pass
                appends ``2 * layers + 1`` tensors.
            positions: which positions to keep.
        """
        stream: list[Tensor] = []

        def record(states) -> None:
            state = first_output(states).detach()
            if stream and state.ndim == 2:  # OPT flattens before its second norm
                state = state.reshape(stream[0].shape)
            part = state[:, positions].to(self.unembedding.weight.device)
            if part.numel() < state.numel():
                part = part.clone()  # a view would keep the rest in memory
            stream.append(part)

        def record_input(module, arguments, named):
            record(arguments[0] if arguments else named["hidden_states"])

        def record_output(module, arguments, output):
            record(output)

        with ExitStack() as hooks:
            hooks.enter_context(hooks_are_called())
            for module in [*self.blocks, *middle]:
                hook = module.register_forward_pre_hook(record_input, with_kwargs=True)
                hooks.enter_context(hook)
            hooks.enter_context(self.blocks[-1].register_forward_hook(record_output))
            yield stream


def model_parts(model) -> ModelParts:
    """Return the parts of a decoder-only language model in transformers' format.

    They are proven on a few tokens the first time, and again when a part or the precision has
    changed. (A hook that is put on the model after its proof is not noticed.) Inside what
    `torch.compile` or PEFT's LoRA has put around a model the model itself is read.

    Raises:
        ValueError: an encoder-decoder, a model in training mode or with virtual tokens (prompt
            tuning); a part that was not found or is packed (a 4-bit unembedding); or the parts do
            not give the model's own log-probabilities.
    """
    model = without_wrapper(model)
    require_eval_mode(model)
    parts = _find_parts(model)
    if _PROVEN.get(model) != (parts, model.dtype):
        _prove_parts(model, parts)
        _PROVEN[model] = (parts, model.dtype)
    return parts


def with_float32_head(parts: ModelParts) -> ModelParts:
    """Return parts that lead from the stream to the logits in float32 where the weights are halves.

    Norm and projection are copied; the unembedding stays as it is, and whoever multiplies by it
    converts a slice at a time.
    """
    if parts.unembedding.weight.dtype not in (torch.bfloat16, torch.float16):
        return parts
    return replace(
        parts,
        norm=None if parts.norm is None else plain_copy(parts.norm).float(),
        projection=None if parts.projection is None else plain_copy(parts.projection).float(),
        head_dtype=torch.float32,
    )


def require_no_adapter(module: nn.Module, name: str) -> None:
    """Raise ValueError where an adapter (LoRA) adds to a layer's weights, which are read alone."""
    if hasattr(module, "base_layer"):
        raise ValueError(
            f"{name} has an adapter ({type(module).__module__}.{type(module).__name__}), so its "
            "weights are not all that it does: read model.merge_and_unload() of the PEFT model."
        )


def first_attribute(module: Any, names: Sequence[str]):
    """Return the first of the named attributes that the module has and that is not None."""
    for name in names:
        value = getattr(module, name, None)
        if value is not None:
            return value
    return None


def first_output(output):
    """Return a module's output, or its first element where the module returns several."""
    return output[0] if isinstance(output, (tuple, list)) else output


def probe_ids(model) -> Tensor:
    """Return five token ids, ``(1, 5)``, on which the proofs run a model."""
    vocabulary = model.config.get_text_config().vocab_size
    return torch.arange(1, 6, device=input_device(model))[None] % vocabulary


def relative_tolerance(model) -> float:
    """Return how far two computations of one quantity may differ in the model's precision.

    bitsandbytes computes coarsely whatever the model's dtype: 8-bit layers round their inputs, and
    4-bit layers may compute in bfloat16.
    """
    is_exact = model.dtype.itemsize >= 4 and not getattr(model, "is_quantized", False)
    return 1e-3 if is_exact else 0.05


def _find_parts(model) -> ModelParts:
    # 1. the modules
    if model.config.is_encoder_decoder:
        raise ValueError(
            f"{type(model).__name__} is an encoder-decoder; this needs a decoder-only model."
        )
    body = model.base_model
    for name in ("decoder", "language_model"):
        body = getattr(body, name, body)
    if body is model:  # Llama 4 gives its body another name than it says
        body = getattr(model, "model", model)
    blocks = first_attribute(body, BLOCK_STACKS)
    unembedding = model.get_output_embeddings()
    if not isinstance(blocks, nn.ModuleList) or not len(blocks) or unembedding is None:
        raise ValueError(
            f"{type(model).__name__} has no stack of blocks, or no unembedding, under the names "
            "that this course knows."
        )
    require_whole_layers(model)
    if not unembedding.weight.is_floating_point():
        raise ValueError(
            f"the unembedding of this {type(model).__name__} is packed "
            f"({unembedding.weight.dtype}): load the model with its output layer in floating point."
        )
    require_no_adapter(unembedding, "the unembedding")
    projection = getattr(body, "project_out", None)

    # 2. what the configuration says about the logits
    config = model.config.get_text_config()
    scale = getattr(config, "logit_scale", None) or 1
    if not isinstance(scale, (int, float)):
        scale = 1  # MPT's may be a word, which transformers ignores
    return ModelParts(
        blocks=blocks,
        norm=first_attribute(body, FINAL_NORMS),
        projection=None if projection is None else in_memory(projection),
        unembedding=in_memory(unembedding),
        scale=scale,
        divisor=getattr(config, "logits_scaling", None) or 1,
        softcap=first_attribute(config, SOFTCAPS),
    )


@torch.no_grad()
def _prove_parts(model, parts: ModelParts) -> None:
    """Raise ValueError unless the last residual gives the model's own log-probabilities."""
    name = type(model).__name__
    with parts.record_stream() as stream:
        logits = model(input_ids=probe_ids(model), use_cache=False).logits
    if not all(state.isfinite().all() for state in stream):
        raise ValueError(
            f"{name}: nan or infinite numbers in the residual stream; load it in another precision "
            "(bfloat16 or float32 instead of float16)."
        )
    if len(stream) != len(parts.blocks) + 1:
        raise ValueError(
            f"{name}: {len(parts.blocks)} blocks gave {len(stream)} residuals instead of one more "
            "than blocks."
        )
    ours = parts.logits(stream[-1]).to(logits)
    difference = ours.double().log_softmax(-1) - logits.double().log_softmax(-1)
    error = difference.abs().max().item()
    if not error <= TOLERANCES.get(model.dtype, HALF_PRECISION_TOLERANCE):  # nan is an error, too
        raise ValueError(
            f"{name}: from the last residual our log-probabilities are off by {error:.2g} nats, so "
            "something between residual and logits is unknown to us. This model is refused rather "
            "than misread."
        )
