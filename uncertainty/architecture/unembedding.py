"""The unembedding: its effective weights, and its rows a slice at a time."""

import torch
from torch import Tensor

from .final_norm import FinalNorm
from .parts import ModelParts

ROWS_AT_A_TIME = 4096  # rows of the unembedding


def effective_unembedding(
    parts: ModelParts, norm_formula: FinalNorm, dtype: torch.dtype, rows: slice = slice(None)
) -> Tensor:
    """Return the unembedding with the final norm's gain folded in, ``(rows, width)``.

    It maps a residual that the norm has only centred and divided to the logits. Projection, logit
    scale and divisor are folded in, too. It is not centred over the vocabulary.
    """
    weight = parts.unembedding.weight[rows].detach().to(dtype)
    if parts.projection is not None:
        weight = weight @ parts.projection.weight.to(weight)
    gain = norm_formula.gain * (parts.scale / parts.divisor)
    return weight * gain.to(weight)


def vocabulary_slices(rows: int) -> list[slice]:
    """Return slices that cover the rows of an unembedding, `ROWS_AT_A_TIME` rows each.

    With them a computation over the vocabulary needs memory for one slice only.
    """
    return slices(rows, ROWS_AT_A_TIME)


def slices(length: int, size: int) -> list[slice]:
    """Cut ``range(length)`` into slices of ``size``; the last may be shorter."""
    return [slice(start, min(start + size, length)) for start in range(0, length, size)]
