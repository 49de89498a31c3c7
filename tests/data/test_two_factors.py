"""The two-factor questions and the planted facts keep their promises."""

from collections import Counter, defaultdict

import pytest

from uncertainty.data.two_factors import (
    LEVELS,
    OPENNESS,
    load_planted_facts,
    load_two_factors,
    swapped,
)

ITEMS = load_two_factors()


def test_every_cell_has_every_subject_once():
    counts = Counter((i.domain, i.level, i.openness) for i in ITEMS)
    assert len({i.domain for i in ITEMS}) == 9 and set(counts.values()) == {12}
    assert set(counts) == {(d, v, o) for d, _, _ in counts for v in LEVELS for o in OPENNESS}
    assert len({i.id for i in ITEMS}) == len(ITEMS) == 648
    subjects = {(i.domain, i.subject.lower()) for i in ITEMS}
    assert len(subjects) == 9 * 36, "a subject has one level"


def test_both_kinds_ask_about_the_same_subjects_in_the_same_wordings():
    by_kind = {o: [i for i in ITEMS if i.openness == o] for o in OPENNESS}
    for one, many in zip(by_kind["one"], by_kind["many"]):
        assert (one.domain, one.level, one.subject) == (many.domain, many.level, many.subject)
        assert one.asked != many.asked
        replaced = [question.replace(one.asked, many.asked) for question in one.questions]
        assert replaced == list(many.questions)


def test_only_real_subjects_with_one_answer_have_answers():
    for i in ITEMS:
        assert bool(i.answers) == (i.openness == "one" and i.level != "invented")
        assert all(answer == answer.strip() != "" for answer in i.answers)
        asked = i.asked.lower().split()
        assert not [a for a in i.answers if a.lower() in asked], i


def test_invented_names_stand_in_no_question_about_something_real():
    invented = {i.subject for i in ITEMS if i.level == "invented"}
    real = {i.subject for i in ITEMS if i.level != "invented"}
    assert not invented & real


def test_each_ending_is_right_as_often_as_it_is_wrong():
    right, wrong = defaultdict(Counter), defaultdict(Counter)
    answers = {i.id: i.answers for i in ITEMS}
    facts = load_planted_facts()
    assert len(facts) == 216 and len({f.before for f in facts}) == 216
    for f in facts:
        right[f.domain, f.level][f.right] += 1
        wrong[f.domain, f.level][f.wrong] += 1
        assert f.right.strip(" .") == answers[f.id][0].strip(".")
        assert f.wrong[1:-1] not in answers[f.id]
    assert right == wrong


def test_an_order_that_cannot_be_is_refused():
    assert swapped([("a",), ("b",)]) == [1, 0]
    assert swapped([("a", "b"), ("b",), ("c",)]) == [2, 0, 1]
    with pytest.raises(ValueError, match="no order of these answers is wrong everywhere"):
        swapped([("a",), ("a",), ("b",)])
