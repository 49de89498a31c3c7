"""Entropy profiles: the lens entropy through depth as a feature vector, made comparable between answers and models.

Source: Entropy-Lens (arXiv 2502.16570). Depth comes first in every array, as in a `LensTrace`.
"""

import numpy as np
import torch
from scipy.interpolate import make_interp_spline

from .._inputs import one_text_ids
from ..architecture.parts import model_parts


def windows(profile, count: int) -> np.ndarray:
    """The mean over each of ``count`` equal stretches of tokens: ``(depths, tokens)`` to ``(depths, count)``.

    Raises:
        ValueError: the tokens cannot be divided into that many equal windows.
    """
    profile = np.asarray(profile)
    tokens = profile.shape[-1]
    if count < 1 or tokens == 0 or tokens % count:
        raise ValueError(
            f"{tokens} tokens cannot be cut into {count} equal windows: cut the answers to a multiple of {count}."
        )
    return profile.reshape(*profile.shape[:-1], count, tokens // count).mean(-1)


def resample_depth(profile, points: int = 33) -> np.ndarray:
    """A profile on a common grid of relative depths 0..1, linearly interpolated: ``(depths, ...)`` to ``(points, ...)``.

    Models of different depth become comparable. (Padding the shorter with zeros would make the depth itself the feature.)

    Raises:
        ValueError: fewer than two depths or points.
    """
    profile = np.asarray(profile)
    if len(profile) < 2 or points < 2:
        raise ValueError(
            f"need at least two depths and two points, got {len(profile)} and {points}."
        )
    depths, grid = np.linspace(0, 1, len(profile)), np.linspace(0, 1, points)
    return make_interp_spline(depths, profile, k=1)(grid)


def settled_depth(top_token) -> np.ndarray:
    """The first depth from which the lens' top token is the model's own and stays so: ``(depths, tokens)`` to ``(tokens,)``."""
    same = np.asarray(top_token) == np.asarray(top_token)[-1]
    return len(same) - np.cumprod(same[::-1], axis=0).sum(0)


@torch.no_grad()
def nucleus_sizes(model, input_ids, mass: float = 0.6, rows: int = 64) -> np.ndarray:
    """How many of the likeliest tokens hold this much probability, at each depth: ``(layers + 1, tokens)``.

    Needs every row sorted, so it is slower than the whole lens; ``rows`` of the vocabulary are in memory at a time.

    Raises:
        ValueError: mass not between 0 and 1; else as `logit_lens`.
    """
    if not 0 < mass < 1:
        raise ValueError(f"mass must lie between 0 and 1, got {mass}.")
    parts = model_parts(model)
    with parts.record_stream() as stream:
        model.base_model(input_ids=one_text_ids(model, input_ids), use_cache=False)
    states = torch.cat(stream).flatten(0, 1).split(rows)
    sizes = [(_held(parts.logits(part)) < mass).sum(-1) + 1 for part in states]
    return torch.cat(sizes).reshape(len(stream), -1).cpu().numpy()


def _held(logits):
    """The probability of the likeliest 1, 2, 3, ... tokens, in float64: a float32 sum of 50,000 terms ends off 1."""
    return logits.double().softmax(-1).sort(descending=True).values.cumsum(-1)
