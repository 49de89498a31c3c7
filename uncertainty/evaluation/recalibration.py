"""Turn a measure of doubt into a probability of being right.

It is learnt on answers that are not judged afterwards: each function fits on held-out ``(correct,
...)`` columns. It returns a function from new values, an array of any shape or a bare number, to
confidences in [0, 1] of the same shape (an empty one, too). Temperature needs confidences to start
from; Platt and isotonic take any measure that grows with confidence (so pass ``-uncertainty``).
Temperature and Platt keep the ranking of the answers. Isotonic makes ties of neighbours; on the
answers it learnt from that can only raise the AUROC, which is one more reason to judge on others.
"""

import warnings
from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike
from scipy.optimize import minimize_scalar
from scipy.special import expit, logit
from sklearn.isotonic import IsotonicRegression
from sklearn.linear_model import LogisticRegression

from .calibration import negative_log_likelihood
from .columns import as_array, confidence_columns, label_columns, without_rounding_error

Recalibration = Callable[[ArrayLike], np.ndarray]


def temperature_scaling(correct: ArrayLike, confidence: ArrayLike) -> Recalibration:
    """Fit sigmoid(logit(confidence) / T) with the one T > 0 of the highest likelihood.

    T above 1 takes overconfidence back. 0.5 stays 0.5, so this cannot repair a model that is too
    sure on average of answers around one half. Confidences are taken as at least 1e-6 away from 0
    and 1.

    Source: Guo et al. 2017, for one probability.

    Raises:
        ValueError: as `brier`, for new values, too.
    """
    correct, confidence = confidence_columns(correct, confidence)
    log_odds = _log_odds(confidence)

    def loss(log_temperature: float) -> float:
        scaled = expit(log_odds / np.exp(log_temperature))
        return negative_log_likelihood(correct, scaled)

    best = minimize_scalar(loss, bounds=(-5, 5), method="bounded")
    temperature = float(np.exp(best.x))

    def recalibrate(confidences: ArrayLike) -> np.ndarray:
        new_confidences = without_rounding_error(as_array(confidences, float))
        _check_range(new_confidences, 0, 1)
        return expit(_log_odds(new_confidences) / temperature)

    return recalibrate


def platt_scaling(correct: ArrayLike, score: ArrayLike) -> Recalibration:
    """Fit sigmoid(a x score + b) by maximum likelihood.

    This is scikit-learn's logistic regression without a penalty. The score is standardised first,
    which helps the optimiser and changes nothing else. A score that falls with being correct is
    fitted all the same, with a warning.

    Source: Platt 1999.

    Raises:
        ValueError: one class only, or a value that is nan or infinite, now or later; else as
            `auroc`.
    """
    correct, score = _columns_to_fit(correct, score)
    centre = score.mean()
    spread = score.std() or 1.0
    standardised = (score - centre) / spread
    model = LogisticRegression(C=np.inf, max_iter=1000)
    model.fit(standardised[:, None], correct)  # (answers, 1)
    if model.coef_.item() < 0:
        _warn_that_score_falls()

    def recalibrate(scores: ArrayLike) -> np.ndarray:
        new_scores = as_array(scores, float)
        _check_range(new_scores)
        if not new_scores.size:  # scikit-learn refuses an empty column
            return new_scores
        standardised = (new_scores - centre) / spread
        probabilities = model.predict_proba(standardised.reshape(-1, 1))  # (answers, 2)
        return probabilities[:, 1].reshape(new_scores.shape)

    return recalibrate


def isotonic_scaling(correct: ArrayLike, score: ArrayLike) -> Recalibration:
    """Fit the best non-decreasing function.

    This is scikit-learn's isotonic regression: steps, joined by straight lines. It needs some
    hundreds of answers. A score that falls with being correct gives a constant, with a warning.

    Raises:
        ValueError: one class only, or a value that is nan or infinite, now or later; else as
            `auroc`.
    """
    correct, score = _columns_to_fit(correct, score)
    model = IsotonicRegression(y_min=0, y_max=1, out_of_bounds="clip")
    model.fit(score, correct)
    if np.ptp(model.y_thresholds_) == 0:
        _warn_that_score_falls()

    def recalibrate(scores: ArrayLike) -> np.ndarray:
        new_scores = as_array(scores, float)
        _check_range(new_scores)
        if not new_scores.size:  # scikit-learn refuses an empty column
            return new_scores
        return model.predict(new_scores.reshape(-1)).reshape(new_scores.shape)

    return recalibrate


def _columns_to_fit(correct: ArrayLike, score: ArrayLike) -> tuple[np.ndarray, np.ndarray]:
    """Return labels as booleans, of both classes, and finite scores."""
    correct, score = label_columns(correct, score)
    _check_range(score)
    if correct.all() or not correct.any():
        verdict = "right" if correct[0] else "wrong"
        raise ValueError(
            f"all {len(correct)} held-out answers are {verdict}: nothing to learn from."
        )
    return correct, score


def _check_range(values: np.ndarray, low: float = -np.inf, high: float = np.inf) -> None:
    if not values.size:
        return
    smallest = values.min()
    largest = values.max()
    if not np.isfinite(values).all() or smallest < low or largest > high:
        raise ValueError(
            f"values must be finite and lie in [{low}, {high}], "
            f"got {smallest:.7g} to {largest:.7g}."
        )


def _log_odds(confidence: np.ndarray) -> np.ndarray:
    return logit(np.clip(confidence, 1e-6, 1 - 1e-6))


def _warn_that_score_falls() -> None:
    """Warn at the line that called the scaling; call this directly from the scaling."""
    warnings.warn(
        "on the held-out answers this score does not grow with being correct: "
        "is it a doubt? Pass -doubt.",
        stacklevel=3,
    )
