"""The effective unembedding: the unembedding with the final norm's gain folded in."""

import torch
from torch import Tensor

from .final_norm import FinalNorm
from .parts import ModelParts


def effective_unembedding(
    parts: ModelParts, form: FinalNorm, dtype: torch.dtype, rows: slice = slice(None)
) -> Tensor:
    """``(rows, width)`` what the unembedding does to a residual that the norm has only centred and divided.

    Gain, projection, logit scale and divisor are folded in. Not centred over the vocabulary.
    """
    weight = parts.unembedding.weight[rows].detach().to(dtype)
    weight = weight if parts.project is None else weight @ parts.project.weight.to(weight)
    return weight * (form.gain * (parts.scale / parts.divisor)).to(weight)
