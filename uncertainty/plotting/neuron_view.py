"""One neuron of the last layer to look at: where it points, where it fires, what silencing it does."""

import matplotlib.pyplot as plt
import numpy as np
import torch
from torch import Tensor

from ..neurons.ablation import Sweep
from ..neurons.geometry import Geometry
from .style import BLACK, BLUE, ORANGE

SKIPPED_POSITIONS = 4  # positions at the start of each sequence, where attention is parked


def neuron_figure(input_ids, sweep: Sweep, geometry: Geometry, neuron: int, *, k: int = 6):
    """Three panels for a neuron: cosines with the unembedding's directions, activations, entropy change by ablation.

    Args:
        input_ids: what was swept, ``(tokens,)`` or ``(sequences, tokens)``; each sequence's first four tokens stay out.
        sweep: of the whole layer, so that column and neuron are the same number.
        k: how many of the least-read directions count as the null space.

    Returns:
        The figure.

    Raises:
        ValueError: no such neuron, a sweep of only some neurons, or ids that were not swept.
    """
    ids = _check(input_ids, sweep, neuron)
    if ids.shape[1] <= SKIPPED_POSITIONS:
        raise ValueError(
            f"sequences of {ids.shape[1]} tokens leave nothing to show when the first {SKIPPED_POSITIONS} stay out."
        )
    kept = (torch.arange(ids.shape[1]) >= SKIPPED_POSITIONS).repeat(len(ids))
    figure, (left, middle, right) = plt.subplots(1, 3, figsize=(12, 3.4))
    width, rho = geometry.cosines.shape[1], geometry.null_space_fraction(k)[neuron]
    left.bar(
        range(1, width + 1), geometry.cosines[neuron].abs(), width=max(1, width / 190), color=BLUE
    )
    left.axvspan(width - k + 0.5, width + 4, color=ORANGE, alpha=0.3)
    left.set(
        xlabel="direction (most to least read)",
        ylabel="|cosine|",
        title=f"rho {rho:.2f} (chance {geometry.chance(k):.2f})",
    )
    middle.hist(sweep.activations[kept, neuron], bins=40, color=BLUE)
    middle.axvline(sweep.activations[kept, neuron].mean(), color=BLACK, linestyle=":")
    middle.set(xlabel="activation", ylabel="tokens", yscale="log", title="where it stands")
    total, direct = (
        (kind.entropy[kept, neuron] - sweep.clean.entropy[kept]).numpy()
        for kind in (sweep, sweep.direct)
    )
    reach = 1.05 * max(np.abs(total).max(), np.abs(direct).max(), 1e-6)
    right.plot([-reach, reach], [-reach, reach], ":", color=BLACK)
    right.plot(total, direct, ".", color=BLUE, alpha=0.4)
    right.set(
        xlabel="entropy change, total (nats)",
        ylabel="with the norm frozen",
        title="when it is ablated",
        xlim=(-reach, reach),
        ylim=(-reach, reach),
    )
    return figure


def firing_contexts(
    tokenizer, input_ids, sweep: Sweep, neuron: int, *, count: int = 5, before: int = 10
) -> list[str]:
    """The tokens at which a neuron is furthest from its mean, with what came before, one line each.

    Args:
        input_ids: what was swept, ``(tokens,)`` or ``(sequences, tokens)``.

    Raises:
        ValueError: no such neuron, or ids that were not swept.
    """
    ids = _check(input_ids, sweep, neuron)
    acts = sweep.activations[:, neuron].view(ids.shape)
    distance = (acts - acts.mean()).abs()
    distance[:, :SKIPPED_POSITIONS] = -1
    lines = []
    for place in distance.flatten().topk(min(count, int((distance >= 0).sum()))).indices.tolist():
        row, column = divmod(place, ids.shape[1])
        text = tokenizer.decode(ids[row, max(0, column - before) : column + 1])
        entropies = (
            values.view(ids.shape)[row, column]
            for values in (sweep.clean.entropy, sweep.entropy[:, neuron])
        )
        lines.append(_line(text, acts[row, column], *entropies))
    return lines


def _line(text: str, activation: Tensor, clean: Tensor, ablated: Tensor) -> str:
    shown = "".join(c if c.isprintable() else " " for c in text)[-48:]
    return f"{shown:>48} | activation {activation:7.2f}, entropy {clean:.2f} -> {ablated:.2f} without it"


def _check(input_ids, sweep: Sweep, neuron: int) -> Tensor:
    ids, count = torch.atleast_2d(torch.as_tensor(input_ids)), sweep.activations.shape[1]
    if not 0 <= neuron < count or sweep.entropy.shape[1] != count:
        raise ValueError(
            f"need a sweep of all {count} neurons and one of them; got {sweep.entropy.shape[1]} columns, "
            f"neuron {neuron}."
        )
    if ids.numel() != len(sweep.activations):
        raise ValueError(f"the sweep has {len(sweep.activations)} tokens, these are {ids.numel()}.")
    return ids
