"""Agreement of samples: ROUGE-L against brute force, and measures that grow with doubt."""

import math
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from uncertainty.evaluation.answer_words import plain_words
from uncertainty.evaluation.orientation import check_orientation
from uncertainty.measures.agreement import agreement_measures, lexical_agreement

QUESTION = "What is the capital of Peru?"
answers_of_few_words = st.lists(
    st.lists(st.sampled_from(["red", "green", "blue", "dog"]), max_size=6).map(" ".join),
    min_size=2,
    max_size=6,
)


def subsequences(words):
    for size in range(len(words) + 1):
        for positions in combinations(range(len(words)), size):
            yield tuple(words[position] for position in positions)


def brute_force_rouge_l(first, second):
    """Find the longest common subsequence by trying all of them."""
    if not first and not second:
        return 1.0
    common = set(subsequences(first)) & set(subsequences(second))
    return 2 * max(map(len, common)) / (len(first) + len(second))


@given(answers_of_few_words)
def test_lexical_agreement_is_rouge_l_by_brute_force(answers):
    words = [plain_words(text) for text in answers]
    expected = [brute_force_rouge_l(first, second) for first, second in combinations(words, 2)]
    assert lexical_agreement(answers) == pytest.approx(np.mean(expected))


def test_samples_that_agree():
    samples = ["Lima", "It is Lima.", "The capital of Peru is Lima"]
    measures = agreement_measures(samples, question=QUESTION, answer="Lima.")
    assert measures["answer_disagreement"] == 0
    assert measures["distinct_answers"] == 1
    assert measures["semantic_entropy"] == 0


def test_samples_that_differ():
    samples = ["Lima", "Cusco", "Quito"]
    measures = agreement_measures(samples, question=QUESTION, answer="Lima.")
    assert measures["answer_disagreement"] == pytest.approx(2 / 3)
    assert measures["distinct_answers"] == 3
    assert measures["semantic_entropy"] == pytest.approx(math.log(3))
    assert measures["lexical_disagreement"] == 1


def test_all_grow_with_doubt_and_their_names_say_so():
    same = agreement_measures(["Lima", "It is Lima."], question=QUESTION, answer="Lima.")
    torn = agreement_measures(["Lima", "Cusco"], question=QUESTION, answer="Lima.")
    for name in torn:
        check_orientation(name)
        assert torn[name] > same[name], name


@pytest.mark.parametrize(
    "samples,answer,missing",
    [(["", ""], "", True), (["lima", "cusco"], "", True), (["", "cusco"], "lima", False)],
)
def test_no_answer_is_missing_not_sure(samples, answer, missing):
    measures = agreement_measures(samples, question="Q?", answer=answer)
    assert [math.isnan(value) for value in measures.values()] == [missing] * len(measures)


def test_too_few_samples_are_refused():
    with pytest.raises(ValueError, match="at least two answers, got 1"):
        lexical_agreement(["a"])
    with pytest.raises(ValueError, match="at least two answers, got 0"):
        agreement_measures([], question="Q?", answer="a")
