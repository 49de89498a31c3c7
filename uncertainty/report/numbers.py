"""Numbers as JSON holds them, and the questions that every part asks of its labels."""

import math
from collections.abc import Sequence

import numpy as np
from scipy.stats import binomtest

from ..evaluation.intervals import Interval

FEWEST_QUESTIONS = 20
FEWEST_OF_A_CLASS = 5
HALVES_SEED = 5  # lesson 04's


def finite(value: float) -> float | None:
    """Return a number, or None where there is none (nan, infinite): JSON knows neither."""
    value = float(value)
    return value if math.isfinite(value) else None


def interval_record(interval: Sequence[float]) -> dict[str, float | None]:
    """Return a value and its bounds by name."""
    value, low, high = interval
    return {"value": finite(value), "low": finite(low), "high": finite(high)}


def share_interval(flags: np.ndarray) -> Interval:
    """Return the share of True with its exact 95 % interval (Clopper and Pearson, scipy's).

    A bootstrap of a share of 0 would have no width, however few the answers are.
    """
    test = binomtest(int(flags.sum()), len(flags))
    bounds = test.proportion_ci(method="exact")
    return Interval(float(flags.mean()), float(bounds.low), float(bounds.high))


def why_not_judged(wrong: np.ndarray) -> str | None:
    """Return why a doubt cannot be judged on these answers; None when it can."""
    if len(wrong) < FEWEST_QUESTIONS:
        return (
            f"the number of answers is {len(wrong)}, and with fewer than {FEWEST_QUESTIONS} every "
            "interval would span nearly everything"
        )
    if wrong.all() or not wrong.any():
        verdict = "wrong" if wrong.all() else "right"
        return f"all {len(wrong)} answers are {verdict}, so there is nothing to tell apart"
    rarer = "wrong" if wrong.mean() < 0.5 else "right"
    count = int(min(wrong.sum(), (~wrong).sum()))
    if count < FEWEST_OF_A_CLASS:
        verb = "is" if count == 1 else "are"
        return (
            f"only {count} of {len(wrong)} answers {verb} {rarer}, and with fewer than "
            f"{FEWEST_OF_A_CLASS} nothing can be told apart"
        )
    return None


def first_half(count: int, seed: int = HALVES_SEED) -> np.ndarray:
    """Return which of so many answers belong to the half on which things are set, ``(count,)``."""
    return np.random.default_rng(seed).permutation(count) < count // 2
