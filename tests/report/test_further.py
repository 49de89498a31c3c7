"""Samples and probes in the report: asked for only, by the package's functions, and told when they fail."""

import copy

import numpy as np
import pytest
from report_pages import Page

from uncertainty import (
    ModelUnavailable,
    agreement_measures,
    auroc,
    make_report,
    recorded_report,
    sampled_answers,
    short_prompt,
)
from uncertainty.__main__ import main
from uncertainty.course.probe_runs import trained_and_untrained_states
from uncertainty.data.twins import same_answer_groups
from uncertainty.evaluation.cross_fitting import cross_fitted_doubt
from uncertainty.loading.memory import MemoryNeed
from uncertainty.report import command, plan, reports
from uncertainty.report import further_part as module
from uncertainty.report.answers import columns, graded_answers
from uncertainty.report.prompting import asker
from uncertainty.report.questions_file import listed_questions
from uncertainty.report.reports import Report

SAMPLES = 3


@pytest.fixture(scope="module")
def further(tiny, rows, tmp_path_factory):
    """The part with both, without the model of embeddings; the graded answers and the samples."""

    def missing():
        raise ModelUnavailable("it is not here.")

    asking = asker(*tiny)
    questions = listed_questions(rows).questions
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("UNCERTAINTY_CACHE", str(tmp_path_factory.mktemp("cache")))
        patch.setattr(module, "load_embedder", missing)
        answers = graded_answers(asking, questions)
        part = module.further_part(
            asking, questions, answers, *columns(answers), samples=SAMPLES, probes=True, rounds=40
        )
        prompts = [short_prompt(question) for question in questions]
        drawn = sampled_answers(*tiny, prompts, SAMPLES, temperature=1.0)
    return part, answers, drawn


def test_they_are_there_only_when_asked_for(further, tiny, rows, monkeypatch):
    report = recorded_report("smollm2-135m")
    assert "further" not in report.data["sections"] and 'id="further"' not in report.to_html()
    asked = []

    def stop(parts, *_, **__):
        asked.append("further" in parts)
        raise KeyboardInterrupt

    monkeypatch.setattr(reports, "graded_answers", lambda *_: further[1])
    monkeypatch.setattr(reports, "measured_parts", stop)
    for options in ({}, {"samples": 2}, {"probes": True}):
        with pytest.raises(KeyboardInterrupt):
            make_report(*tiny, rows, progress=False, **options)
    assert asked == [False, True, True]


def test_the_page_shows_every_row_and_what_is_missing(further):
    part, *_ = further
    data = copy.deepcopy(recorded_report("smollm2-135m").data)
    data["sections"]["further"] = part
    page = Report(data).to_html()
    Page(page)
    assert part["left_out"] is None and part["samples"] == SAMPLES and part["rows"]
    assert all(f">{row['label']}</th>" in page and row["meaning"] for row in part["rows"])
    assert "Measures by sentence embeddings are left out: it is not here." in page
    data["sections"]["further"] = {"left_out": "all answers are wrong"}
    assert "all answers are wrong" in Report(data).to_html()


def test_the_rows_of_samples_are_the_measures_of_the_samples(further):
    part, answers, drawn = further
    wrong = np.array([not row["right"] for row in answers])
    assert all(row["tokens"] for row in answers)
    limit = max(max(record["tokens"]) for record in drawn)
    rows = {row["measure"]: row for row in part["rows"]}
    for name in ("answer_disagreement", "lexical_disagreement"):
        values = []
        for row, record in zip(answers, drawn):
            # the tiny model's tokens are bytes, so the answer is cut as it is read
            text = bytes(token - 3 for token in row["ids"][:limit] if 3 <= token < 259)
            found = agreement_measures(
                record["texts"],
                question=row["question"],
                answer=text.decode("utf-8", errors="replace"),
            )
            values.append(found[name])
        assert rows[name]["auroc"]["value"] == pytest.approx(auroc(wrong, values))
        assert rows[name]["is_sampled"] and not rows[name]["is_control"]
    tokens = [record["read"] + sum(record["tokens"]) for record in drawn]
    assert part["tokens"] == pytest.approx(np.mean(tokens))


def test_the_probes_are_cross_fitted_with_twins_in_one_fold(tiny, rows, further):
    part, answers, _ = further
    questions = listed_questions(rows).questions
    wrong = np.array([not row["right"] for row in answers])
    prompts = [short_prompt(question) for question in questions]
    ids = [row["ids"] for row in answers]
    trained, untrained = trained_and_untrained_states(*tiny, prompts, answers=ids)
    group = same_answer_groups(questions)
    assert len(set(group.tolist())) < len(questions)  # "nobody at all" is the answer of twelve
    judged = {row["measure"]: row for row in part["rows"]}
    for name, features in (
        ("probe, mean state", trained.mean[1:]),
        ("probe, random weights", untrained.mean),
    ):
        with pytest.warns(UserWarning):
            doubt = cross_fitted_doubt(features, wrong, groups=group).doubt
        assert judged[name]["auroc"]["value"] == pytest.approx(auroc(wrong, doubt))
    assert any("nothing is learnt" in note for note in part["notes"])
    assert judged["probe, random weights"]["is_control"]


def test_the_command_hands_on_what_was_asked_for(capsys, tmp_path, monkeypatch):
    asked = {}

    def stop(name, questions, **options):
        asked.update(options)
        raise KeyboardInterrupt

    monkeypatch.setattr(command, "make_report", stop)
    out = str(tmp_path / "report.html")
    assert main(["report", "tiny", "--samples", "5", "--probes", "--out", out]) == 130
    assert (asked["samples"], asked["probes"]) == (5, True)
    assert main(["report", "tiny", "--out", out]) == 130
    assert (asked["samples"], asked["probes"]) == (None, False)


def test_what_cannot_be_done_is_said(tiny, rows, capsys, tmp_path):
    with pytest.raises(ValueError, match="at least 2 are needed; got samples=1"):
        make_report(*tiny, rows, samples=1, progress=False)
    out = str(tmp_path / "report.html")
    assert main(["report", "tiny", "--samples", "1", "--out", out]) == 1
    assert "got --samples 1" in capsys.readouterr().err
    assert main(["report", "--endpoint", "http://localhost:1/v1", "--probes", "--out", out]) == 1
    assert "--probes: for a model that is loaded here" in capsys.readouterr().err


def test_the_plan_counts_what_was_asked_for(monkeypatch):
    monkeypatch.setattr(plan, "products_per_second", lambda: plan.REFERENCE_SPEED)
    need = MemoryNeed(plan.DEFAULT_PARAMETERS, 0, 4, None, 49152, 0)
    questions = listed_questions(
        [{"question": f"Who is number {n}?", "answers": "nobody"} for n in range(50)]
    )
    plain = plan.expected_seconds("other", need, questions)
    with_samples = plan.expected_seconds("other", need, questions, samples=4)
    with_probes = plan.expected_seconds("other", need, questions, probes=True)
    assert with_samples - plain == pytest.approx(plan.SECONDS_A_SAMPLE * 4 * 50)
    reading = 2 * plan.SECONDS_READ_AGAIN * 50
    assert with_probes - plain == pytest.approx(reading + plan.SECONDS_LEARNING * 50)
