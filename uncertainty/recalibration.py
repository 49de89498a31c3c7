"""Turn a measure of doubt into a probability of being right, learnt on answers that are not judged afterwards.

Each function fits on held-out ``(correct, ...)`` columns and returns a function from new values to confidences in
[0, 1]. Temperature needs confidences to start from; Platt and isotonic take any measure that grows with confidence
(so pass ``-uncertainty``). Temperature and Platt keep the ranking (unless Platt learns a negative slope), isotonic
merges neighbours into ties: none of them can make a measure discriminate better.
"""

from collections.abc import Callable

import numpy as np
from scipy.optimize import minimize_scalar
from scipy.special import expit, logit
from sklearn.isotonic import IsotonicRegression
from sklearn.linear_model import LogisticRegression

from .calibration import _columns, _confidences, negative_log_likelihood

Recalibration = Callable[[np.ndarray], np.ndarray]


def temperature_scaling(correct, confidence) -> Recalibration:
    """sigmoid(logit(confidence) / T) with the one T > 0 that minimises the negative log-likelihood.

    T above 1 takes overconfidence back. 0.5 stays 0.5, so it cannot repair a model that is too sure on average of
    answers around one half. Source: Guo et al. 2017, for one probability. Raises ValueError as `brier`.
    """
    correct, confidence = _confidences(correct, confidence)
    start = _log_odds(confidence)
    loss = lambda log_t: negative_log_likelihood(correct, expit(start / np.exp(log_t)))  # noqa: E731
    temperature = float(np.exp(minimize_scalar(loss, bounds=(-5, 5), method="bounded").x))
    return lambda values: expit(_log_odds(np.asarray(values, dtype=float)) / temperature)


def platt_scaling(correct, score) -> Recalibration:
    """sigmoid(a x score + b), fitted by maximum likelihood (scikit-learn's logistic regression, no penalty).

    The score is standardised first, which changes nothing but the optimiser's comfort. Source: Platt 1999.

    Raises:
        ValueError: one class only; else as `auroc`.
    """
    correct, score = _both_classes(correct, score)
    centre, spread = score.mean(), score.std() or 1.0
    model = LogisticRegression(C=np.inf, max_iter=1000).fit(((score - centre) / spread)[:, None], correct)
    return lambda values: model.predict_proba(((np.asarray(values, dtype=float) - centre) / spread)[:, None])[:, 1]


def isotonic_scaling(correct, score) -> Recalibration:
    """The best non-decreasing step function (scikit-learn's isotonic regression); needs some hundreds of answers.

    Raises:
        ValueError: one class only; else as `auroc`.
    """
    correct, score = _both_classes(correct, score)
    return IsotonicRegression(y_min=0, y_max=1, out_of_bounds="clip").fit(score, correct).predict


def _both_classes(correct, score):
    correct, score = _columns(correct, score)
    if correct.all() or not correct.any():
        raise ValueError(f"all {len(correct)} held-out answers are {'right' if correct[0] else 'wrong'}: nothing to learn from.")
    return correct, score


def _log_odds(confidence: np.ndarray) -> np.ndarray:
    return logit(np.clip(confidence, 1e-6, 1 - 1e-6))
