"""information.py against scipy in float64, its identities as properties, and the inputs that break the textbook code."""

import math

import numpy as np
import pytest
import scipy.special
import scipy.stats
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from uncertainty import information as info

logit_rows = arrays(
    np.float64, st.tuples(st.integers(1, 3), st.integers(2, 9)), elements=st.floats(-30, 30)
)
finite_alpha = st.floats(0, 20).filter(lambda a: abs(a - 1) > 1e-2)


@given(logit_rows)
def test_entropy_is_scipys(rows):
    expected = scipy.stats.entropy(scipy.special.softmax(rows, axis=-1), axis=-1)
    assert np.allclose(info.entropy(torch.tensor(rows)), expected, atol=1e-10)


@given(logit_rows, logit_rows)
def test_kl_and_cross_entropy_are_scipys(a, b):
    b = np.resize(b, a.shape)
    p, q = scipy.special.softmax(a, axis=-1), scipy.special.softmax(b, axis=-1)
    kl = info.kl_divergence(torch.tensor(a), torch.tensor(b))
    assert np.allclose(kl, scipy.stats.entropy(p, q, axis=-1), atol=1e-9)
    assert torch.allclose(
        info.cross_entropy(torch.tensor(a), torch.tensor(b)), info.entropy(torch.tensor(a)) + kl
    )


@given(logit_rows, finite_alpha)
def test_renyi_matches_its_definition(rows, alpha):
    p = scipy.special.softmax(rows, axis=-1)
    with np.errstate(divide="ignore"):
        expected = (
            np.log((p**alpha).sum(-1)) / (1 - alpha)
            if alpha
            else np.full(len(rows), np.log(rows.shape[1]))
        )
    assert np.allclose(info.renyi_entropy(torch.tensor(rows), alpha), expected, atol=1e-6)


@given(logit_rows)
def test_renyi_never_increases_with_alpha_and_reaches_its_limits(rows):
    z = torch.tensor(rows)
    values = torch.stack(
        [
            info.renyi_entropy(z, a)
            for a in (0, 0.25, 0.5, 1 - 1e-9, 1, 1 + 1e-9, 2, 5, 80, math.inf)
        ]
    )
    assert (values.diff(dim=0) <= 1e-6).all()
    assert torch.allclose(values[3], values[4], atol=1e-6) and torch.allclose(
        values[5], values[4], atol=1e-6
    )
    assert torch.allclose(values[0], torch.tensor(math.log(z.shape[-1]), dtype=z.dtype))
    assert torch.allclose(values[-1], -z.log_softmax(-1).amax(-1))


@given(logit_rows, st.floats(-20, 20))
def test_nothing_moves_when_a_constant_is_added_to_the_logits(rows, constant):
    z = torch.tensor(rows)
    assert torch.allclose(info.entropy(z), info.entropy(z + constant), atol=1e-9)
    assert torch.allclose(
        info.kl_divergence(z, z + constant), torch.zeros(len(z), dtype=z.dtype), atol=1e-9
    )


@pytest.mark.parametrize(
    "alpha", [1 - 1e-6, 1 + 1e-9, 1 + 1e-5, 1.0001, 1.001, 0.996, 1.004, 1.09, 1.11]
)
def test_renyi_near_one_is_no_rounding_error_in_float32(alpha):
    z = 4 * torch.randn(50_257, generator=torch.Generator().manual_seed(0))
    shannon, exact = info.entropy(z.double()), info.renyi_entropy(z.double(), alpha)
    assert abs(info.renyi_entropy(z, alpha) - exact) < 2e-4 and abs(exact - shannon) < 0.6


def test_entropy_has_a_gradient():
    z = torch.randn(5, requires_grad=True)
    info.entropy(z).backward()
    p = z.detach().softmax(-1)
    assert torch.allclose(z.grad, -p * (p.log() - (p * p.log()).sum()), atol=1e-5)


def test_a_coin_and_a_certainty():
    assert info.entropy(torch.tensor([0.0, 0.0])).item() == pytest.approx(math.log(2))
    assert info.entropy(torch.tensor([100.0, 0.0])).item() == pytest.approx(0, abs=1e-6)
    assert info.surprisal(torch.tensor([[0.0, 0.0]]), torch.tensor([1])).item() == pytest.approx(
        math.log(2)
    )


def test_surprisal_is_torchs_cross_entropy_loss():
    z, targets = (
        torch.randn(5, 11, generator=torch.Generator().manual_seed(0)),
        torch.tensor([0, 3, 10, 2, 5]),
    )
    expected = torch.nn.functional.cross_entropy(z, targets, reduction="none")
    assert torch.allclose(info.surprisal(z, targets), expected, atol=1e-6)


def test_minus_infinity_is_a_token_of_probability_zero():
    z = torch.tensor([1.0, -math.inf, 2.0, -math.inf])
    short = torch.tensor([1.0, 2.0])
    for measure in (
        info.entropy,
        lambda x: info.renyi_entropy(x, 0),
        lambda x: info.renyi_entropy(x, 0.5),
        lambda x: info.renyi_entropy(x, math.inf),
        lambda x: info.kl_divergence(x, x),
    ):
        assert torch.allclose(measure(z), measure(short), atol=1e-7)
    assert (
        info.kl_divergence(z, torch.zeros(4)).isfinite()
        and info.kl_divergence(torch.zeros(4), z).isinf()
    )
    assert info.surprisal(z[None], torch.tensor([1])).isinf().all()


@pytest.mark.parametrize(
    "dtype,tolerance", [(torch.float16, 2e-3), (torch.bfloat16, 2e-2), (torch.float32, 1e-5)]
)
def test_half_precision_input_is_computed_in_float32(dtype, tolerance):
    z = (6 * torch.randn(2, 50_257, generator=torch.Generator().manual_seed(1))).to(dtype)
    p = z.softmax(-1)
    exact = info.entropy(z.double())
    assert (
        torch.allclose(info.entropy(z).double(), exact, atol=tolerance)
        and info.entropy(z).dtype == torch.float32
    )
    if dtype == torch.float16:
        assert (-(p * (p + 1e-20).log()).sum(-1)).isnan().all()  # the textbook line, for contrast


@pytest.mark.parametrize("bad", [[-math.inf, -math.inf], [math.nan, 0.0], [math.inf, 0.0]])
def test_a_row_that_is_no_distribution_is_refused(bad):
    with pytest.raises(ValueError, match="row \\[1\\]"):
        info.entropy(torch.tensor([[0.0, 1.0], bad]))


@pytest.mark.parametrize(
    "call,words",
    [
        (lambda: info.renyi_entropy(torch.zeros(3), -1), "alpha"),
        (lambda: info.renyi_entropy(torch.zeros(3), math.nan), "alpha"),
        (
            lambda: info.kl_divergence(torch.zeros(3), torch.zeros(4)),
            "different vocabularies: 3 and 4",
        ),
        (lambda: info.surprisal(torch.zeros(2, 3), torch.tensor([1])), "one token id a row"),
        (lambda: info.surprisal(torch.zeros(1, 3), torch.tensor([3])), "0..2"),
        (lambda: info.surprisal(torch.zeros(1, 3), torch.tensor([-1])), "0..2"),
        (lambda: info.entropy(torch.zeros(2, 0)), "empty vocabulary"),
    ],
)
def test_bad_arguments_are_named(call, words):
    with pytest.raises(ValueError, match=words):
        call()


@settings(deadline=None)
@given(st.integers(2, 60_000))
def test_entropy_lies_between_zero_and_log_vocabulary(size):
    z = torch.randn(size, generator=torch.Generator().manual_seed(size)) * 5
    assert 0 <= info.entropy(z).item() <= math.log(size) + 1e-5


def test_a_divergence_does_not_round_below_zero():
    z = 4 * torch.randn(200, 1000, generator=torch.Generator().manual_seed(0))
    nearly = z + 1e-6 * torch.randn(200, 1000, generator=torch.Generator().manual_seed(1))
    divergence = info.kl_divergence(z, nearly)
    assert (divergence >= 0).all() and (divergence == 0).any()


@given(logit_rows, st.floats(0.3, 4))
def test_the_probabilities_moment_is_a_renyi_entropy_in_disguise(rows, power):
    moment = info.probability_moment(torch.tensor(rows), power)
    p = scipy.special.softmax(rows, -1)
    np.testing.assert_allclose(moment, (p**power).mean(-1), atol=1e-12)
    renyi = info.renyi_entropy(torch.tensor(rows), power)
    np.testing.assert_allclose(moment, ((1 - power) * renyi).exp() / rows.shape[-1], rtol=1e-6)


def test_the_first_moment_of_the_probabilities_is_the_same_for_every_prediction():
    logits = torch.randn(7, 50, dtype=torch.float64)
    np.testing.assert_allclose(info.probability_moment(logits, 1), 1 / 50)


def test_another_order_of_the_vocabulary_moves_the_numbers_moments_and_no_entropy():
    generator = torch.Generator().manual_seed(3)
    logits = torch.randn(4, 300, dtype=torch.float64, generator=generator) * 3
    mixed = logits[:, torch.randperm(300, generator=generator)]
    for power in (1, 2):
        p = scipy.special.softmax(logits.numpy(), -1)
        by_hand = (p * (np.arange(300) / 300) ** power).sum(-1)
        np.testing.assert_allclose(info.token_id_moment(logits, power), by_hand)
        moved = info.token_id_moment(mixed, power) - info.token_id_moment(logits, power)
        assert moved.abs().max() > 0.05
        np.testing.assert_allclose(
            info.probability_moment(mixed, power), info.probability_moment(logits, power)
        )
    np.testing.assert_allclose(info.entropy(mixed), info.entropy(logits))


@given(logit_rows, st.floats(0, 0.9))
def test_the_thresholded_entropy_is_a_loop(rows, threshold):
    found = info.thresholded_entropy(torch.tensor(rows), threshold)
    for row, value in zip(scipy.special.softmax(rows, -1), found):
        kept = [p for p in row if p > threshold and p > 0]
        assert math.isclose(value, -sum(p * math.log(p) for p in kept), abs_tol=1e-6)


def test_no_threshold_leaves_the_shannon_entropy_and_its_default_in_the_source_is_none():
    logits = torch.randn(5, 400, dtype=torch.float64) * 4
    np.testing.assert_allclose(info.thresholded_entropy(logits, 0), info.entropy(logits))
    p = logits.softmax(-1)
    assert p.mean() - p.var().sqrt() < 0


@pytest.mark.parametrize("alpha", [0.5, 1, 3, math.inf])
def test_the_anchored_entropy_renormalises_among_its_tokens(alpha):
    logits = torch.randn(3, 40, dtype=torch.float64)
    anchors = torch.tensor([7, 3, 7, 20])
    p = scipy.special.softmax(logits.numpy()[:, [3, 7, 20]], -1)
    expected = info.renyi_entropy(torch.tensor(np.log(p)), alpha)
    np.testing.assert_allclose(info.anchored_renyi_entropy(logits, anchors, alpha), expected)
    if alpha == 1:
        np.testing.assert_allclose(expected, scipy.stats.entropy(p, axis=-1))


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: info.probability_moment(torch.zeros(3), 0), "positive number, got 0"),
        (lambda: info.token_id_moment(torch.zeros(3), math.nan), "positive number, got nan"),
        (lambda: info.thresholded_entropy(torch.zeros(3), 1), "from 0 to below 1, got 1"),
        (lambda: info.thresholded_entropy(torch.zeros(3), -0.1), "got -0.1"),
        (lambda: info.anchored_renyi_entropy(torch.zeros(3), torch.tensor([1, 1])), "got 1"),
        (lambda: info.anchored_renyi_entropy(torch.zeros(3), torch.tensor([1, 3])), "3"),
    ],
)
def test_a_reading_that_cannot_be_taken_is_refused(call, words):
    with pytest.raises(ValueError, match=words):
        call()
