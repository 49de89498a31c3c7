"""Calibration: when a confidence says 70 %, is the answer right in 70 % of the cases?"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike
from sklearn.metrics import brier_score_loss, log_loss

from .columns import confidence_columns


@dataclass(frozen=True)
class ReliabilityBins:
    """The occupied bins of a reliability diagram.

    Each has its mean confidence, its accuracy and its number of answers.
    """

    confidence: np.ndarray
    accuracy: np.ndarray
    count: np.ndarray


class BrierDecomposition(NamedTuple):
    """``reliability - resolution + uncertainty`` is the Brier score, exactly."""

    reliability: float
    resolution: float
    uncertainty: float


def reliability_bins(
    correct: ArrayLike, confidence: ArrayLike, bins: int = 10, equal_mass: bool = False
) -> ReliabilityBins:
    """Return mean confidence, accuracy and number of answers per bin.

    The first two are those of scikit-learn's ``calibration_curve``, which leaves out the counts.
    Bins are (a, b], and the first includes 0. ``equal_mass`` puts the borders at quantiles of the
    confidence instead of spacing them equally. Equal confidences always share a bin, so there can
    be fewer bins than asked for.

    Raises:
        ValueError: bins below 1, or a confidence outside [0, 1]; else as `auroc`.
    """
    correct, confidence = confidence_columns(correct, confidence)
    if bins < 1:
        raise ValueError(f"bins must be at least 1, got {bins}.")

    # 1. the bin of each answer
    borders = np.linspace(0, 1, bins + 1)[1:-1]
    if equal_mass:
        borders = np.quantile(confidence, borders)
    bin_of = np.searchsorted(borders, confidence)  # (answers,)

    # 2. sums over each bin, and means over those that hold an answer
    count = np.bincount(bin_of, minlength=bins)  # (bins,)
    confidence_sum = np.bincount(bin_of, weights=confidence, minlength=bins)
    correct_sum = np.bincount(bin_of, weights=correct, minlength=bins)
    occupied = count > 0
    count = count[occupied]
    return ReliabilityBins(
        confidence=confidence_sum[occupied] / count,
        accuracy=correct_sum[occupied] / count,
        count=count,
    )


def expected_calibration_error(
    correct: ArrayLike, confidence: ArrayLike, bins: int = 10, equal_mass: bool = False
) -> float:
    """Return the ECE = sum over bins of (share of answers) x |accuracy - mean confidence|.

    It is 0 for perfect calibration *and* endless data; with n answers even a perfectly calibrated
    model gets about 0.8 sqrt(bins x p (1 - p) / n). It depends on the bins: say which you used.

    Raises:
        ValueError: as `reliability_bins`.
    """
    diagram = reliability_bins(correct, confidence, bins, equal_mass)
    gaps = np.abs(diagram.accuracy - diagram.confidence)
    return float(diagram.count @ gaps / diagram.count.sum())


def brier(correct: ArrayLike, confidence: ArrayLike) -> float:
    """Return the mean of (confidence - correct)^2 (scikit-learn's): smaller is better.

    Raises:
        ValueError: as `reliability_bins`.
    """
    correct, confidence = confidence_columns(correct, confidence)
    return float(brier_score_loss(correct, confidence, pos_label=True))


def brier_decomposition(
    correct: ArrayLike, confidence: ArrayLike, bins: int = 10, equal_mass: bool = False
) -> BrierDecomposition:
    """Return the parts of Brier = reliability - resolution + uncertainty.

    With bin weights w, mean confidences f, accuracies o and the share of right answers ``base``::

        reliability = sum w (f - o)^2        the squared calibration error: small is good
        resolution  = sum w (o - base)^2     how far the bins' accuracies spread: large is good
        uncertainty = base (1 - base)        the questions' own: nobody's merit or fault

    Confidences differ within a bin, which Murphy's identity neglects. Their share (2 x covariance
    with being correct - variance) is added to the resolution, so that the identity is exact
    (Stephenson, Coelho and Jolliffe 2008). The resolution can therefore be negative when there are
    few bins and the confidences within them scatter for nothing.

    Raises:
        ValueError: as `reliability_bins`.
    """
    correct, confidence = confidence_columns(correct, confidence)
    diagram = reliability_bins(correct, confidence, bins, equal_mass)
    weights = diagram.count / len(correct)
    base = correct.mean()
    reliability = weights @ (diagram.confidence - diagram.accuracy) ** 2
    uncertainty = base * (1 - base)
    resolution = reliability + uncertainty - brier(correct, confidence)
    return BrierDecomposition(float(reliability), float(resolution), float(uncertainty))


def negative_log_likelihood(correct: ArrayLike, confidence: ArrayLike) -> float:
    """Return -mean log(probability given to what happened), in nats.

    It is scikit-learn's log loss, which clips 0 and 1 by 2e-16.

    Raises:
        ValueError: as `reliability_bins`.
    """
    correct, confidence = confidence_columns(correct, confidence)
    return float(log_loss(correct, confidence, labels=[False, True]))
