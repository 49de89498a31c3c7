"""CoCoA and semantic density against loops in exact fractions, and their bounds."""

import math
from fractions import Fraction

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from uncertainty import agreement_measures, cocoa, core_similarities, semantic_density

similarity = st.floats(-1, 1)
columns = st.lists(similarity, min_size=1, max_size=12)
weighted = st.lists(st.tuples(similarity, st.floats(0, 30)), min_size=1, max_size=8)


@settings(max_examples=30)
@given(st.floats(0, 100), columns)
def test_cocoa_is_the_mean_of_doubt_times_dissimilarity(doubt, similarities):
    parts = [Fraction(doubt) * (1 - Fraction(s)) for s in similarities]
    value = cocoa(doubt, similarities)
    assert value == pytest.approx(float(sum(parts) / len(parts)), abs=1e-12)
    assert -1e-12 <= value <= 2 * doubt * (1 + 1e-12)


@settings(max_examples=30)
@given(columns, st.integers(0, 11), st.floats(0, 1))
def test_cocoa_falls_as_a_sample_comes_nearer(similarities, place, step):
    place %= len(similarities)
    nearer = list(similarities)
    nearer[place] += step * (1 - nearer[place])
    assert cocoa(1.0, nearer) <= cocoa(1.0, similarities) + 1e-12


def test_cocoa_by_the_string_rule_is_the_disagreement_weighted_by_doubt():
    question, samples = "What is the capital of Peru?", ["Lima.", "It is Lima", "Cusco", "Quito"]
    same = core_similarities("Lima", samples, question=question)
    assert same.tolist() == [1, 1, 0, 0]
    table = agreement_measures(samples, question=question, answer="Lima")
    assert cocoa(0.7, same) == pytest.approx(0.7 * table["answer_disagreement"])
    assert cocoa(0.0, same) == 0 == cocoa(3.0, torch.ones(4)) and math.isnan(cocoa(math.nan, same))


def slow_density(pairs):
    """The source's sums with the distance in a ball of diameter 1, one sample after another."""
    above, below = 0.0, 0.0
    for cosine, surprisal in pairs:
        squared_distance = (0.5 - 0.5 * cosine) ** 2 + 0.25 * (1 - cosine * cosine)
        kernel = 1 - squared_distance if squared_distance <= 1 else 0
        above += math.exp(-surprisal) * kernel
        below += math.exp(-surprisal)
    return above / below


@settings(max_examples=30)
@given(weighted)
def test_semantic_density_is_the_weighted_mean_of_one_minus_a_squared_distance(pairs):
    similarities, surprisals = zip(*pairs)
    value = semantic_density(similarities, surprisals)
    assert value == pytest.approx(slow_density(pairs), abs=1e-9) and 0 <= value <= 1 + 1e-12


@settings(max_examples=30)
@given(columns)
def test_without_surprisals_every_sample_counts_alike(similarities):
    alike = semantic_density(similarities, np.full(len(similarities), 0.4))
    assert semantic_density(similarities) == pytest.approx(alike, abs=1e-12)


def test_with_texts_a_repeated_text_counts_once_and_an_empty_sample_not_at_all():
    value = semantic_density(
        [1.0, 1.0, -0.5, 0.2], [0.1, 0.1, 1.0, math.nan], texts=["a", "a", "b", ""]
    )
    assert value == pytest.approx(slow_density([(1.0, 0.1), (-0.5, 1.0)]))
    assert math.isnan(semantic_density([0.3], [math.nan]))


def test_very_unlikely_samples_do_not_underflow():
    assert semantic_density([1.0, 0.0], [2000.0, 2000.0]) == pytest.approx(0.75)


@pytest.mark.parametrize(
    "call, words",
    [
        (lambda: cocoa(-0.1, [0.5]), "0 or larger, got -0.1"),
        (lambda: cocoa(1.0, []), "shape"),
        (lambda: cocoa(1.0, [[0.5]]), "shape"),
        (lambda: cocoa(1.0, [1.2]), "in \\[-1, 1\\]"),
        (lambda: cocoa(1.0, [math.nan]), "in \\[-1, 1\\]"),
        (lambda: semantic_density([0.1, 0.2], [0.3]), "one of each"),
        (lambda: semantic_density([0.1], [0.3], texts=["a", "b"]), "one of each"),
        (lambda: semantic_density([0.1], texts=["a"]), "without surprisals"),
        (lambda: semantic_density([0.1], [-0.3]), "0 or larger, got -0.3"),
    ],
)
def test_what_makes_no_sense_is_refused(call, words):
    with pytest.raises(ValueError, match=words):
        call()
