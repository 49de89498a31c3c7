"""The likeliest tokens at each depth: how many there are, and how many stay at the next depth."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from ..architecture.parts import ModelParts


class Nuclei(NamedTuple):
    """The top-p sets of a residual stream: the fewest tokens that hold a probability of `mass`.

    Attributes:
        sizes: ``(depths, tokens)`` how many tokens are in the set.
        overlap: ``(depths - 1, tokens)`` the sets of two neighbouring depths, common tokens over
            all tokens of both (Jaccard index), from 0 (none in common) to 1 (the same set).
        crossed_overlap: the same shape, the set at one depth with that of the *next position* at
            the next depth (of the first position after the last): what sets of such sizes, in this
            text, have in common anyway. nan where there is one position only.
    """

    sizes: np.ndarray
    overlap: np.ndarray
    crossed_overlap: np.ndarray


@torch.no_grad()
def read_nuclei(
    parts: ModelParts, stream: Sequence[Tensor] | Tensor, *, mass: float = 0.6
) -> Nuclei:
    """Find the top-p sets at every depth and position of a recorded stream.

    ``stream`` holds a ``(tokens, width)`` tensor for each depth. Every row of logits is sorted, so
    give few positions.

    Source: Entropy-Lens, third version (arXiv 2502.16570v3), which takes a mass of 0.6.

    Raises:
        ValueError: mass not between 0 and 1.
    """
    if not 0 < mass < 1:
        raise ValueError(f"mass must lie between 0 and 1, got {mass}.")
    sizes = []
    overlap = []
    crossed = []
    previous = None
    for state in stream:
        members = _members(parts.logits(state), mass)  # (tokens, vocabulary)
        sizes.append(members.sum(-1))
        if previous is not None:
            overlap.append(_jaccard(previous, members))
            crossed.append(_jaccard(previous, members.roll(-1, dims=0)))
        previous = members
    crossed_overlap = torch.stack(crossed).cpu().numpy()
    if crossed_overlap.shape[1] < 2:
        crossed_overlap = np.full_like(crossed_overlap, np.nan)
    return Nuclei(
        torch.stack(sizes).cpu().numpy(), torch.stack(overlap).cpu().numpy(), crossed_overlap
    )


def _members(logits: Tensor, mass: float) -> Tensor:
    """Return which tokens are in the top-p set: ``(tokens, vocabulary)``, boolean."""
    p, order = logits.double().softmax(-1).sort(descending=True)
    held_before = p.cumsum(-1) - p  # by the likelier tokens
    return torch.zeros_like(p, dtype=torch.bool).scatter(-1, order, held_before < mass)


def _jaccard(one: Tensor, other: Tensor) -> Tensor:
    return (one & other).sum(-1).double() / (one | other).sum(-1)
