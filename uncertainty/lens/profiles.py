"""Entropy profiles: the lens entropy through depth as a feature vector.

The functions make the profiles of different answers and models comparable. The depth is the first
axis of every array, as in a `LensTrace`. Source: Entropy-Lens (arXiv 2502.16570).
"""

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import ArrayLike
from scipy.interpolate import make_interp_spline
from torch import Tensor

from .._inputs import one_text_ids, without_wrapper
from ..architecture.parts import model_parts


def window_means(profile: ArrayLike | Tensor, count: int) -> np.ndarray:
    """Compute the mean over each of ``count`` equal windows of tokens.

    From ``(depths, tokens)`` to ``(depths, count)``.

    Raises:
        ValueError: the tokens cannot be divided into that many equal windows.
    """
    profile = _as_array(profile)
    *depths, tokens = profile.shape
    if count < 1 or tokens == 0 or tokens % count:
        raise ValueError(
            f"{tokens} tokens cannot be cut into {count} equal windows: "
            f"cut the answers to a multiple of {count}."
        )
    windows = profile.reshape(*depths, count, tokens // count)
    return windows.mean(-1)


def resample_depth(profile: ArrayLike | Tensor, points: int = 33) -> np.ndarray:
    """Interpolate a profile linearly on a common grid of relative depths 0..1.

    From ``(depths, ...)`` to ``(points, ...)``. Models of different depth become comparable.
    (Padding the shorter profile with zeros would make the depth itself the feature.) A column with
    a nan in it, such as the profile of an empty answer, is nan throughout; the others are not
    affected.

    Raises:
        ValueError: fewer than two depths or points, or an infinite entry.
    """
    profile = _as_array(profile)
    if len(profile) < 2 or points < 2:
        raise ValueError(
            f"need at least two depths and two points, got {len(profile)} and {points}."
        )
    infinite = np.isinf(profile).sum()
    if infinite:
        raise ValueError(
            f"{infinite} of {profile.size} entries are infinite, and there is no line to infinity: "
            "leave their columns out, or set them to nan."
        )
    depths = np.linspace(0, 1, len(profile))
    grid = np.linspace(0, 1, points)
    undefined = np.isnan(profile).any(0)  # (...)
    line = make_interp_spline(depths, np.where(undefined, 0, profile), k=1)
    return np.where(undefined, np.nan, line(grid))


def settled_depth(top_token: ArrayLike | Tensor) -> np.ndarray:
    """Find the first depth from which on the lens' top token is the model's own.

    From ``(depths, tokens)`` to ``(tokens,)``.

    Raises:
        ValueError: no depths.
    """
    top_token = _as_array(top_token)
    if len(top_token) == 0:
        raise ValueError(f"top tokens of shape {top_token.shape} have no depths.")
    agrees = top_token == top_token[-1]  # (depths, tokens)
    agrees_to_the_end = np.cumprod(agrees[::-1], axis=0)  # from the last depth down
    return len(agrees) - agrees_to_the_end.sum(0)


@torch.no_grad()
def nucleus_sizes(
    model, input_ids: Tensor | Sequence, *, mass: float = 0.6, rows: int = 64
) -> np.ndarray:
    """Count how many of the likeliest tokens hold this much probability, at each depth.

    Returns ``(layers + 1, tokens)``. Every row of logits is sorted, so this is slower than the
    whole lens.

    Args:
        input_ids: ``(tokens,)`` or ``(1, tokens)``.
        mass: the probability to reach.
        rows: how many rows of logits, one for each token and depth, are in memory at a time.

    Raises:
        ValueError: mass not between 0 and 1; else as `logit_lens`.
    """
    if not 0 < mass < 1:
        raise ValueError(f"mass must lie between 0 and 1, got {mass}.")
    model = without_wrapper(model)
    parts = model_parts(model)
    ids = one_text_ids(model, input_ids)
    with parts.record_stream() as stream:
        model.base_model(input_ids=ids, use_cache=False)
    states = torch.cat(stream).flatten(0, 1)  # (depths * tokens, width)
    sizes = []
    for block in states.split(rows):
        held = _held_probability(parts.logits(block))  # (rows, vocabulary)
        sizes.append((held < mass).sum(-1) + 1)
    return torch.cat(sizes).reshape(len(stream), -1).cpu().numpy()


def _as_array(profile: ArrayLike | Tensor) -> np.ndarray:
    """Return a profile as an array, half precision as float32: the same numbers, exact means."""
    if isinstance(profile, Tensor):
        profile = profile.detach().cpu()
        if profile.dtype == torch.bfloat16:  # which numpy does not have
            profile = profile.float()
    array = np.asarray(profile)
    if array.ndim == 0:
        raise ValueError("a single number is no profile: its first axis is the depth.")
    return array.astype(np.float32) if array.dtype == np.float16 else array


def _held_probability(logits: Tensor) -> Tensor:
    """Return the probability of the likeliest 1, 2, 3, ... tokens: ``(..., vocabulary)``.

    In float64, because a float32 sum of 50,000 terms does not end at 1.
    """
    sorted_p = logits.double().softmax(-1).sort(descending=True).values
    return sorted_p.cumsum(-1)
