"""The ledger: made by code, equal to what the lessons print, and every row of the sources in it."""

import importlib.util
import json
from pathlib import Path

import pytest

from uncertainty.course.claims import MIME, judge, stated_claims

ROOT = Path(__file__).resolve().parent.parent
STATED = {
    "sentence": "Silencing it raises the loss",
    "unit": "nats",
    "source": "2406.16254",
    "rows": ["3.5"],
    "published": "0.3",
    "model": "GPT-2 small",
    "control": "other neurons",
    "excludes": "that any neuron does",
    "leaves": "another text",
}


@pytest.fixture(scope="module")
def ledger():
    path = ROOT / "docs" / "ledger" / "make.py"
    spec = importlib.util.spec_from_file_location("make_ledger", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def course(ledger, tmp_path, monkeypatch):
    """A course of one claim and two rows; returns a function that makes its claims' cells."""
    monkeypatch.setattr(ledger, "stated_claims", lambda: {"a": STATED})
    monkeypatch.setattr(ledger, "HERE", tmp_path)
    rows = '[[row]]\nid = "3.5"\ntitle = "Effect"\ncells = ["neurons: needle"]\n'
    rows += '[[row]]\nid = "3.6"\ntitle = "Elsewhere"\ncells = []\nmissing = "needs GPT-2"\n'
    tmp_path.joinpath("rows.toml").write_text(rows)
    return tmp_path


def notebook(*cells) -> str:
    return json.dumps({"cells": list(cells), "metadata": {}, "nbformat": 4, "nbformat_minor": 5})


def claim_cell(printed=None, **changes) -> dict:
    judged = judge("a", STATED, (0.2, 0.1, 0.4), [0.05])._asdict() | changes
    printed = printed or str(judge("a", STATED, (0.2, 0.1, 0.4), [0.05]))
    data = {"text/plain": [printed], MIME: judged}
    output = {"output_type": "display_data", "data": data, "metadata": {}}
    return {"cell_type": "code", "source": ["claim('a', ...)"], "outputs": [output]}


def text_cell(text: str) -> dict:
    return {"cell_type": "markdown", "source": [text]}


def write(folder, *cells):
    folder.joinpath("11_neurons.ipynb").write_text(notebook(*cells), encoding="utf-8")
    return folder


def test_the_kept_ledger_says_what_the_lessons_print(ledger):
    for path, text in ledger.made().items():
        assert path.read_text(encoding="utf-8") == text, f"{path.name}: run `make ledger`"


def test_every_claim_of_the_ledger_has_a_verdict_and_a_place(ledger):
    kept = json.loads(ROOT.joinpath("docs/ledger/ledger.json").read_text(encoding="utf-8"))
    assert {claim["key"] for claim in kept["claims"]} == set(stated_claims())
    assert len(kept["rows"]) == 78
    for row in kept["rows"]:
        assert row["where"] or row["missing"], row["id"]


def test_a_claim_is_found_with_its_figures_section_and_row(ledger, course):
    cells = ledger.read_cells(write(course, text_cell("# T\n## 2. Silence\nneedle"), claim_cell()))
    (claim,) = ledger.measured_claims(cells)
    assert (claim["value"], claim["verdict"]) == ("0.20", "shows")
    assert (claim["lesson"], claim["cell"]) == ("11", 2)
    assert "2. Silence" in claim["link"]
    works, absent = ledger.shown_rows(cells, [claim])
    assert (works["state"], works["claims"]) == ("works", ["a"])
    assert (absent["state"], absent["where"]) == ("not run here", [])
    page = ledger.page(
        [claim], [works, absent], {"other": {"a": ledger.Outcome(verdict="weak", figure="0.1")}}
    )
    assert "| 0.05 (1) | shows | weak 0.1 | 2406.16254 | 0.3 (GPT-2 small) |" in page


def test_a_printed_line_that_differs_from_its_data(ledger, course):
    with pytest.raises(ValueError, match="prints"):
        ledger.read_cells(write(course, claim_cell(value="0.21")))
    with pytest.raises(ValueError, match="prints"):
        ledger.read_cells(write(course, claim_cell(verdict="weak")))


def test_a_claim_measured_twice_or_never_or_stated_nowhere(ledger, course, monkeypatch):
    with pytest.raises(ValueError, match="measured twice"):
        ledger.measured_claims(ledger.read_cells(write(course, claim_cell(), claim_cell())))
    with pytest.raises(ValueError, match="in no lesson's output: \\['a'\\]"):
        ledger.measured_claims(ledger.read_cells(write(course, text_cell("nothing"))))
    monkeypatch.setattr(ledger, "stated_claims", lambda: {})
    with pytest.raises(ValueError, match="no file states"):
        ledger.measured_claims(ledger.read_cells(write(course, claim_cell())))


def test_a_row_whose_text_is_in_no_cell_or_in_two(ledger, course):
    for cells in ([text_cell("hay")], [text_cell("needle"), text_cell("needle")]):
        with pytest.raises(ValueError, match=r"row 3\.5: 'needle' is in"):
            ledger.shown_rows(ledger.read_cells(write(course, *cells)), [])


def test_a_claim_that_names_a_row_which_is_not_there(ledger, course):
    cells = ledger.read_cells(write(course, text_cell("needle")))
    with pytest.raises(ValueError, match=r"names rows \['9\.9'\]"):
        ledger.shown_rows(cells, [{"key": "a", "rows": ["9.9"]}])
