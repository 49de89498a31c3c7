"""EigenScore against determinants of the source's matrices, and what moves it."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from uncertainty import eigen_score

states = st.tuples(st.integers(1, 6), st.integers(1, 8)).flatmap(
    lambda shape: arrays(float, shape, elements=st.floats(-5, 5))
)


@settings(max_examples=30)
@given(states, st.floats(1e-3, 10))
def test_it_is_the_log_determinant_over_the_number_of_samples(rows, alpha):
    count, width = rows.shape
    centring = np.eye(width) - np.ones((width, width)) / width
    matrix = rows @ centring @ rows.T + alpha * np.eye(count)
    sign, expected = np.linalg.slogdet(matrix)
    assert sign == 1
    value = eigen_score(rows, alpha)
    assert value == pytest.approx(expected / count, abs=1e-6)
    assert value >= math.log(alpha) - 1e-9


def test_the_codes_scale_is_numpys_covariance():
    rows = np.random.default_rng(0).normal(size=(5, 40))
    expected = np.log(np.linalg.eigvalsh(np.cov(rows) + 1e-3 * np.eye(5))).mean()
    assert eigen_score(rows / 39**0.5) == pytest.approx(expected)


@settings(max_examples=30)
@given(states, st.floats(-9, 9))
def test_a_number_added_to_every_coordinate_changes_nothing(rows, number):
    assert eigen_score(rows + number) == pytest.approx(eigen_score(rows), abs=1e-4)


def test_it_grows_as_samples_spread():
    generator = np.random.default_rng(1)
    common, noise = generator.normal(size=(1, 30)), generator.normal(size=(10, 30))
    values = [eigen_score(common + spread * noise) for spread in (0, 0.01, 0.1, 1)]
    assert values == sorted(values)
    length = ((common - common.mean()) ** 2).sum()  # equal samples: one eigenvalue is not alpha
    expected = (math.log(10 * length + 1e-3) + 9 * math.log(1e-3)) / 10
    assert values[0] == pytest.approx(expected, abs=1e-6)
    assert eigen_score(torch.zeros(4, 3)) == pytest.approx(math.log(1e-3))


def test_bfloat16_states_are_read():
    rows = torch.tensor([[1.0, 2.0, 4.0], [0.5, 0.25, 1.0]])
    assert eigen_score(rows.bfloat16()) == eigen_score(rows)


@pytest.mark.parametrize(
    "rows, alpha, words",
    [
        (np.ones(3), 1e-3, "shape"),
        (np.ones((0, 3)), 1e-3, "shape"),
        (np.full((2, 3), np.nan), 1e-3, "not finite"),
        (np.ones((2, 3)), 0, "above 0, got 0"),
    ],
)
def test_what_has_no_determinant_is_refused(rows, alpha, words):
    with pytest.raises(ValueError, match=words):
        eigen_score(rows, alpha)
