"""token_uncertainty.py against scipy, Monte Carlo and a plain loop; the traps that gave others silent wrong numbers."""

import math
from types import SimpleNamespace

import numpy as np
import pytest
import scipy.special
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from uncertainty import (
    aleatoric_epistemic,
    answer_measures,
    get_token_confidence,
    logTokU,
    token_measures,
    token_uncertainty_naive,
    token_uncertainty_vanilla,
)

steps_of_logits = arrays(
    np.float64, st.tuples(st.integers(1, 20), st.integers(2, 12)), elements=st.floats(-20, 20)
)


def logits(steps=6, vocabulary=40, seed=0):
    return 4 * torch.randn(
        steps, vocabulary, generator=torch.Generator().manual_seed(seed), dtype=torch.float64
    )


def result(rows, **fields):
    """A look-alike of what transformers' generate returns for one prompt."""
    sequences = torch.cat([torch.tensor([7, 7, 7]), rows.argmax(-1)])[None]
    return SimpleNamespace(logits=tuple(rows[:, None]), sequences=sequences, **fields)


@given(steps_of_logits)
def test_measures_match_a_plain_loop_in_float64(rows):
    p = scipy.special.softmax(rows, axis=-1)
    best = p.max(-1)
    got = token_measures(torch.tensor(rows))
    assert np.allclose(got["max_probability"], best)
    assert np.allclose(got["probability"], best)
    assert np.allclose(got["surprisal"], -np.log(best))
    assert np.allclose(got["entropy"], scipy.special.entr(p).sum(-1), atol=1e-9)
    assert np.allclose(got["margin"], np.sort(p)[:, -1] - np.sort(p)[:, -2], atol=1e-9)
    numbers = answer_measures(torch.tensor(rows))
    assert numbers["naive"] == pytest.approx(1 - best.prod(), abs=1e-9)
    assert numbers["naive"] == pytest.approx(token_uncertainty_naive(torch.tensor(rows)), abs=1e-9)
    assert numbers["vanilla"] == pytest.approx(
        token_uncertainty_vanilla(torch.tensor(rows)), abs=1e-9
    )
    assert numbers["perplexity"] == pytest.approx(np.exp(-np.log(best).mean()))
    h, gaps = scipy.special.entr(p).sum(-1), np.sort(p)[:, -1] - np.sort(p)[:, -2]
    expected = {
        "1 - sequence probability": 1 - best.prod(),
        "1 - min probability": 1 - best.min(),
        "1 - mean margin": 1 - gaps.mean(),
        "mean_entropy": h.mean(),
        "max_entropy": h.max(),
        "logtoku": got["logtoku"].mean().item(),
    }
    assert {name: numbers[name] for name in expected} == pytest.approx(expected, abs=1e-8)


@given(steps_of_logits, st.integers(2, 12))
def test_logtoku_matches_a_plain_loop(rows, n_evidence):
    expected_au, expected_eu = [], []
    for row in rows:
        alpha = np.maximum(np.sort(row)[::-1][:n_evidence], 0)
        total, psi = alpha.sum(), scipy.special.digamma
        au = (
            np.log(len(alpha))
            if total == 0
            else -(alpha / total * (psi(alpha + 1) - psi(total + 1))).sum()
        )
        expected_au.append(au)
        expected_eu.append(len(alpha) / (alpha + 1).sum())
    au, eu = aleatoric_epistemic(torch.tensor(rows), n_evidence)
    assert np.allclose(au, expected_au, atol=1e-9) and np.allclose(eu, expected_eu)
    assert (
        ((eu > 0) & (eu <= 1)).all()
        and (au >= 0).all()
        and (au <= math.log(n_evidence) + 1e-9).all()
    )


def test_aleatoric_is_the_mean_entropy_of_a_dirichlet():
    evidence = np.array([3.0, 2.0, 1.0])
    samples = np.random.default_rng(0).dirichlet(evidence, 200_000)
    au, _ = aleatoric_epistemic(torch.tensor(evidence)[None], 3)
    assert au.item() == pytest.approx(scipy.special.entr(samples).sum(-1).mean(), abs=3e-3)


def test_the_quadrants_in_numbers():
    au, eu = aleatoric_epistemic(torch.tensor([[20.0, 20, 0], [2, 1.8, 0], [20, 0, 0]]), 2)
    assert au.tolist() == pytest.approx(
        [0.681, 0.577, 0.0], abs=2e-3
    )  # two strong, two weak, one strong candidate
    assert eu.tolist() == pytest.approx([0.048, 0.345, 0.091], abs=2e-3)


def test_no_evidence_is_the_most_unreliable_token():
    hopeless = torch.tensor([[-3.0, -1.0, -math.inf]])
    au, eu = aleatoric_epistemic(hopeless, 2)
    assert (au.item(), eu.item()) == pytest.approx((math.log(2), 1.0))
    assert logTokU(hopeless) == pytest.approx(math.log(2))


def test_logtoku_takes_the_least_reliable_tokens_and_no_more_than_there_are():
    rows = logits(steps=4)
    unreliability = token_measures(rows)["logtoku"].sort(descending=True).values
    assert logTokU(rows, top_k_inconfident=2) == pytest.approx(unreliability[:2].mean().item())
    assert logTokU(rows, top_k_inconfident=999) == pytest.approx(unreliability.mean().item())
    assert logTokU(rows, top_k_inconfident=1) > logTokU(rows, top_k_inconfident=4)


def test_a_constant_moves_logtoku_but_no_probability():
    rows = logits().abs()
    moved, kept = token_measures(rows + 5), token_measures(rows)
    assert torch.allclose(moved["entropy"], kept["entropy"]) and torch.allclose(
        moved["probability"], kept["probability"]
    )
    assert (moved["epistemic"] < kept["epistemic"] - 1e-3).all()


def test_longer_answers_look_worse_to_naive_and_the_same_to_vanilla():
    row = logits(steps=1)
    long = row.repeat(50, 1)
    assert token_uncertainty_naive(long) > token_uncertainty_naive(row)
    assert token_uncertainty_vanilla(long) == pytest.approx(token_uncertainty_vanilla(row))


def test_the_written_token_counts_not_the_likeliest():
    rows = logits()
    least = rows.argmin(-1)
    m = token_measures(rows, least)
    assert torch.allclose(m["probability"], rows.softmax(-1).amin(-1))
    assert (m["probability"] < m["max_probability"]).all()


def test_confidence_is_the_sorted_softmax_and_is_cut_to_the_vocabulary():
    rows = logits(vocabulary=5)
    assert torch.allclose(
        get_token_confidence(rows, 99), rows.softmax(-1).sort(descending=True).values
    )
    assert get_token_confidence(rows).shape == (6, 1)


def test_a_transformers_result_is_read_at_the_tokens_it_wrote():
    rows, written = logits(), logits().argmin(-1)
    output = result(rows)
    output.sequences[0, 3:] = written
    assert torch.allclose(token_measures(output)["probability"], rows.softmax(-1).amin(-1))
    generation = SimpleNamespace(logits=rows, token_ids=written)
    assert torch.allclose(
        token_measures(generation)["surprisal"], token_measures(output)["surprisal"]
    )


def test_a_sure_token_keeps_its_small_surprisal_whatever_the_level_of_the_logits():
    row = torch.zeros(1, 50_000)
    row[0, 0] = 22
    exact = token_measures(row.double())["surprisal"].item()
    for level in (0, 1000):
        assert token_measures(row + level)["surprisal"].item() == pytest.approx(exact, rel=0.1)


def test_a_tuple_of_steps_and_an_array_are_logits_too():
    rows = logits()
    assert token_uncertainty_naive(tuple(rows[:, None])) == pytest.approx(
        token_uncertainty_naive(rows)
    )
    assert token_uncertainty_naive(rows.numpy()) == pytest.approx(token_uncertainty_naive(rows))


def test_a_transformers_result_and_its_tensor_agree():
    rows = logits()
    assert token_uncertainty_naive(result(rows)) == pytest.approx(token_uncertainty_naive(rows))
    assert torch.allclose(token_measures(result(rows))["probability"], rows.softmax(-1).amax(-1))


def test_measures_work_in_float16_and_on_more_rows_than_a_block():
    rows = logits(steps=19, vocabulary=1000)
    half = token_measures(rows.half())
    assert torch.allclose(half["entropy"].double(), token_measures(rows)["entropy"], atol=5e-3)
    assert len(half["entropy"]) == 19


def top_k_scores(rows, k=5):
    return rows.masked_fill(rows < rows.topk(k).values[:, -1:], -math.inf)


@pytest.mark.parametrize(
    "source,words",
    [
        (
            SimpleNamespace(logits=None, scores=(logits(),), sequences=None),
            "only processed scores: call generate",
        ),
        (SimpleNamespace(logits=None, scores=None), "has no raw logits: call generate"),
        (result(logits(), beam_indices=torch.zeros(1, 6)), "beam search"),
        (
            SimpleNamespace(logits=(torch.zeros(3, 9),) * 4, sequences=None),
            "3 answers in one result",
        ),
        (SimpleNamespace(logits=()), "at least one step"),
        (torch.zeros(0, 9), "stopped at once"),
        (torch.zeros(9), "\\(9,\\)"),
        (torch.full((2, 9), math.nan), "not a probability distribution"),
        (top_k_scores(logits(vocabulary=5000)), "processed scores, after top-k"),
    ],
)
def test_what_would_mislead_is_refused(source, words):
    for measure in (
        token_uncertainty_naive,
        token_uncertainty_vanilla,
        logTokU,
        get_token_confidence,
        token_measures,
    ):
        with pytest.raises(ValueError, match=words):
            measure(source)


@pytest.mark.parametrize(
    "call,words",
    [
        (lambda: get_token_confidence(logits(), 0), "top_k must be at least 1, got 0"),
        (lambda: aleatoric_epistemic(logits(), 1), "n_evidence must be at least 2"),
        (lambda: logTokU(logits(), n_evidence=0), "n_evidence must be at least 2"),
        (lambda: logTokU(logits(), top_k_inconfident=0), "top_k_inconfident must be at least 1"),
        (lambda: token_measures(logits(), torch.tensor([1])), "6 steps but 1 token ids"),
        (lambda: token_measures(logits(), torch.full((6,), 40)), "0..39"),
        (lambda: aleatoric_epistemic(torch.tensor([[math.nan, 1.0]])), "nan or \\+inf"),
    ],
)
def test_bad_arguments_are_named(call, words):
    with pytest.raises(ValueError, match=words):
        call()
