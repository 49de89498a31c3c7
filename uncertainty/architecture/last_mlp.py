"""The neurons of the last block's MLP: their activations, and what each adds to the stream."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

import torch
from torch import Tensor, nn

from .._inputs import hooks_are_called, without_wrapper
from .parts import ModelParts, model_parts, probe_ids, relative_tolerance, require_no_adapter
from .stored_weights import linear_weights

OUTPUT_PROJECTIONS = (
    "mlp.down_proj",
    "mlp.c_proj",
    "mlp.fc_out",
    "mlp.dense_4h_to_h",
    "mlp.fc2",
    "fc2",
    "ffn.down_proj",
    "feed_forward.down_proj",
    "feed_forward.w2",
    "mlp_block.down_proj",
    "mixer.down_proj",
    "ffn.2",
)


@dataclass(frozen=True, eq=False)
class LastLayerNeurons:
    """The neurons of the last block's MLP.

    Attributes:
        output_projection: the module whose input is the activations, ``(..., neurons)``.
        output_weights: ``(neurons, width)``, what each neuron adds to the stream per unit of
            activation, in float32 (float64 for such a model). Not centred, even where the final
            norm is a LayerNorm.
        adds_to_stream: whether that sum reaches the stream unchanged; False where a norm (Gemma-2
            and 3, OLMo-2) or a factor (MiniCPM) follows the MLP.
    """

    output_projection: nn.Module
    output_weights: Tensor
    adds_to_stream: bool

    @contextmanager
    def record_activations(self) -> Iterator[list[Tensor]]:
        """Record the activations of every forward pass made inside the context.

        Each pass appends one tensor to the list: ``(batch, positions, neurons)``, or
        ``(batch * positions, neurons)`` where the architecture flattens them.
        """
        recorded: list[Tensor] = []

        def record(module, arguments):
            recorded.append(arguments[0].detach())

        with hooks_are_called(), self.output_projection.register_forward_pre_hook(record):
            yield recorded

    @contextmanager
    def edit_activations(self, edit: Callable[[Tensor], Tensor]) -> Iterator[None]:
        """Replace the activations a by ``edit(a)`` in every forward pass made inside the context.

        Their shape is that of `record_activations`, and ``edit`` must keep it.
        """

        def replace_input(module, arguments):
            return (edit(arguments[0]), *arguments[1:])

        with hooks_are_called(), self.output_projection.register_forward_pre_hook(replace_input):
            yield


@torch.no_grad()
def last_layer_neurons(model) -> LastLayerNeurons:
    """Return the neurons of the last MLP.

    Whether they add to the stream is proven: all activations are moved a little, and the stream
    must move as the weights say.

    Raises:
        ValueError: a mixture of experts, or an MLP we do not know; weights that cannot be read as
            numbers, or are not all (an adapter's come on top); else as `model_parts`.
    """
    model = without_wrapper(model)
    parts = model_parts(model)
    projection = mlp_projection(parts, len(parts.blocks) - 1)
    weights = linear_weights(projection).to(parts.unembedding.weight.device)
    weights = weights.to(torch.float64 if model.dtype == torch.float64 else torch.float32)
    multiplier = getattr(model.config.get_text_config(), "residual_multiplier", None)  # Granite
    weights = weights * (multiplier or 1)
    neurons = LastLayerNeurons(projection, weights, adds_to_stream=False)
    return replace(neurons, adds_to_stream=_moves_stream_by_weights(model, parts, neurons))


def mlp_projection(parts: ModelParts, layer: int) -> nn.Module:
    """Return the output layer of a block's MLP: its input is the neurons' activations.

    Raises:
        ValueError: a mixture of experts, or an MLP we do not know; an adapter on that layer.
    """
    block = parts.blocks[layer]
    modules = dict(block.named_modules())
    path = next((path for path in OUTPUT_PROJECTIONS if path in modules), None)
    if path is None:
        which = "the last block" if layer == len(parts.blocks) - 1 else f"block {layer}"
        raise ValueError(
            f"{type(block).__name__}: {which} has no MLP with one list of neurons under the "
            "names that this course knows. (In a mixture of experts a neuron works only where its "
            "expert was chosen, and some recurrent blocks have no MLP; this course does not read "
            "those.)"
        )
    require_no_adapter(modules[path], f"the output layer of block {layer}'s MLP")
    return modules[path]


def _moves_stream_by_weights(model, parts: ModelParts, neurons: LastLayerNeurons) -> bool:
    """Return whether a shift of the activations moves the stream by shift @ output_weights."""
    weights = neurons.output_weights
    ids = probe_ids(model)

    def run(edit: Callable[[Tensor], Tensor]) -> Tensor:
        """Return what enters the final norm, ``(tokens, width)``."""
        with parts.record_stream() as stream, neurons.edit_activations(edit):
            model.base_model(input_ids=ids, use_cache=False)
        return stream[-1][0].to(weights)

    # 1. the stream as it is
    unmoved = run(lambda a: a)

    # 2. a random shift, (tokens, neurons): it moves the stream by the stream's own length, because
    #    the rounding of the stream would hide a smaller move
    generator = torch.Generator().manual_seed(0)
    shift = torch.randn(ids.shape[1], len(weights), generator=generator).to(weights)
    shift *= unmoved.norm() / (shift @ weights).norm()

    # 3. the move that follows, against the move that the weights predict
    moved = run(lambda a: a + shift.view(a.shape).to(a)) - unmoved
    if not moved.isfinite().all():
        raise ValueError(
            f"{type(model).__name__}: nan or infinite numbers in the stream; load it in another "
            "precision."
        )
    error = (moved - shift @ weights).norm()
    return bool(error <= relative_tolerance(model) * moved.norm())
