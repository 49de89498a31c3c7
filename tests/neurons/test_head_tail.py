"""Estimates of shifted logits against the exact ones: none is further off than its bound."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from uncertainty.neurons import _tail_moments
from uncertainty.neurons._head_tail import Estimate, estimate_effects
from uncertainty.neurons._shift_factors import ShiftFactors
from uncertainty.neurons._shifted_logits import CleanPositions, read_effects, shifted_logits
from uncertainty.neurons._tail_moments import ColumnMoments, tail_moments
from uncertainty.neurons.effects import Effects


@pytest.fixture(autouse=True)
def small_head(monkeypatch):
    """So that these small vocabularies have a tail."""
    monkeypatch.setattr(_tail_moments, "HEAD_TOKENS", 16)


def estimated(
    clean: CleanPositions,
    unembedding: torch.Tensor,
    vectors: torch.Tensor,
    factors: ShiftFactors,
    tolerance: float,
) -> Estimate:
    tail = tail_moments(clean, unembedding)
    columns = ColumnMoments(tail, vectors, unembedding @ vectors.T)
    return estimate_effects(clean, columns, factors, tolerance)


def exactly(clean: CleanPositions, u: torch.Tensor, factors: ShiftFactors) -> Effects:
    """The effects of columns u (B, V)."""
    space = torch.empty(2, len(clean.y), *u.shape, dtype=u.dtype)
    logits = shifted_logits(clean, u, alpha=factors.alpha, beta=factors.beta, out=space[0])
    return read_effects(clean, logits, space[1])


def off(estimate: Estimate, exact: Effects, name: str) -> torch.Tensor:
    difference = getattr(estimate.effects, name) - getattr(exact, name)
    return difference.abs().nan_to_num()


@settings(max_examples=60, deadline=None)
@given(
    st.integers(0, 10**6),
    st.floats(0.01, 3),
    st.floats(0, 0.3),
    st.floats(0.1, 8),
    st.sampled_from([0, 10]),
)
def test_no_estimate_is_further_off_than_its_bound(seed, size, alpha, spread, tolerance):
    draw = torch.Generator().manual_seed(seed)

    def normal(*shape):
        return torch.randn(*shape, generator=draw, dtype=torch.float64)

    unembedding = normal(90, 6)
    vectors = normal(5, 6) * size
    logits = spread * normal(4, 90)
    y = spread * normal(4, 90)
    targets = torch.tensor([3, -100, 50, 0])
    clean = CleanPositions(logits, y, targets, unigram=normal(90).softmax(0))
    factors = ShiftFactors(alpha * normal(4, 5), normal(4, 5))

    estimate = estimated(clean, unembedding, vectors, factors, tolerance)
    exact = exactly(clean, vectors @ unembedding.T, factors)
    for name in ("entropy", "loss", "kl", "kl_unigram"):
        assert (off(estimate, exact, name) <= estimate.bound + 1e-9).all(), name
    same_top = estimate.effects.argmax_changed == exact.argmax_changed
    assert same_top[estimate.bound.isfinite()].all()


@pytest.mark.parametrize("p_of_spike", [0.02, 1e-6])
def test_the_bound_holds_and_is_of_use_when_one_token_of_the_tail_takes_all_the_shift(
    monkeypatch, p_of_spike
):
    """A spike is the hardest tail for moments. The bound must be below twenty times the error."""
    monkeypatch.setattr(_tail_moments, "HEAD_TOKENS", 2)
    p = torch.tensor([0.5, 0.3] + 10 * [0.02], dtype=torch.float64)
    p[5] = p_of_spike
    p /= p.sum()
    spikes = torch.zeros(60, 12, dtype=torch.float64)
    spikes[:, 5] = torch.linspace(-0.4, 0.8, 60)
    no_y = torch.zeros(1, 12, dtype=torch.float64)
    clean = CleanPositions(p.log()[None], no_y, torch.tensor([5]))
    beta = torch.ones(1, 60, dtype=torch.float64)
    factors = ShiftFactors(torch.zeros_like(beta), beta)

    estimate = estimated(clean, torch.eye(12, dtype=torch.float64), spikes, factors, 0)
    exact = exactly(clean, spikes, factors)
    for name in ("entropy", "loss", "kl"):
        assert (off(estimate, exact, name) <= estimate.bound + 1e-12).all(), name
    assert estimate.bound.isfinite().double().mean() > 0.7  # beyond, a new top token is possible
    assert (off(estimate, exact, "entropy") / estimate.bound).max() > 0.05  # not far too large


@pytest.mark.parametrize(
    ("top", "vocabulary", "spike"),
    [
        (2.0, 2000, 0.5),  # the remainder of E[x e^x] alone: l and the distance are nearly 0
        (2.0, 2000, -0.5),
        (5.0, 20_000, 3.0),  # where e^R matters
        (12.0, 2000, 0.5),  # where the distance from all tokens matters
    ],
)
def test_each_term_of_the_bound_is_needed(monkeypatch, top, vocabulary, spike):
    """One likely token and a flat tail, of which one token takes all the shift."""
    monkeypatch.setattr(_tail_moments, "HEAD_TOKENS", 2)
    logits = torch.zeros(1, vocabulary, dtype=torch.float64)
    logits[0, 0] = top
    column = torch.zeros(vocabulary, 1, dtype=torch.float64)
    column[5] = spike
    clean = CleanPositions(logits, torch.zeros_like(logits), torch.tensor([5]))
    one = torch.ones(1, 1, dtype=torch.float64)
    factors = ShiftFactors(0 * one, one)
    estimate = estimated(clean, column, one, factors, 0)  # an unembedding of width 1
    exact = exactly(clean, column.T, factors)
    for name in ("entropy", "loss", "kl"):
        assert (off(estimate, exact, name) <= estimate.bound + 1e-13).all(), name
    assert off(estimate, exact, "entropy") > 0.05 * estimate.bound


def test_tokens_whose_probability_rounds_to_nothing_are_not_forgotten():
    """Flattened enough they count again; then the bound is infinite, and the pair exact."""
    logits = torch.full((1, 5000), -110.0)
    logits[0, :40] = -5.0
    logits[0, 0] = 0.0
    clean = CleanPositions(logits, logits.clone(), torch.tensor([1]))
    assert (clean.p == 0).any()
    factors = ShiftFactors(torch.tensor([[-0.9, 0.0]]), torch.zeros(1, 2))
    estimate = estimated(clean, torch.zeros(5000, 3), torch.zeros(2, 3), factors, 0)
    assert estimate.bound[0, 0] == torch.inf
    assert estimate.bound[0, 1] < 1e-6


def test_the_tight_bound_is_taken_only_where_the_loose_one_is_above_the_tolerance():
    draw = torch.Generator().manual_seed(0)
    logits = 3 * torch.randn(4, 90, generator=draw, dtype=torch.float64)
    unembedding = torch.randn(90, 6, generator=draw, dtype=torch.float64)
    vectors = 0.1 * torch.randn(5, 6, generator=draw, dtype=torch.float64)
    clean = CleanPositions(logits, torch.zeros_like(logits), torch.tensor([1, 2, 3, 4]))
    one = torch.ones(4, 5, dtype=torch.float64)
    factors = ShiftFactors(0 * one, one)
    tight = estimated(clean, unembedding, vectors, factors, 0).bound
    loose = estimated(clean, unembedding, vectors, factors, 1e9).bound
    assert loose.isfinite().any()
    assert (tight < 0.9 * loose).double().mean() > 0.6
