"""Turn a measure of doubt into a probability of being right, learnt on answers that are not judged afterwards.

Each function fits on held-out ``(correct, ...)`` columns and returns a function from new values to confidences in
[0, 1]. Temperature needs confidences to start from; Platt and isotonic take any measure that grows with confidence
(so pass ``-uncertainty``). Temperature and Platt keep the ranking of the answers. Isotonic makes ties of neighbours; on
the answers it learnt from that can only raise the AUROC, which is one more reason to judge on others.
"""

import warnings
from collections.abc import Callable

import numpy as np
from scipy.optimize import minimize_scalar
from scipy.special import expit, logit
from sklearn.isotonic import IsotonicRegression
from sklearn.linear_model import LogisticRegression

from .calibration import negative_log_likelihood
from .columns import confidence_columns, label_columns

Recalibration = Callable[[np.ndarray], np.ndarray]


def temperature_scaling(correct, confidence) -> Recalibration:
    """sigmoid(logit(confidence) / T) with the one T > 0 that minimises the negative log-likelihood.

    T above 1 takes overconfidence back. 0.5 stays 0.5, so it cannot repair a model that is too sure on average of
    answers around one half. Confidences are taken as at least 1e-6 away from 0 and 1. Source: Guo et al. 2017, for one
    probability. Raises ValueError as `brier`, on new values, too.
    """
    correct, confidence = confidence_columns(correct, confidence)
    start = _log_odds(confidence)
    loss = lambda log_t: negative_log_likelihood(correct, expit(start / np.exp(log_t)))  # noqa: E731
    temperature = float(np.exp(minimize_scalar(loss, bounds=(-5, 5), method="bounded").x))
    return lambda values: expit(_log_odds(_checked(values, 0, 1)) / temperature)


def platt_scaling(correct, score) -> Recalibration:
    """sigmoid(a x score + b), fitted by maximum likelihood (scikit-learn's logistic regression, no penalty).

    The score is standardised first, which changes nothing but the optimiser's comfort. Source: Platt 1999. A score that
    falls with being correct is fitted all the same, with a warning.

    Raises:
        ValueError: one class only, or a value that is nan or infinite, now or later; else as `auroc`.
    """
    correct, score = _both_classes(correct, score)
    centre, spread = score.mean(), score.std() or 1.0
    model = LogisticRegression(C=np.inf, max_iter=1000).fit(
        ((score - centre) / spread)[:, None], correct
    )
    _warn_if(model.coef_.item() < 0)
    return lambda values: model.predict_proba(((_checked(values) - centre) / spread)[:, None])[:, 1]


def isotonic_scaling(correct, score) -> Recalibration:
    """The best non-decreasing function (scikit-learn's isotonic regression: steps, joined by straight lines).

    Needs some hundreds of answers. A score that falls with being correct gives a constant, with a warning.

    Raises:
        ValueError: one class only, or a value that is nan or infinite, now or later; else as `auroc`.
    """
    correct, score = _both_classes(correct, score)
    model = IsotonicRegression(y_min=0, y_max=1, out_of_bounds="clip").fit(score, correct)
    _warn_if(np.ptp(model.y_thresholds_) == 0)
    return lambda values: model.predict(_checked(values))


def _warn_if(falling: bool) -> None:
    if falling:
        warnings.warn(
            "on the held-out answers this score does not grow with being correct: is it a doubt? Pass -doubt.",
            stacklevel=3,
        )


def _checked(values, low: float = -np.inf, high: float = np.inf) -> np.ndarray:
    values = np.asarray(values, dtype=float)
    if not np.isfinite(values).all() or values.min() < low or values.max() > high:
        raise ValueError(
            f"values must be finite and lie in [{low}, {high}], got {values.min():.3g} to {values.max():.3g}."
        )
    return values


def _both_classes(correct, score):
    correct, score = label_columns(correct, score)
    _checked(score)
    if correct.all() or not correct.any():
        raise ValueError(
            f"all {len(correct)} held-out answers are {'right' if correct[0] else 'wrong'}: nothing to learn from."
        )
    return correct, score


def _log_odds(confidence: np.ndarray) -> np.ndarray:
    return logit(np.clip(confidence, 1e-6, 1 - 1e-6))
