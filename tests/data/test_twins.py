"""twins.py against lesson 17's solution, which goes through all pairs."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from uncertainty import load_questions
from uncertainty.course.exercises.doubt_direction import twin_groups
from uncertainty.data.questions import Question
from uncertainty.data.twins import same_answer_groups


def asked(answers):
    return [
        Question(str(place), "unique", "made", "Why?", tuple(each))
        for place, each in enumerate(answers)
    ]


def same_partition(one, other):
    one, other = np.asarray(one), np.asarray(other)
    return np.array_equal(one[:, None] == one, other[:, None] == other)


@given(st.lists(st.lists(st.sampled_from("abcdefghABCD"), max_size=3), min_size=1, max_size=12))
def test_the_groups_are_those_of_the_lesson(answers):
    groups = same_answer_groups(asked(answers))
    assert same_partition(groups, twin_groups(answers))


def test_the_courses_questions_have_the_groups_that_the_lesson_prints():
    questions = load_questions("unique")
    groups = same_answer_groups(questions)
    assert len(set(groups.tolist())) == 387 and np.unique(groups, return_counts=True)[1].max() == 8
    assert same_answer_groups([]).shape == (0,)
