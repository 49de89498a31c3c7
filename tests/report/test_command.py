"""The command `uncertainty report`: what it prints, refuses, writes and leaves alone."""

import errno
import json
import os
import subprocess
import sys

import pytest
import torch

from uncertainty import ModelUnavailable, make_report
from uncertainty.__main__ import main
from uncertainty.loading.devices import available_devices
from uncertainty.loading.memory import MemoryNeed
from uncertainty.loading.models import checked_loading
from uncertainty.report import command, plan, reports, writing
from uncertainty.report.model_licence import NOT_STATED, model_licence
from uncertainty.report.plan import Plan, needed, plan_report, require_memory
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
    [said] = capsys.readouterr().err.splitlines()
    assert said.startswith("Unknown model 'smollm2-153m', did you mean 'smollm2-135m'?")


def test_two_models_side_by_side(tmp_path, questions, capsys):
    out = tmp_path / "both.html"
    arguments = ["--compare", "tiny", "tiny", "--questions", questions, "--out", str(out)]
    assert main(["report", *arguments]) == 0
    data = json.loads(out.with_suffix(".json").read_text())
    assert data["kind"] == "comparison" and data["names"] == ["tiny", "tiny"]
    assert "tiny beside tiny" in out.read_text()


def test_a_saved_report_is_compared_without_asking_again(tmp_path, questions, capsys):
    saved, out = tmp_path / "saved.html", tmp_path / "both.html"
    assert main(["report", "tiny", "--questions", questions, "--out", str(saved)]) == 0
    pair = [str(saved.with_suffix(".json")), "tiny"]
    assert main(["report", "--compare", *pair, "--questions", questions, "--out", str(out)]) == 0
    both = json.loads(out.with_suffix(".json").read_text())
    assert both["reports"][0] == json.loads(saved.with_suffix(".json").read_text())
    assert both["names"] == ["tiny", "tiny"]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (None, "No such file"),
        ("{}", "is no report: it lacks the line"),
        ("hello", "is no report: it holds no JSON"),
    ],
)
def test_what_is_no_saved_report_is_refused_before_a_model_is_asked(
    tmp_path, capsys, nothing_loads, content, words
):
    path = tmp_path / "r.json"
    if content is not None:
        path.write_text(content)
    out = str(tmp_path / "both.html")
    assert main(["report", "--compare", "tiny", str(path), "--out", out]) == 1
    [said] = capsys.readouterr().err.splitlines()
    assert said.startswith(f"--compare {path}: ") and words in said


def test_an_interrupt_says_that_answers_are_kept(tmp_path, monkeypatch, capsys):
    def interrupt(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr(command, "make_report", interrupt)
    assert main(["report", "tiny", "--out", str(tmp_path / "r.html")]) == 130
    assert "the same command goes on from there" in capsys.readouterr().err


# What is refused is a sentence, and what is our own fault is not.


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["tiny", "--quantize", "nf4"], "The tiny model is too small to quantise"),
        (["tiny", "--device-map", "auto"], "The tiny model fits on any one device"),
        (["smollm2-135m", "--device-map", "somewhere"], "device_map='somewhere' is not known"),
        (["smollm2-135m", "--device-map", ""], "device_map='' is not known"),
    ],
)
def test_options_of_loading_that_are_refused_are_one_sentence(
    tmp_path, capsys, nothing_loads, arguments, words
):
    assert main(["report", *arguments, "--out", str(tmp_path / "r.html")]) == 1
    [said] = capsys.readouterr().err.splitlines()
    assert said.startswith(words)


@pytest.mark.parametrize("place", ["load_model", "graded_answers", "neurons_part", "summary"])
def test_a_fault_of_our_own_keeps_its_traceback(tmp_path, questions, monkeypatch, capsys, place):
    def fail(*_, **__):
        raise ValueError("shapes (3,4) and (5,) not aligned")

    monkeypatch.setattr(reports, place, fail)
    with pytest.raises(ValueError, match="not aligned") as caught:
        main(["report", "tiny", "--questions", questions, "--out", str(tmp_path / "r.html")])
    assert caught.value.__notes__ == [command.OWN_FAULT]
    assert "not aligned" not in capsys.readouterr().err


def test_the_traceback_of_a_fault_reaches_the_terminal(tmp_path, questions):
    code = (
        "from uncertainty.report import reports\n"
        "reports.graded_answers = lambda *_: int('x')\n"
        "from uncertainty.__main__ import main\n"
        f"main(['report', 'tiny', '--questions', {questions!r}, '--out', 'r.html'])"
    )
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    ran = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env=environment, cwd=tmp_path
    )
    assert ran.returncode == 1
    assert "Traceback" in ran.stderr and "invalid literal for int()" in ran.stderr
    assert ran.stderr.endswith(f"{command.OWN_FAULT}\n")


def test_a_folder_without_weights_is_one_sentence(tmp_path, questions, tiny, capsys):
    tiny[0].config.save_pretrained(tmp_path)
    tiny[1].save_pretrained(tmp_path)
    arguments = ["--questions", questions, "--out", str(tmp_path / "r.html")]
    assert main(["report", str(tmp_path), *arguments]) == 1
    [_, said] = capsys.readouterr().err.splitlines()
    assert said.startswith(f"{tmp_path} cannot be loaded: ") and "model.safetensors" in said


def test_a_full_disk_is_one_sentence(tmp_path, questions, monkeypatch, capsys):
    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(writing, "write_atomically", full)
    out = tmp_path / "r.html"
    assert main(["report", "tiny", "--questions", questions, "--out", str(out)]) == 1
    assert capsys.readouterr().err.splitlines()[-1] == (
        f"{out.with_suffix('.json')} cannot be written (No space left on device): make room, or "
        "choose another place with --out. The answers are kept."
    )


def test_the_options_of_loading_are_passed_on(tmp_path, questions, monkeypatch, tiny):
    asked = []

    def load(name, **options):
        asked.append((name, options))
        raise ModelUnavailable("not now.")

    monkeypatch.setattr(reports, "load_model", load)
    arguments = ["--questions", questions, "--out", str(tmp_path / "r.html")]
    main(["report", "smollm2-135m", "--quantize", "int8", *arguments])
    main(["report", "smollm2-135m", "--device-map", "auto", *arguments])
    assert asked == [
        ("smollm2-135m", {"quantize": "int8", "device_map": None}),
        ("smollm2-135m", {"quantize": None, "device_map": "auto"}),
    ]
    with pytest.raises(ValueError, match="quantize='nf4' and device_map=None are for a model that"):
        make_report(*tiny, questions, quantize="nf4")


# What it will need.


def test_a_model_that_does_not_fit_is_refused_before_it_loads(monkeypatch, nothing_loads):
    monkeypatch.setenv("UNCERTAINTY_FREE_MEMORY", "0.5")
    with pytest.raises(ModelUnavailable) as caught:
        make_report("tiny", questions=[{"question": "a?", "answers": "b"}], progress=False)
    sentence = str(caught.value)
    assert sentence.startswith("tiny: 0.1 million parameters on")
    assert "about 0.80 GB of memory: 0.43 MB for the weights (107,200 parameters x 4 b" in sentence
    assert "0.50 GB are free" in sentence and "That does not fit, so tiny is not loaded" in sentence
    assert "use --quantize nf4" not in sentence  # the tiny model cannot be packed


def test_the_size_comes_from_the_configuration_alone(tmp_path, tiny):
    model, _tokenizer = tiny
    model.config.save_pretrained(tmp_path)
    for name in (str(tmp_path), "tiny"):
        need = needed(name, *checked_loading(name))
        assert (need.parameters, need.vocabulary) == (model.num_parameters(), 259)
        assert need.weights == 4 * model.num_parameters()
    asked = QuestionSet("three", course_questions().questions[:3])
    said = plan_report(str(tmp_path), asked, *checked_loading(str(tmp_path)))
    batch = 3 * 4 * 32 * 24 * 259
    assert said.memory == pytest.approx(4 * model.num_parameters() + batch + 0.8e9)


@pytest.mark.parametrize(
    ("options", "bytes_each", "product"),
    [
        ({"quantize": "nf4"}, 4.5 / 8, "parameters x 4.5 bits and "),
        ({"quantize": "int8"}, 1, "parameters x 8 bits and "),
        ({"device_map": "auto"}, 4, "107,200 parameters x 4 bytes), "),
    ],
)
def test_the_arithmetic_is_that_of_the_option(tmp_path, tiny, options, bytes_each, product):
    pytest.importorskip("bitsandbytes")
    pytest.importorskip("accelerate")
    model, _tokenizer = tiny
    model.config.save_pretrained(tmp_path)
    head = model.get_output_embeddings()
    layers = [m for m in model.modules() if isinstance(m, torch.nn.Linear) and m is not head]
    packed = sum(layer.weight.numel() for layer in layers)
    need = needed(str(tmp_path), *checked_loading(str(tmp_path), **options))
    expected = packed * bytes_each + 4 * (model.num_parameters() - packed)
    assert need.weights == pytest.approx(expected)
    said = plan_report(
        str(tmp_path), course_questions(), *checked_loading(str(tmp_path), **options)
    )
    assert product in said.text
    assert ("the file is read unpacked first: up to 0.43 MB more" in said.text) == (
        "quantize" in options
    )


def test_the_memory_of_all_devices_counts_where_the_weights_are_spread(tiny, tmp_path, monkeypatch):
    pytest.importorskip("accelerate")
    tiny[0].config.save_pretrained(tmp_path)
    places = []
    monkeypatch.setattr(plan, "total_free", lambda given: places.extend(given) or 7_000_000_000)
    said = plan_report(
        str(tmp_path), course_questions(), *checked_loading(str(tmp_path), device_map="auto")
    )
    assert places == available_devices() and said.free == 7e9 and "7.00 GB are free" in said.text


def test_more_questions_and_larger_models_take_longer(monkeypatch):
    monkeypatch.setattr(plan, "products_per_second", lambda: plan.REFERENCE_SPEED)
    some = QuestionSet("some", course_questions().questions[:100])
    default = MemoryNeed(plan.DEFAULT_PARAMETERS, 0, 4, None, 49152, 0)
    short = plan.expected_seconds("other", default, some)
    judging = plan.FIXED_SECONDS + 100 * plan.SECONDS_A_VERDICT
    reading = plan.READING_SECONDS + 100 * (plan.SECONDS_A_QUESTION + plan.SECONDS_READ_AGAIN)
    assert short == pytest.approx(judging + reading)
    large = MemoryNeed(2 * plan.DEFAULT_PARAMETERS, 0, 4, None, 1, 0)
    assert plan.expected_seconds("other", large, some) == pytest.approx(judging + 2 * reading)
    recorded = plan.expected_seconds("smollm2-135m", default, course_questions())
    assert recorded == pytest.approx(
        15 + 20 + 445 * (plan.SECONDS_A_VERDICT + plan.SECONDS_READ_AGAIN)
    )
    packed = MemoryNeed(plan.DEFAULT_PARAMETERS, 1, 4, "nf4", 49152, 0)
    asked_anew = plan.expected_seconds("smollm2-135m", packed, course_questions())
    reading = 20 + 445 * (plan.SECONDS_A_QUESTION + plan.SECONDS_READ_AGAIN)
    assert asked_anew == pytest.approx(15 + 445 * plan.SECONDS_A_VERDICT + 3 * reading)


def test_an_unknown_size_or_memory_is_not_refused(tmp_path):
    require_memory(Plan(None, 1e9, None, "unknown"), "m")
    require_memory(Plan(1e9, None, None, "unknown"), "m")
    (tmp_path / "config.json").write_text("{}")
    said = plan_report(str(tmp_path), course_questions(), *checked_loading(str(tmp_path)))
    assert "its size is not known before it loads" in said.text and said.memory is None


def test_the_configuration_of_a_hub_model_is_fetched_where_the_hub_answers(monkeypatch):
    asked = []

    def from_configuration(source, options, *, local_files_only=True):
        asked.append(local_files_only)
        return None

    monkeypatch.setattr(plan, "_from_configuration", from_configuration)
    monkeypatch.setattr(plan, "hub_answers", lambda: True)
    assert needed("owner/model", *checked_loading("owner/model")) is None and asked == [True, False]
    monkeypatch.setattr(plan, "hub_answers", lambda: False)
    assert needed("owner/model", *checked_loading("owner/model")) is None and asked == [
        True,
        False,
        True,
    ]


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
