"""The unembedding: its effective weights, and its rows a slice at a time."""

from collections.abc import Iterator

import torch
from torch import Tensor

from .final_norm import FinalNorm
from .parts import ModelParts

ROWS_AT_A_TIME = 4096  # rows of the unembedding


def effective_unembedding(
    parts: ModelParts, form: FinalNorm, dtype: torch.dtype, rows: slice = slice(None)
) -> Tensor:
    """Return the unembedding with the final norm's gain folded in, ``(rows, width)``.

    It maps a residual that the norm has only centred and divided to the logits. Projection, logit
    scale and divisor are folded in, too. It is not centred over the vocabulary.
    """
    weight = parts.unembedding.weight[rows].detach().to(dtype)
    if parts.projection is not None:
        weight = weight @ parts.projection.weight.to(weight)
    gain = form.gain * (parts.scale / parts.divisor)
    return weight * gain.to(weight)


def vocabulary_slices(rows: int, *, step: int | None = None) -> Iterator[slice]:
    """Yield slices that cover the rows of an unembedding, ``step`` rows each (4096 if None).

    With them a computation over the vocabulary needs memory for one slice only.
    """
    if step is None:
        step = ROWS_AT_A_TIME
    for start in range(0, rows, step):
        yield slice(start, min(start + step, rows))
