"""The checks that every metric shares: what is refused, and what is read as a column."""

import numpy as np
import pytest
import torch

from uncertainty.evaluation.calibration import (
    brier,
    expected_calibration_error,
    negative_log_likelihood,
)
from uncertainty.evaluation.columns import as_array
from uncertainty.evaluation.discrimination import (
    auroc,
    average_precision,
    prediction_rejection_ratio,
    risk_coverage,
)
from uncertainty.evaluation.intervals import bootstrap
from uncertainty.evaluation.leaderboard import leaderboard
from uncertainty.evaluation.recalibration import (
    isotonic_scaling,
    platt_scaling,
    temperature_scaling,
)


def test_one_class_gives_nan_and_a_warning():
    for metric in (auroc, average_precision, prediction_rejection_ratio):
        for labels in ([0, 0, 0], [True, True, True]):
            with pytest.warns(UserWarning, match="all 3 answers are (right|wrong)"):
                assert np.isnan(metric(labels, [0.1, 0.2, 0.3]))
    assert risk_coverage([0, 0], [1, 2]).area == 0
    assert brier([1, 1], [0.5, 1]) == pytest.approx(0.125)


@pytest.mark.parametrize(
    "labels,values,words",
    [
        ([0.2, 0.7], [0, 1], "labels must be 0/1.*they come first"),
        ([0, 1, 1], [0.1, 0.2], "shapes \\(3,\\) and \\(2,\\)"),
        ([0, 1, 1], [0.1, float("nan"), 0.3], "1 of 3 values are missing"),
        ([], [], "at least 1"),
    ],
)
def test_bad_columns_are_named(labels, values, words):
    for metric in (
        auroc,
        average_precision,
        risk_coverage,
        expected_calibration_error,
        brier,
        temperature_scaling,
    ):
        with pytest.raises(ValueError, match=words):
            metric(labels, values)


@pytest.mark.parametrize("metric", [auroc, average_precision, prediction_rejection_ratio])
def test_the_warning_points_at_the_line_that_called_the_metric(metric):
    with pytest.warns(UserWarning, match="nothing to separate") as warned:
        metric([0, 0], [0.1, 0.2])
    assert [warning.filename for warning in warned] == [__file__]


def columns_bfloat16_can_hold(kind):
    """Labels and confidences that bfloat16 holds exactly, as a kind of column."""
    wrong = [0, 1, 0, 1, 1, 0]
    confidence = [0.75, 0.25, 0.5, 0.625, 0.5, 1.0]
    if kind == "list":
        return wrong, confidence
    tensor = torch.tensor(confidence, dtype=torch.bfloat16)
    if kind == "bfloat16":
        return torch.tensor(wrong, dtype=torch.bfloat16), tensor
    if kind == "bfloat16 with gradient":
        return torch.tensor(wrong), tensor.requires_grad_()
    return wrong, list(tensor)


@pytest.mark.parametrize("kind", ["bfloat16", "bfloat16 with gradient", "list of bfloat16 numbers"])
def test_tensors_of_bfloat16_are_read_as_the_same_numbers(kind):
    wrong, confidence = columns_bfloat16_can_hold("list")
    wrong_tensor, tensor = columns_bfloat16_can_hold(kind)
    for metric in (auroc, average_precision, prediction_rejection_ratio):
        assert metric(wrong_tensor, tensor) == metric(wrong, confidence)
    for metric in (expected_calibration_error, brier, negative_log_likelihood):
        assert metric(wrong_tensor, tensor) == metric(wrong, confidence)
    assert risk_coverage(wrong_tensor, tensor).area == risk_coverage(wrong, confidence).area
    assert bootstrap(auroc, wrong_tensor, tensor, rounds=20, questions=tensor) == bootstrap(
        auroc, wrong, confidence, rounds=20, questions=confidence
    )
    assert leaderboard(wrong_tensor, {"doubt": tensor}, rounds=20, questions=tensor) == leaderboard(
        wrong, {"doubt": confidence}, rounds=20, questions=confidence
    )
    correct = [1 - label for label in wrong]
    for scaling in (temperature_scaling, platt_scaling, isotonic_scaling):
        expected = scaling(correct, confidence)(confidence)
        assert (scaling(correct, tensor)(tensor) == expected).all()


def test_a_confidence_beside_0_or_1_by_a_rounding_error_counts_as_0_or_1():
    assert brier([1, 0], [1.0000001, -1e-7]) == 0
    assert negative_log_likelihood([1, 0], [1.0000001, 0.5]) == negative_log_likelihood(
        [1, 0], [1, 0.5]
    )
    recalibrate = temperature_scaling([1, 0, 1, 0], [1.0000001, 0.25, 0.5, 0.625])
    assert (recalibrate([1.0000001, -1e-7]) == recalibrate([1, 0])).all()


def test_a_confidence_beside_1_by_more_is_refused_with_all_its_digits():
    with pytest.raises(ValueError, match=r"lie in \[0, 1\], got 0.5 to 1.00001: "):
        brier([1, 0], [1.00001, 0.5])
    with pytest.raises(ValueError, match=r"lie in \[0, 1\], got 0.5 to 1.00001"):
        temperature_scaling([1, 0], [0.9, 0.2])([1.00001, 0.5])


def test_as_array_keeps_what_numpy_reads():
    assert as_array(torch.tensor([0.1])).dtype == np.float32
    assert as_array([1, 2]).dtype == np.asarray([1, 2]).dtype
    assert as_array([True, False]).dtype == bool
