"""Reports read from a file."""

import gzip
import json

import pytest

from uncertainty import compare_reports, make_report, read_report, recorded_report
from uncertainty.report.reports import Report

QUESTIONS = [
    {"question": f"What is {number} and 1?", "answers": [f"{number + 1}"]} for number in range(5)
]


@pytest.fixture(scope="module")
def report():
    return make_report("tiny", questions=QUESTIONS, progress=False)


def test_what_was_saved_is_read(report, tmp_path):
    page = report.save(tmp_path / "mine.html")
    assert read_report(page.with_suffix(".json")).data == report.data


def test_a_packed_report_is_read(report, tmp_path):
    path = tmp_path / "mine.json.gz"
    path.write_bytes(gzip.compress(report.to_json().encode()))
    assert read_report(path).data == report.data


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "holds no JSON"),
        ("<html>", "holds no JSON"),
        ("[1, 2]", "lacks the line that says 'llm-uncertainty-course report'"),
        ('{"format": "another"}', "lacks the line"),
        (json.dumps({"format": "llm-uncertainty-course report", "version": 0}), "of version 0"),
    ],
)
def test_what_is_no_report_is_refused(text, said, tmp_path):
    path = tmp_path / "mine.json"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ValueError, match=said):
        read_report(path)


def test_a_packed_file_that_is_cut_off(report, tmp_path):
    path = tmp_path / "mine.json.gz"
    path.write_bytes(gzip.compress(report.to_json().encode())[:500])
    with pytest.raises(ValueError, match="holds no JSON"):
        read_report(path)


def test_the_recorded_reports_are_about_the_same_questions():
    first, second = (recorded_report(name) for name in ("smollm2-135m", "gemma3-270m"))
    both = compare_reports(first, second).data
    assert both["common"] == len(first.data["answers"]) == len(second.data["answers"])
    with pytest.raises(ValueError, match="gemma3-270m and smollm2-135m, not of gpt2"):
        recorded_report("gpt2")


def test_a_report_from_before_there_were_promises_is_still_a_page():
    """The recorded ones; a new report of the same version has a second table."""
    data = recorded_report("gemma3-270m").data
    assert "promised" not in data["sections"]["threshold"]
    pages = [Report(data).to_html()]
    row = {"wanted": 0.2, "threshold": 1.5, "bound": 0.19, "answered": 9}
    row |= {"coverage": {"value": 0.3, "low": 0.2, "high": 0.4}, "risk": None}
    promised = {"left_out": None, "label": "naive", "chosen_on": 18, "set_on": 56, "delta": 0.1}
    sections = data["sections"]
    threshold = sections["threshold"] | {"promised": promised | {"rows": [row]}}
    pages.append(Report(data | {"sections": sections | {"threshold": threshold}}).to_html())
    assert ["Promised on one half" in page for page in pages] == [False, True]
