"""Which neurons are ablated together, and what their activations become."""

from collections.abc import Callable, Iterable, Sequence

import torch
from torch import Tensor

from .._inputs import index_list


def neuron_groups(neurons: int | Sequence | Tensor | None, count: int) -> list[list[int]]:
    """Return the groups of neurons that are ablated together; a single neuron is a group of one."""
    if neurons is None:
        return [[neuron] for neuron in range(count)]
    listed = neurons.tolist() if hasattr(neurons, "tolist") else neurons
    listed = list(listed) if isinstance(listed, Iterable) else [listed]
    if any(isinstance(entry, Iterable) for entry in listed):
        groups = [index_list(entry, count, name="neurons") for entry in listed]
    else:
        groups = [[neuron] for neuron in index_list(listed, count, name="neurons")]
    repetitive = [group for group in groups if not len(set(group)) == len(group) > 0]
    if repetitive or not groups:
        raise ValueError(
            "neurons must be at least one, and those that are ablated together different ones; "
            f"got {repetitive[0] if repetitive else neurons}."
        )
    return groups


def new_activations(
    value: str | float | Tensor | Callable[[Tensor], Tensor], activations: Tensor
) -> Tensor:
    """Return what the activations (P, N) become, as a tensor of the same shape."""
    new: float | Tensor
    if isinstance(value, str):
        if value not in ("mean", "zero"):
            raise ValueError(
                f'value must be "mean", "zero", a number, a tensor or a function, got {value!r}.'
            )
        new = activations.mean(0) if value == "mean" else 0.0
    elif callable(value):
        new = value(activations.cpu().clone())
    else:
        new = value
    new = torch.as_tensor(new, dtype=activations.dtype, device=activations.device)
    sizes = zip(new.shape[::-1], activations.shape[::-1])
    is_broadcastable = new.ndim <= 2 and all(size in (1, full) for size, full in sizes)
    if not (is_broadcastable and new.isfinite().all()):
        raise ValueError(
            f"value has shape {tuple(new.shape)} and must be finite and fit the activations, "
            f"(tokens, neurons) = {tuple(activations.shape)}."
        )
    return new.expand_as(activations)
