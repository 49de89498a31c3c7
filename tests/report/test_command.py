"""The command `uncertainty report`: what it prints, refuses, writes and leaves alone."""

import json
import os

import pytest

from uncertainty import ModelUnavailable, make_report
from uncertainty.__main__ import main
from uncertainty.report import command, plan, reports
from uncertainty.report.model_licence import NOT_STATED, model_licence
from uncertainty.report.plan import Plan, model_size, plan_report, require_memory
from uncertainty.report.questions_file import QuestionSet, course_questions
from uncertainty.report.reports import Report
from uncertainty.report.writing import GENERATOR, Paths

QUESTIONS = "question,answers\nWho?,me\nWhat?,that\n"


@pytest.fixture
def questions(tmp_path):
    path = tmp_path / "mine.csv"
    path.write_text(QUESTIONS)
    return str(path)


@pytest.fixture
def nothing_loads(monkeypatch):
    monkeypatch.setattr(reports, "load_model", lambda *_: pytest.fail("it was loaded"))


def test_a_page_and_its_numbers_are_written(tmp_path, questions, capsys):
    out = tmp_path / "mine.html"
    assert main(["report", "tiny", "--questions", questions, "--out", str(out)]) == 0
    data = json.loads(out.with_suffix(".json").read_text())
    assert data["questions"] == {"source": "mine.csv", "count": 2, "unused_columns": []}
    assert out.read_text() == Report(data).to_html()
    printed, said = capsys.readouterr()
    assert f"Written: {out} and {out.with_suffix('.json')}" in printed
    assert "of 2 answers are right" in printed
    assert said.startswith("tiny: 0.1 million parameters on") and "GB are free" in said
    if os.name != "nt":
        assert out.stat().st_mode & 0o777 == 0o644
    assert sorted(path.name for path in tmp_path.glob("mine*")) == [
        "mine.csv",
        "mine.html",
        "mine.json",
    ]


def test_a_report_is_replaced_and_nothing_else(tmp_path, questions, capsys, nothing_loads):
    for name in ("mine.html", "mine.json"):
        for other in ("mine.html", "mine.json"):
            (tmp_path / other).unlink(missing_ok=True)
        path = tmp_path / name
        path.write_text("my diary")
        out = tmp_path / "mine.html"
        assert main(["report", "tiny", "--questions", questions, "--out", str(out)]) == 1
        assert capsys.readouterr().err == (
            f"{path} is there already and is no report of ours, so it stays: choose another name "
            "with --out.\n"
        )
        assert path.read_text() == "my diary"
    (tmp_path / "mine.html").write_text(f"<html>{GENERATOR}")
    (tmp_path / "mine.json").write_text('{"format": "llm-uncertainty-course report"}')
    Paths(tmp_path / "mine.html").write(page="new page", numbers="new numbers")
    assert (tmp_path / "mine.html").read_text() == "new page"
    assert (tmp_path / "mine.json").read_text() == "new numbers"


@pytest.mark.parametrize(
    ("out", "sentence"),
    [
        ("page.htm", "the name of the report must end in .html, got '{}'."),
        ("none/page.html", "there is no folder {} for the report: make it first."),
    ],
)
def test_a_place_that_cannot_be_written_is_told_first(
    tmp_path, capsys, nothing_loads, out, sentence
):
    path = tmp_path / out
    shown = path.parent if "folder" in sentence else path
    assert main(["report", "tiny", "--out", str(path)]) == 1
    assert capsys.readouterr().err == sentence.format(shown) + "\n"


def test_faults_of_the_file_come_before_the_model(tmp_path, capsys, nothing_loads):
    path = tmp_path / "bad.csv"
    path.write_text("question,answers\n,me\nWhat?,\n")
    out = str(tmp_path / "r.html")
    assert main(["report", "tiny", "--questions", str(path), "--out", out]) == 1
    assert capsys.readouterr().err == (
        f"{path} has 2 faults, so nothing was asked.\n"
        "  line 2: the question is empty.\n"
        "  line 3: no answer; write at least one, several separated by |.\n"
    )
    assert not os.path.exists(out)


@pytest.mark.parametrize("arguments", [[], ["tiny", "--compare", "tiny", "tiny"]])
def test_one_model_or_two(tmp_path, capsys, arguments):
    assert main(["report", *arguments, "--out", str(tmp_path / "r.html")]) == 1
    assert "name one model, or two with --compare" in capsys.readouterr().err


def test_an_unknown_model_is_one_sentence(tmp_path, capsys):
    assert main(["report", "smollm2-153m", "--out", str(tmp_path / "r.html")]) == 1
    said = capsys.readouterr().err.splitlines()
    assert said[0].startswith("smollm2-153m: its size is not known before it loads")
    assert said[-1].startswith("Unknown model 'smollm2-153m', did you mean 'smollm2-135m'?")


def test_two_models_side_by_side(tmp_path, questions, capsys):
    out = tmp_path / "both.html"
    arguments = ["--compare", "tiny", "tiny", "--questions", questions, "--out", str(out)]
    assert main(["report", *arguments]) == 0
    data = json.loads(out.with_suffix(".json").read_text())
    assert data["kind"] == "comparison" and data["names"] == ["tiny", "tiny"]
    assert "tiny beside tiny" in out.read_text()


def test_an_interrupt_says_that_answers_are_kept(tmp_path, monkeypatch, capsys):
    def interrupt(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr(command, "make_report", interrupt)
    assert main(["report", "tiny", "--out", str(tmp_path / "r.html")]) == 130
    assert "the same command goes on from there" in capsys.readouterr().err


# What it will need.


def test_a_model_that_does_not_fit_is_refused_before_it_loads(monkeypatch, nothing_loads):
    monkeypatch.setattr(plan, "free_memory", lambda device: 0.5e9)
    with pytest.raises(ModelUnavailable) as caught:
        make_report("tiny", questions=[{"question": "a?", "answers": "b"}], progress=False)
    sentence = str(caught.value)
    assert sentence.startswith("tiny: 0.1 million parameters on")
    assert "about 0.8 GB of memory (0.0 for the weights" in sentence
    assert "0.5 GB are free" in sentence and "That does not fit, so tiny is not loaded" in sentence


def test_the_size_comes_from_the_configuration_alone(tmp_path, tiny):
    model, _tokenizer = tiny
    model.config.save_pretrained(tmp_path)
    size = model_size(str(tmp_path))
    assert size == (model.num_parameters(), 259)
    assert model_size("tiny") == (model.num_parameters(), 259)
    assert model_size("owner/not-here") is None
    asked = QuestionSet("three", course_questions().questions[:3])
    said = plan_report(str(tmp_path), asked)
    assert said.memory == pytest.approx(4 * size[0] + 3 * 4 * 32 * 24 * 259 + 0.8e9)


def test_more_questions_and_larger_models_take_longer(monkeypatch):
    monkeypatch.setattr(plan, "products_per_second", lambda: plan.REFERENCE_SPEED)
    some = QuestionSet("some", course_questions().questions[:100])
    default = plan.Size(plan.DEFAULT_PARAMETERS, 49152)
    short = plan.expected_seconds("other", default, some)
    judging = plan.FIXED_SECONDS + 100 * plan.SECONDS_A_VERDICT
    reading = plan.READING_SECONDS + 100 * plan.SECONDS_A_QUESTION
    assert short == pytest.approx(judging + reading)
    large = plan.expected_seconds("other", plan.Size(2 * plan.DEFAULT_PARAMETERS, 1), some)
    assert large == pytest.approx(judging + 2 * reading)
    recorded = plan.expected_seconds("smollm2-135m", default, course_questions())
    assert recorded == pytest.approx(15 + 20 + 445 * plan.SECONDS_A_VERDICT)


def test_an_unknown_size_is_not_refused():
    require_memory(Plan(None, 1e9, None, "unknown"), "m")


# The licence.


def test_the_licence_is_found(tmp_path):
    assert "Apache licence 2.0" in model_licence("smollm2-135m")
    assert "Gemma Terms of Use" in model_licence("gemma3-270m")
    assert "random weights" in model_licence("tiny")
    assert model_licence(str(tmp_path)) == NOT_STATED
    (tmp_path / "LICENSE").write_text("\n  MIT License\nmore\n")
    assert model_licence(str(tmp_path)) == "see its file LICENSE: MIT License"
    (tmp_path / "README.md").write_text("---\ntags: [a]\nlicense: apache-2.0\n---\nlicense: none\n")
    assert model_licence(str(tmp_path)) == "apache-2.0"
    (tmp_path / "README.md").write_text("no header\nlicense: mine\n")
    assert model_licence(str(tmp_path)) == "see its file LICENSE: MIT License"
