"""A claim is sealed before the questions that judge it are opened, and opened once."""

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Literal, NamedTuple

import numpy as np

from ..evaluation.columns import as_array
from ..evaluation.intervals import bootstrap
from ..evaluation.verdicts import Verdict, claim_verdict, control_bar
from .planned_claim import PlannedClaim, changed_fields, described_claim, told_change
from .seal_files import keep_record, kept_record

_opened: dict[str, dict] = {}  # the first outcome of each seal in this process


class SealedOutcome(NamedTuple):
    """What one half of the questions said about a claim.

    ``bar`` is the size that 95 % of the controls stay below (`control_bar`), ``opened`` the time of
    the opening, and ``again`` whether this is the first outcome of a half that was opened before.
    """

    value: float
    low: float
    high: float
    bar: float
    controls: int
    cut_off: float
    verdict: Verdict | Literal["cannot be judged"]
    questions: int
    opened: str = ""
    again: bool = False

    def __str__(self) -> str:
        figures = (
            f"{self.value:.2f} [{self.low:.2f}, {self.high:.2f}] on {self.questions} questions"
        )
        bars = f"bar of {self.controls} controls {self.bar:.2f}, cut-off {self.cut_off:.2f}"
        told = f"{figures}; {bars}: {self.verdict}"
        if self.again:
            told += f"\nOpened before, on {self.opened}. This is that outcome; it stays."
        return told


@dataclass(frozen=True)
class Seal:
    """A sealed claim: the file it is kept in, and what the file holds."""

    path: Path
    record: dict = field(repr=False)

    @property
    def digest(self) -> str:
        """The 64 characters to give to somebody else before the held-out half is opened."""
        return self.record["sha256"]

    @property
    def practice(self) -> SealedOutcome:
        """What the practice half said when the claim was sealed."""
        return _outcome(self.record["practice"])

    def __str__(self) -> str:
        outcome = self.record["outcome"]
        opened = f"opened, {_outcome(outcome)}" if outcome else "not opened"
        return "\n".join(
            [
                f"claim     {self.record['claim']['sentence']}",
                f"seal      {self.digest}",
                f"practice  {self.practice}",
                f"held out  {len(self.record['held_out'])} questions, {opened}",
                f"kept in   {self.path.name}",
            ]
        )


def practice_and_held_out(ids: Iterable[str], *, seed: int = 0) -> tuple[list[str], list[str]]:
    """Split questions at random into a half to practise on and a half that stays closed.

    Each question falls on one side with all its rows, since it is its id that is drawn. The split
    depends on the ids and the seed, not on the order of the ids. Of an odd number the held-out half
    gets one more.

    Raises:
        ValueError: fewer than two questions.
    """
    distinct = sorted(set(ids))
    if len(distinct) < 2:
        raise ValueError(f"need at least two questions to split, got {len(distinct)}.")
    order = np.random.default_rng(seed).permutation(len(distinct))
    half = len(distinct) // 2
    practice = sorted(distinct[place] for place in order[:half])
    return practice, sorted(distinct[place] for place in order[half:])


def seal_claim(
    claim: PlannedClaim,
    *,
    practice: Iterable[str],
    held_out: Iterable[str],
    path: str | Path,
) -> Seal:
    """Measure a claim on the practice half, then seal it together with the held-out ids in a file.

    The seal is the SHA-256 of a canonical JSON (keys sorted, no spaces) of the claim, with the
    source of its functions, and of the held-out ids. Nobody can find another claim with the same
    seal, so whoever was given the seal beforehand knows later that the claim is the old one.

    To seal the same claim in the same file once more changes nothing and returns what is there. A
    file that holds anything else is never overwritten. Where the folder cannot be written, a
    warning holds the text of the file.

    Raises:
        ValueError: a field that is not filled in, a negative cut-off or number of tries, a question
            in both halves, an empty half, columns of another length than the ids, a function
            without source (`code_of`), or a file that holds something else.
    """
    described = described_claim(claim)
    closed, open_ids = sorted(set(held_out)), sorted(set(practice))
    _check_halves(open_ids, closed)
    path = Path(path)
    if path.exists():
        record = kept_record(path)
        if record["held_out"] == closed and not changed_fields(record["claim"], described):
            return Seal(path, record)
        raise ValueError(
            f"{path} holds another sealed claim ({record['claim']['sentence']!r}), which is never "
            "overwritten. Name another file for this one."
        )
    measured = _measured(claim, open_ids)
    record = {
        "claim": described,
        "held_out": closed,
        "sha256": _digest(described, closed),
        "sealed": _now(),
        "practice": _as_json(measured),
        "outcome": None,
    }
    keep_record(path, record)
    return Seal(path, record)


def open_held_out(seal: Seal | str | Path, claim: PlannedClaim) -> SealedOutcome:
    """Open the held-out half once, and judge a sealed claim on it by the rule of the course.

    The effect has its interval from `bootstrap`. By `claim_verdict` it *shows* when the interval
    lies above 0 and the effect is larger than 95 % of the controls and larger than the cut-off.
    The outcome is added to the file. A half that was opened before is not opened again: the first
    outcome is returned, with ``again=True``. When measuring raises an error, the half stays closed.

    Args:
        seal: what `seal_claim` returned, or the file that it wrote.
        claim: the same claim, whose functions are called.

    Raises:
        ValueError: the claim was changed after sealing (the message names each field), the file
            was edited, or columns of another length than the ids.
        FileNotFoundError: there is no such file.
    """
    path = seal.path if isinstance(seal, Seal) else Path(seal)
    record = seal.record if isinstance(seal, Seal) and not path.exists() else kept_record(path)
    _check_unchanged(path, record, claim)
    first = record["outcome"] or _opened.get(record["sha256"])
    again = first is not None
    if first is None:
        first = _as_json(_measured(claim, record["held_out"])._replace(opened=_now()))
        _opened[record["sha256"]] = first
    if isinstance(seal, Seal):
        seal.record["outcome"] = first
    if record["outcome"] != first or not again:
        keep_record(path, record | {"outcome": first})
    return _outcome(first)._replace(again=again)


def _check_halves(practice: list[str], held_out: list[str]) -> None:
    if not practice or not held_out:
        raise ValueError(
            f"both halves need questions, got {len(practice)} to practise on and {len(held_out)}."
        )
    shared = sorted(set(practice) & set(held_out))
    if shared:
        raise ValueError(
            f"{len(shared)} questions are in both halves, such as {shared[0]!r}: what was seen "
            "cannot judge. Split them with practice_and_held_out."
        )


def _check_unchanged(path: Path, record: dict, claim: PlannedClaim) -> None:
    """Raise ValueError unless the file is as it was sealed, and the claim as in the file."""
    old, new = record["claim"], described_claim(claim)
    told = [told_change(name, old, new) for name in changed_fields(old, new)]
    if _digest(old, record["held_out"]) != record["sha256"]:
        where = f" It differs from the claim at hand: {'; '.join(told)}." if told else ""
        raise ValueError(
            f"{path} was edited after sealing: what it says no longer gives its seal "
            f"{record['sha256'][:12]}...{where} Put back the file as it was sealed."
        )
    if told:
        raise ValueError(
            f"the claim was changed after sealing: {'; '.join(told)}. Put that back, or seal the "
            "new claim in another file, with questions that nobody has opened."
        )


def _digest(described: dict, held_out: list[str]) -> str:
    value = {"claim": described, "held_out": held_out}
    text = json.dumps(value, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def _measured(claim: PlannedClaim, ids: list[str]) -> SealedOutcome:
    """Return effect, interval, controls and verdict of a complete claim on some questions."""
    assert claim.columns and claim.effect and claim.controls and claim.cut_off is not None
    columns = [as_array(column) for column in claim.columns(list(ids))]
    lengths = [len(column) for column in columns]
    if set(lengths) != {len(ids)}:
        raise ValueError(f"each column needs one row for each of {len(ids)} ids, got {lengths}.")
    interval = bootstrap(claim.effect, *columns)
    controls = [float(value) for value in claim.controls(*columns)]
    bar = float("nan")
    verdict: Verdict | Literal["cannot be judged"] = "cannot be judged"
    if np.isfinite([*interval, *controls]).all():
        bar = control_bar(controls)
        verdict = claim_verdict(*interval, [max(bar, claim.cut_off)])
    return SealedOutcome(
        *interval,
        bar=bar,
        controls=len(controls),
        cut_off=float(claim.cut_off),
        verdict=verdict,
        questions=len(ids),
    )


def _as_json(outcome: SealedOutcome) -> dict:
    """Return an outcome as JSON can hold it, which has neither nan nor infinity."""
    values = outcome._asdict()
    lost = [name for name in ("value", "low", "high", "bar") if not np.isfinite(values[name])]
    return values | dict.fromkeys(lost)


def _outcome(values: dict) -> SealedOutcome:
    found: dict[str, Any] = {n: float("nan") if v is None else v for n, v in values.items()}
    return SealedOutcome(**found)


def _now() -> str:
    return datetime.now().astimezone().isoformat(sep=" ", timespec="seconds")
