"""discrimination.py against scikit-learn, brute force, and what other packages print."""

import numpy as np
import pytest
import scipy.integrate
from hypothesis import given
from labelled_answers import answers_of_other_libraries, columns, tied_answers
from sklearn.metrics import average_precision_score, roc_auc_score

from uncertainty.evaluation.discrimination import (
    auroc,
    average_precision,
    prediction_rejection_ratio,
    risk_coverage,
)


@given(tied_answers)
def test_auroc_and_average_precision_are_scikit_learns(rows):
    wrong, uncertainty = columns(rows)
    assert auroc(wrong, uncertainty) == pytest.approx(roc_auc_score(wrong, uncertainty), abs=1e-12)
    assert average_precision(wrong, uncertainty) == pytest.approx(
        average_precision_score(wrong, uncertainty), abs=1e-12
    )


@given(tied_answers)
def test_auroc_is_the_share_of_pairs_in_the_right_order(rows):
    wrong, uncertainty = columns(rows)
    pairs = [(a > b) + (a == b) / 2 for a in uncertainty[wrong] for b in uncertainty[~wrong]]
    assert auroc(wrong, uncertainty) == pytest.approx(np.mean(pairs), abs=1e-12)
    assert auroc(wrong, -uncertainty) == pytest.approx(1 - np.mean(pairs), abs=1e-12)
    assert auroc(wrong, np.exp(3 * uncertainty)) == pytest.approx(np.mean(pairs), abs=1e-12)


@given(tied_answers)
def test_risk_coverage_is_the_average_over_orders_of_the_ties(rows):
    wrong, uncertainty = columns(rows)
    random = np.random.default_rng(0)
    n = len(wrong)
    curves = []
    for _ in range(300):
        order = np.lexsort((random.random(n), uncertainty))
        curves.append(np.cumsum(wrong[order]) / np.arange(1, n + 1))
    curve = risk_coverage(wrong, uncertainty)
    noise = 5 * np.std(curves, axis=0) / 300**0.5 + 1e-9
    assert (np.abs(curve.risk - np.mean(curves, axis=0)) <= noise).all()
    assert abs(curve.area - np.mean(curves)) <= noise.mean()
    assert curve.coverage == pytest.approx(np.arange(1, n + 1) / n)
    shuffled = random.permutation(n)
    assert risk_coverage(wrong[shuffled], uncertainty[shuffled]).area == pytest.approx(curve.area)


def test_risk_coverage_of_four_answers_by_hand():
    coverage, risk, area = risk_coverage([True, False, True, False], [0.1, 0.1, 0.2, 0.3])
    assert coverage == pytest.approx([0.25, 0.5, 0.75, 1])
    assert risk == pytest.approx([0.5, 0.5, 2 / 3, 0.5])  # the first two are tied
    assert area == pytest.approx((0.5 + 0.5 + 2 / 3 + 0.5) / 4)


@given(tied_answers)
def test_the_rejection_ratio_is_1_for_an_oracle_0_for_a_constant_and_never_more(rows):
    wrong, uncertainty = columns(rows)
    assert prediction_rejection_ratio(wrong, wrong) == pytest.approx(1)
    assert prediction_rejection_ratio(wrong, np.ones(len(wrong))) == pytest.approx(0, abs=1e-9)
    assert prediction_rejection_ratio(wrong, uncertainty) <= 1 + 1e-9


def test_against_lm_polygraph_and_torch_uncertainty_where_those_are_right():
    """Numbers printed by lm-polygraph 0.7.0 and torch-uncertainty 0.13.0 on the same 200 rows."""
    wrong, uncertainty = answers_of_other_libraries()
    curve = risk_coverage(wrong, uncertainty)
    assert curve.area == pytest.approx(0.2538524622959729)  # lm-polygraph, rcc-auc
    ratio = prediction_rejection_ratio(wrong, uncertainty)
    assert ratio == pytest.approx(0.7348, abs=2e-3)  # theirs: 1000 shuffles
    trapezoid = scipy.integrate.trapezoid(curve.risk, curve.coverage) / (1 - 1 / 200)
    assert trapezoid == pytest.approx(0.2538467, abs=1e-6)  # torch-uncertainty, AURC


def test_where_lm_polygraph_depends_on_the_order_of_the_rows_ours_does_not():
    """With ties, lm-polygraph's rcc-auc is 0.319 or 0.214, by the order of the rows."""
    wrong, uncertainty = answers_of_other_libraries()
    ties = np.round(4 * uncertainty) / 4
    order = np.argsort(wrong)
    for rows in (order, order[::-1]):
        assert risk_coverage(wrong[rows], ties[rows]).area == pytest.approx(0.2649666623952074)
