"""LogTokU's two parts against a plain loop and Monte Carlo."""

import math

import numpy as np
import pytest
import scipy.special
import torch
from hypothesis import given
from hypothesis import strategies as st
from step_logits import steps_of_logits

from uncertainty import aleatoric_epistemic


def plain_aleatoric_epistemic(row, n_evidence):
    """One step's AU and EU, the formula of the paper word for word."""
    psi = scipy.special.digamma
    alpha = np.maximum(np.sort(row)[::-1][:n_evidence], 0)
    total = alpha.sum()
    epistemic = len(alpha) / (alpha + 1).sum()
    if total == 0:
        return np.log(len(alpha)), epistemic
    return -(alpha / total * (psi(alpha + 1) - psi(total + 1))).sum(), epistemic


@given(steps_of_logits, st.integers(2, 12))
def test_both_parts_match_a_plain_loop(rows, n_evidence):
    expected = [plain_aleatoric_epistemic(row, n_evidence) for row in rows]
    au, eu = aleatoric_epistemic(torch.tensor(rows), n_evidence)
    assert np.allclose(au, [pair[0] for pair in expected], atol=1e-9)
    assert np.allclose(eu, [pair[1] for pair in expected])
    assert (eu > 0).all() and (eu <= 1).all()
    assert (au >= 0).all() and (au <= math.log(n_evidence) + 1e-9).all()


def test_aleatoric_is_the_mean_entropy_of_a_dirichlet():
    evidence = np.array([3.0, 2.0, 1.0])
    samples = np.random.default_rng(0).dirichlet(evidence, 200_000)
    au, _ = aleatoric_epistemic(torch.tensor(evidence)[None], 3)
    assert au.item() == pytest.approx(scipy.special.entr(samples).sum(-1).mean(), abs=3e-3)


def test_the_quadrants_in_numbers():
    two_strong = [20.0, 20.0, 0.0]
    two_weak = [2.0, 1.8, 0.0]
    one_strong = [20.0, 0.0, 0.0]
    au, eu = aleatoric_epistemic(torch.tensor([two_strong, two_weak, one_strong]), 2)
    assert au.tolist() == pytest.approx([0.681, 0.577, 0.0], abs=2e-3)
    assert eu.tolist() == pytest.approx([0.048, 0.345, 0.091], abs=2e-3)


def test_no_evidence_is_the_most_unreliable_token():
    au, eu = aleatoric_epistemic(torch.tensor([[-3.0, -1.0, -math.inf]]), 2)
    assert au.item() == pytest.approx(math.log(2))
    assert eu.item() == pytest.approx(1.0)


@pytest.mark.parametrize(
    "logits,n_evidence,words",
    [
        (torch.ones(6, 40), 1, "n_evidence must be at least 2"),
        (torch.tensor([[math.nan, 1.0]]), 2, "nan or \\+inf"),
        (torch.tensor([[math.inf, 1.0]]), 2, "nan or \\+inf"),
    ],
)
def test_bad_arguments_are_named(logits, n_evidence, words):
    with pytest.raises(ValueError, match=words):
        aleatoric_epistemic(logits, n_evidence)
