"""Answer only when sure, with a promise: thresholds that are tested before they are used."""

from collections.abc import Mapping, Sequence

import numpy as np

from ..evaluation.discrimination import auroc
from ..evaluation.guarantees import answer_threshold
from ..measures.labels import measure_label
from .leaderboard_part import LENGTH
from .numbers import finite, interval_record, share_interval

DELTA = 0.1  # the chance that a promise may be broken
CHOOSING = 4  # one answer in so many of the first half chooses the doubt


def promise_part(
    wrong: np.ndarray, doubts: Mapping[str, np.ndarray], half: np.ndarray, risks: Sequence[float]
) -> dict:
    """Return for each risk what `answer_threshold` promises, and what the other half makes of it.

    A doubt that was chosen by the labels it is tested on would break the promise too often, so a
    quarter of the half chooses the doubt, and the rest sets the thresholds.
    """
    places = np.flatnonzero(half)
    choosing = places[::CHOOSING]
    setting = np.setdiff1d(places, choosing)
    if wrong[choosing].all() or not wrong[choosing].any():
        return {
            "left_out": f"the {len(choosing)} answers that choose the doubt are all of one class"
        }
    measure = best_measure(wrong[choosing], {name: v[choosing] for name, v in doubts.items()})
    values = doubts[measure]
    return {
        "left_out": None,
        "measure": measure,
        "label": measure_label(measure),
        "chosen_on": len(choosing),
        "set_on": len(setting),
        "delta": DELTA,
        "rows": [_promised(wrong, values, setting, ~half, risk) for risk in risks],
    }


def best_measure(wrong: np.ndarray, doubts: Mapping[str, np.ndarray]) -> str:
    """Return the doubt with the best AUROC; the length is no candidate."""
    candidates = [name for name in doubts if name != LENGTH]
    return max(candidates, key=lambda name: auroc(wrong, doubts[name]))


def _promised(
    wrong: np.ndarray, values: np.ndarray, setting: np.ndarray, other: np.ndarray, risk: float
) -> dict:
    """Return one promise, and the share answered and wrong on the answers it has not seen."""
    promise = answer_threshold(wrong[setting], values[setting], risk=risk, delta=DELTA)
    row: dict = {
        "wanted": risk,
        "threshold": None,
        "bound": finite(promise.bound),
        "answered": 0,
        "coverage": None,
        "risk": None,
    }
    if promise.threshold is None:
        return row
    given = values[other] <= promise.threshold
    row["threshold"] = finite(promise.threshold)
    row["answered"] = int(given.sum())
    row["coverage"] = interval_record(share_interval(given))
    if given.any():
        row["risk"] = interval_record(share_interval(wrong[other][given]))
    return row
