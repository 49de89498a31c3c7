"""The mutual information of an ensemble, against scipy and in its limits."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import softmax
from scipy.stats import entropy as scipy_entropy

from uncertainty import mutual_information


def random_logits(seed, *shape, spread=3.0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed)) * spread


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10_000), st.integers(1, 6), st.integers(2, 40))
def test_it_is_the_mean_divergence_from_the_mean_prediction(seed, members, vocabulary):
    logits = random_logits(seed, members, 3, vocabulary)
    p = softmax(logits.double().numpy(), axis=-1)
    expected = scipy_entropy(p, p.mean(0)[None], axis=-1).mean(0)
    found = mutual_information(logits.double()).numpy()
    np.testing.assert_allclose(found, expected, atol=1e-10)
    np.testing.assert_allclose(mutual_information(logits).numpy(), expected, atol=1e-5)
    assert (found <= np.log(members) + 1e-12).all()


def test_weights_count_members_as_often_as_they_say():
    logits = random_logits(0, 2, 4, 9).double()
    repeated = logits[[0, 0, 0, 1]]
    weights = torch.tensor([0.75, 0.25])
    by_repetition = mutual_information(repeated)
    torch.testing.assert_close(mutual_information(logits, weights=weights[:, None]), by_repetition)
    each_row = weights[:, None].expand(2, 4)
    torch.testing.assert_close(mutual_information(logits, weights=each_row), by_repetition)


def test_copies_agree_and_sure_members_that_differ_reach_log_n():
    copies = random_logits(1, 1, 5, 8).expand(4, -1, -1)
    assert mutual_information(copies).abs().max() < 1e-6
    assert mutual_information(torch.eye(4) * 80).item() == pytest.approx(np.log(4), abs=1e-6)


def test_a_constant_on_a_members_logits_changes_nothing():
    logits = random_logits(2, 3, 5, 8).double()
    moved = logits + random_logits(3, 3, 5, 1).double() * 10
    torch.testing.assert_close(mutual_information(moved), mutual_information(logits))


def test_forbidden_tokens_contribute_nothing():
    logits = torch.tensor([[0.0, float("-inf")], [float("-inf"), 0.0]])
    assert mutual_information(logits).item() == pytest.approx(np.log(2), abs=1e-6)


@pytest.mark.parametrize("logits", [torch.zeros(3), torch.zeros(0, 4)])
def test_logits_without_members_are_refused(logits):
    with pytest.raises(ValueError, match="at least one member, got shape"):
        mutual_information(logits)


@pytest.mark.parametrize("weights", [[0.5, 0.6], [1.5, -0.5]])
def test_weights_that_are_no_probabilities_are_refused(weights):
    with pytest.raises(ValueError, match="must not be negative and must sum to 1"):
        mutual_information(torch.zeros(2, 4), weights=torch.tensor(weights))
