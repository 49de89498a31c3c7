"""A metric with its bootstrap interval."""

import warnings
from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from .columns import as_array


class Interval(NamedTuple):
    """A value and the bounds of its bootstrap interval; prints as ``0.85 [0.79, 0.92]``."""

    value: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.value:.2f} [{self.low:.2f}, {self.high:.2f}]"


def bootstrap(
    metric: Callable[..., float],
    *columns: ArrayLike,
    questions: ArrayLike | None = None,
    rounds: int = 1000,
    seed: int = 0,
) -> Interval:
    """Return a metric of some columns with its 95 % percentile bootstrap interval.

    Each round draws whole questions.

    Args:
        metric: called with the columns. To compare two measures on the same answers, pass
            ``lambda wrong, a, b: auroc(wrong, a) - auroc(wrong, b)``, which is far sharper than
            comparing two intervals.
        questions: which question each row belongs to; rows of one question are drawn together.
            Default: one row each.

    Draws on which the metric is nan do not count: they hold one class only, which happens when one
    class is rare. The interval is then conditional on both classes being there. A metric that is
    nan itself gives nan bounds, and columns without a row give nan throughout.

    Raises:
        ValueError: no columns, columns of different lengths, or rounds below 1.
    """
    if not columns or rounds < 1:
        raise ValueError(
            f"need at least one column and one round, got {len(columns)} and {rounds}."
        )
    arrays = [as_array(column) for column in columns]
    if questions is None:
        questions = np.arange(len(arrays[0]))
    questions = as_array(questions)
    lengths = [len(array) for array in [*arrays, questions]]
    if len(set(lengths)) > 1:
        raise ValueError(
            f"the columns (and questions) must have one length, got lengths {lengths}."
        )
    if lengths[0] == 0:
        return Interval(float("nan"), float("nan"), float("nan"))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        value = float(metric(*arrays))
        if np.isnan(value):
            return Interval(value, float("nan"), float("nan"))
        draws = []
        for rows in _bootstrap_rows(questions, rounds, seed):
            drawn_columns = [array[rows] for array in arrays]
            draws.append(metric(*drawn_columns))
    if np.isnan(draws).all():
        return Interval(value, float("nan"), float("nan"))
    low, high = np.nanquantile(draws, [0.025, 0.975])
    return Interval(value, float(low), float(high))


def shuffled_controls(
    metric: Callable[..., float],
    *columns: ArrayLike,
    within: ArrayLike | None = None,
    rounds: int = 200,
    seed: int = 0,
) -> list[float]:
    """Return a metric with its first column shuffled, again and again: what chance alone gives.

    The first column holds the labels, such as which answers are wrong; all others stay in place.
    Columns without a row give nan.

    Args:
        metric: called with the columns, as by `bootstrap`.
        within: a group for each row. Labels are exchanged inside a group only, so what the group
            tells about the label stays: with the answers' lengths, the control keeps all that the
            length tells, and an effect must be larger than that.

    Raises:
        ValueError: no columns, columns (or groups) of different lengths, or rounds below 1.
    """
    if not columns or rounds < 1:
        raise ValueError(
            f"need at least one column and one round, got {len(columns)} and {rounds}."
        )
    labels, *others = [as_array(column) for column in columns]
    groups = np.zeros(len(labels)) if within is None else as_array(within)
    lengths = [len(array) for array in [labels, *others, groups]]
    if len(set(lengths)) > 1:
        raise ValueError(f"the columns (and groups) must have one length, got lengths {lengths}.")
    if len(labels) == 0:
        return [float("nan")] * rounds
    members = [np.flatnonzero(groups == group) for group in np.unique(groups)]
    random = np.random.default_rng(seed)
    effects = []
    for _ in range(rounds):
        shuffled = labels.copy()
        for rows in members:
            shuffled[rows] = labels[random.permutation(rows)]
        effects.append(float(metric(shuffled, *others)))
    return effects


def _bootstrap_rows(questions: np.ndarray, rounds: int, seed: int) -> Iterator[np.ndarray]:
    """Yield the row numbers of each round.

    A round draws as many questions as there are, with replacement, each with all its rows.
    """
    _, question_of, sizes = np.unique(questions, return_inverse=True, return_counts=True)
    rows_by_question = np.argsort(question_of, kind="stable")
    rows_of = np.split(rows_by_question, np.cumsum(sizes)[:-1])
    random = np.random.default_rng(seed)
    for _ in range(rounds):
        drawn = random.integers(0, len(rows_of), len(rows_of))
        yield np.concatenate([rows_of[question] for question in drawn])
