"""How far an ablation moves the logits along the two vectors of the identity in `ablation`."""

from typing import NamedTuple

import torch
from torch import Tensor

from ._text_state import TextState


class ShiftFactors(NamedTuple):
    """What multiplies y and u in ``z + alpha y + beta u``, each (T, columns)."""

    alpha: Tensor
    beta: Tensor

    def columns(self, columns: slice) -> "ShiftFactors":
        return ShiftFactors(self.alpha[:, columns], self.beta[:, columns])

    def positions(self, positions: slice) -> "ShiftFactors":
        return ShiftFactors(self.alpha[positions], self.beta[positions])


def shift_factors(
    state: TextState, positions: slice, neurons: list[int], activation_shift: Tensor
) -> dict[str, ShiftFactors]:
    """Return the factors of the "total" and of the "direct" effect of single neurons.

    They follow from delta, how far each activation is moved:

        s'^2 = s^2 + (2 delta <x, w> + delta^2 |w|^2) / width
        total effect:                               alpha = s / s' - 1,  beta = delta / s'
        direct effect (the denominator frozen):     alpha = 0,           beta = delta / s

    They are computed in float64 and returned in the unembedding's precision.

    Args:
        activation_shift: ``(P, N)`` how far each activation of the layer is moved.
    """
    x = state.norm.centre(state.residual[positions])  # (T, width)
    w = state.centred_output_weights(neurons).double()  # (columns, width)
    delta = activation_shift[positions][:, neurons]  # (T, columns)

    scale = state.norm.scale(state.residual[positions])  # (T, 1)
    cross_term = 2 * delta * (x @ w.T)
    square_term = delta**2 * w.square().sum(1)
    new_square = scale**2 + (cross_term + square_term) / x.shape[1]
    new_scale = new_square.clamp(min=state.norm.epsilon).sqrt()  # (T, columns)

    factors = {
        "total": ShiftFactors(scale / new_scale - 1, delta / new_scale),
        "direct": ShiftFactors(torch.zeros_like(delta), delta / scale),
    }
    like = state.unembedding
    return {kind: ShiftFactors(f.alpha.to(like), f.beta.to(like)) for kind, f in factors.items()}


def no_shift(like: Tensor) -> ShiftFactors:
    """Return the factors of one column that leaves every position of ``like`` (T, V) as it is."""
    zeros = like.new_zeros(len(like), 1)
    return ShiftFactors(zeros, zeros)
