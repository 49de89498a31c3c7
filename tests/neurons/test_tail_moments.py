"""The moments of the tail against sums over its tokens, one position at a time."""

import math

import numpy as np
import pytest
import torch

from uncertainty.neurons import _tail_moments
from uncertainty.neurons._shifted_logits import CleanPositions
from uncertainty.neurons._tail_moments import ColumnMoments, tail_moments

POSITIONS, VOCABULARY, WIDTH, COLUMNS, HEAD = 4, 50, 6, 3, 8


@pytest.fixture(autouse=True)
def small_head(monkeypatch):
    monkeypatch.setattr(_tail_moments, "HEAD_TOKENS", HEAD)


def normal(*shape, seed=0):
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(*shape, generator=generator, dtype=torch.float64)


def clean_positions(underflow=False):
    logits = 3 * normal(POSITIONS, VOCABULARY, seed=1)
    if underflow:
        logits[0, [20, 30]] = -800.0  # exp(-800) is 0, also in float64
    y = 2 * normal(POSITIONS, VOCABULARY, seed=2) + 1
    y[1] -= 3 * y[1].amax()  # so that the largest |y - E y| lies below the mean somewhere
    return CleanPositions(logits, y, torch.zeros(POSITIONS, dtype=torch.long))


def tails(clean):
    """For each position: its tail's tokens, their q, and log p and y of all tokens."""
    log_p = clean.log_p.numpy()
    for position in range(POSITIONS):
        tail = np.argsort(-log_p[position], kind="stable")[HEAD:]
        p = np.exp(log_p[position])
        yield position, tail, p[tail] / p[tail].sum(), log_p[position], clean.y[position].numpy()


@pytest.mark.parametrize("underflow", [False, True])
def test_moments_of_the_positions(underflow):
    clean = clean_positions(underflow)
    unembedding = normal(VOCABULARY, WIDTH, seed=3)
    found = tail_moments(clean, unembedding)
    rows = unembedding.numpy()
    for t, tail, q, log_p, y in tails(clean):
        head = np.argsort(-log_p, kind="stable")[:HEAD]
        mean_l = q @ np.where(q > 0, log_p[tail], 0)
        mean_y = q @ y[tail]
        centred_l = np.where(q > 0, log_p[tail] - mean_l, 0)
        centred_y = y[tail] - mean_y
        held = q > 0
        expected = dict(
            mass=np.exp(log_p[tail]).sum(),
            log_total_p=0,
            largest_log_p=log_p[head[-1]],
            mean_y=mean_y,
            mean_l=mean_l,
            yy=q @ centred_y**2,
            ly=q @ (centred_l * centred_y),
            lyy=q @ (centred_l * centred_y**2),
            ll=q @ centred_l**2,
            abs_l=q @ np.abs(centred_l),
            max_abs_y=np.abs(centred_y[held]).max(),
            max_abs_y_underflowed=np.abs(centred_y[~held]).max() if underflow and t == 0 else 0,
        )
        for name, value in expected.items():
            assert getattr(found, name)[t].item() == pytest.approx(value, abs=1e-10), name
        assert found.head_tokens[t].tolist() == head.tolist()
        np.testing.assert_allclose(found.head_p[t], np.exp(log_p[head]))
        for name, values in (("q", q), ("ql", q * centred_l), ("q_abs_l", q * np.abs(centred_l))):
            whole = np.zeros(VOCABULARY)
            whole[tail] = values
            np.testing.assert_allclose(getattr(found, name)[t], whole, atol=1e-12, err_msg=name)
        for name, weights in (
            ("mean_rows", q),
            ("y_rows", q * centred_y),
            ("ly_rows", q * centred_l * centred_y),
            ("l_rows", q * centred_l),
        ):
            means = weights @ rows[tail]
            np.testing.assert_allclose(getattr(found, name)[t], means, atol=1e-10, err_msg=name)
        cubes = np.abs(centred_y) ** 3
        assert found.y_roots.plain[t].item() ** 3 == pytest.approx(q @ cubes)
        assert found.y_roots.with_l[t].item() ** 3 == pytest.approx((q * np.abs(centred_l)) @ cubes)
        if underflow and t == 0:
            assert found.log_p_underflowed[t].item() == pytest.approx(
                math.log(2) + log_p[[20, 30]].max()
            )
        else:
            assert found.log_p_underflowed[t] == -math.inf
    torch.testing.assert_close(found.mean_q, found.q.mean(0))


def test_moments_of_the_columns():
    clean = clean_positions()
    unembedding = normal(VOCABULARY, WIDTH, seed=3)
    vectors = normal(COLUMNS, WIDTH, seed=4)
    columns = (unembedding @ vectors.T).numpy()  # (V, B)
    moments = ColumnMoments(tail_moments(clean, unembedding), vectors, unembedding @ vectors.T)
    for t, tail, q, log_p, y in tails(clean):
        centred_l = log_p[tail] - q @ log_p[tail]
        centred_y = y[tail] - q @ y[tail]
        for b in range(COLUMNS):
            shifted = moments.u[:, b].numpy()
            assert np.ptp(shifted - columns[:, b]) < 1e-12  # a constant was taken away
            assert moments.mean[t, b].item() == pytest.approx(q @ shifted[tail])
            u = columns[tail, b] - q @ columns[tail, b]
            expected = dict(
                yu=q @ (centred_y * u),
                lu=q @ (centred_l * u),
                lyu=q @ (centred_l * centred_y * u),
                uu=q @ u**2,
                luu=q @ (centred_l * u**2),
            )
            for name, value in expected.items():
                assert getattr(moments, name)[t, b].item() == pytest.approx(value, abs=1e-10), name
            # largest over all tokens, of the head too; no bound may be below its moment
            everywhere = columns[:, b] - q @ columns[tail, b]
            assert moments.max_abs_u[t, b].item() == pytest.approx(np.abs(everywhere).max())
            plain = (q @ np.abs(u) ** 3) ** (1 / 3)
            with_l = (q @ (np.abs(centred_l) * np.abs(u) ** 3)) ** (1 / 3)
            for roots in (moments.tight_roots, moments.loose_roots):
                assert roots.plain[t, b].item() >= plain - 1e-12
                assert roots.with_l[t, b].item() >= with_l - 1e-12


def test_the_bounds_are_those_of_their_formulas():
    """Loose: E |u|^3 <= max |u| E u^2, and E |l u^3| <= max |u|^2 sqrt(E l^2 E u^2).

    Tight: with roots of third moments, root(u - E u) <= root(u) + |E u| root(1).
    """
    clean = clean_positions()
    unembedding = normal(VOCABULARY, WIDTH, seed=3)
    vectors = 3 * normal(COLUMNS, WIDTH, seed=4)
    moments = ColumnMoments(tail_moments(clean, unembedding), vectors, unembedding @ vectors.T)
    largest = moments.max_abs_u
    torch.testing.assert_close(moments.loose_roots.plain**3, largest * moments.uu)
    by_cauchy_schwarz = largest**2 * (moments.tail.ll * moments.uu).sqrt()
    torch.testing.assert_close(moments.loose_roots.with_l**3, by_cauchy_schwarz)
    cubes = moments.u.abs() ** 3
    for weights, roots, one in (
        (moments.tail.q, moments.tight_roots.plain, 1),
        (moments.tail.q_abs_l, moments.tight_roots.with_l, moments.tail.abs_l ** (1 / 3)),
    ):
        expected = (weights @ cubes) ** (1 / 3) + moments.mean.abs() * one
        torch.testing.assert_close(roots, expected)
