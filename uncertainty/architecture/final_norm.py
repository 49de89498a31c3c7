"""The final norm as a formula."""

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from .parts import ModelParts
from .stored_weights import plain_copy


@dataclass(frozen=True, eq=False)
class FinalNorm:
    """The final norm as a formula, in float64: ``gain * (x - m) / s + bias``.

    m is the mean of x, or 0 where the norm is not centred, and
    ``s = sqrt(mean((x - m) ** 2) + epsilon)``.

    Attributes:
        centred: whether the norm subtracts the mean (LayerNorm) or not (RMSNorm).
        gain, bias: ``(width,)``.
        epsilon: what is added to the mean square.
    """

    centred: bool
    gain: Tensor
    bias: Tensor
    epsilon: float

    def centre(self, x: Tensor) -> Tensor:
        """Return x minus its mean for a LayerNorm, and x itself for an RMSNorm."""
        return x - x.mean(-1, keepdim=True) if self.centred else x

    def scale(self, x: Tensor) -> Tensor:
        """Return the norm's denominator s, ``(..., 1)``."""
        return (self.centre(x).square().mean(-1, keepdim=True) + self.epsilon).sqrt()

    def __call__(self, x: Tensor, scale: Tensor | None = None) -> Tensor:
        """Return the norm of x; with the denominator frozen at ``scale`` where that is given."""
        if scale is None:
            scale = self.scale(x)
        return self.gain * self.centre(x) / scale + self.bias


def final_norm(parts: ModelParts) -> FinalNorm:
    """Return the final norm's formula, found by comparison with the norm itself.

    The inputs of the comparison are large and small, so that epsilon matters, too.

    Raises:
        ValueError: there is no final norm, its weights are not in memory, or it is neither a
            LayerNorm nor an RMSNorm.
    """
    norm = parts.norm
    if norm is None:
        raise ValueError(
            "this model has no final norm, so there is no scale to freeze and nothing is mediated "
            "by it."
        )

    # 1. what the formula could be made of, where the unembedding computes
    ones = _ones_like_residual(parts)
    norm = plain_copy(norm).to(ones.device)
    weight = getattr(norm, "weight", None)
    if weight is None:
        gains = [ones]
    else:
        weight = weight.detach().double()
        gains = [weight, 1 + weight]  # Gemma stores the gain minus 1
    bias = getattr(norm, "bias", None)
    bias = 0 * ones if bias is None else bias.detach().double()
    epsilon = _epsilon(norm)

    # 2. what the norm returns for four large and four small inputs, (8, width)
    generator = torch.Generator().manual_seed(0)
    large = torch.randn(4, len(ones), generator=generator).to(ones) + 0.5
    inputs = torch.cat([large, epsilon**0.5 * large]).float()
    norm_in_float32: Any = norm.float()  # it is our copy
    if getattr(norm_in_float32, "eps", epsilon) is None:
        norm_in_float32.eps = epsilon
    with torch.no_grad():
        outputs = norm_in_float32(inputs).double()

    # 3. the formula that returns the same
    tolerance = 1e-5 * outputs.abs().median().item()
    for centred in (False, True):
        for gain in gains:
            formula = FinalNorm(centred, gain, bias, epsilon)
            if torch.allclose(formula(inputs.double()), outputs, rtol=1e-4, atol=tolerance):
                return formula
    raise ValueError(
        f"{type(norm).__name__} is neither a LayerNorm nor an RMSNorm as we know them; its scale "
        "cannot be frozen."
    )


def _ones_like_residual(parts: ModelParts) -> Tensor:
    """Return ``(width of the residual,)`` ones in float64, on the unembedding's device."""
    reads_residual = parts.unembedding if parts.projection is None else parts.projection
    width = reads_residual.weight.shape[1]
    device = parts.unembedding.weight.device
    return torch.ones(width, dtype=torch.float64, device=device)


def _epsilon(norm: nn.Module) -> float:
    for name in ("variance_epsilon", "eps", "epsilon"):
        value = getattr(norm, name, None)
        if value:
            return float(value)
    if isinstance(norm, nn.RMSNorm):  # eps=None: torch takes that of the type it computes in
        is_double = norm.weight is not None and norm.weight.dtype == torch.float64
        return torch.finfo(torch.float64 if is_double else torch.float32).eps
    return 1e-5
