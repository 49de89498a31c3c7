"""Token measures against scipy; the traps that gave others silent wrong numbers."""

from types import SimpleNamespace

import numpy as np
import pytest
import scipy.special
import torch
from hypothesis import given
from hypothesis import strategies as st
from step_logits import random_logits, steps_of_logits

from uncertainty import aleatoric_epistemic, get_token_confidence, token_measures
from uncertainty.measures.token_measures import ROWS


@given(steps_of_logits)
def test_measures_match_scipy_in_float64(rows):
    p = scipy.special.softmax(rows, axis=-1)
    best = p.max(-1)
    measures = token_measures(torch.tensor(rows))
    assert np.allclose(measures["max_probability"], best)
    assert np.allclose(measures["probability"], best)
    assert np.allclose(measures["surprisal"], -np.log(best))
    assert np.allclose(measures["entropy"], scipy.special.entr(p).sum(-1), atol=1e-9)
    assert np.allclose(measures["margin"], np.sort(p)[:, -1] - np.sort(p)[:, -2], atol=1e-9)


@given(steps_of_logits, st.integers(2, 12))
def test_evidence_is_split_as_by_itself(rows, n_evidence):
    aleatoric, epistemic = aleatoric_epistemic(torch.tensor(rows), n_evidence)
    measures = token_measures(torch.tensor(rows), n_evidence=n_evidence)
    assert torch.equal(measures["aleatoric"], aleatoric)
    assert torch.equal(measures["epistemic"], epistemic)
    assert torch.equal(measures["logtoku"], aleatoric * epistemic)


def test_a_constant_moves_logtoku_but_no_probability():
    rows = random_logits().abs()
    before = token_measures(rows)
    after = token_measures(rows + 5)
    assert torch.allclose(after["entropy"], before["entropy"])
    assert torch.allclose(after["probability"], before["probability"])
    assert (after["epistemic"] < before["epistemic"] - 1e-3).all()


def test_the_written_token_counts_not_the_likeliest():
    rows = random_logits()
    measures = token_measures(rows, rows.argmin(-1))
    assert torch.allclose(measures["probability"], rows.softmax(-1).amin(-1))
    assert (measures["probability"] < measures["max_probability"]).all()


def test_confidence_is_the_sorted_softmax_and_is_cut_to_the_vocabulary():
    rows = random_logits(vocabulary=5)
    expected = rows.softmax(-1).sort(descending=True).values
    assert torch.allclose(get_token_confidence(rows, 99), expected)
    assert get_token_confidence(rows).shape == (6, 1)


def test_results_are_read_at_the_tokens_they_wrote():
    rows = random_logits()
    written = rows.argmin(-1)
    expected = rows.softmax(-1).amin(-1)
    generation = SimpleNamespace(logits=rows, token_ids=written)
    prompt = torch.tensor([7, 7, 7])
    result = SimpleNamespace(
        logits=tuple(rows[:, None]), sequences=torch.cat([prompt, written])[None]
    )
    assert torch.allclose(token_measures(generation)["probability"], expected)
    assert torch.allclose(token_measures(result)["probability"], expected)


def test_a_sure_token_keeps_its_small_surprisal_whatever_the_level_of_the_logits():
    row = torch.zeros(1, 50_000)
    row[0, 0] = 22
    exact = token_measures(row.double())["surprisal"].item()
    for level in (0, 1000):
        assert token_measures(row + level)["surprisal"].item() == pytest.approx(exact, rel=0.1)


def test_measures_work_in_float16_and_on_more_rows_than_a_block():
    rows = random_logits(steps=2 * ROWS + 3, vocabulary=1000)
    half = token_measures(rows.half())["entropy"]
    assert torch.allclose(half.double(), token_measures(rows)["entropy"], atol=5e-3)
    assert len(half) == 2 * ROWS + 3


def test_blocks_do_not_see_each_other_and_the_logits_are_not_changed():
    rows = random_logits(steps=2 * ROWS + 3)
    before = rows.clone()
    together = token_measures(rows)
    one_by_one = [token_measures(row[None]) for row in rows]
    for name, values in together.items():
        assert torch.allclose(values, torch.cat([measures[name] for measures in one_by_one])), name
    assert torch.equal(rows, before)


@pytest.mark.parametrize(
    "call,words",
    [
        (lambda: get_token_confidence(random_logits(), 0), "top_k must be at least 1, got 0"),
        (lambda: token_measures(random_logits(), torch.tensor([1])), "6 steps but 1 token ids"),
        (lambda: token_measures(random_logits(), torch.full((6,), 40)), "0..39, got 40..40"),
    ],
)
def test_bad_arguments_are_named(call, words):
    with pytest.raises(ValueError, match=words):
        call()
