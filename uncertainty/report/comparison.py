"""Two reports side by side, and the difference of their doubts on the questions both were asked."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import numpy as np

from ..evaluation.discrimination import auroc
from ..evaluation.intervals import Interval, bootstrap
from ..measures.labels import measure_label
from .numbers import interval_record, why_not_judged
from .refusals import ReportRefused
from .reports import FORMAT_VERSION, Report
from .summary import SHOWN_RISK, best_row
from .writing import FORMAT


def compare_reports(first: Report, second: Report) -> Report:
    """Return a report that holds two, a table of their figures, and paired differences.

    The interval of a difference comes from drawing *questions*, each with the answers of both
    models: their scatter is shared, so this is sharper than two intervals beside each other.

    Raises:
        ReportRefused: a comparison in place of a report, or no question that both were asked.
    """
    for report in (first, second):
        if report.data["kind"] != "report":
            raise ReportRefused("only two reports of one model each can be compared.")
    names = [report.data["model"]["name"] for report in (first, second)]
    pairs = _common(first.data["answers"], second.data["answers"])
    if not pairs:
        raise ReportRefused(
            f"{names[0]} and {names[1]} were not asked one common question: make both reports with "
            "the same --questions."
        )
    return Report(
        {
            "format": FORMAT,
            "version": FORMAT_VERSION,
            "kind": "comparison",
            "made": datetime.now(UTC).isoformat(timespec="minutes"),
            "names": names,
            "common": len(pairs),
            "right": _right(pairs),
            **_measures(pairs),
            "figures": _figures(first.data, second.data),
            "reports": [first.data, second.data],
        }
    )


def _common(first: list[dict], second: list[dict]) -> list[tuple[dict, dict]]:
    """Return the answers to the same question, in the order of the first model's."""
    of_second = {row["question"]: row for row in second}
    return [(row, of_second[row["question"]]) for row in first if row["question"] in of_second]


def _right(pairs: list[tuple[dict, dict]]) -> dict:
    one = np.array([row["right"] for row, _ in pairs], dtype=float)
    other = np.array([row["right"] for _, row in pairs], dtype=float)
    return {
        "shares": [interval_record(bootstrap(np.mean, column)) for column in (one, other)],
        "difference": interval_record(bootstrap(np.mean, one - other)),
        "both": int((one * other).sum()),
        "neither": int(((1 - one) * (1 - other)).sum()),
    }


def _measures(pairs: list[tuple[dict, dict]]) -> dict[str, Any]:
    """Return the AUROC of each measure for both models, and the difference, paired."""
    kept = [(one, other) for one, other in pairs if one["measures"] and other["measures"]]
    wrong = [np.array([not row["right"] for row in side]) for side in zip(*kept)] if kept else []
    for labels in wrong or [np.array([], dtype=bool)]:
        reason = why_not_judged(labels)
        if reason is not None:
            return {"left_out": reason, "measures": [], "compared": len(kept)}
    rows = []
    common = [name for name in kept[0][0]["measures"] if name in kept[0][1]["measures"]]
    for name in [*common, "length"]:
        values = [np.array([_value(row, name) for row in side]) for side in zip(*kept)]
        sides = [bootstrap(auroc, labels, column) for labels, column in zip(wrong, values)]
        gap = paired_difference(wrong[0], values[0], wrong[1], values[1])
        rows.append(
            {
                "measure": name,
                "label": measure_label(name),
                "auroc": [interval_record(side) for side in sides],
                "difference": interval_record(gap),
            }
        )
    rows.sort(key=lambda row: -row["auroc"][0]["value"])
    return {"left_out": None, "measures": rows, "compared": len(kept)}


def paired_difference(
    wrong: np.ndarray, doubt: np.ndarray, other_wrong: np.ndarray, other_doubt: np.ndarray
) -> Interval:
    """Return AUROC(wrong, doubt) - AUROC(other_wrong, other_doubt), questions drawn together."""

    def gap(one: np.ndarray, ranks: np.ndarray, two: np.ndarray, other_ranks: np.ndarray) -> float:
        return auroc(one, ranks) - auroc(two, other_ranks)

    return bootstrap(gap, wrong, doubt, other_wrong, other_doubt)


def _value(row: dict, name: str) -> float:
    return float(row["tokens"] if name == "length" else row["measures"][name])


def _figures(first: dict, second: dict) -> list[dict]:
    """Return the figures of both reports, row by row; None where a part was left out."""
    rows: list[tuple[str, Callable[[dict], Any]]] = [
        ("share of right answers", lambda s: s["answers"]["right"]),
        ("doubt with the best AUROC", lambda s: best_row(s["leaderboard"])["label"]),
        ("its AUROC", lambda s: best_row(s["leaderboard"])["auroc"]),
        ("its verdict beyond the length", _verdict),
        (
            "AUROC of the length alone",
            lambda s: _row(s["leaderboard"], "measure", "length")["auroc"],
        ),
        ("ECE as it is", lambda s: _row(s["calibration"], "name", "as it is")["ece"]),
        ("ECE after Platt scaling", lambda s: _row(s["calibration"], "name", "Platt")["ece"]),
        (f"answered at a limit of {SHOWN_RISK:.0%} wrong", lambda s: _limit(s)["coverage"]),
        ("of these wrong", lambda s: _limit(s)["risk"]),
        ("states a confidence", lambda s: s["verbalised"]["follow_rate"]),
        ("AUROC of the stated number", lambda s: s["verbalised"]["rows"][0]["auroc"]),
        ("entropy at the end, right answers", lambda s: s["lens"]["entropy"]["right"][-1]),
        ("entropy at the end, wrong answers", lambda s: s["lens"]["entropy"]["wrong"][-1]),
        ("highest rho of a neuron", lambda s: f"{s['neurons']['rows'][0]['rho']:.2f}"),
        ("its share through the norm", lambda s: s["neurons"]["rows"][0]["share"]),
    ]
    return [
        {"label": label, "values": [_read(read, data["sections"]) for data in (first, second)]}
        for label, read in rows
    ]


def _read(read: Callable[[dict], Any], sections: dict) -> Any:
    """Return a figure, or None where its part was left out."""
    try:
        return read(sections)
    except KeyError:  # a part that was left out holds nothing but the reason
        return None


def _row(part: dict, key: str, wanted: str) -> dict:
    return next(row for row in part["rows"] if row[key] == wanted)


def _limit(sections: dict) -> dict:
    return _row(sections["threshold"], "wanted", SHOWN_RISK)  # type: ignore[arg-type]


def _verdict(sections: dict) -> str:
    return best_row(sections["leaderboard"])["over_length"]["verdict"] or "not judged"
