"""Affine translators: what a depth knows, once its stream is in the last depth's coordinates.

The logit lens reads every depth as if it used the last depth's coordinates. A translator is the
affine map that brings the stream of one depth closest to the final one, found by ridge regression
in closed form: a simple relative of the tuned lens (Belrose et al., arXiv 2303.08112), whose maps
are trained on the KL divergence of the predictions.
"""

from collections.abc import Sequence

import torch
from torch import Tensor


def fit_translators(stream: Sequence[Tensor] | Tensor, penalty: float = 1e-2) -> list[Tensor]:
    """Fit an affine map to the final stream for each depth.

    The map A, ``(width + 1, width)``, makes |[x, 1] A - x_final|^2 + ridge least over these tokens.

    Args:
        stream: a ``(tokens, width)`` tensor for each depth, from texts other than those you will
            read.
        penalty: the ridge, as a share of each coordinate's sum of squares. The constant has no
            penalty; a coordinate that is always 0 has a very small one.

    Raises:
        ValueError: fewer than two depths, no tokens, or a penalty that is not positive.
    """
    tokens = len(stream[0]) if len(stream) else 0
    if len(stream) < 2 or tokens == 0 or not penalty > 0:
        raise ValueError(
            "need two depths, a token and a positive penalty, "
            f"got {len(stream)}, {tokens} and {penalty}."
        )
    final = stream[-1].double()
    return [_ridge_regression(_with_constant(states), final, penalty) for states in stream]


def translate(stream: Sequence[Tensor] | Tensor, translators: Sequence[Tensor]) -> list[Tensor]:
    """Apply the translators to a stream, for `read_stream`; the last depth itself stays as it is.

    Raises:
        ValueError: another number of depths than the translators were fitted on.
    """
    if len(stream) != len(translators):
        raise ValueError(
            f"{len(stream)} depths and {len(translators)} translators do not belong together."
        )
    translated = []
    for states, matrix in zip(stream[:-1], translators):
        moved = _with_constant(states) @ matrix.to(states.device)  # (tokens, width) float64
        translated.append(moved.to(states.dtype))
    return [*translated, stream[-1]]


def _with_constant(states: Tensor) -> Tensor:
    """Append a column of ones: ``(tokens, width + 1)``, float64."""
    return torch.nn.functional.pad(states.double(), (0, 1), value=1.0)


def _ridge_regression(inputs: Tensor, outputs: Tensor, penalty: float) -> Tensor:
    """Solve (X^T X + ridge) A = X^T Y, where the last column of X is the constant."""
    gram = inputs.T @ inputs  # (width + 1, width + 1)
    ridge = penalty * gram.diagonal()
    for_coordinates = ridge[:-1] + 1e-9 * ridge.max()  # never 0, so the system can be solved
    for_constant = ridge[-1:] * 0
    ridge = torch.cat([for_coordinates, for_constant])
    return torch.linalg.solve(gram + torch.diag(ridge), inputs.T @ outputs)
