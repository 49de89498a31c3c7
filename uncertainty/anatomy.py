"""Where a transformers model keeps what the lessons look at. The only place that knows architectures.

A causal language model is, for this course: an embedding, blocks that each add to a residual stream, a final norm, an
unembedding, and perhaps something after it (a scale, a softcap). `anatomy` finds the parts and proves itself: from the
stream that enters the final norm it must arrive at the model's own log-probabilities, or the model is refused.
"""

import copy
import inspect
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from weakref import WeakKeyDictionary

import torch
from torch import Tensor, nn
from torch.nn.functional import linear

STACKS = ("layers", "h", "blocks")
NORMS = ("norm", "ln_f", "final_layer_norm", "final_layernorm", "norm_f", "layer_norm")
FEED_FORWARD = ("mlp", "block_sparse_moe", "feed_forward", "ffn", "fc1")
WRITERS = ("mlp.down_proj", "mlp.c_proj", "mlp.fc_out", "mlp.dense_4h_to_h", "mlp.fc2", "fc2", "ffn.down_proj")
TOLERANCE = {torch.float64: 1e-6, torch.float32: 1e-3}  # nats; 0.01 in half precision: the same steps round alike
_PROVEN: WeakKeyDictionary = WeakKeyDictionary()


@dataclass(frozen=True)
class Anatomy:
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
    def residuals(self, *, middle: tuple = (), positions: slice = slice(None)) -> Iterator[list[Tensor]]:
        """Inside, every forward pass appends the stream at each depth to a list: tensors (batch, positions, width).

        ``layers + 1`` a pass: what enters each block (the first is the embedding, scaled where the model scales it), then
        what enters the final norm. (The last of transformers' own ``hidden_states`` is already normed.) ``middle``: modules
        from `middle_readers`; their inputs come in between, ``2 * layers + 1`` in all.
        """
        stream: list[Tensor] = []

        def keep(module, arguments, named, output=None):
            state = output if output is not None else arguments[0] if arguments else named["hidden_states"]
            state = _first_of(state).detach()
            shape = stream[0].shape if stream and state.ndim == 2 else state.shape  # OPT flattens before its second norm
            part = state.reshape(shape)[:, positions].to(self.unembedding.weight.device)
            stream.append(part.clone() if part.numel() < state.numel() else part)  # a view would keep the rest in memory

        hooks = [part.register_forward_pre_hook(keep, with_kwargs=True) for part in [*self.blocks, *middle]]
        hooks.append(self.blocks[-1].register_forward_hook(keep, with_kwargs=True))
        try:
            yield stream
        finally:
            for hook in hooks:
                hook.remove()


def anatomy(model) -> Anatomy:
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


@dataclass(frozen=True, eq=False)
class NormForm:
    """The final norm as a formula, float64: ``gain * (x - m) / s + bias``, with m the mean of x, or 0 where not centred, and
    ``s = sqrt(mean((x - m) ** 2) + epsilon)``."""

    centred: bool
    gain: Tensor
    bias: Tensor
    epsilon: float

    def centre(self, x: Tensor) -> Tensor:
        """What the norm sees of a vector: LayerNorm takes the mean away, RMSNorm nothing."""
        return x - x.mean(-1, keepdim=True) if self.centred else x

    def scale(self, x: Tensor) -> Tensor:
        """The norm's denominator s, ``(..., 1)``."""
        return (self.centre(x).square().mean(-1, keepdim=True) + self.epsilon).sqrt()

    def __call__(self, x: Tensor, scale: Tensor | None = None) -> Tensor:
        """The norm of x; with its denominator frozen where ``scale`` is given."""
        return self.gain * self.centre(x) / (self.scale(x) if scale is None else scale) + self.bias


@dataclass(frozen=True, eq=False)
class Neurons:
    """The neurons of the last block's MLP.

    Attributes:
        reader: the module whose input are the activations, ``(..., neurons)``.
        weight: ``(neurons, width)`` what each adds to the stream per unit of activation, float32 (float64 for such a model).
        adds: whether it arrives there unchanged; False where a norm follows the MLP (Gemma-2 and 3, OLMo-2).
    """

    reader: nn.Module
    weight: Tensor
    adds: bool

    @contextmanager
    def caught(self) -> Iterator[list[Tensor]]:
        """Inside, every forward pass appends the activations to a list, (batch * positions, neurons) or with both axes."""
        found: list[Tensor] = []
        hook = self.reader.register_forward_pre_hook(lambda _, arguments: found.append(arguments[0].detach()))
        try:
            yield found
        finally:
            hook.remove()

    @contextmanager
    def replaced(self, change) -> Iterator[None]:
        """Inside, the activations a go on as ``change(a)``."""
        hook = self.reader.register_forward_pre_hook(lambda _, arguments: (change(arguments[0]), *arguments[1:]))
        try:
            yield
        finally:
            hook.remove()


@torch.no_grad()
def last_neurons(model) -> Neurons:
    """The neurons of the last MLP, proven: all activations are moved a little, and the stream must move as the weights say.

    Raises:
        ValueError: a mixture of experts, or an MLP we do not know; weights that cannot be read as numbers; else as `anatomy`.
    """
    parts = anatomy(model)
    block, name = parts.blocks[-1], type(model).__name__
    reader = next((part for path in WRITERS if (part := _at(block, path)) is not None), None)
    if reader is None:
        raise ValueError(f"{name}: the last block has no MLP with one list of neurons where we know to look. (In a mixture of "
                         "experts a neuron works only where its expert was chosen; this course does not read those.)")
    weight = _output_weights(reader).to(torch.float64 if model.dtype == torch.float64 else torch.float32)
    weight = weight * (getattr(model.config.get_text_config(), "residual_multiplier", None) or 1)  # Granite
    return Neurons(reader, weight, _adds(model, parts, reader, weight))


def norm_form(parts: Anatomy) -> NormForm:
    """The final norm's formula: found by comparison with the norm itself, on large and on small inputs.

    Raises:
        ValueError: there is no final norm, or it is neither a LayerNorm nor an RMSNorm.
    """
    norm = parts.norm
    if norm is None:
        raise ValueError("this model has no final norm, so there is no scale to freeze and nothing is mediated by it.")
    weight, width = getattr(norm, "weight", None), parts.unembedding.weight.shape[1]
    like = parts.unembedding.weight if weight is None else weight
    if parts.project is not None:
        width = parts.project.weight.shape[1]
    one = torch.ones(width, dtype=torch.float64, device=like.device)
    gains = [one] if weight is None else [weight.detach().double(), 1 + weight.detach().double()]
    bias = getattr(norm, "bias", None)
    bias = 0 * one if bias is None else bias.detach().double()
    epsilon = next((float(value) for key in ("variance_epsilon", "eps", "epsilon") if (value := getattr(norm, key, None))), 1e-5)
    probe = torch.randn(4, width, generator=torch.Generator().manual_seed(0)).to(one) + 0.5
    probe = torch.cat([probe, epsilon**0.5 * probe]).float()
    with torch.no_grad():
        said = copy.deepcopy(norm).float()(probe).double()
    for form in (NormForm(centred, gain, bias, epsilon) for centred in (False, True) for gain in gains):
        if torch.allclose(form(probe.double()), said, rtol=1e-4, atol=1e-5 * said.abs().median()):
            return form
    raise ValueError(f"{type(norm).__name__} is neither a LayerNorm nor an RMSNorm as we know them; its scale cannot be frozen.")


def middle_readers(model) -> tuple[nn.Module, ...]:
    """For each block the module whose input is the stream between attention and MLP (the second norm, mostly).

    Raises:
        ValueError: attention and MLP read the same stream (a parallel block: GPT-J, Phi, Falcon, most of GPT-NeoX), or the
            block does not end where its middle was when its MLP is silenced (a norm on the stream itself: OPT-350m).
    """
    return tuple(_middle_reader(model, block) for block in anatomy(model).blocks)


def _find(model) -> Anatomy:
    if model.config.is_encoder_decoder:
        raise ValueError(f"{type(model).__name__} is an encoder-decoder; this needs a decoder-only model.")
    body = getattr(model.base_model, "decoder", model.base_model)
    body = getattr(body, "language_model", body)
    blocks, unembedding = _first(body, STACKS), model.get_output_embeddings()
    if not isinstance(blocks, nn.ModuleList) or not len(blocks) or unembedding is None:
        raise ValueError(f"{type(model).__name__} has no stack of blocks, or no unembedding, where we know to look.")
    weight = unembedding.weight
    if not weight.is_floating_point() or weight.is_meta:
        raise ValueError(f"the unembedding of this {type(model).__name__} is packed or not in memory ({weight.dtype}, "
                         f"{weight.device}): load the model with its output layer in floating point, on a device.")
    config = model.config.get_text_config()
    scale, divisor = (getattr(config, name, None) or 1 for name in ("logit_scale", "logits_scaling"))
    scale = scale if isinstance(scale, (int, float)) else 1  # MPT's may be a word, which transformers ignores
    return Anatomy(blocks, _first(body, NORMS), getattr(body, "project_out", None), unembedding, scale, divisor,
                   getattr(config, "final_logit_softcapping", None))


def _at(module: nn.Module, path: str) -> nn.Module | None:
    for name in path.split("."):
        module = getattr(module, name, None)
    return module


def _output_weights(reader: nn.Module) -> Tensor:
    """(neurons, width), whatever the layer's orientation; 4-bit weights as the numbers they stand for."""
    weight = getattr(reader, "weight", None)
    if weight is None:
        raise ValueError(f"a {type(reader).__name__} has no weights to read as numbers (GPTQ, AWQ?): load the model in floating "
                         "point, or with quantize='nf4'.")
    if hasattr(weight, "quant_state"):
        from bitsandbytes.functional import dequantize_4bit
        return dequantize_4bit(weight.data, weight.quant_state).T
    if not weight.is_floating_point() or weight.is_meta:
        raise ValueError(f"the MLP's output weights are packed or not in memory ({weight.dtype}, {weight.device}): load the model in "
                         "floating point, or with quantize='nf4'.")
    return weight.detach() if type(reader).__name__ == "Conv1D" else weight.detach().T


def _adds(model, parts: Anatomy, reader: nn.Module, weight: Tensor) -> bool:
    """Whether moving the activations moves the stream by the same times the weights."""
    neurons, ids = Neurons(reader, weight, False), _few_tokens(model)

    def run(change):
        with parts.residuals() as stream, neurons.replaced(change):
            model.base_model(input_ids=ids, use_cache=False)
        return stream[-1][0].to(weight)
    still = run(lambda a: a)
    shift = torch.randn(ids.shape[1], len(weight), generator=torch.Generator().manual_seed(0)).to(weight)
    shift *= still.norm() / (shift @ weight).norm()  # as long as the stream, or its rounding hides the move
    moved = run(lambda a: a + shift.view(a.shape).to(a)) - still
    if not moved.isfinite().all():
        raise ValueError(f"{type(model).__name__}: nan or infinite numbers in the stream; load it in another precision.")
    return bool((moved - shift @ weight).norm() <= (1e-3 if model.dtype.itemsize >= 4 else 0.05) * moved.norm())


def _first(module: nn.Module, names: tuple[str, ...]):
    return next((part for name in names if (part := getattr(module, name, None)) is not None), None)


def _few_tokens(model) -> Tensor:
    return torch.arange(1, 6, device=model.device)[None] % model.config.get_text_config().vocab_size


@torch.no_grad()
def _prove(model, parts: Anatomy) -> None:
    with parts.residuals() as stream:
        logits = model(input_ids=_few_tokens(model), use_cache=False).logits
    name = type(model).__name__
    if len(stream) != len(parts.blocks) + 1:
        raise ValueError(f"{name}: {len(parts.blocks)} blocks gave {len(stream)} residuals instead of one more than blocks.")
    ours = parts.logits(stream[-1]).to(logits)
    error = (ours.double().log_softmax(-1) - logits.double().log_softmax(-1)).abs().max().item()
    if not error <= TOLERANCE.get(model.dtype, 0.01):
        raise ValueError(f"{name}: from the last residual our log-probabilities are off by {error:.2g} nats, so something "
                         "between residual and logits is unknown to us. This model is refused rather than misread.")


@torch.no_grad()
def _middle_reader(model, block: nn.Module) -> nn.Module:
    """The norm whose output the MLP reads, or the MLP itself; proven to read the stream's middle."""
    feed_forward = _first(block, FEED_FORWARD)
    if feed_forward is None:
        raise ValueError(f"no MLP found in a {type(block).__name__}, so no middle.")
    seen = _inputs_and_outputs(model, [block, *block.children()])
    read = seen[feed_forward][0]
    norms = [part for part in block.children() if part in seen and part is not feed_forward
             and isinstance(seen[part][1], Tensor) and seen[part][1].data_ptr() == read.data_ptr()]
    reader = norms[0] if norms else feed_forward
    if seen[reader][0].flatten().equal(seen[block][0].flatten()):
        raise ValueError(f"{type(block).__name__} is parallel: its attention and MLP read the same stream, so it has no middle.")
    silenced = getattr(block, "fc2", feed_forward).register_forward_hook(_silence)
    try:
        seen = _inputs_and_outputs(model, [block, reader])
    finally:
        silenced.remove()
    if not torch.allclose(seen[reader][0].flatten(), _first_of(seen[block][1]).flatten(), atol=1e-4, rtol=1e-3):
        raise ValueError(f"{type(block).__name__} does not end where it was after attention when its MLP is silent (a norm on the "
                         "stream itself?), so it has no middle.")
    return reader


def _inputs_and_outputs(model, parts: list[nn.Module]) -> dict:
    """What each part read and wrote in a pass over a few tokens."""
    seen = {}

    def remember(module, arguments, named, output):
        seen[module] = (arguments[0] if arguments else next(iter(named.values())), output)

    hooks = [part.register_forward_hook(remember, with_kwargs=True) for part in parts]
    try:
        model(input_ids=_few_tokens(model), use_cache=False)
    finally:
        for hook in hooks:
            hook.remove()
    return seen


def _silence(module, arguments, output):
    """A hook that takes an MLP's contribution away; Bloom's and MPT's add the residual themselves, and that stays."""
    adds_itself = "residual" in inspect.signature(module.forward).parameters
    nothing = arguments[1] if adds_itself else torch.zeros_like(_first_of(output))
    return (nothing, *output[1:]) if isinstance(output, tuple) else nothing


def _first_of(output):
    return output[0] if isinstance(output, (tuple, list)) else output
