"""Answer only when sure: a threshold set on one half of the answers, and tested on the other."""

from collections.abc import Mapping, Sequence

import numpy as np

from ..evaluation.discrimination import risk_coverage
from ..measures.labels import measure_label
from .leaderboard_part import LENGTH
from .numbers import first_half, interval_record, share_interval, why_not_judged
from .promise_part import best_measure, promise_part

WANTED_RISKS = (0.05, 0.1, 0.2, 0.3)
SPLITS = 200
CURVE_POINTS = 60


def threshold_part(
    wrong: np.ndarray, doubts: Mapping[str, np.ndarray], risks: Sequence[float] = WANTED_RISKS
) -> dict:
    """Set a threshold for each risk, as lesson 04 does, and test it on answers it has not seen.

    The doubt, too, is chosen on the first half: the one with the best AUROC there. ``splits`` tells
    how often other halves would have exceeded the limit, and ``promised`` which thresholds can be
    promised (`promise_part`); reports that were written before it existed lack it.
    """
    wrong, doubts, missing = without_empty(wrong, doubts)
    reason = why_not_judged(wrong)
    if reason is not None:
        return {"left_out": reason}
    half = first_half(len(wrong))
    for part, name in ((half, "first"), (~half, "second")):
        if wrong[part].all() or not wrong[part].any():
            return {"left_out": f"the {part.sum()} answers of the {name} half are all of one class"}
    measure = best_measure(wrong[half], {name: values[half] for name, values in doubts.items()})
    splits = [first_half(len(wrong), seed) for seed in range(SPLITS)]
    return {
        "left_out": None,
        "measure": measure,
        "label": measure_label(measure),
        "missing": missing,
        "set_on": int(half.sum()),
        "tested_on": int((~half).sum()),
        "risk_of_all": interval_record(share_interval(wrong[~half])),
        "rows": [tested(wrong, doubts[measure], half, risk) for risk in risks],
        "splits": [over_splits(wrong, doubts[measure], splits, risk) for risk in risks],
        "promised": promise_part(wrong, doubts, half, risks),
        "curves": {
            name: _curve(wrong[~half], doubts[name][~half])
            for name in dict.fromkeys((measure, LENGTH))
        },
    }


def without_empty(
    wrong: np.ndarray, doubts: Mapping[str, np.ndarray]
) -> tuple[np.ndarray, dict[str, np.ndarray], int]:
    """Return the columns without the answers that have no value, and how many those were."""
    has_value = ~np.any([np.isnan(values) for values in doubts.values()], axis=0)
    kept = {name: values[has_value] for name, values in doubts.items()}
    return wrong[has_value], kept, int((~has_value).sum())


def threshold(wrong: np.ndarray, values: np.ndarray, risk: float) -> float | None:
    """Return the largest doubt up to which at most this share is wrong; None if there is none.

    Answers of equal doubt pass together or not at all.
    """
    ordered = np.sort(values)
    last_of_ties = np.append(ordered[1:] > ordered[:-1], True)
    within = np.flatnonzero(last_of_ties & (risk_coverage(wrong, values).risk <= risk))
    if not len(within):
        return None
    return float(ordered[within.max()])


def tested(wrong: np.ndarray, values: np.ndarray, half: np.ndarray, risk: float) -> dict:
    """Set a threshold on the half; return what passes on the other, and how wrong that is."""
    limit = threshold(wrong[half], values[half], risk)
    row: dict = {"wanted": risk, "threshold": limit, "answered": 0, "coverage": None, "risk": None}
    if limit is None:
        return row
    given = values[~half] <= limit
    row["answered"] = int(given.sum())
    row["coverage"] = interval_record(share_interval(given))
    if given.any():
        row["risk"] = interval_record(share_interval(wrong[~half][given]))
    return row


def over_splits(
    wrong: np.ndarray, values: np.ndarray, splits: Sequence[np.ndarray], risk: float
) -> dict:
    """Return the mean risk over many splits, and in how many of them it was exceeded."""
    risks = []
    for half in splits:
        limit = threshold(wrong[half], values[half], risk)
        given = values[~half] <= (-np.inf if limit is None else limit)
        if given.any():
            risks.append(wrong[~half][given].mean())
    return {
        "wanted": risk,
        "splits": len(splits),
        "answering": len(risks),
        "mean_risk": float(np.mean(risks)) if risks else None,
        "exceeded": float(np.mean(np.array(risks) > risk)) if risks else None,
    }


def _curve(wrong: np.ndarray, values: np.ndarray) -> dict[str, list[float]]:
    """Return the risk at some coverages, for a figure."""
    curve = risk_coverage(wrong, values)
    first = min(4, len(wrong) - 1)  # the first few answers alone say nothing
    places = np.unique(np.linspace(first, len(wrong) - 1, CURVE_POINTS).round().astype(int))
    return {"coverage": curve.coverage[places].tolist(), "risk": curve.risk[places].tolist()}
