"""The final norm as a formula."""

import copy
from dataclasses import dataclass

import torch
from torch import Tensor

from .parts import ModelParts


@dataclass(frozen=True, eq=False)
class FinalNorm:
    """The final norm as a formula, float64: ``gain * (x - m) / s + bias``, with m the mean of x, or 0 where not centred, and
    ``s = sqrt(mean((x - m) ** 2) + epsilon)``."""

    centred: bool
    gain: Tensor
    bias: Tensor
    epsilon: float

    def centre(self, x: Tensor) -> Tensor:
        """What the norm sees of a vector: LayerNorm takes the mean away, RMSNorm nothing."""
        return x - x.mean(-1, keepdim=True) if self.centred else x

    def scale(self, x: Tensor) -> Tensor:
        """The norm's denominator s, ``(..., 1)``."""
        return (self.centre(x).square().mean(-1, keepdim=True) + self.epsilon).sqrt()

    def __call__(self, x: Tensor, scale: Tensor | None = None) -> Tensor:
        """The norm of x; with its denominator frozen where ``scale`` is given."""
        return self.gain * self.centre(x) / (self.scale(x) if scale is None else scale) + self.bias


def final_norm(parts: ModelParts) -> FinalNorm:
    """The final norm's formula: found by comparison with the norm itself, on large and on small inputs.

    Raises:
        ValueError: there is no final norm, or it is neither a LayerNorm nor an RMSNorm.
    """
    norm = parts.norm
    if norm is None:
        raise ValueError(
            "this model has no final norm, so there is no scale to freeze and nothing is mediated by it."
        )
    weight, width = getattr(norm, "weight", None), parts.unembedding.weight.shape[1]
    like = parts.unembedding.weight if weight is None else weight
    if parts.project is not None:
        width = parts.project.weight.shape[1]
    one = torch.ones(width, dtype=torch.float64, device=like.device)
    gains = [one] if weight is None else [weight.detach().double(), 1 + weight.detach().double()]
    bias = getattr(norm, "bias", None)
    bias = 0 * one if bias is None else bias.detach().double()
    epsilon = next(
        (
            float(value)
            for key in ("variance_epsilon", "eps", "epsilon")
            if (value := getattr(norm, key, None))
        ),
        1e-5,
    )
    probe = torch.randn(4, width, generator=torch.Generator().manual_seed(0)).to(one) + 0.5
    probe = torch.cat([probe, epsilon**0.5 * probe]).float()
    with torch.no_grad():
        said = copy.deepcopy(norm).float()(probe).double()
    for form in (
        FinalNorm(centred, gain, bias, epsilon) for centred in (False, True) for gain in gains
    ):
        if torch.allclose(form(probe.double()), said, rtol=1e-4, atol=1e-5 * said.abs().median()):
            return form
    raise ValueError(
        f"{type(norm).__name__} is neither a LayerNorm nor an RMSNorm as we know them; its scale cannot be frozen."
    )
