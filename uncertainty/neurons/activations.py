"""What the last layer's neurons do along a text, and an intervention on it."""

from collections.abc import Callable

import torch
from torch import Tensor

from .._inputs import one_text_ids
from ..architecture.last_mlp import last_layer_neurons


@torch.no_grad()
def activations(model, input_ids) -> Tensor:
    """What the last layer's neurons do along a text: ``(tokens, neurons)``, on the CPU."""
    neurons = last_layer_neurons(model)
    with neurons.record_activations() as found:
        model.base_model(input_ids=one_text_ids(model, input_ids), use_cache=False)
    return found[0].reshape(-1, len(neurons.output_weights)).float().cpu()


def clip_to_mean(first: Tensor, second: Tensor) -> Callable[[Tensor], Tensor]:
    """Clip mean-ablation: keep each neuron from going further than its mean of the first copy, in the direction a repeat moves it.

    With m the mean over the first copy, a neuron that rises in the second copy becomes min(a, m), any other max(a, m). That
    cuts ordinary swings beyond m, too, and whatever else differs between the copies, position for instance.

    Args:
        first, second: ``(positions, neurons)`` activations in the two copies, from which m and the direction are taken.

    Returns:
        A function from activations ``(..., neurons)`` to new ones, for `ablation_sweep`'s ``value``. It clips wherever it is
        applied; a last-layer neuron matters at its own position only, so read the second copy.

    Raises:
        ValueError: shapes that are not those.
    """
    if (
        first.ndim != 2
        or second.ndim != 2
        or first.shape[1] != second.shape[1]
        or not len(first)
        or not len(second)
    ):
        raise ValueError(
            f"need activations (positions, neurons) twice, got {tuple(first.shape)} and {tuple(second.shape)}."
        )
    mean, rises = first.mean(0), second.mean(0) > first.mean(0)
    return lambda a: torch.where(rises.to(a.device), a.minimum(mean.to(a)), a.maximum(mean.to(a)))
