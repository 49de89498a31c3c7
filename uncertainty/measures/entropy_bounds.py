"""Between which values the entropy lies when only the likeliest tokens are known."""

import math
from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from ..generation.server_answers import SAME_NATS, ServerAnswer
from .raw_logits import LogitsSource, raw_logits
from .server_measures import require_steps

# What the rounding of log-probabilities may add to or take from the sum of a step's probabilities.
SUM_ROUNDING = 1e-3
DEFAULT_TOP_K = 20  # what most servers send at most


class EntropyBounds(NamedTuple):
    """The entropy of every step lies between these, each ``(steps,)`` float64, in nats."""

    lower: Tensor
    upper: Tensor


def entropy_bounds(
    generation: LogitsSource,
    *,
    top_k: int | None = None,
    vocabulary_size: int | None = None,
) -> EntropyBounds:
    """Compute a lower and an upper bound of each step's entropy from its likeliest tokens, in nats.

    Let p_1 >= ... >= p_k be the known probabilities of a step, m = 1 - sum_i p_i what they leave
    over, N = V - k the number of other tokens, and h(x) = -x log x. No other token is likelier than
    c = p_k. Then the entropy H obeys::

        sum_i h(p_i) + n h(c) + h(m - n c)  <=  H  <=  sum_i h(p_i) + N h(m / N)

    with n the whole number of times that c goes into m, n = floor(m / c).

    *Proof.* H = sum_i h(p_i) + sum_j h(q_j), where q_1, ..., q_N are the probabilities of the other
    tokens: they sum to m and lie in [0, c]. The function h is concave. *Upper*: by Jensen's
    inequality the mean of h(q_j) is at most h of their mean, m / N. Both sides are equal when the
    q_j are equal, so the bound is reached. *Lower*: take two of them with 0 < q_a <= q_b < c and
    move d = min(q_a, c - q_b) from a to b. Because h is concave, h(q_a) - h(q_a - d) >=
    h(q_b + d) - h(q_b): a slope of h never rises to the right. So the sum does not grow, and one of
    the two is now 0 or c. Repeat until at most one lies strictly between 0 and c. Then n of them
    are c, one is m - n c, and the rest are 0, which is the lower bound, and it is reached.

    A written token that is not among the k likeliest has a known probability, too: it counts with
    the p_i, and N is one less. Where a server may have left out likelier tokens (`ServerAnswer`'s
    ``complete``), all that is known of the others is c = m: the lower bound is then
    sum_i h(p_i) + h(m).

    The bounds hold up to the rounding of the probabilities that are given: some 1e-5 nats for
    float32.

    Args:
        generation: a `ServerAnswer`; or what `token_measures` takes, cut here to its top_k largest
            probabilities, which shows what a server's answer would hide.
        top_k: how many of the likeliest tokens count as known; by default all that a server sent,
            and 20 of full logits.
        vocabulary_size: V, how many logits the model has. Known for full logits, and for an answer
            of `answers_from(..., vocabulary_size=)`.

    Raises:
        ValueError: no tokens, top_k below 1 or more than the server sent, an unknown vocabulary
            size or one that is too small for the probabilities, or probabilities that sum to more
            than 1.

    Source: the extreme points of a majorisation, as in Marshall, Olkin and Arnold, "Inequalities:
    Theory of Majorization and Its Applications" (2011), chapters 3 and 5.
    """
    if top_k is not None and top_k < 1:
        raise ValueError(f"top_k must be at least 1, got {top_k}.")
    if isinstance(generation, ServerAnswer):
        steps = _steps_of_server(generation, top_k)
        size = generation.vocabulary_size if vocabulary_size is None else vocabulary_size
    else:
        steps = _steps_of_logits(generation, top_k or DEFAULT_TOP_K)
        size = _size_of_logits(generation, vocabulary_size)
    if size is None:
        raise ValueError(
            "the entropy is bounded above only when the size of the vocabulary is known, and no "
            "server tells it: pass vocabulary_size=, the number of logits (the model's "
            "config.vocab_size)."
        )
    bounds = [_step_bounds(step, size, number) for number, step in enumerate(steps)]
    lower, upper = torch.tensor(bounds, dtype=torch.float64).unbind(-1)
    return EntropyBounds(lower, upper)


class _Step(NamedTuple):
    """What is known of one step.

    Attributes:
        known: the probabilities of different tokens.
        largest_other: what no other token exceeds; None where nothing is known.
    """

    known: list[float]
    largest_other: float | None


def _steps_of_server(answer: ServerAnswer, top_k: int | None) -> list[_Step]:
    require_steps(answer)
    sent = answer.top_logprobs.shape[-1]
    if top_k is not None and top_k > sent:
        raise ValueError(f"top_k={top_k}, and {answer.endpoint} sent {sent} alternatives.")
    rows = answer.top_logprobs[:, :top_k].double()  # (steps, k)
    columns = zip(rows, answer.token_logprobs.double(), answer.complete.tolist())
    return [
        _step(row[~row.isnan()].tolist(), written.item() if complete else None, complete)
        for row, written, complete in columns
    ]


def _steps_of_logits(source: LogitsSource, top_k: int) -> list[_Step]:
    log_p = raw_logits(source).double().log_softmax(-1)  # (steps, vocabulary)
    top = log_p.topk(min(top_k, log_p.shape[-1])).values  # (steps, k)
    token_ids = getattr(source, "token_ids", None)
    if token_ids is None:
        return [_step(row.tolist(), None, True) for row in top]
    written = log_p.gather(-1, token_ids[:, None].long()).squeeze(-1)  # (steps,)
    return [_step(row.tolist(), nats.item(), True) for row, nats in zip(top, written)]


def _size_of_logits(source: LogitsSource, given: int | None) -> int:
    size = raw_logits(source).shape[-1]
    if given not in (None, size):
        raise ValueError(f"vocabulary_size={given}, and the logits have {size} entries.")
    return size


def _step(top: Sequence[float], written: float | None, complete: bool) -> _Step:
    """Return what is known of a step from log-probabilities, the largest first."""
    known = [math.exp(nats) for nats in top]
    if not complete:
        return _Step(known, None)
    largest_other = known[-1]
    if written is not None and written < top[-1] - SAME_NATS:  # a token beyond the top
        known.append(math.exp(written))
    return _Step(known, largest_other)


def _step_bounds(step: _Step, vocabulary_size: int, number: int) -> tuple[float, float]:
    others = vocabulary_size - len(step.known)
    total = math.fsum(step.known)
    left_over = max(0.0, 1 - total)
    largest = left_over if step.largest_other is None else min(step.largest_other, left_over)
    if total > 1 + SUM_ROUNDING:
        raise ValueError(
            f"the probabilities of step {number} sum to {total:.4f}, more than 1: they are not "
            "from one distribution."
        )
    if others < 0 or left_over > others * largest + SUM_ROUNDING:
        raise ValueError(
            f"a vocabulary of {vocabulary_size} tokens is too small for step {number}: "
            f"{len(step.known)} tokens leave {left_over:.4f} over, and no other token has more "
            f"than {largest:.4g}. Pass the right vocabulary_size=."
        )
    known = math.fsum(_h(p) for p in step.known)
    return known + _concentrated(left_over, largest), known + _spread(left_over, others)


def _concentrated(mass: float, largest: float) -> float:
    """Return the entropy's part of a mass on as few tokens as the largest allows."""
    if largest <= 0:
        return 0.0
    full = math.floor(mass / largest)
    rest = max(0.0, mass - full * largest)
    return full * _h(largest) + _h(rest)


def _spread(mass: float, count: int) -> float:
    """Return the entropy's part of a mass spread evenly over ``count`` tokens."""
    return count * _h(mass / count) if count else 0.0


def _h(x: float) -> float:
    return -x * math.log(x) if x > 0 else 0.0
