"""A metric with its bootstrap interval."""

import warnings
from collections.abc import Callable
from typing import NamedTuple

import numpy as np


class Interval(NamedTuple):
    """A value and the bounds of its bootstrap interval; prints as ``0.85 [0.79, 0.92]``."""

    value: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.value:.2f} [{self.low:.2f}, {self.high:.2f}]"


def bootstrap(
    metric: Callable[..., float], *columns, questions=None, rounds: int = 1000, seed: int = 0
) -> Interval:
    """A metric of some columns with its 95 % percentile bootstrap interval, drawing whole questions.

    Args:
        metric: called with the columns; pass ``lambda wrong, a, b: auroc(wrong, a) - auroc(wrong, b)`` to compare two
            measures on the same answers, which is far sharper than comparing two intervals.
        questions: which question each row belongs to; rows of one question are drawn together. Default: one row each.

    Draws on which the metric is nan (one class only, which happens when one class is rare) do not count, so the interval
    is then conditional on both being there; a metric that is nan itself gives nan bounds.

    Raises:
        ValueError: no columns, columns of different lengths, or rounds below 1.
    """
    if not columns or rounds < 1:
        raise ValueError(
            f"need at least one column and one round, got {len(columns)} and {rounds}."
        )
    columns = [np.asarray(column) for column in columns]
    labels = np.arange(len(columns[0])) if questions is None else np.asarray(questions)
    if {len(column) for column in columns} != {len(labels)}:
        raise ValueError(
            f"the columns (and questions) must have one length, got lengths {[len(c) for c in [*columns, labels]]}."
        )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        value = metric(*columns)
        draws = [
            metric(*(column[rows] for column in columns)) for rows in _draws(labels, rounds, seed)
        ]
    if np.isnan(value) or np.isnan(draws).all():
        return Interval(float(value), float("nan"), float("nan"))
    return Interval(float(value), *map(float, np.nanquantile(draws, [0.025, 0.975])))


def _draws(questions: np.ndarray, rounds: int, seed: int):
    """Row numbers of each bootstrap round: as many questions as there are, drawn with replacement, with all their rows."""
    _, places = np.unique(questions, return_inverse=True)
    rows_of = np.split(np.argsort(places, kind="stable"), np.cumsum(np.bincount(places))[:-1])
    random = np.random.default_rng(seed)
    for _ in range(rounds):
        yield np.concatenate([rows_of[i] for i in random.integers(0, len(rows_of), len(rows_of))])
