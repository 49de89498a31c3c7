"""What became of the course's claims on each model that the lessons were run on.

The default model's outcomes come from the lessons as they are committed (docs/ledger/make.py), the
others from running the lessons on another model (docs/ledger/other_models.py). Both keep them in
`CLAIMS_BY_MODEL`, one file a model, so that they come with the package.
"""

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from ..loading.pinned_files import DEFAULT
from .claims import stated_claims
from .lessons import lesson_number

CLAIMS_BY_MODEL = Path(__file__).with_name("claims_by_model")
FIGURES = ("value", "low", "high", "bar", "controls", "verdict")


@dataclass(frozen=True)
class Outcome:
    """What a claim came to on one model; the figures are rounded as the lesson printed them.

    Attributes:
        value, low, high: the effect and its 95 % interval, in the claim's unit; nan where there is
            none.
        bar: the size that 95 % of the controls stay below; nan where there is none.
        verdict: as in `Claim`, "the lesson stops", or "not run".
        reason: why the lesson stops on this model; "" where it does not.
        figure: the effect as it was printed, such as "0.05 [-0.02, 0.12]"; "" where there is none.
    """

    value: float = math.nan
    low: float = math.nan
    high: float = math.nan
    bar: float = math.nan
    verdict: str = "not run"
    reason: str = ""
    figure: str = ""

    def __str__(self) -> str:
        return f"{self.verdict} {self.figure}".strip()


@dataclass(frozen=True)
class LedgerRow:
    """A claim of the course, and what it came to on each model.

    Attributes:
        key: the claim's name in `claims/*.toml`.
        lesson: the lesson's number, such as "04".
        sentence, unit, source, published: as the claim states them.
        outcomes: by the models' names.
    """

    key: str
    lesson: str
    sentence: str
    unit: str
    source: str
    published: str
    outcomes: Mapping[str, Outcome]

    @property
    def verdicts(self) -> tuple[str, ...]:
        """The verdicts, in the order of the models."""
        return tuple(outcome.verdict for outcome in self.outcomes.values())


def ledger_models() -> list[str]:
    """Return the models that the lessons were run on, the default one first."""
    names = sorted(path.stem for path in CLAIMS_BY_MODEL.glob("*.json"))
    return sorted(names, key=lambda name: name != DEFAULT)


def ledger_rows(*models: str) -> list[LedgerRow]:
    """Return the course's claims in reading order, with what each came to on these models.

    Without names, on all of `ledger_models`. The outcomes were kept when the lessons were run; this
    asks no model.

    Raises:
        ValueError: a model that the lessons were not run on.
    """
    names = list(models) or ledger_models()
    if unknown := [name for name in names if name not in ledger_models()]:
        raise ValueError(f"the lessons were not run on {unknown}, only on {ledger_models()}.")
    stated = stated_claims()
    kept = {name: kept_lessons(name) for name in names}
    return [
        LedgerRow(
            key,
            lesson_number(lesson),
            sentence=stated[key]["sentence"],
            unit=stated[key]["unit"],
            source=stated[key]["source"],
            published=stated[key]["published"],
            outcomes={name: outcome_of(lessons, lesson, key) for name, lessons in kept.items()},
        )
        for lesson, found in kept_lessons(DEFAULT).items()
        for key in found["claims"]
    ]


def kept_lessons(model: str) -> dict[str, dict]:
    """Return what is kept of a model's run, by the lessons' names."""
    return json.loads((CLAIMS_BY_MODEL / f"{model}.json").read_text(encoding="utf-8"))


def outcome_of(lessons: dict, lesson: str, key: str) -> Outcome:
    """Return what one claim came to; "not run" where the lesson was not, or did not get to it."""
    if lesson not in lessons:
        return Outcome()
    claim = lessons[lesson]["claims"].get(key)
    if claim is None:
        stopped = lessons[lesson]["stopped"]
        return Outcome(verdict="the lesson stops", reason=stopped) if stopped else Outcome()
    value, low, high, bar = (float(claim[name]) for name in ("value", "low", "high", "bar"))
    figure = f"{claim['value']} [{claim['low']}, {claim['high']}]" if math.isfinite(value) else ""
    return Outcome(value, low, high, bar, claim["verdict"], figure=figure)
