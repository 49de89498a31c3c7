"""Checks of code, titles and translations: what passes, what must not, what is refused."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from uncertainty.evaluation.task_checks import (
    contains_facts,
    contains_phrase,
    function_written,
    is_harmless,
    ngram_overlap,
    passes_asserts,
    plain_text,
)

ADD = "def add(a, b):\n    return a + b\n"


def test_code_passes_only_when_every_expression_is_true():
    assert passes_asserts(ADD, ["add(1, 2) == 3", "add(0, 0) == 0"])
    assert not passes_asserts(ADD, ["add(1, 2) == 3", "add(1, 1) == 3"])
    assert not passes_asserts("def add(a, b):\n    return a +", ["True"])


@pytest.mark.parametrize(
    "code",
    ["raise SystemExit(0)", "def add(a, b):\n    raise SystemExit(0)", "assert False", "1 / 0"],
)
def test_code_that_ends_early_does_not_pass(code):
    assert not passes_asserts(code, ["add(1, 2) == 3"])


def test_code_that_never_ends_does_not_pass():
    assert not passes_asserts("while True:\n    pass", ["True"], seconds=0.5)


@pytest.mark.parametrize(
    "code",
    [
        "import os",
        "from os import system",
        "import math, os",
        "from . import x",
        "open('x', 'w')",
        "().__class__",
        "__import__('os')",
        "eval('1')",
        "def f(:",
        "\0",
    ],
)
def test_code_that_could_reach_further_is_not_run(code):
    assert not is_harmless(code)
    assert not passes_asserts(code, ["True"])


def test_code_does_not_leave_files(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert passes_asserts("import math", ["math.sqrt(4) == 2"])
    assert not list(tmp_path.iterdir())


def test_no_expressions_are_refused():
    with pytest.raises(ValueError, match="any code would pass"):
        passes_asserts(ADD, [])


def test_a_function_ends_where_the_indentation_does():
    written = function_written("def f(x):\n    return", " x\n\n    # more\n\nprint(f(1))\n    y")
    assert written == "def f(x):\n    return x\n\n    # more\n"
    assert function_written("def f():\n    return", " 1") == "def f():\n    return 1"


def test_facts_are_beginnings_of_words_and_all_are_needed():
    facts = [["snow"], ["train", "rail"]]
    assert contains_facts("Snowfall stops Railway", facts)
    assert not contains_facts("Snowfall stops buses", facts)
    assert not contains_facts("A constrained unsnowed street", facts)
    for wrong in ([], [["snow"], []]):
        with pytest.raises(ValueError, match="at least one beginning"):
            contains_facts("snow", wrong)


def test_phrases_are_whole_words_in_a_row():
    assert contains_phrase("On dit « La  Maison ».", ["la maison"])
    assert contains_phrase("Es heißt DIE BRÜCKE", ["die brücke"])
    assert not contains_phrase("la grande maison", ["la maison"])
    assert not contains_phrase("maisonnette", ["maison"])
    for wrong in ([], ["!"]):
        with pytest.raises(ValueError, match="need phrases with words"):
            contains_phrase("x", wrong)


@given(st.text("ab c", min_size=1, max_size=12), st.text("ab c", min_size=1, max_size=12))
def test_overlap_is_what_counting_by_hand_gives(text, reference):
    if not plain_text(reference):
        with pytest.raises(ValueError, match="references with words"):
            ngram_overlap(text, [reference])
        return
    scores = []
    for n in (1, 2, 3, 4):
        one = [plain_text(text)[i : i + n] for i in range(len(plain_text(text)) - n + 1)]
        other = [
            plain_text(reference)[i : i + n] for i in range(len(plain_text(reference)) - n + 1)
        ]
        if one or other:
            left = list(other)
            shared = sum(1 for run in one if run in left and not left.remove(run))
            scores.append(2 * shared / (len(one) + len(other)))
    expected = sum(scores) / len(scores)
    assert ngram_overlap(text, [reference]) == pytest.approx(expected)


def test_overlap_takes_the_best_reference():
    assert ngram_overlap("La maison!", ["der Hund", "la maison"]) == 1
    assert ngram_overlap("xyz", ["la maison"]) == 0
    with pytest.raises(ValueError, match="longest must be at least 1"):
        ngram_overlap("a", ["a"], longest=0)
