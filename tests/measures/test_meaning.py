"""The core of an answer, clusters by string and by a judge, and their entropy against scipy's."""

import math
from collections import Counter
from itertools import permutations

import pytest
import scipy.stats
from hypothesis import given
from hypothesis import strategies as st

from uncertainty import load_model, sample_answers, semantic_entropy
from uncertainty.course.answer_runs import short_prompt
from uncertainty.evaluation.answer_words import plain_words
from uncertainty.measures.meaning import answer_core, cluster_by_meaning, cluster_by_string


@pytest.mark.parametrize(
    "text,core",
    [
        ("The capital of Peru is Lima.", "lima"),
        ("Lima", "lima"),
        ("It is called **Lima**, on the coast.", "lima"),
        ("Well, it is Lima; the largest city.", "lima"),
        ("LIMA!", "lima"),
        ("Peru's capital is Cusco", "cusco"),
        ("Peru.", "peru"),
        ("", ""),
        ("the", ""),
    ],
)
def test_the_core_is_what_the_answer_adds(text, core):
    assert answer_core(text, question="What is the capital of Peru?") == core


@pytest.mark.parametrize(
    "question", ["Which is larger, the Earth or Mars?", "Is the Earth or Mars larger?"]
)
@pytest.mark.parametrize(
    "pattern", ["{}", "{}, by far", "{} is the larger planet", "The answer is {}."]
)
def test_answers_that_the_question_offers_stay_apart(question, pattern):
    earth = answer_core(pattern.format("Earth"), question=question)
    mars = answer_core(pattern.format("Mars"), question=question)
    assert earth != mars


@pytest.mark.parametrize(
    "question,first,second,equal",
    [
        ("How many?", "There are twelve of them", "12 of them.", True),
        ("What is 7 minus 9?", "-2", "2", False),
        ("What is 2 plus 2?", "2 plus 2 equals 4", "4", True),
        ("How many grams?", "1,000 grams.", "one thousand", True),
    ],
)
def test_cores_of_numbers(question, first, second, equal):
    first_core = answer_core(first, question=question)
    second_core = answer_core(second, question=question)
    assert (first_core == second_core) == equal


def test_a_number_is_written_in_digits():
    assert answer_core("one thousand", question="How many grams?") == "1000"


@given(st.lists(st.integers(0, 4), min_size=1, max_size=12))
def test_semantic_entropy_is_scipys_entropy_of_the_counts(clusters):
    expected = scipy.stats.entropy(list(Counter(clusters).values()))
    entropy = semantic_entropy(clusters)
    assert entropy == pytest.approx(expected, abs=1e-12)
    assert 0 <= entropy <= math.log(len(clusters)) + 1e-12
    renumbered = [number + 7 for number in reversed(clusters)]
    assert semantic_entropy(renumbered) == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("counts", [(5, 3, 1, 1), (4, 3, 2, 1), (6, 2, 1, 1)])
def test_the_same_counts_in_another_order_tie_exactly(counts):
    groupings = [
        [number for number, count in enumerate(order) for _ in range(count)]
        for order in permutations(counts)
    ]
    assert len({semantic_entropy(grouping) for grouping in groupings}) == 1


def test_no_samples_have_no_entropy():
    with pytest.raises(ValueError, match="no samples"):
        semantic_entropy([])


def test_meanings_are_clustered_when_both_directions_hold_and_equal_words_are_never_asked():
    asked = []
    size = {"big": 2, "large": 2, "huge": 3, "small": 1}

    def judge(question, pairs):
        asked.extend(pairs)
        return [size[plain_words(a)[0]] >= size[plain_words(b)[0]] for a, b in pairs]

    texts = ["big", "huge", "Large.", "small", "big!", "huge"]
    assert cluster_by_meaning(texts, judge, question="How big?") == [0, 1, 0, 2, 0, 1]
    assert ("big", "huge") in asked and ("huge", "big") in asked
    assert not any(plain_words(a) == plain_words(b) for a, b in asked)


def test_a_judge_that_always_agrees_makes_one_cluster_and_one_that_never_does_as_many_as_words():
    def always(question, pairs):
        return [True] * len(pairs)

    def never(question, pairs):
        return [False] * len(pairs)

    assert cluster_by_meaning(["a1", "b1", "c1"], always, question="?") == [0, 0, 0]
    assert cluster_by_meaning(["b1", "c1", "b1"], never, question="?") == [0, 1, 0]


def test_answers_of_one_core_share_a_cluster():
    texts = ["Lima", "It is Lima.", "Cusco"]
    assert cluster_by_string(texts, question="The capital?") == [0, 0, 1]


@pytest.mark.parametrize(
    "call",
    [
        lambda: answer_core("Lima", "The capital?"),
        lambda: cluster_by_string(["Lima"], "The capital?"),
        lambda: cluster_by_meaning(["Lima"], lambda question, pairs: [], "The capital?"),
    ],
)
def test_a_question_is_named_so_that_it_cannot_be_swapped_with_an_answer(call):
    with pytest.raises(TypeError, match="positional argument"):
        call()


@pytest.mark.model
def test_the_default_model_agrees_with_itself_on_what_it_knows():
    questions = ["What is the capital of Hungary?", "What is the capital of Drulvania?"]
    prompts = [short_prompt(question) for question in questions]
    options = dict(temperature=0.5, seed=0, max_new_tokens=16)
    groups = sample_answers(*load_model(), prompts, 8, **options)
    entropies = []
    for question, group in zip(questions, groups):
        clusters = cluster_by_string([answer.text for answer in group], question=question)
        entropies.append(semantic_entropy(clusters))
    assert entropies[0] < entropies[1] - 0.5
