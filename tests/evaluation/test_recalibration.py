"""recalibration.py finds the numbers the data were made with, and repairs answers it has not seen."""

import numpy as np
import pytest
from labelled_answers import answers_of_other_libraries, overconfident_answers

from uncertainty.evaluation.calibration import brier, expected_calibration_error
from uncertainty.evaluation.discrimination import auroc
from uncertainty.evaluation.recalibration import (
    isotonic_scaling,
    platt_scaling,
    temperature_scaling,
)


@pytest.mark.parametrize("scaling", [temperature_scaling, platt_scaling, isotonic_scaling])
def test_recalibration_repairs_overconfidence_on_answers_it_has_not_seen(scaling):
    correct, confidence, _ = overconfident_answers()
    new_correct, new_confidence, _ = overconfident_answers(seed=1)
    repaired = scaling(correct, confidence)(new_confidence)
    assert expected_calibration_error(new_correct, new_confidence) > 0.12
    assert expected_calibration_error(new_correct, repaired) < 0.05
    assert brier(new_correct, repaired) < brier(new_correct, new_confidence)
    assert auroc(new_correct, repaired) == pytest.approx(
        auroc(new_correct, new_confidence), abs=0.01
    )
    assert ((repaired >= 0) & (repaired <= 1)).all() and (
        np.diff(scaling(correct, confidence)(np.linspace(0, 1, 50))) >= 0
    ).all()


def test_temperature_and_platt_find_the_numbers_the_data_were_made_with():
    correct, confidence, truth = overconfident_answers(20_000)
    assert temperature_scaling(correct, confidence)([0.9])[0] == pytest.approx(
        1 / (1 + 9 ** (-1 / 3)), abs=0.01
    )  # T = 3
    assert platt_scaling(correct, 5 * truth + 2)([2.0, 7.0]) == pytest.approx(
        [0.5, 1 / (1 + np.exp(-1))], abs=0.02
    )


def test_temperature_below_1_sharpens():
    random = np.random.default_rng(4)
    truth = random.uniform(-4, 4, 20_000)
    correct = random.random(20_000) < 1 / (1 + np.exp(-truth))
    modest = 1 / (1 + np.exp(-truth / 2))
    assert temperature_scaling(correct, modest)([0.7])[0] == pytest.approx(
        1 / (1 + (0.3 / 0.7) ** 2), abs=0.01
    )  # T = 1/2


@pytest.mark.parametrize("scaling", [platt_scaling, isotonic_scaling])
def test_a_doubt_where_a_confidence_belongs_is_noticed(scaling):
    wrong, uncertainty = answers_of_other_libraries()
    with pytest.warns(UserWarning, match="is it a doubt"):
        scaling(~wrong, uncertainty)


def test_what_is_no_value_is_refused_before_and_after_fitting():
    wrong, uncertainty = answers_of_other_libraries()
    with pytest.raises(ValueError, match=r"lie in \[0, 1\], got -3 to 85"):
        temperature_scaling(~wrong, 1 - uncertainty)([85, -3])
    for scaling in (platt_scaling, isotonic_scaling):
        with pytest.raises(ValueError, match="finite"):
            scaling(~wrong, np.r_[np.inf, uncertainty[1:]])
        with pytest.raises(ValueError, match="finite"):
            scaling(~wrong, -uncertainty)([np.nan])


def test_any_measure_can_be_recalibrated_but_not_from_one_class():
    wrong, uncertainty = answers_of_other_libraries()
    for scaling in (platt_scaling, isotonic_scaling):
        assert (
            0
            <= scaling(~wrong, -100 * uncertainty)([-1e9])[0]
            <= scaling(~wrong, -100 * uncertainty)([1e9])[0]
            <= 1
        )
        with pytest.raises(ValueError, match="all 2 held-out answers are right"):
            scaling([1, 1], [0.2, 0.4])


@pytest.mark.parametrize("scaling", [temperature_scaling, platt_scaling, isotonic_scaling])
def test_new_values_keep_their_shape_down_to_a_bare_number(scaling):
    correct, confidence, _ = overconfident_answers()
    recalibrate = scaling(correct, confidence)
    row = recalibrate([0.1, 0.6, 0.6, 0.9])
    table = recalibrate([[0.1, 0.6], [0.6, 0.9]])
    assert table.shape == (2, 2) and (table.ravel() == row).all()
    number = recalibrate(0.9)
    assert np.shape(number) == () and float(number) == row[-1]
    with pytest.raises(ValueError, match="finite"):
        recalibrate(float("nan"))


@pytest.mark.parametrize("scaling", [platt_scaling, isotonic_scaling])
def test_the_warning_points_at_the_line_that_called_the_scaling(scaling):
    wrong, uncertainty = answers_of_other_libraries()
    with pytest.warns(UserWarning, match="is it a doubt") as warned:
        scaling(~wrong, uncertainty)
    assert [warning.filename for warning in warned] == [__file__]


def test_platt_of_a_constant_is_the_base_rate():
    assert platt_scaling([0, 1, 1, 1], [3.0] * 4)([3.0]) == pytest.approx([0.75], abs=1e-4)


@pytest.mark.parametrize("scaling", [temperature_scaling, platt_scaling, isotonic_scaling])
@pytest.mark.parametrize("shape", [(0,), (3, 0)])
def test_nothing_is_recalibrated_to_nothing(scaling, shape):
    recalibrate = scaling([0, 1, 0, 1, 1], [0.1, 0.4, 0.5, 0.8, 0.9])
    assert recalibrate(np.empty(shape)).shape == shape


@pytest.mark.filterwarnings("error::UserWarning")
def test_a_score_that_grows_weakly_with_being_correct_gives_no_warning():
    correct, confidence, _ = overconfident_answers()
    noise = np.random.default_rng(0).normal(size=len(correct))
    platt_scaling(correct, 0.3 * confidence + noise)
    platt_scaling(correct, 5 * confidence)
