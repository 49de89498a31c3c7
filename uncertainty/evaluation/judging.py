"""What one doubt is worth: which way it points, what it passes, and what it adds to another."""

from typing import NamedTuple

import numpy as np

from .discrimination import auroc
from .intervals import Interval, bootstrap, shuffled_controls
from .verdicts import Verdict, claim_verdict, control_bar

LEAD_ROUNDS = 500  # of the difference to another doubt


class ControlVerdict(NamedTuple):
    """How a doubt stands against one control.

    Attributes:
        bar: how far from one half the control lifts the AUROC; None where that is no number.
        verdict: `claim_verdict` of the doubt's AUROC less one half; None where it has none.
    """

    bar: float | None
    verdict: Verdict | None


def orientation(interval: Interval) -> str:
    """Return which way a doubt points on these answers: does it grow with being wrong?"""
    if interval.low > 0.5:
        return "as meant"
    if interval.high < 0.5:
        return "upside down"
    return "unclear"


def against_control(
    wrong: np.ndarray, values: np.ndarray, interval: Interval, *, within: np.ndarray | None = None
) -> ControlVerdict:
    """Judge a doubt against labels that were exchanged among answers of one group.

    What the group tells about the label stays in the control, so a doubt that only knows the
    group does not pass. Without groups the labels are exchanged among all answers.

    Args:
        wrong, values: ``(answers,)``, the values nan where there is none; those are left out.
        interval: the doubt's AUROC.
        within: ``(answers,)`` a group for each answer: its length, say, or its topic.
    """
    kept = ~np.isnan(values)
    groups = None if within is None else within[kept]
    effect = Interval(*(bound - 0.5 for bound in interval))
    controls = shuffled_controls(above_chance, wrong[kept], values[kept], within=groups)
    is_judged = bool(np.isfinite([*effect, *controls]).all())
    return ControlVerdict(
        bar=control_bar(controls) if np.isfinite(controls).all() else None,
        verdict=claim_verdict(*effect, controls) if is_judged else None,
    )


def lead_over(
    wrong: np.ndarray,
    values: np.ndarray,
    other: np.ndarray,
    *,
    questions: np.ndarray | None = None,
    rounds: int = LEAD_ROUNDS,
) -> Interval:
    """Return the AUROC of one doubt less that of another, on the answers where both have a value.

    Args:
        wrong, values, other: ``(answers,)``, nan where there is no value.
        questions: ``(answers,)``, which answers are drawn together; None: each alone.
    """
    kept = ~np.isnan(values) & ~np.isnan(other)
    groups = None if questions is None else questions[kept]
    return bootstrap(
        auroc_difference, wrong[kept], values[kept], other[kept], questions=groups, rounds=rounds
    )


def above_chance(wrong: np.ndarray, values: np.ndarray) -> float:
    """Return the AUROC less the one half of chance."""
    return auroc(wrong, values) - 0.5


def auroc_difference(wrong: np.ndarray, one: np.ndarray, other: np.ndarray) -> float:
    """Return the AUROC of one doubt less that of another on the same answers."""
    return auroc(wrong, one) - auroc(wrong, other)
