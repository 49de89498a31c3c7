"""Is 70 % right in 70 of 100 cases, before and after recalibration on answers not judged?"""

import warnings
from collections.abc import Callable, Mapping

import numpy as np

from ..evaluation.calibration import (
    brier,
    expected_calibration_error,
    negative_log_likelihood,
    reliability_bins,
)
from ..evaluation.discrimination import auroc
from ..evaluation.intervals import bootstrap
from ..evaluation.recalibration import isotonic_scaling, platt_scaling, temperature_scaling
from .numbers import finite, first_half, interval_record, why_not_judged

TOSSES = 200
ROUNDS = 500
DRAWN = ("as it is", "Platt")


def calibration_part(wrong: np.ndarray, doubts: Mapping[str, np.ndarray]) -> dict:
    """Fit recalibrations on one half of the answers and judge them on the other, as lesson 04.

    The confidence is the mean probability of the answer's tokens, 1 - "vanilla". Empty answers,
    which have none, are left out and counted; so is the part where no answer has it.
    """
    if "vanilla" not in doubts:
        return {"left_out": "no answer has a mean probability of its likeliest tokens"}
    has_value = ~np.isnan(doubts["vanilla"])
    correct = ~wrong[has_value]
    confidence = 1 - doubts["vanilla"][has_value]
    perplexity = doubts["perplexity"][has_value]
    reason = why_not_judged(~correct)
    if reason is not None:
        return {"left_out": reason}
    fitted = first_half(len(correct))
    for half, name in ((fitted, "fitted"), (~fitted, "judged")):
        if correct[half].all() or not correct[half].any():
            return {"left_out": f"the {half.sum()} answers of the {name} half are all of one class"}

    variants, warned = _recalibrated(correct, confidence, perplexity, fitted)
    judged = correct[~fitted]
    rows = [_row(name, judged, values[~fitted]) for name, values in variants.items()]
    random = np.random.default_rng(0)
    for row, values in zip(rows, variants.values()):
        row["tossed_ece"] = _tossed_ece(values[~fitted], random)
    return {
        "left_out": None,
        "missing": int((~has_value).sum()),
        "fitted": int(fitted.sum()),
        "judged": len(judged),
        "mean_confidence": float(confidence.mean()),
        "share_right": float(correct.mean()),
        "rows": rows,
        "warnings": warned,
        "diagram": {name: _diagram(judged, variants[name][~fitted]) for name in DRAWN},
    }


def _recalibrated(
    correct: np.ndarray, confidence: np.ndarray, perplexity: np.ndarray, fitted: np.ndarray
) -> tuple[dict[str, np.ndarray], list[str]]:
    """Return every variant of the confidence, and what the fits warned of."""
    right = correct[fitted]

    def learn(scaling: Callable, values: np.ndarray) -> np.ndarray:
        return scaling(right, values[fitted])(values)

    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", UserWarning)
        variants = {
            "as it is": confidence,
            "temperature": learn(temperature_scaling, confidence),
            "Platt": learn(platt_scaling, confidence),
            "isotonic": learn(isotonic_scaling, confidence),
            "perplexity, isotonic": learn(isotonic_scaling, -perplexity),
            "always the base rate": np.full(len(confidence), right.mean()),
        }
    return variants, list(dict.fromkeys(str(one.message) for one in caught))


def _row(name: str, correct: np.ndarray, confidence: np.ndarray) -> dict:

    def with_interval(metric: Callable[..., float]) -> dict:
        return interval_record(bootstrap(metric, correct, confidence, rounds=ROUNDS))

    return {
        "name": name,
        "ece": with_interval(expected_calibration_error),
        "brier": with_interval(brier),
        "nll": finite(negative_log_likelihood(correct, confidence)),
        "auroc": finite(auroc(~correct, -confidence)),
    }


def _tossed_ece(confidence: np.ndarray, random: np.random.Generator) -> float:
    """Return the mean ECE of coins tossed with exactly these probabilities: what is left anyway."""
    tossed = [random.random(len(confidence)) < confidence for _ in range(TOSSES)]
    return float(np.mean([expected_calibration_error(coins, confidence) for coins in tossed]))


def _diagram(correct: np.ndarray, confidence: np.ndarray) -> dict[str, list]:
    bins = reliability_bins(correct, confidence)
    return {
        "confidence": bins.confidence.tolist(),
        "accuracy": bins.accuracy.tolist(),
        "count": bins.count.tolist(),
    }
