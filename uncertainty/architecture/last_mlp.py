"""The neurons of the last block's MLP: where their activations are read, and what each adds to the stream."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from .parts import ModelParts, model_parts, probe_ids

WRITERS = (
    "mlp.down_proj",
    "mlp.c_proj",
    "mlp.fc_out",
    "mlp.dense_4h_to_h",
    "mlp.fc2",
    "fc2",
    "ffn.down_proj",
)


@dataclass(frozen=True, eq=False)
class LastLayerNeurons:
    """The neurons of the last block's MLP.

    Attributes:
        output_projection: the module whose input are the activations, ``(..., neurons)``.
        weight: ``(neurons, width)`` what each adds to the stream per unit of activation, float32 (float64 for such a model).
        adds_to_stream: whether it arrives there unchanged; False where a norm follows the MLP (Gemma-2 and 3, OLMo-2).
    """

    output_projection: nn.Module
    weight: Tensor
    adds_to_stream: bool

    @contextmanager
    def record_activations(self) -> Iterator[list[Tensor]]:
        """Inside, every forward pass appends the activations to a list, (batch * positions, neurons) or with both axes."""
        found: list[Tensor] = []
        hook = self.output_projection.register_forward_pre_hook(
            lambda _, arguments: found.append(arguments[0].detach())
        )
        try:
            yield found
        finally:
            hook.remove()

    @contextmanager
    def edit_activations(self, change) -> Iterator[None]:
        """Inside, the activations a go on as ``change(a)``."""
        hook = self.output_projection.register_forward_pre_hook(
            lambda _, arguments: (change(arguments[0]), *arguments[1:])
        )
        try:
            yield
        finally:
            hook.remove()


@torch.no_grad()
def last_layer_neurons(model) -> LastLayerNeurons:
    """The neurons of the last MLP, proven: all activations are moved a little, and the stream must move as the weights say.

    Raises:
        ValueError: a mixture of experts, or an MLP we do not know; weights that cannot be read as numbers; else as `model_parts`.
    """
    parts = model_parts(model)
    block, name = parts.blocks[-1], type(model).__name__
    reader = next((part for path in WRITERS if (part := _at(block, path)) is not None), None)
    if reader is None:
        raise ValueError(
            f"{name}: the last block has no MLP with one list of neurons where we know to look. (In a mixture of "
            "experts a neuron works only where its expert was chosen; this course does not read those.)"
        )
    weight = _output_weights(reader).to(
        torch.float64 if model.dtype == torch.float64 else torch.float32
    )
    weight = weight * (
        getattr(model.config.get_text_config(), "residual_multiplier", None) or 1
    )  # Granite
    return LastLayerNeurons(reader, weight, _adds(model, parts, reader, weight))


def _at(module: nn.Module, path: str) -> nn.Module | None:
    for name in path.split("."):
        module = getattr(module, name, None)
    return module


def _output_weights(reader: nn.Module) -> Tensor:
    """(neurons, width), whatever the layer's orientation; 4-bit weights as the numbers they stand for."""
    weight = getattr(reader, "weight", None)
    if weight is None:
        raise ValueError(
            f"a {type(reader).__name__} has no weights to read as numbers (GPTQ, AWQ?): load the model in floating "
            "point, or with quantize='nf4'."
        )
    if hasattr(weight, "quant_state"):
        from bitsandbytes.functional import dequantize_4bit

        return dequantize_4bit(weight.data, weight.quant_state).T
    if not weight.is_floating_point() or weight.is_meta:
        raise ValueError(
            f"the MLP's output weights are packed or not in memory ({weight.dtype}, {weight.device}): load the model in "
            "floating point, or with quantize='nf4'."
        )
    return weight.detach() if type(reader).__name__ == "Conv1D" else weight.detach().T


def _adds(model, parts: ModelParts, reader: nn.Module, weight: Tensor) -> bool:
    """Whether moving the activations moves the stream by the same times the weights."""
    neurons, ids = LastLayerNeurons(reader, weight, False), probe_ids(model)

    def run(change):
        with parts.record_stream() as stream, neurons.edit_activations(change):
            model.base_model(input_ids=ids, use_cache=False)
        return stream[-1][0].to(weight)

    still = run(lambda a: a)
    shift = torch.randn(ids.shape[1], len(weight), generator=torch.Generator().manual_seed(0)).to(
        weight
    )
    shift *= (
        still.norm() / (shift @ weight).norm()
    )  # as long as the stream, or its rounding hides the move
    moved = run(lambda a: a + shift.view(a.shape).to(a)) - still
    if not moved.isfinite().all():
        raise ValueError(
            f"{type(model).__name__}: nan or infinite numbers in the stream; load it in another precision."
        )
    return bool(
        (moved - shift @ weight).norm()
        <= (1e-3 if model.dtype.itemsize >= 4 else 0.05) * moved.norm()
    )
