"""What float32 leaves of the effects at a large vocabulary, and what is done with rounding below zero."""

import math

import pytest
import torch

from uncertainty.neurons._shifted_logits import (
    CleanPositions,
    clamp_and_mask,
    read_effects,
    shifted_logits,
)
from uncertainty.neurons.effects import Effects


def effects_in(dtype):
    """Effects of two columns at three positions with 200,000 tokens."""
    generator = torch.Generator().manual_seed(0)
    vocabulary = 200_000
    logits, y = 4 * torch.randn(2, 3, vocabulary, generator=generator, dtype=torch.float64)
    u = 0.3 * torch.randn(2, vocabulary, generator=generator, dtype=torch.float64)
    clean = CleanPositions(logits.to(dtype), y.to(dtype) / 4, torch.tensor([1, 2, 3]))
    factors = dict(alpha=torch.full((3, 2), 0.01, dtype=dtype), beta=torch.ones(3, 2, dtype=dtype))
    space = torch.empty(2, 3, 2, vocabulary, dtype=dtype)
    shifted = shifted_logits(clean, u.to(dtype), **factors, out=space[0])
    return read_effects(clean, shifted, space[1])


def test_a_float32_softmax_that_does_not_sum_to_one_is_divided_by_its_sum():
    """Otherwise the effects are off by 2e-5 to 1e-4 nats."""
    single = effects_in(torch.float32)
    double = effects_in(torch.float64)
    for name in ("entropy", "loss", "kl"):
        difference = getattr(single, name).double() - getattr(double, name)
        assert difference.abs().max() < 6e-6, name
    assert torch.equal(single.rank, double.rank)


def test_what_rounding_left_below_zero_is_zero_and_a_missing_token_has_no_loss_and_no_rank():
    logits = torch.zeros(2, 5)
    clean = CleanPositions(logits, logits, torch.tensor([3, -100]))

    def below():
        return torch.tensor([[-1e-7, 0.5], [-1e-7, 2.0]])

    effects = Effects(
        entropy=below(),
        loss=below(),
        kl=below(),
        argmax_changed=torch.zeros(2, 2, dtype=torch.bool),
        kl_unigram=below(),
        rank=torch.ones(2, 2, dtype=torch.long),
    )
    found = clamp_and_mask(clean, effects)
    expected = [[0.0, 0.5], [0.0, 2.0]]
    assert found.entropy.tolist() == found.kl.tolist() == found.kl_unigram.tolist() == expected
    assert found.loss[0].tolist() == [0.0, 0.5] and found.loss[1].isnan().all()
    assert found.rank.tolist() == [[1, 1], [-1, -1]]
    without = clamp_and_mask(clean, Effects(below(), below(), below(), effects.argmax_changed))
    assert without.kl_unigram is None and without.rank is None


def test_the_clean_positions_know_their_own_numbers():
    generator = torch.Generator().manual_seed(0)
    logits = 3 * torch.randn(4, 30, generator=generator, dtype=torch.float64)
    y = torch.randn(4, 30, generator=generator, dtype=torch.float64)
    for softcap in (None, 2.0):
        clean = CleanPositions(logits.clone(), y, torch.tensor([1, 2, -100, 4]), softcap)
        z = logits if softcap is None else softcap * torch.tanh(logits / softcap)
        p = z.softmax(-1)
        torch.testing.assert_close(clean.p, p)
        torch.testing.assert_close(clean.log_p, p.log())
        torch.testing.assert_close(clean.mean_y, (p * y).sum(-1))
        torch.testing.assert_close(clean.log_normaliser, clean.z.logsumexp(-1))
        assert torch.equal(clean.top_token, z.argmax(-1))
        part = clean[1:3]
        for name in (
            "logits",
            "y",
            "targets",
            "z",
            "log_p",
            "top_token",
            "log_normaliser",
            "mean_y",
        ):
            assert torch.equal(getattr(part, name), getattr(clean, name)[1:3]), name
        assert part.softcap == softcap
        kept = clean.p
        assert clean.hand_over_p() is kept and clean.p is not kept
        torch.testing.assert_close(clean.p, kept)


@pytest.mark.parametrize("softcap", [None, 2.0])
def test_effects_of_a_shift_against_torchs_own_functions(softcap):
    generator = torch.Generator().manual_seed(1)
    logits = 3 * torch.randn(4, 30, generator=generator, dtype=torch.float64)
    y = torch.randn(4, 30, generator=generator, dtype=torch.float64)
    u = torch.randn(4, 2, 30, generator=generator, dtype=torch.float64)
    unigram = torch.rand(30, generator=generator, dtype=torch.float64)
    unigram /= unigram.sum()
    targets = torch.tensor([1, 2, -100, 4])
    clean = CleanPositions(logits.clone(), y, targets, softcap, unigram)
    alpha, beta = torch.randn(2, 4, 2, generator=generator, dtype=torch.float64)
    alpha[:, 1] = 0
    space = torch.empty(2, 4, 2, 30, dtype=torch.float64)
    shifted = shifted_logits(clean, u, alpha=alpha, beta=beta, out=space[0])
    expected = logits[:, None] + alpha[..., None] * y[:, None] + beta[..., None] * u
    if softcap is not None:
        expected = softcap * torch.tanh(expected / softcap)
    log_p = clean.log_p[:, None].expand(4, 2, 30)
    log_q = expected.log_softmax(-1)
    effects = read_effects(clean, shifted, space[1])
    torch.testing.assert_close(effects.entropy, -(log_q.exp() * log_q).sum(-1))
    torch.testing.assert_close(effects.kl, (log_p.exp() * (log_p - log_q)).sum(-1))
    torch.testing.assert_close(effects.kl_unigram, (unigram * (unigram.log() - log_q)).sum(-1))
    for position, token in enumerate(targets.tolist()):
        loss = effects.loss[position]
        if token < 0:
            assert loss.isnan().all() and (effects.rank[position] == -1).all()
            continue
        torch.testing.assert_close(loss, -log_q[position, :, token])
        larger = (log_q[position] > log_q[position, :, token : token + 1]).sum(-1)
        assert torch.equal(effects.rank[position], larger)
    assert torch.equal(effects.argmax_changed, log_q.argmax(-1) != log_p.argmax(-1))
    again = read_effects(clean, shifted, torch.empty_like(shifted), with_rank=False)
    assert again.rank is None and math.isfinite(again.entropy.sum())
