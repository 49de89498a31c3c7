"""The multiple-choice questions keep their promises."""

from collections import Counter

import pytest

from uncertainty.data.choices import CHOICE_STYLES, LETTERS, choice_prompt, load_choices
from uncertainty.data.questions import load_questions
from uncertainty.evaluation.choices import extract_choice
from uncertainty.evaluation.grader import is_correct

CHOICES = load_choices()
QUESTIONS = {q.id.replace("unique", "choice"): q for q in load_questions("unique")}


def test_there_are_enough_and_every_letter_is_right_equally_often():
    assert len(CHOICES) >= 120 and len({choice.id for choice in CHOICES}) == len(CHOICES)
    counts = Counter(choice.answer for choice in CHOICES)
    assert set(counts) == set(LETTERS) and len(set(counts.values())) == 1


@pytest.mark.parametrize("choice", CHOICES, ids=lambda choice: choice.id)
def test_exactly_one_option_answers_the_question(choice):
    source = QUESTIONS[choice.id]
    assert choice.question == source.question and len(set(choice.options)) == 4
    right = [is_correct(option, source.answers) for option in choice.options]
    assert [letter for letter, is_right in zip(LETTERS, right) if is_right] == [choice.answer]


def test_options_of_a_kind_are_of_one_kind():
    for choice in CHOICES:
        if choice.kind in ("numbers", "years"):
            assert all(option.isdigit() for option in choice.options), choice.id
    kinds = Counter(choice.kind for choice in CHOICES)
    assert len(kinds) >= 12 and min(kinds.values()) >= 4


@pytest.mark.parametrize("style", CHOICE_STYLES)
def test_a_prompt_holds_the_question_and_the_options_and_no_answer(style):
    choice = CHOICES[0]
    prompt = choice_prompt(choice, style)
    for letter, option in zip(LETTERS, choice.options):
        assert f"\n{letter}. {option}\n" in prompt
    assert choice.question in prompt and CHOICE_STYLES[style] in prompt
    assert prompt.endswith("Explanation:" if style == "thinking" else "\n\nAnswer:")
    assert extract_choice(prompt, choice.options) is None


def test_an_unknown_style_is_refused():
    with pytest.raises(ValueError, match="unknown style 'shy'; choose one of base, instruct"):
        choice_prompt(CHOICES[0], "shy")


@pytest.mark.parametrize("choice", CHOICES, ids=lambda choice: choice.id)
def test_letter_and_option_are_read_back(choice):
    for letter, option in zip(LETTERS, choice.options):
        assert extract_choice(f"{letter}. {option}", choice.options) == letter
