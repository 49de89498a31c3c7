"""Every measure judged in one table."""

from collections.abc import Collection, Mapping
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from .columns import as_array
from .discrimination import auroc, average_precision, prediction_rejection_ratio
from .intervals import Interval, bootstrap
from .orientation import check_orientation


class LeaderboardRow(NamedTuple):
    """One measure on the leaderboard.

    ``missing`` answers had no value and are not part of the other numbers.
    """

    measure: str
    auroc: Interval
    rejection_ratio: Interval
    average_precision: float
    missing: int


def leaderboard(
    wrong: ArrayLike,
    measures: Mapping[str, ArrayLike],
    *,
    questions: ArrayLike | None = None,
    rounds: int = 1000,
    seed: int = 0,
    doubts: Collection[str] = (),
) -> list[LeaderboardRow]:
    """Judge every measure by how well it ranks wrong answers above right ones.

    The row with the best AUROC comes first. nan in a measure means "no value for this answer" (a
    refusal, a reply that cannot be parsed). Such answers are counted in ``missing`` and left out
    of that measure's numbers.

    Args:
        doubts: names of measures that do grow with doubt, whatever the words in them say: "error
            probability", say. Every other name is read by `check_orientation`.

    Raises:
        ValueError: a measure whose name says that it grows with confidence and is not among the
            ``doubts``; a name there that is no measure; else as `auroc`.
    """
    if isinstance(doubts, str) or not set(doubts) <= set(measures):
        raise ValueError(
            f"doubts must be a list of names among the measures {list(measures)}, got {doubts!r}."
        )
    wrong = as_array(wrong)
    questions = np.arange(len(wrong)) if questions is None else as_array(questions)
    rows = []
    for name, values in measures.items():
        if name not in doubts:
            check_orientation(name)
        values = as_array(values, float)
        rows.append(
            _leaderboard_row(name, wrong, values, questions=questions, rounds=rounds, seed=seed)
        )
    return sorted(rows, key=_sorting_key)


def _leaderboard_row(
    name: str,
    wrong: np.ndarray,
    values: np.ndarray,
    *,
    questions: np.ndarray,
    rounds: int,
    seed: int,
) -> LeaderboardRow:
    if values.shape != wrong.shape or questions.shape != wrong.shape:
        raise ValueError(
            f"{name!r} has shape {values.shape}, the labels {wrong.shape}, "
            f"the questions {questions.shape}."
        )
    has_value = ~np.isnan(values)
    missing = int((~has_value).sum())
    if not has_value.any():
        nothing = Interval(np.nan, np.nan, np.nan)
        return LeaderboardRow(name, nothing, nothing, np.nan, missing)
    wrong = wrong[has_value]
    values = values[has_value]
    questions = questions[has_value]

    def with_interval(metric) -> Interval:
        return bootstrap(metric, wrong, values, questions=questions, rounds=rounds, seed=seed)

    return LeaderboardRow(
        name,
        auroc=with_interval(auroc),
        rejection_ratio=with_interval(prediction_rejection_ratio),
        average_precision=average_precision(wrong, values),
        missing=missing,
    )


def _sorting_key(row: LeaderboardRow) -> float:
    """Return a number that is smallest for the best AUROC and largest for nan."""
    return -np.nan_to_num(row.auroc.value, nan=-1)
