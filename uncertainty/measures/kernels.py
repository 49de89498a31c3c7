"""Kernel language entropy: how many different meanings samples have, where meanings may be near."""

import numpy as np
import scipy.linalg
from numpy.typing import ArrayLike

from ..evaluation.columns import as_array

HEAT_TIME = 0.3  # the source's default
# How far below 0 an eigenvalue of a kernel of N samples may lie, over N: float32 cosines do that.
NEGATIVE_EIGENVALUE = 1e-5


def kernel_language_entropy(kernel: ArrayLike) -> float:
    """Compute the von Neumann entropy of samples' meanings, nats, in [0, log N].

    With K(i, j) how near the meanings of samples i and j are, for N samples::

        R(i, j) = K(i, j) / sqrt(K(i, i) K(j, j)) / N
        KLE = -trace(R log R) = -sum_k r_k log r_k,    r_k the eigenvalues of R

    With K(i, j) = 1 within a cluster and 0 elsewhere it equals `semantic_entropy`. The source's
    code divides it by log N, which changes no ranking.

    Args:
        kernel: ``(N, N)``, symmetric without negative eigenvalues, such as `similarity_matrix` or
            `heat_kernel`.

    Raises:
        ValueError: no square matrix, no samples, not symmetric, a diagonal that is not positive, or
            a negative eigenvalue: a matrix of similarities need not be a kernel.

    Source: Nikitin et al. 2024 (arXiv 2405.20003), abstract.
    """
    kernel = _symmetric(kernel)
    diagonal = np.diag(kernel)
    if not (diagonal > 0).all():
        raise ValueError(f"the diagonal of a kernel must be positive, got {diagonal}.")
    scale = np.sqrt(diagonal)
    state = kernel / np.outer(scale, scale) / len(kernel)  # trace 1
    shares = scipy.linalg.eigvalsh(state)
    if shares.min() < -NEGATIVE_EIGENVALUE:
        raise ValueError(
            f"the matrix has the negative eigenvalue {shares.min() * len(kernel):.2g}, so it is no "
            "kernel; heat_kernel(weights) makes one of any similarities that are 0 or larger."
        )
    shares = shares[shares > 0]
    return max(0.0, float(-(shares * np.log(shares)).sum()))


def heat_kernel(weights: ArrayLike, time: float = HEAT_TIME) -> np.ndarray:
    """Return how much heat flows between samples, exp(-t L), ``(N, N)``, for graph weights W.

    L = D - W is the graph's Laplacian, D the diagonal matrix of W's row sums. Rows sum to 1. The
    diagonal of W is of no effect. Even equal samples (all weights 1) do not give the entropy 0: all
    entries would have to be equal, which takes an infinite time.

    Args:
        weights: ``(N, N)``, symmetric, 0 or larger: how alike the meanings of two samples are.
        time: how long the heat flows, 0 or more. At 0 all samples are different.

    Raises:
        ValueError: no square matrix, no samples, not symmetric, a negative weight or time.

    Source: Nikitin et al. 2024 (arXiv 2405.20003); weights there are verdicts of a model
    of entailment, and t = 0.3 is the default.
    """
    weights = _symmetric(weights)
    if weights.min() < 0 or not 0 <= time < np.inf:
        raise ValueError(
            f"weights and time must be 0 or larger, got {weights.min()} and time={time}; "
            "take weights.clip(0) of cosines."
        )
    laplacian = np.diag(weights.sum(1)) - weights
    flow = scipy.linalg.expm(-time * laplacian)
    return (flow + flow.T) / 2  # rounding leaves it a little asymmetric


def _symmetric(matrix: ArrayLike) -> np.ndarray:
    """Return a symmetric matrix of finite floats, or refuse it."""
    values = as_array(matrix, float)
    if values.ndim != 2 or values.shape[0] != values.shape[1] or not len(values):
        raise ValueError(f"need a square matrix, a row for each sample, got {values.shape}.")
    if not np.isfinite(values).all() or not np.allclose(values, values.T, atol=1e-6):
        raise ValueError("need a symmetric matrix of finite numbers.")
    return (values + values.T) / 2
