"""Is a doubt worth anything? Two different virtues, measured apart, each with an interval.

*Discrimination*: does a measure rank wrong answers above right ones? `auroc`, `average_precision`, `risk_coverage`,
`prediction_rejection_ratio` take ``(wrong, uncertainty)``; any scale will do.

*Calibration*: when it says 70 %, is it right in 70 %? `expected_calibration_error`, `brier`, `brier_decomposition`,
`negative_log_likelihood` take ``(correct, confidence)`` with confidences in [0, 1].

Labels come first, as in scikit-learn. Missing values (nan) are refused, never dropped: decide what they mean, and say
how many there were. `leaderboard` does that for a whole table of measures.
"""

from typing import NamedTuple

import numpy as np
from sklearn.metrics import brier_score_loss, log_loss

from .columns import confidence_columns


class ReliabilityBins(NamedTuple):
    """The occupied bins of a reliability diagram: mean confidence, accuracy and number of answers of each."""

    confidence: np.ndarray
    accuracy: np.ndarray
    count: np.ndarray


class BrierDecomposition(NamedTuple):
    """``reliability - resolution + uncertainty`` is the Brier score, exactly."""

    reliability: float
    resolution: float
    uncertainty: float


def reliability_bins(
    correct, confidence, bins: int = 10, equal_mass: bool = False
) -> ReliabilityBins:
    """Mean confidence and accuracy per bin, as scikit-learn's ``calibration_curve``, with the counts it leaves out.

    Bins are (a, b], the first includes 0. ``equal_mass`` puts the borders at quantiles of the confidence instead of
    spacing them equally; equal confidences always share a bin, so there can be fewer bins than asked for.

    Raises:
        ValueError: bins below 1, or a confidence outside [0, 1]; else as `auroc`.
    """
    correct, confidence = confidence_columns(correct, confidence)
    if bins < 1:
        raise ValueError(f"bins must be at least 1, got {bins}.")
    inner = np.linspace(0, 1, bins + 1)[1:-1]
    places = np.searchsorted(np.quantile(confidence, inner) if equal_mass else inner, confidence)
    count = np.bincount(places, minlength=bins)
    full = count > 0
    means = [
        np.bincount(places, weights=column, minlength=bins)[full] / count[full]
        for column in (confidence, correct)
    ]
    return ReliabilityBins(*means, count[full])


def expected_calibration_error(
    correct, confidence, bins: int = 10, equal_mass: bool = False
) -> float:
    """ECE = sum over bins of (share of answers in the bin) x |accuracy - mean confidence|.

    0 for perfect calibration *and* endless data; with n answers even a perfectly calibrated model gets about
    0.8 sqrt(bins x p (1 - p) / n). It depends on the bins: say which. Raises ValueError as `reliability_bins`.
    """
    found = reliability_bins(correct, confidence, bins, equal_mass)
    return float(found.count @ np.abs(found.accuracy - found.confidence) / found.count.sum())


def brier(correct, confidence) -> float:
    """Mean of (confidence - correct)^2 (scikit-learn's): smaller is better. Raises ValueError as `reliability_bins`."""
    correct, confidence = confidence_columns(correct, confidence)
    return float(brier_score_loss(correct, confidence, pos_label=True))


def brier_decomposition(
    correct, confidence, bins: int = 10, equal_mass: bool = False
) -> BrierDecomposition:
    """Brier = reliability - resolution + uncertainty, with bin weights w, mean confidences f, accuracies o::

        reliability = sum w (f - o)^2        the squared calibration error: small is good
        resolution  = sum w (o - base)^2     how far the bins' accuracies spread: large is good
        uncertainty = base (1 - base)        the questions' own: nobody's merit or fault

    Within a bin confidences differ, which Murphy's identity forgets; their share (2 x covariance with being correct -
    variance) is added to the resolution, so that the identity is exact (Stephenson, Coelho and Jolliffe 2008); with few
    bins and confidences that scatter for nothing it can be negative.
    Raises ValueError as `reliability_bins`.
    """
    correct, confidence = confidence_columns(correct, confidence)
    found = reliability_bins(correct, confidence, bins, equal_mass)
    weights, base = found.count / len(correct), correct.mean()
    reliability = weights @ (found.confidence - found.accuracy) ** 2
    uncertainty = base * (1 - base)
    return BrierDecomposition(
        float(reliability),
        float(reliability + uncertainty - brier(correct, confidence)),
        float(uncertainty),
    )


def negative_log_likelihood(correct, confidence) -> float:
    """-mean log(probability given to what happened), nats (scikit-learn's log loss: 0 and 1 are clipped by 2e-16).

    Raises ValueError as `reliability_bins`.
    """
    correct, confidence = confidence_columns(correct, confidence)
    return float(log_loss(correct, confidence, labels=[False, True]))
