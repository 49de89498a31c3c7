"""Raw logits out of whatever a measure is given; what would silently mislead is refused."""

import math

import numpy as np
import torch
from torch import Tensor

from ..information import check_rows, upcast


def raw_logits(source) -> Tensor:
    """The ``(steps, vocabulary)`` raw logits of anything these measures accept, float32 or better.

    Raises:
        ValueError: beam search, processed scores, several prompts at once, no steps, or a row that is no distribution.
    """
    logits = source if isinstance(source, Tensor) else torch.as_tensor(_stacked(source))
    if logits.ndim != 2 or 0 in logits.shape:
        raise ValueError(
            f"need (steps, vocabulary) logits with at least one step, got shape {tuple(logits.shape)}; "
            "an answer that stopped at once has nothing to measure."
        )
    logits = upcast(logits)
    check_rows(logits.amax(-1))
    if logits.amin() == -math.inf:
        _refuse_truncated((logits == -math.inf).float().mean().item())
    return logits


def _refuse_truncated(removed: float) -> None:
    if removed > 0.5:
        raise ValueError(
            f"{removed:.0%} of the entries are -inf: these are processed scores, after top-k or top-p. "
            "Pass raw logits: generate(..., output_logits=True).logits."
        )


def _stacked(source) -> Tensor:
    """The logits of a Generation or of a transformers result, checked for what would silently mislead."""
    if (
        getattr(source, "beam_indices", None) is not None
        or getattr(source, "sequences_scores", None) is not None
    ):
        raise ValueError("beam search mixes several answers in one row of logits: use num_beams=1.")
    logits = (
        source if isinstance(source, (tuple, list, np.ndarray)) else getattr(source, "logits", None)
    )
    if logits is None:
        has_scores = getattr(source, "scores", None) is not None
        raise ValueError(
            f"{type(source).__name__} has no raw logits"
            + (", only processed scores" if has_scores else "")
            + ": call generate(..., return_dict_in_generate=True, output_logits=True)."
        )
    if isinstance(logits, (Tensor, np.ndarray)):
        return logits
    if len(logits) and len(logits[0]) != 1:
        raise ValueError(
            f"{len(logits[0])} answers in one result: measure one at a time, "
            "torch.stack(result.logits, dim=1)[i] up to its end-of-sequence token."
        )
    return torch.cat(tuple(logits)) if len(logits) else torch.empty(0, 0)
