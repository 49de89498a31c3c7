"""A claim of one's own, with all that decides it, as it is written down before it is judged."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, fields
from typing import Any

from numpy.typing import ArrayLike

from .sealed_code import code_of, same_code

CODE = ("columns", "effect", "controls")  # the fields that are functions


@dataclass(frozen=True, kw_only=True)
class PlannedClaim:
    """A claim with all that decides it, before it is judged.

    Attributes:
        sentence: what is claimed; a sentence that could be false.
        measure: what is measured on an answer, in words.
        baseline: the simple rival that the measure is compared with.
        control: what is shuffled or exchanged, and what stays.
        excludes: which other explanation the control excludes.
        leaves: which one it leaves open.
        cut_off: how large the effect must be to be worth anything, in its own unit, 0 or more.
        tried: how many other measures were looked at on the practice half.
        columns: takes a list of question ids, returns columns with one row for each of them.
        effect: takes the columns, returns the effect; 0 is none, above 0 speaks for the claim.
        controls: takes the columns, returns the same effect in the controls.
    """

    sentence: str = ""
    measure: str = ""
    baseline: str = ""
    control: str = ""
    excludes: str = ""
    leaves: str = ""
    cut_off: float | None = None
    tried: int | None = None
    columns: Callable[[list[str]], Sequence[ArrayLike]] | None = None
    effect: Callable[..., float] | None = None
    controls: Callable[..., Iterable[float]] | None = None

    def unfilled(self) -> list[str]:
        """Return the names of the fields that nobody has filled in yet."""
        values = {each.name: getattr(self, each.name) for each in fields(self)}
        return [name for name, value in values.items() if value is None or not str(value).strip()]


def changed_fields(old: dict, new: dict) -> list[str]:
    """Return the fields in which two described claims differ."""
    plain = [name for name in new if name not in CODE and old.get(name) != new[name]]
    return plain + [name for name in CODE if not same_code(str(old.get(name)), new[name])]


def told_change(name: str, old: dict, new: dict) -> str:
    """Return one changed field as the end of a sentence."""
    if name in CODE:
        return f"the code of {name!r} (or of what it uses) is another"
    return f"{name!r} was {old.get(name)!r} and is now {new[name]!r}"


def described_claim(claim: PlannedClaim) -> dict[str, Any]:
    """Return a claim as JSON can hold it, its functions as source.

    Raises:
        ValueError: as `seal_claim`.
    """
    missing = claim.unfilled()
    if missing:
        raise ValueError(f"a claim is sealed when all is filled in; missing: {', '.join(missing)}.")
    described = {each.name: getattr(claim, each.name) for each in fields(claim)}
    described |= {name: code_of(described[name]) for name in CODE}
    described |= {"cut_off": float(described["cut_off"]), "tried": int(described["tried"])}
    if not 0 <= described["cut_off"] < float("inf") or described["tried"] < 0:
        raise ValueError(
            "cut_off and tried must be 0 or more, "
            f"got {described['cut_off']} and {described['tried']}."
        )
    return described
