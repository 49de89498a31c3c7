"""calibration.py against scikit-learn, brute force, and what other packages print."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from labelled_answers import answers_of_other_libraries, columns, tied_answers
from sklearn.calibration import calibration_curve
from sklearn.metrics import brier_score_loss

from uncertainty.evaluation.calibration import (
    brier,
    brier_decomposition,
    expected_calibration_error,
    negative_log_likelihood,
    reliability_bins,
)


def test_a_measure_that_is_no_probability_is_refused_where_lm_polygraphs_ece_says_0():
    wrong, uncertainty = answers_of_other_libraries()
    with pytest.raises(ValueError, match=r"must lie in \[0, 1\].*recalibrate"):
        expected_calibration_error(~wrong, -uncertainty)


@given(tied_answers, st.integers(1, 12), st.booleans())
def test_reliability_bins_are_scikit_learns_with_counts(rows, bins, equal_mass):
    correct, confidence = columns(rows)
    found = reliability_bins(correct, confidence, bins, equal_mass)
    if not equal_mass:
        accuracy, mean = calibration_curve(correct, confidence, n_bins=bins)
        assert np.allclose(found.accuracy, accuracy) and np.allclose(found.confidence, mean)
    assert found.count.sum() == len(correct)
    assert found.count @ found.confidence == pytest.approx(confidence.sum())
    assert found.count @ found.accuracy == pytest.approx(correct.sum())


def test_equal_mass_bins_are_scikit_learns_and_equally_full():
    wrong, uncertainty = answers_of_other_libraries()
    found = reliability_bins(~wrong, 1 - uncertainty, equal_mass=True)
    accuracy, mean = calibration_curve(~wrong, 1 - uncertainty, n_bins=10, strategy="quantile")
    assert (
        np.allclose(found.accuracy, accuracy)
        and np.allclose(found.confidence, mean)
        and set(found.count) == {20}
    )


@given(tied_answers)
def test_brier_and_log_loss_are_scikit_learns(rows):
    correct, confidence = columns(rows)
    assert brier(correct, confidence) == pytest.approx(brier_score_loss(correct, confidence))
    assert brier(correct, confidence) == pytest.approx(((confidence - correct) ** 2).mean())
    clipped = np.clip(np.where(correct, confidence, 1 - confidence), np.finfo(float).eps, 1)
    assert negative_log_likelihood(correct, confidence) == pytest.approx(-np.log(clipped).mean())


@given(tied_answers, st.integers(1, 12))
def test_the_parts_of_brier_are_those_of_a_loop_over_bins(rows, bins):
    """Stephenson, Coelho and Jolliffe: RES - WBV + WBC; the loop and `brier` share nothing."""
    correct, confidence = columns(rows)
    base = correct.mean()
    bin_of = np.minimum(np.ceil(confidence * bins).astype(int) - 1, bins - 1).clip(0)
    reliability = 0.0
    resolution = 0.0
    for place in set(bin_of):
        y = correct[bin_of == place].astype(float)
        f = confidence[bin_of == place]
        covariance = ((y - y.mean()) * (f - f.mean())).mean()
        reliability += len(y) * (f.mean() - y.mean()) ** 2 / len(correct)
        resolution += len(y) * ((y.mean() - base) ** 2 - f.var() + 2 * covariance) / len(correct)
    parts = brier_decomposition(correct, confidence, bins)
    assert parts == pytest.approx((reliability, resolution, correct.var()), abs=1e-9)


def test_brier_parts_are_murphys_when_a_bin_holds_one_value():
    random = np.random.default_rng(1)
    confidence = random.choice([0.12, 0.41, 0.88], 300)
    correct = random.random(300) < confidence**2
    groups = [(confidence == value, value) for value in (0.12, 0.41, 0.88)]
    resolution = sum(
        rows.mean() * (correct[rows].mean() - correct.mean()) ** 2 for rows, _ in groups
    )
    reliability = sum(rows.mean() * (correct[rows].mean() - value) ** 2 for rows, value in groups)
    assert brier_decomposition(correct, confidence) == pytest.approx(
        (reliability, resolution, correct.mean() * (1 - correct.mean()))
    )


def test_the_ece_of_a_perfectly_calibrated_model_is_about_what_the_docstring_says():
    random = np.random.default_rng(2)
    found = []
    for _ in range(200):
        confidence = random.random(400)
        found.append(expected_calibration_error(random.random(400) < confidence, confidence))
    expected = 0.8 * (10 * (1 / 6) / 400) ** 0.5  # E[p (1 - p)] = 1/6 for uniform p
    assert np.mean(found) == pytest.approx(expected, rel=0.1)


def test_against_lm_polygraph_torchmetrics_and_torch_uncertainty_where_those_are_right():
    """Numbers printed by lm-polygraph 0.7.0, torch-uncertainty 0.13.0 and torchmetrics 1.9.0."""
    wrong, uncertainty = answers_of_other_libraries()
    correct = ~wrong
    confidence = 1 - uncertainty
    twenty_bins = expected_calibration_error(correct, confidence, bins=20)
    assert twenty_bins == pytest.approx(0.09112777274222063)  # lm-polygraph
    ten_bins = expected_calibration_error(correct, confidence, bins=10)
    assert ten_bins == pytest.approx(0.0576997, abs=1e-6)  # torchmetrics
    adaptive = expected_calibration_error(correct, confidence, equal_mass=True)
    assert adaptive == pytest.approx(0.0621789, abs=1e-6)  # torch-uncertainty, ACE


def test_where_torch_uncertainty_depends_on_the_order_of_the_rows_ours_does_not():
    """With ties, torch-uncertainty's ACE is 0.171 or 0.089, by the order of the rows."""
    wrong, uncertainty = answers_of_other_libraries()
    ties = np.round(4 * uncertainty) / 4
    order = np.argsort(wrong)
    for rows in (order, order[::-1]):
        error = expected_calibration_error(~wrong[rows], 1 - ties[rows], equal_mass=True)
        assert error == pytest.approx(0.02625)


def test_bins_below_1_are_refused():
    with pytest.raises(ValueError, match="bins must be at least 1, got 0"):
        expected_calibration_error([0, 1], [0.2, 0.8], bins=0)
