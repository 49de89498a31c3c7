"""Every exercise: the reference passes, the stub is "untouched", each typical mistake gets exactly its own sentence."""

import inspect
import json
import re
from pathlib import Path
from unittest.mock import patch

import nbformat
import pytest
import torch

from uncertainty.course.exercises import check, exercises, hint, progress, solution

ALL = exercises()
MISTAKES = [
    pytest.param(e, sentence, wrong, id=f"{e.name}-{i}")
    for e in ALL
    for i, (sentence, wrong) in enumerate(e.mistakes)
]


@pytest.fixture(autouse=True)
def own_cache(monkeypatch, tmp_path):
    monkeypatch.setenv("UNCERTAINTY_CACHE", str(tmp_path))
    return tmp_path


def named(function, name):
    function.__name__ = name
    return function


def shown(call, *arguments):
    with patch("uncertainty.course.exercises.feedback.display") as display:
        value = call(*arguments)
    return value, "\n".join(one.args[0].data for one in display.call_args_list)


@pytest.mark.parametrize("e", ALL, ids=lambda e: e.name)
def test_the_reference_passes_and_is_handed_back(e):
    attempt = named(lambda *a: e.reference(*a), e.name)
    got, text = shown(check, attempt)
    assert got is attempt and "right" in text and e.judge(attempt).state == "right"


@pytest.mark.parametrize("e", ALL, ids=lambda e: e.name)
def test_the_stub_is_untouched_and_the_reference_serves(e):
    def stub(*arguments):
        raise NotImplementedError

    got, text = shown(check, named(stub, e.name))
    assert got is e.reference and "not attempted yet" in text


@pytest.mark.parametrize("e,sentence,wrong", MISTAKES)
def test_each_typical_mistake_gets_its_own_sentence(e, sentence, wrong):
    outcome = e.judge(wrong)
    assert (outcome.state, outcome.message) == ("wrong", sentence)
    got, text = shown(check, named(lambda *a: wrong(*a), e.name))
    assert got is e.reference and sentence in text


@pytest.mark.parametrize("e", ALL, ids=lambda e: e.name)
def test_no_exercise_is_passed_by_a_constant_or_by_its_input(e):
    assert e.judge(lambda *a: 0.0).state == "wrong" and e.judge(lambda *a: a[0]).state == "wrong"
    assert "is there a `return`?" in e.judge(lambda *a: None).message or e.name in ("read_percent",)
    assert len(e.mistakes) >= 2 and len(e.hint) > 10


def test_unforeseen_mistakes_are_shown_with_the_values():
    [softmax] = [e for e in ALL if e.name == "softmax"]
    assert "expected" in softmax.judge(lambda z: z * 0 + 0.3).message
    assert "shape" in softmax.judge(lambda z: z[:2]).message
    assert "ZeroDivisionError" in softmax.judge(lambda z: 1 / 0).message
    assert softmax.judge(lambda z: "text").state == "wrong"
    for strange in (
        [[1.0], [2.0, 3.0]],
        torch.empty(2, device="meta"),
        torch.ones(2, dtype=torch.bfloat16),
    ):
        assert softmax.judge(lambda z, strange=strange: strange).state == "wrong"
    assert softmax.judge(lambda z: z.softmax(-1).requires_grad_()).state == "right"
    assert "NotImplementedError" in softmax.judge(lambda z: z.long().softmax(-1)).message


def test_an_attempt_cannot_spoil_the_inputs():
    [softmax] = [e for e in ALL if e.name == "softmax"]

    def spoiler(z):
        z.zero_()
        return z

    before = [argument.clone() for (argument,) in softmax.inputs]
    softmax.judge(spoiler)
    assert all(torch.equal(a, b) for a, (b,) in zip(before, softmax.inputs))


def test_an_unknown_name_lists_the_known_ones():
    with pytest.raises(ValueError, match=r"no exercise called 'softmx'.*softmax"):
        check(named(lambda z: z, "softmx"))


def test_hint_and_solution_show_what_is_tested():
    _, text = shown(hint, "softmax")
    assert "subtract the largest" in text.lower()
    _, text = shown(solution, "softmax")
    code = re.search(r"```python\n(.*)```", text, re.S).group(1)
    namespace = {"torch": torch}
    exec(code, namespace)
    [softmax] = [e for e in ALL if e.name == "softmax"]
    assert code.startswith("def softmax") and softmax.judge(namespace["softmax"]).state == "right"


def test_progress_remembers_and_survives_a_damaged_file(own_cache):
    [softmax] = [e for e in ALL if e.name == "softmax"]
    shown(check, named(lambda z: softmax.reference(z), "softmax"))
    assert json.loads((own_cache / "progress.json").read_text()) == ["softmax"]
    _, text = shown(progress, "01")
    assert text.startswith("**1 of 4 exercises solved**") and "\u2713 `softmax`" in text
    for damaged in ("{half", "5", "null", "[1]"):
        (own_cache / "progress.json").write_text(damaged)
        _, text = shown(progress)
        assert text.startswith(f"**0 of {len(ALL)}")


def lesson_cells():
    for path in sorted((Path(__file__).parents[2] / "notebooks").glob("[0-9][0-9]_*.ipynb")):
        for cell in nbformat.read(path, as_version=4).cells:
            if cell.cell_type == "code" and re.search(r"=\s*check\(", cell.source):
                yield path.name[:2], cell.source


def test_every_exercise_stands_in_its_lesson_and_the_other_way_round():
    asked = {
        (lesson, re.search(r"(\w+)\s*=\s*check\((\w+)\)", source).groups())
        for lesson, source in lesson_cells()
    }
    assert asked == {(e.lesson, (e.name, e.name)) for e in ALL}


def test_the_stubs_take_the_arguments_of_the_reference():
    parameters = {e.name: tuple(inspect.signature(e.reference).parameters) for e in ALL}
    for _, source in lesson_cells():
        name, listed = re.search(r"def (\w+)\((.*?)\)", source).groups()
        assert tuple(part.strip() for part in listed.split(",")) == parameters[name]
        assert "raise NotImplementedError" in source
