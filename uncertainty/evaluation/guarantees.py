"""A threshold on a doubt with a promise: at most this share of the given answers is wrong."""

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike
from scipy.stats import beta, binom

from .columns import label_columns


class AnswerThreshold(NamedTuple):
    """What `answer_threshold` can promise; prints as a sentence.

    Attributes:
        threshold: answer when the doubt is at most this; None when nothing can be promised.
        answered: how many of the calibration answers pass; 0 without a threshold.
        wrong: how many of those are wrong.
        of: the number of calibration answers.
        bound: upper bound of the risk at the threshold at level 1 - delta; without a threshold
            that of the first candidate, which was too high.
        risk: the risk that was asked for.
        delta: the chance that was allowed for a broken promise.
    """

    threshold: float | None
    answered: int
    wrong: int
    of: int
    bound: float
    risk: float
    delta: float

    @property
    def share_answered(self) -> float:
        """The share of the calibration answers that pass."""
        return self.answered / self.of

    def __str__(self) -> str:
        if self.threshold is None:
            return (
                f"no threshold can be promised: {self.of} answers do not show, at level "
                f"{1 - self.delta:.2f}, that at most {self.risk:.0%} of any surest ones are wrong"
            )
        return (
            f"answer when the doubt is at most {self.threshold:.4g}: at level "
            f"{1 - self.delta:.2f} at most {self.risk:.0%} of what is answered is wrong; "
            f"{self.answered} of {self.of} answers pass, {self.wrong} of them wrong"
        )


def risk_bound(wrong: int, answered: int, *, delta: float = 0.1) -> float:
    """Return the exact upper bound of a share, at level 1 - delta (Clopper and Pearson, one-sided).

    It is the largest risk r that the counts do not contradict::

        P(Binomial(answered, r) <= wrong) = delta

    and so the 1 - delta quantile of the Beta(wrong + 1, answered - wrong) distribution. If the
    answers are independent draws, the true share lies above it with a chance of at most delta.
    Without an answer, or when all are wrong, it is 1.

    Source: Clopper and Pearson, Biometrika 26 (1934).

    Raises:
        ValueError: counts below 0, more wrong than answered, or a delta outside (0, 1).
    """
    if not 0 <= wrong <= answered:
        raise ValueError(f"need 0 <= wrong <= answered, got wrong {wrong}, answered {answered}.")
    _require_share("delta", delta)
    if wrong == answered:
        return 1.0
    return float(beta.ppf(1 - delta, wrong + 1, answered - wrong))


def fewest_answers(*, risk: float = 0.2, delta: float = 0.1) -> int:
    """Return how many answers, all of them right, are needed to promise anything.

    That is the smallest n with (1 - risk)^n <= delta: 11 for a risk of 0.2 and a delta of 0.1.

    Raises:
        ValueError: a risk or delta outside (0, 1).
    """
    _require_share("risk", risk)
    _require_share("delta", delta)
    count = max(1, math.floor(math.log(delta) / math.log1p(-risk)))
    while binom.cdf(0, count, risk) > delta:
        count += 1
    return count


def answer_threshold(
    wrong: ArrayLike,
    doubt: ArrayLike,
    *,
    risk: float = 0.2,
    delta: float = 0.1,
    start: float | None = None,
) -> AnswerThreshold:
    """Return a threshold below which at most a share `risk` of the answers is wrong, as a promise.

    **The promise.** Let R(t) = P(wrong | doubt <= t), the *selective risk* at a threshold t. Then,
    with T the threshold that is returned::

        P(T exists and R(T) > risk) <= delta

    The chance is over the draw of the calibration answers: in at most a share delta of all such
    draws is the promise broken. It is no promise for one category, one answer, or other questions.

    **How.** At a threshold t, n(t) answers pass and k(t) of them are wrong. How many pass is left
    to chance. Given their number, though, each that passes is an independent draw from those with
    doubt <= t, so that k(t) is Binomial(n(t), R(t)), and

        p(t) = P(Binomial(n(t), risk) <= k(t))

    is a p-value of the hypothesis R(t) > risk for every n(t). It is <= delta exactly when
    `risk_bound` is <= risk. The hypotheses are tested from `start` upwards, and the walk ends
    at the first that is not rejected (fixed-sequence testing): the promise is broken only if the
    first true one is rejected, so no correction for the many thresholds is needed.

    **What it assumes.** The calibration answers and those to come are independent draws from one
    distribution (i.i.d.), and the doubt was not chosen by these labels. `start` was fixed without
    looking at these answers; then nothing about R is assumed, and the doubt may be worthless.
    With ``start=None`` the walk begins below the doubt of one of them, after twice the
    `fewest_answers`, or a twentieth of all if that is more. Then delta is exact if R(t) crosses
    `risk` once, from below, or stays above it. If R(t) begins above, comes below and rises again,
    the chance is at most delta (1 + the chance that the walk begins while R is still above).

    Args:
        wrong: 0/1 or True/False, ``(answers,)``.
        doubt: larger means less sure, on any scale, ``(answers,)``. Equal doubts pass together.
        start: the smallest threshold to try, such as a quantile of the doubts of other questions.
            They need no labels.

    Returns:
        The threshold with its counts. That nothing can be promised is a result, with
        ``threshold=None``: too few answers, or too many wrong ones among the surest.

    Source: Angelopoulos et al., Learn then Test (arXiv 2110.01052), sections 2 and 3, and
    Geifman and El-Yaniv (arXiv 1705.08500) for the selective risk.

    Raises:
        ValueError: a risk or delta outside (0, 1), a start that is nan, or columns that
            `risk_coverage` refuses.
    """
    wrong, doubt = label_columns(wrong, doubt)
    fewest = fewest_answers(risk=risk, delta=delta)
    if start is None:
        start = _start(doubt, fewest)
    if np.isnan(start):
        raise ValueError("start must be a number on the doubt's scale, got nan.")

    # 1. the candidates: the start, then every doubt above it; how many pass and are wrong at each
    candidates = np.append(start, np.unique(doubt[doubt > start]))
    order = np.argsort(doubt, kind="stable")
    answered = np.searchsorted(doubt[order], candidates, side="right")  # (candidates,)
    wrong_below = np.append(0, np.cumsum(wrong[order]))  # (answers + 1,)
    wrong_answered = wrong_below[answered]

    # 2. walk upwards while the hypothesis "the risk is larger" is rejected
    p_values = binom.cdf(wrong_answered, answered, risk)  # 1 where nothing passes
    rejected = np.logical_and.accumulate(p_values <= delta)
    if not rejected[0]:
        bound = risk_bound(int(wrong_answered[0]), int(answered[0]), delta=delta)
        return AnswerThreshold(None, 0, 0, len(doubt), bound, risk, delta)
    last = np.flatnonzero(rejected).max()
    n_answered, n_wrong = int(answered[last]), int(wrong_answered[last])
    bound = risk_bound(n_wrong, n_answered, delta=delta)
    threshold = float(candidates[last])
    return AnswerThreshold(threshold, n_answered, n_wrong, len(doubt), bound, risk, delta)


def _start(doubt: np.ndarray, fewest: int) -> float:
    """Return the threshold just below the doubt of the answer that follows the first few.

    Given that answer's doubt, those below it are independent draws, and it is none of them.
    """
    ordered = np.sort(doubt)
    few = max(2 * fewest, len(doubt) // 20)
    place = min(few, max(fewest, len(doubt) // 2))
    if place >= len(doubt):
        return -np.inf
    return float(np.nextafter(ordered[place], -np.inf))


def _require_share(name: str, value: float) -> None:
    if not 0 < value < 1:
        raise ValueError(f"{name} must lie between 0 and 1, got {value}.")
