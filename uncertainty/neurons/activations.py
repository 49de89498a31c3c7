"""The activations of the last layer's neurons along a text, and an intervention on them."""

from collections.abc import Callable

import torch
from torch import Tensor

from .._inputs import one_text_ids, without_wrapper
from ..architecture.last_mlp import last_layer_neurons


@torch.no_grad()
def activations(model, input_ids) -> Tensor:
    """Return the last layer's activations along a text, ``(tokens, neurons)``, on the CPU."""
    model = without_wrapper(model)
    neurons = last_layer_neurons(model)
    with neurons.record_activations() as recorded:
        model.base_model(input_ids=one_text_ids(model, input_ids), use_cache=False)
    return recorded[0].reshape(-1, len(neurons.output_weights)).float().cpu()


def clip_to_mean(*, first: Tensor, second: Tensor) -> Callable[[Tensor], Tensor]:
    """Return a function that undoes what a repeat does to each neuron (clip mean-ablation).

    It keeps a neuron from going further than its mean over the first copy, in the direction in
    which the repeat moves it. With m that mean, a neuron that rises in the second copy becomes
    min(a, m), any other max(a, m). That also cuts ordinary swings beyond m, and whatever else
    differs between the copies, such as the position.

    Args:
        first, second: ``(positions, neurons)`` activations in the two copies, from which m and the
            direction are taken.

    Returns:
        A function from activations ``(..., neurons)`` to new ones, for `ablation_sweep`'s
        ``value``. It clips wherever it is applied. A last-layer neuron matters at its own position
        only, so read the second copy.

    Raises:
        ValueError: shapes that are not as described, or no positions.
    """
    shapes_fit = first.ndim == second.ndim == 2 and first.shape[1] == second.shape[1]
    if not shapes_fit or not len(first) or not len(second):
        raise ValueError(
            f"need activations (positions, neurons) twice, got {tuple(first.shape)} and "
            f"{tuple(second.shape)}."
        )
    mean = first.mean(0)  # (neurons,)
    rises = second.mean(0) > mean

    def clip(a: Tensor) -> Tensor:
        limit = mean.to(a)
        return torch.where(rises.to(a.device), a.minimum(limit), a.maximum(limit))

    return clip
