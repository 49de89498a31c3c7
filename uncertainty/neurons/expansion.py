"""The entropy as a function of each last-layer neuron, to second order: all neurons at once.

Moving one activation by delta changes every logit by ``d = alpha y + beta u`` (see `ablation`). The
entropy H of softmax(z) then changes by

    -Cov(z, d) - (Var(d) + E[(z - E z) (d - E d)^2]) / 2

and terms of third order in d, with moments under the clean probabilities p. The moments of y and u
are taken once; after that any shift of any neuron costs a few multiplications.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from .._inputs import index_list
from ..architecture.final_norm import FinalNorm, final_norm
from ..architecture.last_mlp import last_layer_neurons
from ..architecture.parts import model_parts
from ..architecture.unembedding import effective_unembedding, slices, vocabulary_slices
from ._text_state import logits_of_biases

POSITIONS_AT_A_TIME = 1024


@dataclass(frozen=True, eq=False)
class EntropyExpansion:
    """What `entropy_expansion` keeps of P positions: moments under the clean probabilities.

    y are the logits without what biases add, u what a neuron adds to them per unit of activation.
    N neurons; moments of y alone are ``(P, 1)``, those with u ``(P, N)``.

    Attributes:
        residual: ``(P, width)`` float64, what enters the final norm.
        output_weights: ``(N, width)`` float64, centred if the final norm centres.
        norm: the final norm as a formula.
        cov_zy, var_y, skew_zyy: Cov(z, y), Var(y), E[zc yc^2]; c marks what is centred under p.
        cov_zu, cov_yu, var_u: Cov(z, u), Cov(y, u), Var(u).
        skew_zyu, skew_zuu: E[zc yc uc], E[zc uc^2].
    """

    residual: Tensor
    output_weights: Tensor
    norm: FinalNorm
    cov_zy: Tensor
    var_y: Tensor
    skew_zyy: Tensor
    cov_zu: Tensor
    cov_yu: Tensor
    var_u: Tensor
    skew_zyu: Tensor
    skew_zuu: Tensor

    def change(self, shift: Tensor, *, direct: bool = False) -> Tensor:
        """Return how the entropy changes when each neuron alone is moved, ``(P, N)``, in nats.

        Args:
            shift: ``(P, N)``, how far each activation is moved.
            direct: whether the norm's denominator stays at its clean value.

        Raises:
            ValueError: a shift of another shape.
        """
        if shift.shape != self.cov_zu.shape:
            raise ValueError(
                f"shift must be (positions, neurons) = {tuple(self.cov_zu.shape)}, got "
                f"{tuple(shift.shape)}."
            )
        alpha, beta = self._factors(shift.double(), direct)
        first_order = alpha * self.cov_zy + beta * self.cov_zu
        variance = alpha**2 * self.var_y + 2 * alpha * beta * self.cov_yu + beta**2 * self.var_u
        skewness = alpha**2 * self.skew_zyy + 2 * alpha * beta * self.skew_zyu
        skewness = skewness + beta**2 * self.skew_zuu
        return -first_order - (variance + skewness) / 2

    def _factors(self, shift: Tensor, direct: bool) -> tuple[Tensor, Tensor]:
        """Return alpha and beta, ``(P, N)``."""
        scale = self.norm.scale(self.residual)
        if direct:
            return torch.zeros_like(shift), shift / scale
        x = self.norm.centre(self.residual)
        cross_term = 2 * shift * (x @ self.output_weights.T)
        square_term = shift**2 * self.output_weights.square().sum(1)
        new_square = scale**2 + (cross_term + square_term) / x.shape[1]
        new_scale = new_square.clamp(min=self.norm.epsilon).sqrt()
        return scale / new_scale - 1, shift / new_scale


@torch.no_grad()
def entropy_expansion(
    model, residual: Tensor, *, neurons: Sequence[int] | None = None
) -> EntropyExpansion:
    """Expand the entropy at some positions in the activation of every last-layer neuron.

    With it the effect of any small ablation on the entropy is known for all neurons: for a whole
    layer that is some hundred times cheaper than `ablation_sweep`, which stays the reference. The
    error is of third order in the change of the logits; check it on a few neurons.

    Args:
        residual: ``(positions, width)``, what enters the final norm (`record_stream`'s last).
        neurons: only these, in this order; numbers, or a mask with a truth value for each neuron.
            Few of them cost a fraction of the time.

    Raises:
        ValueError: a residual of another width; no such neuron; a softcap, or a norm after the MLP,
            for which the identity does not hold; else as `last_layer_neurons` and `final_norm`.
    """
    parts = model_parts(model)
    last_layer = last_layer_neurons(model)
    norm = final_norm(parts)
    if not last_layer.adds_to_stream or parts.softcap is not None:
        raise ValueError(
            f"{type(model).__name__}: a norm follows the last MLP, or the logits are capped, so a "
            "neuron does not move them along two fixed vectors; use `ablation_sweep`."
        )
    weights = norm.centre(last_layer.output_weights)  # (N, width)
    if neurons is not None:
        weights = weights[index_list(neurons, len(weights), name="neurons")]
    if residual.ndim != 2 or residual.shape[1] != weights.shape[1]:
        raise ValueError(
            f"residual must be (positions, {weights.shape[1]}), got {tuple(residual.shape)}."
        )
    residual = residual.double()
    unembedding = effective_unembedding(parts, norm, weights.dtype)  # (V, width)
    unembedding -= unembedding.mean(0)
    added = logits_of_biases(parts, norm).to(unembedding)  # (V,)
    blocks = []
    for positions in slices(len(residual), POSITIONS_AT_A_TIME):
        x = residual[positions]
        y = (norm.centre(x) / norm.scale(x)).to(unembedding) @ unembedding.T  # (T, V)
        blocks.append(_moments(y, added, unembedding, weights))
    moments = {name: torch.cat([block[name] for block in blocks]) for name in blocks[0]}
    return EntropyExpansion(residual, weights.double(), norm, **moments)


def _moments(y: Tensor, added: Tensor, unembedding: Tensor, weights: Tensor) -> dict[str, Tensor]:
    """Return the moments at the positions of y (T, V), float64."""
    z = y + added
    p = z.softmax(-1)
    z -= (p * z).sum(-1, keepdim=True)
    y = y - (p * y).sum(-1, keepdim=True)
    pz = p * z
    pzy = pz * y

    # 1. means that are linear in u: through the unembedding, whose rows are shorter than u's
    def mean_u(weighting: Tensor) -> Tensor:
        return (weighting @ unembedding @ weights.T).double()  # (T, N)

    mean = mean_u(p)
    cov_zu = mean_u(pz)
    cov_yu = mean_u(p * y)
    mean_zyu = mean_u(pzy)

    # 2. means of u^2, a slice of the vocabulary at a time
    mean_uu = torch.zeros_like(mean)
    mean_zuu = torch.zeros_like(mean)
    for rows in vocabulary_slices(len(unembedding)):
        squares = (unembedding[rows] @ weights.T).square_()  # (rows, N)
        mean_uu += p[:, rows] @ squares
        mean_zuu += pz[:, rows] @ squares

    # 3. from means to moments around the mean
    cov_zy = pzy.sum(-1, keepdim=True).double()
    return {
        "cov_zy": cov_zy,
        "var_y": (p * y.square()).sum(-1, keepdim=True).double(),
        "skew_zyy": (pzy * y).sum(-1, keepdim=True).double(),
        "cov_zu": cov_zu,
        "cov_yu": cov_yu,
        "var_u": mean_uu - mean.square(),
        "skew_zyu": mean_zyu - cov_zy * mean,
        "skew_zuu": mean_zuu - 2 * mean * cov_zu,
    }
