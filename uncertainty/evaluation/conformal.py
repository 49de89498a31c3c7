"""Sets of options that hold the right one with a chance that is fixed beforehand."""

import math
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike
from scipy.stats import betabinom

from .columns import as_array, without_rounding_error

Score = Literal["least_ambiguous", "adaptive"]


def option_scores(probabilities: ArrayLike, score: Score = "least_ambiguous") -> np.ndarray:
    """Return how badly each option fits, in [0, 1]: larger is worse, ``(questions, options)``.

    ====================  ========================================================================
    ``least_ambiguous``   1 - p(option): the sets of one coverage that are smallest on average
                          (LAC; Sadinle, Lei and Wasserman, arXiv 1609.00451)
    ``adaptive``          the sum of p over this option and all likelier ones: larger sets where
                          the model hesitates (APS without randomisation; Romano, Sesia and
                          Candes, arXiv 2006.02544)
    ====================  ========================================================================

    Options of equal probability have equal scores.

    Args:
        probabilities: ``(questions, options)``, each row with the sum 1.

    Raises:
        ValueError: an unknown score, an array of another shape, nan, or rows that are no
            probabilities.
    """
    p = without_rounding_error(as_array(probabilities, float))
    if p.ndim != 2 or 0 in p.shape:
        raise ValueError(f"need probabilities (questions, options), got shape {p.shape}.")
    if not ((p >= 0) & (p <= 1)).all() or np.abs(p.sum(1) - 1).max() > 1e-4:
        raise ValueError("each row must hold probabilities in [0, 1] with the sum 1: use softmax.")
    if score == "least_ambiguous":
        return 1 - p
    if score == "adaptive":
        at_least_as_likely = p[:, None, :] >= p[:, :, None]  # (questions, option, other option)
        return np.minimum((p[:, None, :] * at_least_as_likely).sum(2), 1)
    raise ValueError(f"unknown score {score!r}; choose least_ambiguous or adaptive.")


def conformal_limit(scores: ArrayLike, *, alpha: float = 0.1) -> float:
    """Return the limit for the scores of new options: the k-th smallest of n, k = ceil((n+1)(1-a)).

    A set holds every option with a score up to the limit. If the n questions and a new one are
    exchangeable (their order carries no information), the right option of the new one is in its
    set with a chance of at least 1 - alpha, and of at most 1 - alpha + 1/(n + 1) when no two scores
    are equal. The chance is over the n questions *and* the new one together: *marginal* coverage.
    With so few questions that k > n, the limit is infinite and every set holds all options.

    Args:
        scores: `option_scores` of the right options, ``(questions,)``.

    Source: Vovk, Gammerman and Shafer (2005); Angelopoulos and Bates (arXiv 2107.07511), section 1.

    Raises:
        ValueError: no score, a score that is nan, or an alpha outside (0, 1).
    """
    ordered = np.sort(as_array(scores, float))
    if ordered.ndim != 1 or not len(ordered) or np.isnan(ordered).any():
        raise ValueError(f"need scores (questions,), without nan, got shape {ordered.shape}.")
    place = _place(len(ordered), alpha)
    return float(ordered[place - 1]) if place <= len(ordered) else math.inf


def coverage_band(
    calibrated: int, tested: int, *, alpha: float = 0.1, level: float = 0.95
) -> tuple[float, float]:
    """Return between which shares the coverage of one split lies with a chance of `level`.

    With exchangeable questions and scores without ties, the number of covered questions among the
    tested ones follows a beta-binomial law::

        covered ~ BetaBinomial(tested, k, n + 1 - k),   n = calibrated, k = ceil((n+1)(1-alpha))

    Its mean share is k/(n + 1), at least 1 - alpha; ties only raise the coverage.

    Source: Angelopoulos and Bates (arXiv 2107.07511), appendix C.

    Raises:
        ValueError: a count below 1, an alpha or level outside (0, 1), or so few calibrated
            questions that every set holds all options.
    """
    if calibrated < 1 or tested < 1 or not 0 < level < 1:
        raise ValueError(
            "need counts of at least 1 and a level between 0 and 1, got "
            f"{calibrated}, {tested} and {level}."
        )
    place = _place(calibrated, alpha)
    if place > calibrated:
        raise ValueError(f"{calibrated} questions are too few for alpha {alpha}: no set excludes.")
    law = betabinom(tested, place, calibrated + 1 - place)
    low, high = law.ppf([(1 - level) / 2, (1 + level) / 2])
    return float(low / tested), float(high / tested)


def _place(count: int, alpha: float) -> int:
    """Return ceil((n + 1)(1 - alpha)), without the rounding error of the product."""
    if not 0 < alpha < 1:
        raise ValueError(f"alpha must lie between 0 and 1, got {alpha}.")
    return math.ceil((count + 1) * (1 - alpha) - 1e-9)
