"""One neuron of the last layer: where it points, where it fires, what ablating it does."""

import matplotlib.pyplot as plt
import numpy as np
import torch
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from torch import Tensor

from .._inputs import SKIPPED_POSITIONS
from ..neurons.ablation import Sweep
from ..neurons.geometry import Geometry
from .labels import printable
from .style import BLACK, BLUE, ORANGE

LINE_LENGTH = 48  # characters of text before each line's numbers


def neuron_figure(
    input_ids,
    sweep: Sweep,
    geometry: Geometry,
    *,
    neuron: int,
    k: int = 6,
    last: int | None = None,
) -> Figure:
    """Draw three panels for a neuron: its directions, its activations, its ablation.

    The directions are the cosines of its output weights with the unembedding's singular directions.

    Args:
        input_ids: what was swept, ``(tokens,)`` or ``(sequences, tokens)``; the first four tokens
            of each sequence stay out.
        sweep: of the whole layer, so that column and neuron are the same number.
        neuron: which one.
        k: how many of the least-read directions count as the null space.
        last: how many of the least-read directions to draw; None: all directions.

    Raises:
        ValueError: no such neuron, a sweep of only some neurons, or ids that were not swept.
    """
    ids = _swept_ids(input_ids, sweep, neuron)
    sequences, length = ids.shape
    if length <= SKIPPED_POSITIONS:
        raise ValueError(
            f"sequences of {length} tokens leave nothing to show "
            f"when the first {SKIPPED_POSITIONS} stay out."
        )
    kept = (torch.arange(length) >= SKIPPED_POSITIONS).repeat(sequences)  # (sequences * length,)
    clean_entropy = sweep.clean.entropy[kept]
    total_effect = sweep.entropy[kept, neuron] - clean_entropy
    direct_effect = sweep.direct.entropy[kept, neuron] - clean_entropy

    figure, (left, middle, right) = plt.subplots(1, 3, figsize=(12, 3.4))
    _draw_cosines(left, geometry, neuron, k, last)
    _draw_activations(middle, sweep.activations[kept, neuron])
    _draw_entropy_changes(right, total_effect.numpy(), direct_effect.numpy())
    return figure


def _draw_cosines(axes: Axes, geometry: Geometry, neuron: int, k: int, last: int | None) -> None:
    """Draw |cosine| with each direction, the null space shaded."""
    cosines = geometry.cosines[neuron].abs()
    directions = len(cosines)
    rho = geometry.null_space_fraction(k)[neuron]
    shown = directions if last is None else min(last, directions)
    bar_width = max(1, shown / 190)  # wide enough to be seen
    numbers = range(directions - shown + 1, directions + 1)
    axes.bar(numbers, cosines[directions - shown :], width=bar_width, color=BLUE)
    beyond = 4 if last is None else 0.5
    axes.axvspan(directions - k + 0.5, directions + beyond, color=ORANGE, alpha=0.3)
    which = "" if last is None else f", the last {shown}"
    axes.set_xlabel(f"direction (most to least read{which})")
    axes.set_ylabel("|cosine|")
    axes.set_title(f"rho {rho:.2f} (chance {geometry.chance(k):.2f})")


def _draw_activations(axes: Axes, activations: Tensor) -> None:
    """Draw a histogram of the activations with their mean."""
    axes.hist(activations, bins=40, color=BLUE)
    axes.axvline(activations.mean().item(), color=BLACK, linestyle=":")
    axes.set_yscale("log")
    axes.set_xlabel("activation")
    axes.set_ylabel("tokens")
    axes.set_title("where it stands")


def _draw_entropy_changes(axes: Axes, total: np.ndarray, direct: np.ndarray) -> None:
    """Draw the direct against the total effect of ablation on the entropy, a dot for each token."""
    reach = 1.05 * max(np.abs(total).max(), np.abs(direct).max(), 1e-6)
    axes.plot([-reach, reach], [-reach, reach], ":", color=BLACK)
    axes.plot(total, direct, ".", color=BLUE, alpha=0.4)
    axes.set_xlim(-reach, reach)
    axes.set_ylim(-reach, reach)
    axes.set_xlabel("entropy change, total (nats)")
    axes.set_ylabel("with the norm frozen")
    axes.set_title("when it is ablated")


def firing_contexts(
    tokenizer, input_ids, sweep: Sweep, *, neuron: int, count: int = 5, before: int = 10
) -> list[str]:
    """Return the tokens at which a neuron is furthest from its mean, one line each.

    A line shows the text up to the token, the token in [brackets], its activation, and the entropy
    with and without the neuron.

    Args:
        input_ids: what was swept, ``(tokens,)`` or ``(sequences, tokens)``.
        sweep: of the whole layer, so that column and neuron are the same number.
        neuron: which one.
        count: number of lines, at most.
        before: number of tokens of text before the token itself.

    Raises:
        ValueError: no such neuron, a sweep of only some neurons, or ids that were not swept.
    """
    ids = _swept_ids(input_ids, sweep, neuron)
    activations = sweep.activations[:, neuron].view(ids.shape)  # (sequences, tokens)
    clean_entropy = sweep.clean.entropy.view(ids.shape)
    ablated_entropy = sweep.entropy[:, neuron].view(ids.shape)

    # 1. the places furthest from the mean, each sequence's first positions left out
    distance = (activations - activations.mean()).abs()
    distance[:, :SKIPPED_POSITIONS] = -1
    available = int((distance >= 0).sum())
    places = distance.flatten().topk(min(count, available)).indices

    # 2. a line for each
    lines = []
    for place in places.tolist():
        row, column = divmod(place, ids.shape[1])
        text = tokenizer.decode(ids[row, max(0, column - before) : column])
        token = tokenizer.decode(ids[row, column : column + 1])
        shown = printable(f"{text}[{token}]", newline=" ", other=" ")[-LINE_LENGTH:]
        lines.append(
            f"{shown:>{LINE_LENGTH}} | activation {activations[row, column]:7.2f}, "
            f"entropy {clean_entropy[row, column]:.2f} -> {ablated_entropy[row, column]:.2f} "
            "without it"
        )
    return lines


def _swept_ids(input_ids, sweep: Sweep, neuron: int) -> Tensor:
    """Return the ids as ``(sequences, tokens)``; ValueError unless they and the neuron fit."""
    ids = torch.atleast_2d(torch.as_tensor(input_ids))
    neurons = sweep.activations.shape[1]
    columns = sweep.entropy.shape[1]
    if not 0 <= neuron < neurons or columns != neurons:
        raise ValueError(
            f"need a sweep of all {neurons} neurons and one of them; "
            f"got {columns} columns, neuron {neuron}."
        )
    if ids.numel() != len(sweep.activations):
        raise ValueError(f"the sweep has {len(sweep.activations)} tokens, these are {ids.numel()}.")
    return ids
