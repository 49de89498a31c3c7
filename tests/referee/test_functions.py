"""What a function asks for is read from its parameters; what it returns is a number or an error."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from uncertainty.referee.functions import EVIDENCE, Doubt, read_doubts, require_ranking


def needs(function):
    [doubt] = read_doubts({"mine": function}, taken=set(), doubts=frozenset())
    return doubt.needs


def test_evidence_is_read_from_the_parameters():
    assert needs(lambda generation: 0) == ()
    assert needs(lambda g, samples, question: 0) == ("samples", "question")
    assert needs(lambda g, *, question=None, scale=2: 0) == ("question",)
    assert needs(lambda g, *rest, **named: 0) == ()
    assert needs(len) == ()


@pytest.mark.parametrize(
    ("function", "words"),
    [
        (lambda g, answer: 0, "'mine' asks for 'answer', which is not known"),
        (lambda samples: 0, "first parameter of 'mine' takes the answer"),
        (lambda: 0, "first parameter of 'mine' takes the answer"),
        (lambda *, generation: 0, "first parameter of 'mine' takes the answer"),
        (7, "'mine' must be a function of an answer, got 7"),
    ],
)
def test_what_cannot_be_given_is_refused_with_what_can(function, words):
    with pytest.raises(ValueError, match=words) as refusal:
        needs(function)
    assert function == 7 or all(key in str(refusal.value) for key in EVIDENCE)


def test_names_are_checked():
    options = dict(taken={"length"}, doubts=frozenset())
    for functions in ({}, None, [len]):
        with pytest.raises(ValueError, match="add needs functions by name"):
            read_doubts(functions, **options)
    with pytest.raises(ValueError, match="'length' is on the board already"):
        read_doubts({"length": len}, **options)
    with pytest.raises(ValueError, match="'my confidence' grows with confidence"):
        read_doubts({"my confidence": len}, **options)
    [kept] = read_doubts({"lost certainty": len}, taken=set(), doubts=frozenset({"lost certainty"}))
    assert kept.name == "lost certainty"
    with pytest.raises(ValueError, match=r"doubts must be names among the functions \['mine'\]"):
        read_doubts({"mine": len}, taken=set(), doubts=frozenset({"other"}))


def value(returned):
    return Doubt("mine", lambda g: returned, ()).value(None, {}, where="'Why?'")


@given(st.floats(allow_infinity=False, width=32))
def test_numbers_of_every_kind_are_taken(number):
    for returned in (number, np.float32(number), torch.tensor(number), np.array([number])):
        assert value(returned) == number or math.isnan(number)
    assert value(True) == 1.0 and value(3) == 3.0


@pytest.mark.parametrize(
    "returned", [None, "0.5", math.inf, [0.5], torch.ones(2), 1j, np.array(-np.inf)]
)
def test_what_is_no_number_is_refused_with_the_question(returned):
    with pytest.raises(ValueError, match=r"'mine' returned .* for the answer to 'Why\?'"):
        value(returned)


def test_a_failure_is_told_with_the_question():
    with pytest.raises(ValueError, match=r"'mine' failed on .* 'Why\?': ZeroDivisionError") as told:
        Doubt("mine", lambda g: 1 / 0, ()).value(None, {}, where="'Why?'")
    assert isinstance(told.value.__cause__, ZeroDivisionError)


def test_a_constant_is_refused_and_missing_values_do_not_hide_it():
    with pytest.raises(ValueError, match=r"'mine' returned 2.0 for every one of 2 answers"):
        require_ranking("mine", [2.0, math.nan, 2.0])
    with pytest.raises(ValueError, match="'mine' returned nan for every one of 2 answers"):
        require_ranking("mine", [math.nan, math.nan])
    require_ranking("mine", [2.0, math.nan, 3.0])
