"""The question sets, idioms and tasks keep their promises."""

import re
from collections import Counter

import pytest

from uncertainty.data.questions import KINDS, load_idioms, load_questions, load_tasks
from uncertainty.evaluation.grader import is_correct


def words(text):
    """The words of a text in lower case, with one space between them."""
    return " ".join(re.findall(r"\w+", text.lower()))


@pytest.mark.parametrize(("kind", "least"), [("unique", 320), ("none", 105), ("many", 105)])
def test_there_are_enough_questions_of_each_kind(kind, least):
    assert len(load_questions(kind)) >= least


def test_questions_are_in_order_and_never_repeat():
    questions = load_questions()
    assert [q.id for q in questions] == [
        q.id for q in sorted(questions, key=lambda q: (KINDS.index(q.kind), q.id))
    ]
    assert len({q.id for q in questions}) == len(questions)
    assert len({q.question.lower() for q in questions}) == len(questions)


def test_questions_are_well_formed():
    for q in load_questions():
        assert q.kind in KINDS and q.id.startswith(f"{q.kind}-{q.category}-")
        assert q.question == q.question.strip() and q.question[-1] in "?."
        assert isinstance(q.answers, tuple) and all(a == a.strip() != "" for a in q.answers)
        assert len(set(q.answers)) == len(q.answers)


def test_each_kind_has_the_answers_it_should():
    assert all(1 <= len(q.answers) <= 6 for q in load_questions("unique"))
    assert all(len(q.answers[0].split()) <= 3 for q in load_questions("unique"))
    assert all(not q.answers for q in load_questions("none"))
    assert all(len(q.answers) >= 5 for q in load_questions("many"))


def test_no_answer_stands_in_its_own_question():
    for q in load_questions():
        question = f" {words(q.question)} "
        assert not [answer for answer in q.answers if f" {words(answer)} " in question], q


def test_every_listed_answer_is_graded_as_right():
    for q in load_questions():
        for answer in q.answers:
            assert is_correct(answer, q.answers), (q.question, answer)
            assert is_correct(f"The answer is **{answer}**.", q.answers), (q.question, answer)


def test_every_kind_has_every_category():
    counts = Counter((q.kind, q.category) for q in load_questions())
    categories = {category for _, category in counts}
    assert len(categories) == 10
    assert all(counts[kind, category] >= 10 for kind in KINDS for category in categories)


def test_kind_and_category_select():
    capitals = load_questions("none", category="capitals")
    assert capitals and {(q.kind, q.category) for q in capitals} == {("none", "capitals")}
    assert len(load_questions(category="capitals")) == sum(
        len(load_questions(kind, category="capitals")) for kind in KINDS
    )


@pytest.mark.parametrize(
    ("kwargs", "named"), [({"kind": "hard"}, "many"), ({"category": "sport"}, "capitals")]
)
def test_an_unknown_kind_or_category_is_named_with_the_known_ones(kwargs, named):
    with pytest.raises(ValueError, match=rf"{next(iter(kwargs.values()))}.*{named}"):
        load_questions(**kwargs)


def test_idioms_split_before_their_last_word():
    idioms = load_idioms()
    assert len(idioms) >= 340 and len({i.id for i in idioms}) == len(idioms)
    assert len({i.prefix.lower() for i in idioms}) == len(
        idioms
    )  # so that no prefix has two endings
    for idiom in idioms:
        assert re.fullmatch("[A-Za-z]+", idiom.last_word) and idiom.prefix == idiom.prefix.strip()
        assert len(f"{idiom.prefix} {idiom.last_word}".split()) == idiom.words_before + 1


def test_idioms_cover_every_prefix_length():
    counts = Counter(min(idiom.words_before, 4) for idiom in load_idioms())
    assert counts[1] >= 40 and counts[2] >= 80 and counts[3] >= 80 and counts[4] >= 120


def test_tasks_are_balanced_and_length_alone_does_not_tell_them_apart():
    tasks = load_tasks()
    assert (
        set(Counter(t.task for t in tasks).values()) == {42} and len({t.task for t in tasks}) == 7
    )
    assert len({t.prompt for t in tasks}) == len(tasks)
    words = {
        name: [len(t.prompt.split()) for t in tasks if t.task == name]
        for name in {t.task for t in tasks}
    }
    assert max(min(w) for w in words.values()) < min(max(w) for w in words.values())
