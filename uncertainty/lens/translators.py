"""Affine translators: what a depth knows, once its stream is written in the language of the last one.

The logit lens reads every depth as if it spoke the last depth's language. A translator per depth is the affine map that
brings its stream closest to the final one, a ridge regression in closed form: a poor man's tuned lens (Belrose et al.,
arXiv 2303.08112, who train theirs on the KL divergence of the predictions).
"""

from collections.abc import Sequence

import torch
from torch import Tensor


def fit_translators(stream: Sequence[Tensor], penalty: float = 1e-2) -> list[Tensor]:
    """For each depth the map A, ``(width + 1, width)``, with |[x, 1] A - x_final|^2 + ridge least over these tokens.

    Args:
        stream: a ``(tokens, width)`` tensor for each depth, from texts other than those you will read.
        penalty: the ridge, as a share of each coordinate's mean square (the constant is not; dead ones a little).

    Raises:
        ValueError: fewer than two depths, no tokens, or a penalty that is not positive.
    """
    if len(stream) < 2 or not len(stream[0]) or not penalty > 0:
        raise ValueError(
            f"need two depths, a token and a positive penalty, got {len(stream)}, "
            f"{len(stream[0]) if len(stream) else 0} and {penalty}."
        )
    final = stream[-1].double()
    return [_ridge(_with_one(states), final, penalty) for states in stream]


def translate(stream: Sequence[Tensor], translators: Sequence[Tensor]) -> list[Tensor]:
    """The stream in the last depth's language, for `read_stream`; the last depth itself stays as it is.

    Raises:
        ValueError: another number of depths than the translators were fitted on.
    """
    if len(stream) != len(translators):
        raise ValueError(
            f"{len(stream)} depths and {len(translators)} translators do not belong together."
        )
    moved = [
        (_with_one(states) @ matrix).to(states.dtype)
        for states, matrix in zip(stream[:-1], translators)
    ]
    return [*moved, stream[-1]]


def _with_one(states: Tensor) -> Tensor:
    return torch.nn.functional.pad(states.double(), (0, 1), value=1.0)


def _ridge(inputs: Tensor, outputs: Tensor, penalty: float) -> Tensor:
    gram = inputs.T @ inputs
    ridge = penalty * gram.diagonal()
    ridge = torch.cat([ridge[:-1] + 1e-9 * ridge.max(), ridge[-1:] * 0])
    return torch.linalg.solve(gram + torch.diag(ridge), inputs.T @ outputs)
