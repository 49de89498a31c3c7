"""The grader reads awkward answers as a person would."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from uncertainty.evaluation.grader import is_correct

PARIS = ("Paris",)
UK = ("United Kingdom", "UK", "Britain")

RIGHT = [
    ("Paris", PARIS),
    ("paris.", PARIS),
    ("  **Paris**!\n", PARIS),
    ('"Paris"', PARIS),
    ("Paris\n\nLondon is another capital.", PARIS),
    ("The capital of France is Paris.", PARIS),
    ("The answer is: Paris", PARIS),
    ("The capital is:\n\nParis", PARIS),
    ("Answer: Paris", PARIS),
    ("A: Paris", PARIS),
    ("1. Paris", PARIS),
    ("- Paris", PARIS),
    ("Sure! It is Paris.", PARIS),
    ("What is the capital of France? Paris.", PARIS),
    ("Paris, France", PARIS),
    ("Paris, not London", PARIS),
    ("It is not London, but Paris.", PARIS),
    ("Probably Paris.", PARIS),
    ("Paris is the capital or seat of government.", PARIS),
    ("The capital or seat of government is Paris.", PARIS),
    ("Paris, but to be exact it is actually Paris.", PARIS),
    ("Trinidad and Tobago", ("Trinidad", "Trinidad and Tobago")),
    (
        "The capital of that large and famous country, which we all know, is typically Paris, on the Seine.",
        PARIS,
    ),
    ("Paris and it lies on the Seine", PARIS),
    ("It is Paris and is known for its tower.", PARIS),
    ("The U.K.", UK),
    ("UK or United Kingdom", UK),
    ("the united kingdom (Britain)", UK),
    ("Brasilia", ("Brasília",)),
    ("BRASÍLIA", ("Brasília",)),
    ("four", ("4",)),
    ("A dog has four legs.", ("4",)),
    ("4", ("four",)),
    ("1,000", ("1000",)),
    ("one thousand", ("1000",)),
    ("a hundred and five", ("105",)),
    ("twenty-one", ("21",)),
    ("12.0", ("12",)),
    ("$12$", ("12",)),
    ("7 + 5 = \\boxed{12}", ("12",)),
    ("It ended on 8 May 1945.", ("1945",)),
    ("It was signed on July 4, 1776, in the city of Philadelphia, by the delegates", ("1776",)),
    ("Au", ("Au",)),
    ("The symbol for gold is Au (from Latin aurum).", ("Au",)),
    ("H₂O", ("H2O",)),
    ("It was written by J.R.R.Tolkien.", ("J. R. R. Tolkien", "Tolkien")),
    ("J. K. Rowling wrote it.", ("J. K. Rowling",)),
    ("St. Petersburg", ("Saint Petersburg", "St Petersburg")),
    ("Apples, for example", ("apple",)),
    ("Cherries", ("cherry",)),
    ("A Midsummer Night’s Dream", ("A Midsummer Night's Dream",)),
]
WRONG = [
    ("", PARIS),
    ("...", PARIS),
    ("Paris", ()),
    ("Parisian", PARIS),
    ("not Paris", PARIS),
    ("It isn't Paris.", PARIS),
    ("The capital of France is not Paris.", PARIS),
    ("I don't know, maybe Paris?", PARIS),
    ("Paris or London", PARIS),
    ("London or Paris", PARIS),
    ("Paris/London", PARIS),
    ("Either Paris or London.", PARIS),
    ("Paris, London or Rome", PARIS),
    ("Paris and London", PARIS),
    ("London, Paris", PARIS),
    ("London, but Paris", PARIS),
    ("London. No, it is Paris.", PARIS),
    ("London\nParis", PARIS),
    ("Its capital is larger than Paris.", PARIS),
    ("It is Paris, but it is actually London.", PARIS),
    ("Pride by Jane Austen is often attributed to George Eliot", ("Jane Austen",)),
    ("The nearest planet is Venus, but it is Earth's twin.", ("Earth",)),
    ("24", ("4",)),
    ("12.5", ("12",)),
    ("12,000", ("12",)),
    ("-12", ("12",)),
    ("12/5", ("12",)),
    ("3-4", ("4",)),
    ("three or four", ("4",)),
    ("twenty-four", ("4",)),
    ("four hundred", ("4",)),
    ("4 million", ("4",)),
    ("7 + 5 = 13", ("5",)),
    ("au", ("Au",)),
    ("AU", ("Au",)),
    ("CO", ("Co",)),
    ("𑁒 ٣ ½", ("3.5",)),
]


@pytest.mark.parametrize(("text", "answers"), RIGHT)
def test_right_answers(text, answers):
    assert is_correct(text, answers)


@pytest.mark.parametrize(("text", "answers"), WRONG)
def test_wrong_answers(text, answers):
    assert not is_correct(text, answers)


EDGE = st.text(" \t\n.,!?\"'()*", max_size=4)
WORDING = st.sampled_from(
    ["Paris", "four", "The answer is Paris", "not Paris", "Paris or London", "London", "12"]
)


@given(WORDING, EDGE, EDGE)
def test_grading_ignores_case_outer_punctuation_and_whitespace(text, left, right):
    expected = is_correct(text, ("Paris", "4"))
    for wording in (text, text.upper(), text.lower(), text.replace(" ", "  ")):
        assert is_correct(left + wording + right, ("Paris", "4")) == expected


@given(st.text())
def test_the_grader_survives_any_text(text):
    assert is_correct(text, PARIS) in (True, False)


@given(st.integers(0, 999_999))
def test_a_number_is_the_same_with_and_without_separators(number):
    assert is_correct(f"{number:,}", (str(number),)) and is_correct(str(number), (f"{number:,}",))
    assert not is_correct(str(number + 1), (str(number),))
