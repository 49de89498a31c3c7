"""Every measure judged in one table."""

import re
from typing import NamedTuple

import numpy as np

from .discrimination import auroc, average_precision, prediction_rejection_ratio
from .intervals import Interval, bootstrap

_CONFIDENCE = re.compile(
    r"\b(?:(?:confidence|(?:max ?|log ?)?prob(?:ability)?|(?:log ?)?likelihood|margin|agreement|similarity|"
    r"certainty|consistency|reliability|accuracy|vote|softmax|share)s?|(?:confidence|probabilit|certaint|"
    r"similarit)ies|p ?\(? ?(?:true|ik)\b)",
    re.I,
)
_TURNED = re.compile(r"^\s*(?:1\s*)?[-\u2212]|^\s*(?:neg|negative|minus)\b", re.I)


class Row(NamedTuple):
    """One measure on the leaderboard; ``missing`` answers had no value and are not part of the other numbers."""

    measure: str
    auroc: Interval
    rejection_ratio: Interval
    average_precision: float
    missing: int


def leaderboard(
    wrong, measures: dict, questions=None, rounds: int = 1000, seed: int = 0
) -> list[Row]:
    """Every measure judged by how well it ranks wrong answers above right ones; the best AUROC first.

    nan in a measure means "no value for this answer" (a refusal, an unparsable reply). Such answers are counted in
    ``missing`` and left out of that measure's numbers.

    Raises:
        ValueError: a measure whose name says that it grows with confidence; else as `auroc`.
    """
    wrong = np.asarray(wrong)
    questions = np.arange(len(wrong)) if questions is None else np.asarray(questions)
    rows = [
        _row(name, wrong, np.asarray(values, dtype=float), questions, rounds, seed)
        for name, values in measures.items()
    ]
    return sorted(rows, key=lambda row: -np.nan_to_num(row.auroc.value, nan=-1))


def _row(name: str, wrong, values, questions, rounds: int, seed: int) -> Row:
    check_orientation(name)
    if values.shape != wrong.shape or questions.shape != wrong.shape:
        raise ValueError(
            f"{name!r} has shape {values.shape}, the labels {wrong.shape}, the questions {questions.shape}."
        )
    has = ~np.isnan(values)
    if not has.any():
        return Row(name, Interval(*[np.nan] * 3), Interval(*[np.nan] * 3), np.nan, len(values))
    columns, groups = (wrong[has], values[has]), questions[has]
    intervals = [
        bootstrap(metric, *columns, questions=groups, rounds=rounds, seed=seed)
        for metric in (auroc, prediction_rejection_ratio)
    ]
    return Row(name, *intervals, average_precision(*columns), int((~has).sum()))


def check_orientation(name: str) -> None:
    """Refuse a measure whose name says that it grows with confidence; a name that says nothing is not checked.

    "confidence", "probability", "margin", "agreement", "P(True)", ... grow with confidence, unless the name begins with
    "1 -", "-" or "negative"; everything else is taken for a doubt, which must not begin so ("1 - entropy").

    Raises:
        ValueError: the name says that larger values mean surer.
    """
    confident, turned = (
        bool(pattern.search(name.replace("_", " "))) for pattern in (_CONFIDENCE, _TURNED)
    )
    if confident != turned:
        advice = (
            f"pass 1 - values (or -values) under the name '1 - {name}' (or '-{name}')"
            if confident
            else "leave it as it is"
        )
        raise ValueError(f"{name!r} grows with confidence, and this wants doubt: {advice}.")
