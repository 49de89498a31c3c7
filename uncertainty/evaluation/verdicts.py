"""One rule by which a measured effect becomes a verdict."""

from collections.abc import Sequence
from typing import Literal

import numpy as np

Verdict = Literal["shows", "weak", "does not show", "the opposite"]

FEW_CONTROLS = 20


def claim_verdict(value: float, low: float, high: float, controls: Sequence[float]) -> Verdict:
    """Return what an effect, its interval and the same effect in controls say about a claim.

    The effect has the sign that the claim predicts; 0 is no effect. Two conditions count: the
    interval lies above 0, and the effect is larger than the controls (`control_bar`).

    Returns:
        "shows" when both conditions hold; "weak" when one does; "the opposite" when both hold for
        the effect with its sign turned around; otherwise "does not show".

    Raises:
        ValueError: no controls, a number that is not finite, or bounds around nothing.
    """
    if not low <= value <= high:
        raise ValueError(f"the value {value} does not lie in its interval [{low}, {high}].")
    bar = control_bar(controls)
    if high < 0 and value < -bar:
        return "the opposite"
    conditions = [low > 0, value > bar]
    if all(conditions):
        return "shows"
    return "weak" if any(conditions) else "does not show"


def control_bar(controls: Sequence[float]) -> float:
    """Return the size that 95 % of the controls stay below: the bar an effect has to pass.

    It is the 95 % quantile of the controls' absolute values; of fewer than 20 controls the largest,
    since a quantile of so few would lie below it.

    Raises:
        ValueError: no controls, or a control that is not finite.
    """
    sizes = np.abs(np.asarray(controls, dtype=float).ravel())
    if sizes.size == 0:
        raise ValueError("a verdict needs at least one control that could have failed, got none.")
    if not np.isfinite(sizes).all():
        raise ValueError(f"every control must be a finite number, got {list(controls)}.")
    if sizes.size < FEW_CONTROLS:
        return float(sizes.max())
    return float(np.quantile(sizes, 0.95))
