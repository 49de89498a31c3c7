"""The newer measures against numpy in float64; their bounds, and which way they point."""

import math

import numpy as np
import pytest
import scipy.special
import scipy.stats
import torch
from hypothesis import given
from hypothesis import strategies as st
from step_logits import random_logits, steps_of_logits

from uncertainty import (
    answer_measures,
    entropy_production_rate,
    generate,
    load_model,
    lowest_group_confidence,
    newer_measures,
    rauq,
    self_certainty,
    smoothed_surprisal,
    tail_confidence,
    token_confidence,
)
from uncertainty.evaluation.orientation import check_orientation
from uncertainty.measures.rauq import middle_layers


@given(steps_of_logits, st.integers(1, 14), st.integers(1, 9))
def test_measures_match_numpy_in_float64(rows, top_k, window):
    steps, vocabulary = rows.shape
    logits = torch.tensor(rows)
    p = scipy.special.softmax(rows, axis=-1)
    divergence = scipy.stats.entropy(np.full((steps, vocabulary), 1 / vocabulary), p, axis=-1)
    assert self_certainty(logits) == pytest.approx(divergence.mean(), rel=1e-6, abs=1e-9)

    likeliest = np.sort(p, axis=-1)[:, ::-1][:, :top_k]
    confidence = -np.log(likeliest).mean(-1)
    assert token_confidence(logits, top_k=top_k).numpy() == pytest.approx(confidence)
    width = min(window, steps)
    groups = [confidence[start : start + width].mean() for start in range(steps - width + 1)]
    options = dict(window=window, top_k=top_k)
    assert tail_confidence(logits, **options) == pytest.approx(confidence[-width:].mean())
    assert lowest_group_confidence(logits, **options) == pytest.approx(min(groups))

    shares = likeliest / likeliest.sum(-1, keepdims=True)
    entropy = scipy.special.entr(shares).sum(-1)
    rate = entropy_production_rate(logits, top_k=top_k)
    assert rate == pytest.approx(entropy.mean(), rel=1e-6, abs=1e-9)
    assert -1e-12 <= rate <= math.log(min(top_k, vocabulary)) + 1e-9
    assert self_certainty(logits) >= -1e-9
    assert token_confidence(logits, top_k=top_k).min() >= math.log(min(top_k, vocabulary)) - 1e-9


@given(steps_of_logits)
def test_with_the_whole_vocabulary_the_rate_is_the_mean_entropy(rows):
    logits = torch.tensor(rows)
    mean_entropy = answer_measures(logits)["mean_entropy"]
    assert entropy_production_rate(logits, top_k=99) == pytest.approx(mean_entropy, abs=1e-6)


def test_every_newer_measure_is_a_doubt_by_name_and_by_number():
    """A flat distribution must have the larger value, a peaked one the smaller."""
    flat = random_logits(vocabulary=60) / 40
    peaked = 4 * random_logits(vocabulary=60)
    unsure, sure = newer_measures(flat), newer_measures(peaked)
    for name in unsure:
        check_orientation(name)
        assert unsure[name] > sure[name], name
    attentions = torch.full((3, 2, 6, 9), 0.2)
    assert rauq(flat, attentions) > rauq(peaked, attentions)


def reference_rauq(p, attentions, alpha, layers):
    """The paper's algorithm 1, loop by loop."""
    steps = len(p)
    prompt = attentions.shape[3] - steps
    doubts = []
    for layer in layers:
        looks = [
            [attentions[layer, head, i, prompt + i - 1] for i in range(1, steps)]
            for head in range(attentions.shape[1])
        ]
        best = max(looks, key=lambda row: sum(row) / len(row)) if steps > 1 else []
        chain = [p[0]]
        for i in range(1, steps):
            chain.append(alpha * p[i] + (1 - alpha) * best[i - 1] * chain[-1])
        doubts.append(-sum(math.log(c) for c in chain) / steps)
    return max(doubts)


@given(steps_of_logits, st.integers(0, 2**31), st.floats(0.05, 1), st.integers(0, 4))
def test_rauq_is_the_papers_algorithm(rows, seed, alpha, prompt):
    steps = len(rows)
    random = np.random.default_rng(seed)
    attentions = random.dirichlet(np.ones(prompt + steps), size=(4, 3, steps))
    p = scipy.special.softmax(rows, axis=-1).max(-1)
    logits = torch.tensor(rows)
    found = rauq(logits, torch.tensor(attentions), alpha=alpha, layers=[1, 3])
    assert found == pytest.approx(reference_rauq(p, attentions, alpha, [1, 3]), rel=1e-6, abs=1e-9)
    by_default = rauq(logits, torch.tensor(attentions), alpha=alpha)
    assert by_default == pytest.approx(
        reference_rauq(p, attentions, alpha, [1, 2, 3]), rel=1e-6, abs=1e-9
    )
    assert found >= 0


@given(steps_of_logits)
def test_rauq_lies_between_what_full_and_no_attention_give(rows):
    """A weight of 1 is the baseline without attention; alpha = 1 is the log of the perplexity."""
    logits, steps = torch.tensor(rows), len(rows)
    everywhere = torch.ones(2, 2, steps, steps)
    assert rauq(logits, everywhere, layers=[0]) == pytest.approx(smoothed_surprisal(logits))
    perplexity = answer_measures(logits)["perplexity"]
    assert smoothed_surprisal(logits, alpha=1) == pytest.approx(math.log(perplexity), abs=1e-6)
    nowhere = rauq(logits, 0 * everywhere, layers=[0])
    assert nowhere == pytest.approx(smoothed_surprisal(logits, weight=0), abs=1e-9)
    length_term = (steps - 1) / steps * math.log(1 / 0.2)
    assert nowhere == pytest.approx(math.log(perplexity) + length_term, abs=1e-6)
    assert nowhere >= smoothed_surprisal(logits) - 1e-9


def test_the_middle_layers_are_those_of_the_reference_code():
    assert middle_layers(30) == list(range(10, 21))
    assert middle_layers(32) == list(range(10, 23))
    assert middle_layers(1) == [0] and middle_layers(2) == [0, 1]


def test_the_written_token_counts_in_rauq_not_the_likeliest():
    model, tokenizer = load_model("tiny")
    answer = generate(model, tokenizer, "Why?", temperature=1.0, seed=1, max_new_tokens=5)
    p = answer.logits.double().softmax(-1).gather(1, answer.token_ids[:, None])[:, 0].tolist()
    attentions = np.random.default_rng(0).random((2, 2, 5, 8))
    assert rauq(answer, torch.tensor(attentions)) == pytest.approx(
        reference_rauq(p, attentions, 0.2, [0, 1]), rel=1e-5
    )


def test_rows_that_pad_the_vocabulary_are_left_out():
    """A model's own -inf beyond its tokenizer's tokens must not make an infinite certainty."""
    model, tokenizer = load_model("tiny")
    answer = generate(model, tokenizer, "Why?", max_new_tokens=4)
    before = newer_measures(answer)
    padding = torch.full((4, 7), -math.inf)
    answer.logits = torch.cat([answer.logits, padding], 1)
    assert newer_measures(answer) == pytest.approx(before)


def test_what_has_no_meaning_is_refused():
    logits = random_logits(steps=3)
    for function in (token_confidence, entropy_production_rate):
        with pytest.raises(ValueError, match="top_k must be at least 1, got 0"):
            function(logits, top_k=0)
    for function in (tail_confidence, lowest_group_confidence):
        with pytest.raises(ValueError, match="window must be at least 1 token, got 0"):
            function(logits, window=0)
    fitting = torch.ones(2, 2, 3, 5)
    for shape in ((2, 2, 4, 5), (2, 3, 5), (2, 2, 3, 2)):
        with pytest.raises(ValueError, match=r"need attentions \(layers, heads, 3, positions\)"):
            rauq(logits, torch.ones(shape))
    for alpha in (0, 1.1, math.nan):
        with pytest.raises(ValueError, match="alpha must lie above 0"):
            rauq(logits, fitting, alpha=alpha)
        with pytest.raises(ValueError, match="alpha must lie above 0"):
            smoothed_surprisal(logits, alpha=alpha)
    with pytest.raises(ValueError, match=r"weight must lie between 0 and 1, got 1\.5"):
        smoothed_surprisal(logits, weight=1.5)
    with pytest.raises(ValueError, match="layers must be whole numbers"):
        rauq(logits, fitting, layers=[2])
    with pytest.raises(ValueError, match="need at least one layer"):
        rauq(logits, fitting, layers=[])
    with pytest.raises(ValueError, match="the attentions hold nan"):
        rauq(logits, fitting * math.nan)
    with pytest.raises(ValueError, match="an answer that stopped at once has nothing to measure"):
        newer_measures(torch.zeros(0, 5))
