"""Kernel language entropy against matrix logarithms and semantic entropy; the heat kernel against a series."""

import math

import numpy as np
import pytest
import scipy.linalg
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from uncertainty import heat_kernel, kernel_language_entropy, semantic_entropy

clusterings = st.lists(st.integers(0, 4), min_size=1, max_size=10)
vectors = st.integers(1, 7).flatmap(lambda n: arrays(float, (n, 4), elements=st.floats(-1, 1)))
graphs = st.integers(1, 7).flatmap(lambda n: arrays(float, (n, n), elements=st.floats(0, 2)))


def unit(rows):
    rows = rows + np.array([2.0, 0, 0, 0])  # no zero vectors
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


@settings(max_examples=30)
@given(clusterings)
def test_of_clusters_it_is_semantic_entropy(clusters):
    same = np.equal.outer(clusters, clusters).astype(float)
    assert kernel_language_entropy(same) == pytest.approx(semantic_entropy(clusters), abs=1e-9)


@settings(max_examples=30)
@given(vectors, st.floats(0.1, 9))
def test_it_is_minus_the_trace_of_r_log_r_and_bounded(rows, scale):
    rows = unit(rows)
    count = len(rows)
    kernel = rows @ rows.T + 1e-6 * np.eye(count)  # a logarithm wants no zero eigenvalue
    stretch = np.linspace(1, scale, count)
    value = kernel_language_entropy(np.outer(stretch, stretch) * kernel)
    diagonal = np.diag(kernel)
    state = kernel / np.sqrt(np.outer(diagonal, diagonal)) / count
    expected = -np.trace(state @ scipy.linalg.logm(state)).real
    assert value == pytest.approx(expected, abs=1e-6)
    assert 0 <= value <= math.log(count) + 1e-9


def test_equal_meanings_have_none_and_unrelated_ones_have_log_n():
    assert kernel_language_entropy(torch.ones(5, 5)) < 1e-12
    assert kernel_language_entropy(np.eye(5)) == pytest.approx(math.log(5))
    assert kernel_language_entropy([[1.0]]) == 0


def test_near_meanings_lie_between():
    values = [kernel_language_entropy([[1, s], [s, 1]]) for s in (0, 0.3, 0.6, 0.9, 1)]
    assert values == sorted(values, reverse=True) and len(set(values)) == 5
    shares = (0.8, 0.2)  # the eigenvalues for s = 0.6
    assert values[2] == pytest.approx(-sum(p * math.log(p) for p in shares))


@settings(max_examples=30)
@given(graphs, st.floats(0, 1))
def test_the_heat_kernel_is_its_series_and_a_kernel(weights, time):
    weights = weights + weights.T
    laplacian = np.diag(weights.sum(1)) - weights
    squarings = 12  # the series of a small time, then doubled
    small = -time * laplacian / 2**squarings
    term = np.eye(len(weights))
    flow = np.eye(len(weights))
    for order in range(1, 9):
        term = term @ small / order
        flow = flow + term
    for _ in range(squarings):
        flow = flow @ flow
    found = heat_kernel(weights, time)
    assert np.abs(found - flow).max() < 1e-7
    assert np.abs(found.sum(1) - 1).max() < 1e-9 and np.linalg.eigvalsh(found).min() > -1e-9
    assert 0 <= kernel_language_entropy(found) <= math.log(len(weights)) + 1e-9


def test_with_more_time_meanings_mix():
    weights = np.array([[0, 1, 0.2], [1, 0, 0.1], [0.2, 0.1, 0]])
    assert np.array_equal(heat_kernel(weights, 0), np.eye(3))
    values = [kernel_language_entropy(heat_kernel(weights, t)) for t in (0, 0.3, 1, 3, 300)]
    assert values == sorted(values, reverse=True) and values[-1] < 1e-9
    loops = weights + 5 * np.eye(3)
    assert np.allclose(heat_kernel(weights), heat_kernel(loops))


def test_equal_samples_keep_some_entropy_under_the_heat_kernel():
    """Eigenvalues: 1 and nine times exp(-0.3 x 10), over their sum."""
    rest = math.exp(-3)
    total = 1 + 9 * rest
    expected = -(math.log(1 / total) + 9 * rest * math.log(rest / total)) / total
    assert kernel_language_entropy(heat_kernel(np.ones((10, 10)))) == pytest.approx(expected)


@pytest.mark.parametrize(
    "call, words",
    [
        (lambda: kernel_language_entropy([[1, 2], [2, 1]]), "negative eigenvalue"),
        (lambda: kernel_language_entropy([[1, 0.5], [0.1, 1]]), "symmetric"),
        (lambda: kernel_language_entropy([[1, math.nan], [math.nan, 1]]), "finite"),
        (lambda: kernel_language_entropy([[0, 0], [0, 1]]), "diagonal"),
        (lambda: kernel_language_entropy(np.empty((0, 0))), "square"),
        (lambda: kernel_language_entropy([1.0, 0.5]), "square"),
        (lambda: heat_kernel([[1, -0.2], [-0.2, 1]]), "0 or larger, got -0.2"),
        (lambda: heat_kernel(np.ones((2, 2)), -1), "time=-1"),
    ],
)
def test_what_is_no_kernel_is_refused(call, words):
    with pytest.raises(ValueError, match=words):
        call()
