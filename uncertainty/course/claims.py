"""The claims of the lessons: stated in one way, judged by one rule, kept for the ledger.

What a claim says, where it comes from and what its control can tell stands in `claims/*.toml`, one
file a lesson. The figures come from the lesson, which calls `claim`; its output holds them twice,
as a line to read and as data. The ledger (`docs/ledger`) is made from those outputs.
"""

import tomllib
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Literal, NamedTuple

import numpy as np
from IPython.core.getipython import get_ipython
from IPython.display import display

from ..evaluation.verdicts import Verdict, claim_verdict, control_bar

CLAIMS = Path(__file__).with_name("claims")
MIME = "application/vnd.uncertainty.claim+json"
FIELDS = {
    "sentence": str,
    "unit": str,
    "source": str,
    "rows": list,
    "published": str,
    "model": str,
    "control": str,
    "excludes": str,
    "leaves": str,
}


class Claim(NamedTuple):
    """A claim as a lesson measured it; figures are rounded as they are printed."""

    key: str
    sentence: str
    unit: str
    value: str
    low: str
    high: str
    bar: str
    controls: int
    verdict: Verdict | Literal["cannot be judged"]

    def __str__(self) -> str:
        figure = f"{self.value} [{self.low}, {self.high}]"
        bar = f"bar of {self.controls} control{'s' if self.controls > 1 else ''} {self.bar}"
        return f"{self.sentence}: {figure} {self.unit}; {bar}: {self.verdict}"

    def _ipython_display_(self) -> None:
        """Show nothing: `claim` has shown it."""


def claim(key: str, interval: Sequence[float], controls: Sequence[float]) -> Claim:
    """Judge a claim of the course by `claim_verdict`, print it, and keep it for the ledger.

    Args:
        key: the claim's name in `claims/*.toml`.
        interval: value, low, high, as `bootstrap` returns them, with the sign that the claim
            predicts: above 0 speaks for it.
        controls: the same effect in the controls, in the same unit and with the same sign.

    Returns:
        The claim with its rounded figures and ``verdict``: that of `claim_verdict`, or "cannot be
        judged" where the effect is not defined on this model (an AUROC without a right answer).

    Raises:
        KeyError: no claim of that name.
        ValueError: a claim that is stated badly, or figures that `claim_verdict` refuses.
    """
    stated = stated_claims()
    if key not in stated:
        raise KeyError(f"there is no claim {key!r} in {CLAIMS.name}/*.toml.")
    check_fields(key, stated[key])
    value, low, high = (float(number) for number in interval)
    judged = judge(key, stated[key], (value, low, high), controls)
    if get_ipython() is None:
        print(judged)
    else:
        display({"text/plain": str(judged), MIME: judged._asdict()}, raw=True)
    return judged


def judge(
    key: str, stated: dict, interval: tuple[float, float, float], controls: Sequence[float]
) -> Claim:
    """Return the claim with its verdict, from the unrounded figures, and the figures rounded.

    The verdict is "cannot be judged" where a bound of the interval or every control is nan.
    """
    digits = stated.get("digits", 2)
    value, low, high = (_rounded(number, digits) for number in interval)
    bar = float("nan")
    verdict: Verdict | Literal["cannot be judged"] = "cannot be judged"
    if _is_defined(interval, controls):
        bar = control_bar(controls)
        verdict = claim_verdict(*interval, controls)
    return Claim(
        key,
        sentence=stated["sentence"],
        unit=stated["unit"],
        value=value,
        low=low,
        high=high,
        bar=_rounded(bar, digits),
        controls=len(controls),
        verdict=verdict,
    )


@cache
def stated_claims() -> dict[str, dict]:
    """Return all claims by their names, as `claims/*.toml` state them.

    Raises:
        ValueError: a name used twice.
    """
    claims: dict[str, dict] = {}
    for path in sorted(CLAIMS.glob("*.toml")):
        for key, fields in tomllib.loads(path.read_text(encoding="utf-8")).items():
            if key in claims:
                raise ValueError(f"{path.name}: the name {key!r} is used twice.")
            claims[key] = fields
    return claims


def check_fields(key: str, fields: dict) -> None:
    """Check that a claim states everything that `FIELDS` names.

    Raises:
        ValueError: a missing, unknown or mistyped field.
    """
    unknown = fields.keys() - FIELDS.keys() - {"digits"}
    missing = FIELDS.keys() - fields.keys()
    if unknown or missing:
        raise ValueError(f"claim {key}: missing {sorted(missing)}, unknown {sorted(unknown)}.")
    for name, kind in FIELDS.items():
        if not isinstance(fields[name], kind):
            raise ValueError(f"claim {key}: {name} must be {kind.__name__}, got {fields[name]!r}.")
    if not isinstance(fields.get("digits", 2), int):
        raise ValueError(f"claim {key}: digits must be a whole number, got {fields['digits']!r}.")


def _is_defined(interval: Sequence[float], controls: Sequence[float]) -> bool:
    """Return whether there is an effect to judge: a metric of one class only, say, is nan."""
    return not (np.isnan(interval).any() or (len(controls) > 0 and np.isnan(controls).all()))


def _rounded(number: float, digits: int) -> str:
    text = f"{number:.{digits}f}"
    return text.removeprefix("-") if float(text) == 0 else text
