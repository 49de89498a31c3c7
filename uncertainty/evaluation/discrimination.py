"""Discrimination: does a measure rank wrong answers above right ones?"""

from typing import NamedTuple

import numpy as np
from scipy.stats import rankdata
from sklearn.metrics import average_precision_score

from .columns import has_one_class, label_columns


class RiskCoverage(NamedTuple):
    """Answer only the surest share: ``coverage`` k/n for k = 1..n, ``risk`` the share of wrong answers among those k.

    ``area`` (AURC) is the mean risk over all coverages: smaller is better.
    """

    coverage: np.ndarray
    risk: np.ndarray
    area: float


def auroc(wrong, uncertainty) -> float:
    """The chance that a wrong answer has a larger uncertainty than a right one, ties counting half.

        AUROC = (mean rank of the wrong - (n_wrong + 1) / 2) / n_right

    1 is perfect, 0.5 a coin. The positive class is *wrong*. With one class only it is not defined: nan and a warning.

    Raises:
        ValueError: labels that are not 0/1 or True/False (arguments swapped?), lengths that differ, or nan.
    """
    wrong, uncertainty = label_columns(wrong, uncertainty)
    positives = wrong.sum()
    if has_one_class(wrong):
        return float("nan")
    ranks = rankdata(uncertainty)
    return float((ranks[wrong].mean() - (positives + 1) / 2) / (len(wrong) - positives))


def average_precision(wrong, uncertainty) -> float:
    """Area under the precision-recall curve for finding wrong answers (scikit-learn's); a coin gets the share of wrong ones.

    With one class only: nan and a warning. Raises ValueError as `auroc`.
    """
    wrong, uncertainty = label_columns(wrong, uncertainty)
    return (
        float("nan")
        if has_one_class(wrong)
        else float(average_precision_score(wrong, rankdata(uncertainty)))
    )


def risk_coverage(wrong, uncertainty) -> RiskCoverage:
    """What is left wrong when the model answers only where it is surest (selective prediction).

    Answers of equal uncertainty come in no particular order, so each counts as the mean of its ties: the expected curve.
    Raises ValueError as `auroc`.
    """
    wrong, uncertainty = label_columns(wrong, uncertainty)
    kept = np.arange(1, len(wrong) + 1)
    risk = np.cumsum(_in_order(wrong, uncertainty)) / kept
    return RiskCoverage(kept / len(wrong), risk, float(risk.mean()))


def prediction_rejection_ratio(wrong, uncertainty) -> float:
    """(AURC of rejecting at random - AURC) / (AURC of rejecting at random - AURC of an oracle): 1 perfect, 0 random.

    Random and oracle are exact: the first has the overall risk at every coverage, the second rejects every wrong
    answer first. Rejection goes on until one answer is left. Source: lm-polygraph (Vashurin et al., TACL 2025) with
    ``max_rejection = 1``. With one class only: nan and a warning. Raises ValueError as `auroc`.
    """
    wrong, uncertainty = label_columns(wrong, uncertainty)
    if has_one_class(wrong):
        return float("nan")
    chance, oracle = wrong.mean(), risk_coverage(wrong, wrong).area
    return float((chance - risk_coverage(wrong, uncertainty).area) / (chance - oracle))


def _in_order(wrong: np.ndarray, uncertainty: np.ndarray) -> np.ndarray:
    """Expected labels from the surest to the least sure: ties replaced by their mean."""
    _, ties, size = np.unique(uncertainty, return_inverse=True, return_counts=True)
    means = np.bincount(ties, weights=wrong) / size
    return np.repeat(means, size)
