"""Discrimination: does a measure rank wrong answers above right ones?"""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike
from scipy.stats import rankdata
from sklearn.metrics import average_precision_score

from .columns import has_one_class, label_columns


class RiskCoverage(NamedTuple):
    """What is wrong when only the surest share is answered.

    ``coverage`` is k/n for k = 1..n, and ``risk`` the share of wrong answers among those k.
    ``area`` (AURC) is the mean risk over all coverages: smaller is better.
    """

    coverage: np.ndarray
    risk: np.ndarray
    area: float


def auroc(wrong: ArrayLike, uncertainty: ArrayLike) -> float:
    """Return the chance that a wrong answer has a larger uncertainty than a right one.

    Ties count half::

        AUROC = (mean rank of the wrong - (n_wrong + 1) / 2) / n_right

    1 is perfect, 0.5 is chance. The positive class is *wrong*. With one class only, the AUROC is
    not defined: nan and a warning.

    Raises:
        ValueError: labels that are not 0/1 or True/False (arguments swapped?), lengths that
            differ, or nan.
    """
    wrong, uncertainty = label_columns(wrong, uncertainty)
    if has_one_class(wrong):
        return float("nan")
    n_wrong = wrong.sum()
    n_right = len(wrong) - n_wrong
    mean_rank = rankdata(uncertainty)[wrong].mean()
    return float((mean_rank - (n_wrong + 1) / 2) / n_right)


def average_precision(wrong: ArrayLike, uncertainty: ArrayLike) -> float:
    """Return the area under the precision-recall curve for finding wrong answers.

    This is scikit-learn's. Chance gets the share of wrong answers. With one class only: nan and a
    warning.

    Raises:
        ValueError: as `auroc`.
    """
    wrong, uncertainty = label_columns(wrong, uncertainty)
    if has_one_class(wrong):
        return float("nan")
    ranks = rankdata(uncertainty)  # scikit-learn refuses infinite values
    return float(average_precision_score(wrong, ranks))


def risk_coverage(wrong: ArrayLike, uncertainty: ArrayLike) -> RiskCoverage:
    """Return what is left wrong when the model answers only where it is surest.

    This is selective prediction. Answers of equal uncertainty have no order among them, so each
    counts as the mean of its ties: the curve is the expected one.

    Raises:
        ValueError: as `auroc`.
    """
    wrong, uncertainty = label_columns(wrong, uncertainty)
    answered = np.arange(1, len(wrong) + 1)  # 1, 2, ..., n answers
    wrong_answered = np.cumsum(_expected_wrong_by_rank(wrong, uncertainty))
    risk = wrong_answered / answered
    return RiskCoverage(answered / len(wrong), risk, float(risk.mean()))


def prediction_rejection_ratio(wrong: ArrayLike, uncertainty: ArrayLike) -> float:
    """Return (AURC at random - AURC) / (AURC at random - AURC of an oracle).

    1 is perfect, 0 is what rejecting at random gets. Random and oracle are exact: the first has the
    overall risk at every coverage, the second rejects every wrong answer first. Rejection
    continues until one answer is left. With one class only: nan and a warning.

    Source: lm-polygraph (Vashurin et al., TACL 2025) with ``max_rejection = 1``.

    Raises:
        ValueError: as `auroc`.
    """
    wrong, uncertainty = label_columns(wrong, uncertainty)
    if has_one_class(wrong):
        return float("nan")
    random_area = wrong.mean()
    oracle_area = risk_coverage(wrong, wrong).area
    area = risk_coverage(wrong, uncertainty).area
    return float((random_area - area) / (random_area - oracle_area))


def _expected_wrong_by_rank(wrong: np.ndarray, uncertainty: np.ndarray) -> np.ndarray:
    """Return the labels from the surest answer to the least sure, ties replaced by their mean."""
    _, tie_of, tie_sizes = np.unique(uncertainty, return_inverse=True, return_counts=True)
    share_wrong = np.bincount(tie_of, weights=wrong) / tie_sizes
    return np.repeat(share_wrong, tie_sizes)
