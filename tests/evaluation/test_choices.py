"""The extractor of multiple-choice answers: right where it is clear, None in doubt."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from uncertainty.evaluation.choices import extract_choice

CITIES = ("London", "Paris", "Rome", "Berlin")
SYMBOLS = ("Fe", "C", "Co", "D")

CLEAR = [
    ("B", "B"),
    ("b", "B"),
    (" B.", "B"),
    ("(C)", "C"),
    ("[d]", "D"),
    ("**A**", "A"),
    ("B) Paris", "B"),
    ("B. Paris\n\nThe correct", "B"),
    ("B: Paris", "B"),
    ("B Paris", "B"),
    ("Answer: B", "B"),
    ("The answer is C", "C"),
    ("The answer is A.", "A"),
    ("The answer is A because it is large.", "A"),
    ("The answer is definitely (B)", "B"),
    ("I think it is C", "C"),
    ("The correct option is C. Rome.", "C"),
    ("The correct answer is: D) Berlin", "D"),
    ("C is correct.", "C"),
    ("D is the right answer", "D"),
    ("Option B", "B"),
    ("I choose D.", "D"),
    ("Therefore, B", "B"),
    ("B. Paris. A city of art", "B"),
    ("Paris", "B"),
    ("The capital is Paris.", "B"),
    ("It is not London but Paris.", "B"),
    ("<think>A or B? Not A.</think>B", "B"),
    (r"\boxed{C}", "C"),
    ('{"answer": "D"}', "D"),
]
DOUBTFUL = [
    "",
    "Answer: Because the sea is salty",
    "Answer: Because the sea is salty, C",
    "Definitely bar",
    "A capital city is a large city",
    "The answer is A city in Europe",
    "A or B",
    "The answer is B or C.",
    "B and D",
    "A. London  B. Paris  Answer: A or B? Answer: D",
    "not B",
    "B is wrong",
    "The answer is not B.",
    "It isn't (C).",
    "B) Rome",
    "The answer is B. Rome",
    "London or Paris",
    "London, Paris",
    "E",
    "E) Madrid",
    "I do not know.",
    "Vitamin D",
    "Bob's answer",
    "D'accord",
    "I think it is A city",
    "B. Paris, although D looks fine",
]


@pytest.mark.parametrize(("text", "letter"), CLEAR)
def test_a_clear_choice_is_read(text, letter):
    assert extract_choice(text, CITIES) == letter


@pytest.mark.parametrize("text", DOUBTFUL)
def test_a_doubtful_choice_is_none(text):
    assert extract_choice(text, CITIES) is None


@pytest.mark.parametrize(
    ("text", "letter"),
    [("C", None), ("B. C", "B"), ("The symbol is C", None), ("B", "B"), ("Co", "C"), ("D. D", "D")],
)
def test_a_letter_that_is_another_options_text_needs_its_own_option(text, letter):
    assert extract_choice(text, SYMBOLS) == letter


def test_the_reference_patterns_fall_for_what_ours_refuses():
    careless = re.compile(r"ANSWER:\s*([A-D])|DEFINITELY\s*([A-D])|I THINK\s*([A-D])")
    for text, wrong in [("Answer: Because foo", "B"), ("Definitely bar", "B")]:
        found = careless.search(text.upper())
        assert next(filter(None, found.groups())) == wrong
        assert extract_choice(text, CITIES) is None
    found = careless.search("I THINK DELHI")
    assert next(filter(None, found.groups())) == "D"
    assert extract_choice("I think Delhi", CITIES) is None


def test_a_prompt_is_no_completion():
    prompt = "Question: Where?\n\nChoices:\nA. London\nB. Paris\nC. Rome\nD. Berlin\n"
    assert extract_choice(prompt, CITIES) is None


@given(st.sampled_from("ABCD"), st.sampled_from(["{}) {}", "({}) {}", "{}. {}", "Answer: {}. {}"]))
def test_letter_and_own_text_are_that_letter_and_another_text_is_doubt(letter, form):
    own = CITIES["ABCD".index(letter)]
    assert extract_choice(form.format(letter, own), CITIES) == letter
    other = CITIES["BCDA".index(letter)]
    assert extract_choice(form.format(letter, other), CITIES) is None


@given(st.text(alphabet="abcdefghijklm nop,.!?", max_size=40))
def test_text_without_labels_and_options_chooses_nothing(text):
    if not re.fullmatch(r"\W*[a-d]\W*", text):
        assert extract_choice(text, CITIES) is None


def test_bad_arguments_are_refused():
    with pytest.raises(TypeError, match="pass the completion's text"):
        extract_choice(None, CITIES)
    with pytest.raises(ValueError, match="different options"):
        extract_choice("A", ["Paris", "paris "])
    with pytest.raises(ValueError, match="different options"):
        extract_choice("A", ["Paris"])
