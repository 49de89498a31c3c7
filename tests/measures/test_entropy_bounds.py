"""The bounds of the entropy: they hold for every distribution, and some distribution reaches each."""

import itertools
import math

import numpy as np
import pytest
import scipy.stats
import torch
from fake_server import as_a_server_sends_it, read, step, token
from hypothesis import given
from hypothesis import strategies as st

from uncertainty import entropy_bounds, generate, load_model, token_measures

ROUNDING = 1e-5  # nats


def bounds_of(probabilities, top_k):
    """The bounds of one distribution, cut to its top_k."""
    logits = torch.tensor([probabilities], dtype=torch.float64).log().clamp(min=-1e30)
    lower, upper = entropy_bounds(logits, top_k=top_k)
    return lower.item(), upper.item()


@given(
    weights=st.lists(st.floats(1e-6, 1.0), min_size=2, max_size=40),
    power=st.floats(0.1, 12),
    top_k=st.integers(1, 40),
)
def test_the_true_entropy_lies_between(weights, power, top_k):
    p = np.array(weights) ** power
    p /= p.sum()
    lower, upper = bounds_of(p.tolist(), top_k)
    true = scipy.stats.entropy(p)
    assert lower - ROUNDING <= true <= upper + ROUNDING


@given(weights=st.lists(st.floats(0.01, 1.0), min_size=2, max_size=10))
def test_all_tokens_known_leave_no_doubt(weights):
    p = np.array(weights) / np.sum(weights)
    lower, upper = bounds_of(p.tolist(), len(p))
    assert lower == pytest.approx(upper, abs=ROUNDING)
    assert lower == pytest.approx(scipy.stats.entropy(p), abs=ROUNDING)


@pytest.mark.parametrize("known", [[6], [5, 4], [4, 3, 2], [3, 3], [8, 2], [3]])
def test_every_way_to_share_what_is_left_over(known):
    """Brute force in parts of 12: all ways to give the rest to 4 other tokens, none above the last known one."""
    rest = 12 - sum(known)
    entropies = [
        scipy.stats.entropy([*known, *others])
        for others in itertools.product(range(known[-1] + 1), repeat=4)
        if sum(others) == rest
    ]
    assert len(entropies) > 1
    top = [token(f"t{i}", part / 12) for i, part in enumerate(known)]
    answer = read([{**top[0], "top_logprobs": top}], top=len(known), vocabulary_size=len(known) + 4)
    lower, upper = (bound.item() for bound in entropy_bounds(answer))
    assert lower == pytest.approx(min(entropies), abs=ROUNDING)  # whole parts reach it
    even = [*known, *[rest / 4] * 4]
    assert upper == pytest.approx(scipy.stats.entropy(even), abs=ROUNDING)
    assert max(entropies) <= upper + ROUNDING


@given(st.integers(0, 2**32 - 1))
def test_no_random_sharing_lies_outside(seed):
    """Shares are drawn, not spread by the formula: Dirichlet parts, those above the largest cut and drawn again."""
    generator = np.random.default_rng(seed)
    known = np.sort(generator.dirichlet(np.full(5, generator.uniform(0.1, 3))))[::-1]
    known = known[:3]
    for _ in range(20):
        others = generator.dirichlet(np.full(6, generator.uniform(0.05, 3))) * (1 - known.sum())
        if others.max() <= known[-1]:
            lower, upper = bounds_of([*known, *others], 3)
            true = scipy.stats.entropy([*known, *others])
            assert lower - ROUNDING <= true <= upper + ROUNDING


@pytest.mark.parametrize("temperature", [0.0, 1.5])
@pytest.mark.parametrize("top", [1, 5, 20])
def test_a_server_and_the_full_logits_give_the_same_bounds(temperature, top):
    """Of written tokens outside the top both know the probability."""
    local = generate(
        *load_model("tiny"), "Hello", max_new_tokens=24, temperature=temperature, seed=1
    )
    server = as_a_server_sends_it(local, top)
    if temperature:  # the written token comes beside the top, as vLLM sends it
        server = with_the_written_token(local, top)
    theirs, ours = entropy_bounds(server), entropy_bounds(local, top_k=top)
    torch.testing.assert_close(theirs.lower, ours.lower, rtol=0, atol=ROUNDING)
    torch.testing.assert_close(theirs.upper, ours.upper, rtol=0, atol=ROUNDING)
    true = token_measures(local)["entropy"]
    assert (ours.lower <= true + ROUNDING).all() and (true <= ours.upper + ROUNDING).all()
    assert (ours.upper - ours.lower > 0.01).any()


def with_the_written_token(local, top):
    log_p = local.logits.double().log_softmax(-1)
    steps = []
    for row, written in zip(log_p, local.token_ids.tolist()):
        ids = row.topk(top).indices.tolist()
        ids += [] if written in ids else [written]
        entry = token(f"t{written}", logprob=row[written].item())
        tops = [token(f"t{i}", logprob=row[i].item()) for i in ids]
        steps.append({**entry, "top_logprobs": tops})
    return read(steps, top=top, temperature=0, vocabulary_size=log_p.shape[-1])


def test_more_known_tokens_never_widen_the_bounds():
    logits = torch.randn(50, 200, generator=torch.Generator().manual_seed(0)).double() * 3
    widths = []
    for top_k in (1, 2, 5, 20, 100, 199):
        bounds = entropy_bounds(logits, top_k=top_k)
        widths.append(bounds.upper - bounds.lower)
    for wide, narrow in itertools.pairwise(widths):
        assert (narrow <= wide + 1e-9).all()
    assert widths[-1].max() < 1e-9  # one token left: its probability is known


def test_a_step_that_may_lack_likelier_tokens_has_wider_bounds():
    """0.25 was sent, and 0.75 is left over, perhaps all of it for one token."""
    short = {**step(" Rome"), "top_logprobs": [token(" Rome", 0.25)]}
    lower, upper = entropy_bounds(read([short], top=3, vocabulary_size=5))
    assert lower.item() == pytest.approx(scipy.stats.entropy([0.25, 0.75]), abs=ROUNDING)
    assert upper.item() == pytest.approx(scipy.stats.entropy([0.25, *[0.1875] * 4]), abs=ROUNDING)


def test_impossible_tokens():
    certain = {
        **token("a", logprob=0.0),
        "top_logprobs": [token("a", logprob=0.0), token("b", logprob=-9999.0)],
    }
    lower, upper = entropy_bounds(read([certain], top=2, vocabulary_size=1000))
    assert lower.item() == upper.item() == 0


def test_top_k_takes_fewer_than_the_server_sent():
    answer = read([step(" Paris", top=3)], vocabulary_size=5)
    fewer = entropy_bounds(answer, top_k=1)
    assert fewer.lower.item() < entropy_bounds(answer).lower.item()
    assert fewer.upper.item() > entropy_bounds(answer).upper.item()


def test_what_is_refused():
    answer = read([step(" Paris")])
    with pytest.raises(ValueError, match="pass vocabulary_size="):
        entropy_bounds(answer)
    with pytest.raises(ValueError, match="a vocabulary of 3 tokens is too small for step 0"):
        entropy_bounds(answer, vocabulary_size=3)
    with pytest.raises(ValueError, match=r"top_k=4, and http.* sent 3 alternatives"):
        entropy_bounds(answer, top_k=4, vocabulary_size=5)
    with pytest.raises(ValueError, match="top_k must be at least 1, got 0"):
        entropy_bounds(answer, top_k=0)
    with pytest.raises(ValueError, match="vocabulary_size=7, and the logits have 5 entries"):
        entropy_bounds(torch.zeros(1, 5), vocabulary_size=7)
    top = [token("a", 0.6), token("b", 0.6)]
    with pytest.raises(ValueError, match=r"probabilities of step 0 sum to 1.2000, more than 1"):
        entropy_bounds(read([{**top[0], "top_logprobs": top}], top=2, vocabulary_size=9))
    assert math.isfinite(entropy_bounds(answer, vocabulary_size=5).upper.item())


def test_the_probability_of_a_written_token_beyond_the_top_is_used():
    added = step(" Lille", top=2)  # 0.5 and 0.25 are the likeliest, and 0.0625 was written
    added["top_logprobs"].append(token(" Lille", 0.0625))
    answer = read([added], top=2, temperature=1, vocabulary_size=5)
    upper = scipy.stats.entropy([0.5, 0.25, 0.0625, 0.09375, 0.09375])
    assert entropy_bounds(answer).upper.item() == pytest.approx(upper, abs=ROUNDING)
