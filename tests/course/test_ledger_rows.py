"""The claims with what they came to on each model."""

import json
import math

import pytest

from uncertainty import Outcome, ledger_models, ledger_rows
from uncertainty.course import ledger
from uncertainty.course.lessons import LESSONS, lesson_number

STATED = {"sentence": "It rises", "unit": "nats", "source": "course", "published": "0.3"}
FIGURES = {"value": "0.20", "low": "0.10", "high": "0.40", "bar": "0.05", "controls": 1}
NO_FIGURES = {"value": "nan", "low": "nan", "high": "nan", "bar": "nan", "controls": 1}


@pytest.fixture
def kept(tmp_path, monkeypatch):
    """Three models: one with both claims, one whose lesson 20 stops, one with lesson 20 alone."""
    monkeypatch.setattr(ledger, "CLAIMS_BY_MODEL", tmp_path)
    monkeypatch.setattr(ledger, "stated_claims", lambda: {"a": STATED, "b": STATED})
    shows = {**FIGURES, "verdict": "shows"}
    cannot = {**NO_FIGURES, "verdict": "cannot be judged"}
    files = {
        "smollm2-135m": {
            "is_it_any_good": {"claims": {"b": shows}, "stopped": None},
            "entropy_neurons": {"claims": {"a": shows}, "stopped": None},
        },
        "another": {
            "is_it_any_good": {"claims": {"b": cannot}, "stopped": None},
            "entropy_neurons": {"claims": {}, "stopped": "No geometry."},
        },
        "half": {
            "entropy_neurons": {"claims": {"a": {**FIGURES, "verdict": "weak"}}, "stopped": None}
        },
    }
    for name, lessons in files.items():
        (tmp_path / f"{name}.json").write_text(json.dumps(lessons), encoding="utf-8")


def test_the_default_model_comes_first(kept):
    assert ledger_models() == ["smollm2-135m", "another", "half"]


def test_rows_are_in_reading_order_and_tell_every_outcome(kept):
    first, second = ledger_rows()
    assert (first.key, second.key) == ("b", "a")
    assert first.lesson == lesson_number("is_it_any_good")
    assert second.lesson == lesson_number("entropy_neurons")
    assert first.verdicts == ("shows", "cannot be judged", "not run")
    assert second.verdicts == ("shows", "the lesson stops", "weak")
    assert second.outcomes["smollm2-135m"] == Outcome(
        0.2, 0.1, 0.4, 0.05, "shows", figure="0.20 [0.10, 0.40]"
    )
    assert second.outcomes["another"].reason == "No geometry."
    assert math.isnan(first.outcomes["another"].value)
    assert str(first.outcomes["another"]) == "cannot be judged"
    assert str(second.outcomes["half"]) == "weak 0.20 [0.10, 0.40]"


def test_models_can_be_chosen(kept):
    assert list(ledger_rows("half", "another")[0].outcomes) == ["half", "another"]
    with pytest.raises(ValueError, match=r"not run on \['gpt2'\], only on \['smollm2-135m'"):
        ledger_rows("gpt2")


def test_the_packages_own_rows_are_the_claims():
    rows = ledger_rows()
    assert {row.key for row in rows} == set(ledger.stated_claims())
    assert all(row.outcomes["smollm2-135m"].verdict != "not run" for row in rows)
    assert {row.lesson for row in rows} <= {lesson.number for lesson in LESSONS}
