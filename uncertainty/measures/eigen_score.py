"""EigenScore: how far the hidden states of sampled answers spread."""

import numpy as np
from numpy.typing import ArrayLike

from ..evaluation.columns import as_array

REGULARISER = 1e-3  # the source's alpha


def eigen_score(states: ArrayLike, regulariser: float = REGULARISER) -> float:
    """Compute the mean log eigenvalue of the covariance of samples' hidden states, nats.

    With z_i in R^d the state of sample i = 1..K, and J = I - 1 1^T / d, which takes the mean over
    the d *coordinates* off each state::

        S(i, j) = z_i^T J z_j
        EigenScore = log det(S + alpha I) / K

    It is at least log alpha, which it reaches when all centred states are zero. Equal samples give
    K - 1 eigenvalues alpha. It grows with doubt, has no upper bound, and depends on the scale of
    the states, so values compare only within one model and depth.

    The source's formula is this one; its code divides S by d - 1 first (`numpy.cov` of states in
    rows) and takes the logarithm to base 10. Dividing by d - 1 makes alpha weigh more. For that,
    pass ``states / (d - 1) ** 0.5``. The samples' common mean stays in S, in formula and code.

    Args:
        states: ``(samples, width)``, of each sample the state of its last token at the middle depth
            in the source; such as ``AnswerStates.last``.
        regulariser: alpha, above 0.

    Raises:
        ValueError: no such matrix, a state that is not finite, or a regulariser not above 0.

    Source: Chen et al. 2024, INSIDE (arXiv 2402.03744), its definition of "EigenScore".
    """
    states = as_array(states, float)
    if states.ndim != 2 or 0 in states.shape:
        raise ValueError(f"states must have the shape (samples, width), got {states.shape}.")
    if not np.isfinite(states).all():
        raise ValueError("a state is not finite: leave empty samples out.")
    if not 0 < regulariser < np.inf:
        raise ValueError(f"the regulariser must be above 0, got {regulariser}.")
    centred = states - states.mean(1, keepdims=True)
    # The singular values of Z give S's eigenvalues without the rounding errors of their squares.
    spread = np.zeros(len(states))
    singular_values = np.linalg.svd(centred, compute_uv=False)
    spread[: len(singular_values)] = singular_values**2
    return float(np.log(spread + regulariser).mean())
