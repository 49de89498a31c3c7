"""What every lesson has, in words that a reader can look for: opening, exercises, box, schematic, quiz, ending."""

import collections
import re
from pathlib import Path

import nbformat
import pytest

from uncertainty.course.exercises import exercises
from uncertainty.course.lessons import LESSONS, PARTS

FOLDER = Path(__file__).parent.parent / "notebooks"
LESSON = {path.stem[3:]: nbformat.read(path, as_version=4) for path in FOLDER.glob("[0-9]*.ipynb")}
NAMES = [lesson.name for lesson in LESSONS if lesson.name in LESSON]
LATER = NAMES[1:]  # the first lesson is a welcome of fifteen minutes
KINDS = "predict|debug|design|build|interpret"
EXERCISE = re.compile(
    rf"\*\*Exercise (\d+) \((\d+) minutes?, ({KINDS}); difficulty ([123]), importance ([123])\): (.+?)\*\*"
)
FOLD = re.compile(r"<details><summary>([A-D])\. .*?</summary>\s*(\S+)", re.S)
FIRST_OF_NEXT = [part.first for part in PARTS[1:]]
LAST_OF_PART = [NAMES[NAMES.index(name) - 1] for name in FIRST_OF_NEXT if name in NAMES]


def prose(name):
    """The lesson's text, without its code."""
    return "\n\n".join(cell.source for cell in LESSON[name].cells if cell.cell_type == "markdown")


def code(name):
    return "\n\n".join(cell.source for cell in LESSON[name].cells if cell.cell_type == "code")


def quiz_answers(name):
    """The letters of the right options: their explanation begins with "Yes"."""
    quiz = prose(name).partition("## Quiz")[2].partition("## Take-away")[0]
    return [letter for letter, first in FOLD.findall(quiz) if first.startswith("Yes")]


@pytest.mark.parametrize("name", LATER)
def test_it_opens_with_a_scene_a_prediction_and_what_it_is_for(name):
    opening = LESSON[name].cells[0].source
    wanted = ("**Write down", "**By the end you will have shown that**", "**You will be able to**")
    places = [opening.find(words) for words in wanted]
    assert -1 not in places and places == sorted(places), dict(zip(wanted, places))
    scene = opening[: places[0]].split("colab.research.google.com", 1)[-1]
    assert len(scene.split()) >= 30, "the scene comes first, in some sentences"


@pytest.mark.parametrize("name", LATER)
def test_exercises_are_marked_numbered_and_of_more_than_one_kind(name):
    found = EXERCISE.findall(prose(name))
    assert [int(number) for number, *_ in found] == list(range(1, len(found) + 1))
    assert prose(name).count("**Exercise ") == len(found), "each has minutes, kind and marks"
    assert 2 <= len(found) <= 6
    assert len({kind for _, _, kind, *_ in found}) >= 2
    titles = " ".join(title for *_, title in found)
    checked = re.findall(r"= check\((\w+)\)", code(name))
    assert all(f"`{each}`" in titles for each in checked), (checked, titles)


@pytest.mark.parametrize("name", LATER)
def test_it_has_a_box_a_schematic_a_formula_and_a_bonus(name):
    text = prose(name)
    assert "**In a paper you would read" in text
    assert "show_schematic(" in code(name)
    assert len(re.findall(r"\$[^$]+\$", text)) >= 1
    assert "**Bonus" in text


@pytest.mark.parametrize("name", LATER)
def test_it_ends_with_the_question_of_the_course(name):
    takeaway = prose(name).partition("## Take-away")[2]
    assert "hen should you believe" in takeaway


@pytest.mark.parametrize("name", LAST_OF_PART)
def test_each_part_ends_with_a_control_to_design(name):
    assert "**A larger exercise" in prose(name)


@pytest.mark.parametrize("name", LATER)
def test_a_quiz_explains_every_option_and_has_one_right_one(name):
    quiz = prose(name).partition("## Quiz")[2].partition("## Take-away")[0]
    assert quiz.count("<details>") == len(FOLD.findall(quiz)) >= 4
    assert len(quiz_answers(name)) == len(re.findall(r"<summary>A\. ", quiz))


def test_the_right_letters_are_spread():
    letters = collections.Counter(letter for name in LATER for letter in quiz_answers(name))
    assert max(letters.values()) <= 0.45 * sum(letters.values()), letters


@pytest.mark.parametrize("each", exercises(), ids=lambda each: each.name)
def test_hints_have_three_levels_and_a_right_answer_a_note(each):
    assert len(each.hints) == 3 and len(set(each.hints)) == 3
    assert len(each.note) > 20 and (each.note[0].islower() or each.note[0] in "`$")
