"""The question sets keep their promises, and the grader reads awkward answers as a person would."""

import re
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from uncertainty.data.questions import KINDS, load_idioms, load_questions, load_tasks
from uncertainty.evaluation.grader import _words, is_correct

PARIS = ("Paris",)
UK = ("United Kingdom", "UK", "Britain")


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
        text = f" {' '.join(_words(q.question)).lower()} "
        assert not [a for a in q.answers if f" {' '.join(_words(a)).lower()} " in text], q


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
    capitals = load_questions("none", "capitals")
    assert capitals and {(q.kind, q.category) for q in capitals} == {("none", "capitals")}
    assert len(load_questions(category="capitals")) == sum(
        len(load_questions(kind, "capitals")) for kind in KINDS
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
