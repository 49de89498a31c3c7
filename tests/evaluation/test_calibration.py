"""calibration.py and recalibration.py against scikit-learn, brute force, and what two other packages print."""

import numpy as np
import pytest
import scipy.integrate
import torch
from hypothesis import given
from hypothesis import strategies as st
from sklearn.calibration import calibration_curve
from sklearn.metrics import average_precision_score, brier_score_loss, roc_auc_score

from uncertainty import answer_measures
from uncertainty.evaluation.calibration import (
    brier,
    brier_decomposition,
    expected_calibration_error,
    negative_log_likelihood,
    reliability_bins,
)
from uncertainty.evaluation.discrimination import (
    auroc,
    average_precision,
    prediction_rejection_ratio,
    risk_coverage,
)
from uncertainty.evaluation.intervals import Interval, bootstrap
from uncertainty.evaluation.leaderboard import check_orientation, leaderboard
from uncertainty.evaluation.recalibration import (
    isotonic_scaling,
    platt_scaling,
    temperature_scaling,
)

# Few distinct values, so that ties are common.
tied = st.lists(
    st.tuples(st.booleans(), st.integers(0, 8).map(lambda n: n / 8)), min_size=2, max_size=60
).filter(lambda rows: len({label for label, _ in rows}) == 2)


def columns(rows):
    return np.array([label for label, _ in rows]), np.array([value for _, value in rows])


def peers_data():
    random = np.random.default_rng(7)
    uncertainty = random.random(200)
    return random.random(200) < uncertainty, uncertainty


@given(tied)
def test_auroc_and_average_precision_are_scikit_learns(rows):
    wrong, uncertainty = columns(rows)
    assert auroc(wrong, uncertainty) == pytest.approx(roc_auc_score(wrong, uncertainty), abs=1e-12)
    assert average_precision(wrong, uncertainty) == pytest.approx(
        average_precision_score(wrong, uncertainty), abs=1e-12
    )


@given(tied)
def test_auroc_is_the_share_of_pairs_in_the_right_order(rows):
    wrong, uncertainty = columns(rows)
    pairs = [(a > b) + (a == b) / 2 for a in uncertainty[wrong] for b in uncertainty[~wrong]]
    assert auroc(wrong, uncertainty) == pytest.approx(np.mean(pairs), abs=1e-12)
    assert auroc(wrong, -uncertainty) == pytest.approx(1 - np.mean(pairs), abs=1e-12)
    assert auroc(wrong, np.exp(3 * uncertainty)) == pytest.approx(np.mean(pairs), abs=1e-12)


@given(tied)
def test_risk_coverage_is_the_average_over_orders_of_the_ties(rows):
    wrong, uncertainty = columns(rows)
    random = np.random.default_rng(0)
    curves = []
    for _ in range(300):
        order = np.lexsort((random.random(len(wrong)), uncertainty))
        curves.append(np.cumsum(wrong[order]) / np.arange(1, len(wrong) + 1))
    found = risk_coverage(wrong, uncertainty)
    noise = 5 * np.std(curves, axis=0) / 300**0.5 + 1e-9
    assert (np.abs(found.risk - np.mean(curves, axis=0)) <= noise).all()
    assert found.area == pytest.approx(found.risk.mean()) and found.coverage[-1] == 1
    assert found.risk[-1] == pytest.approx(wrong.mean())
    shuffled = random.permutation(len(wrong))
    assert risk_coverage(wrong[shuffled], uncertainty[shuffled]).area == pytest.approx(found.area)


@given(tied)
def test_the_rejection_ratio_is_1_for_an_oracle_0_for_a_constant_and_never_more(rows):
    wrong, uncertainty = columns(rows)
    assert prediction_rejection_ratio(wrong, wrong) == pytest.approx(1)
    assert prediction_rejection_ratio(wrong, np.ones(len(wrong))) == pytest.approx(0, abs=1e-9)
    assert prediction_rejection_ratio(wrong, uncertainty) <= 1 + 1e-9


def test_against_lm_polygraph_and_torch_uncertainty_where_those_are_right():
    """Numbers printed by lm-polygraph 0.7.0, torch-uncertainty 0.13.0 and torchmetrics 1.9.0 on the same 200 rows."""
    wrong, uncertainty = peers_data()
    curve = risk_coverage(wrong, uncertainty)
    assert curve.area == pytest.approx(0.2538524622959729)  # lm-polygraph, rcc-auc
    assert prediction_rejection_ratio(wrong, uncertainty) == pytest.approx(
        0.7348, abs=2e-3
    )  # theirs: 1000 shuffles
    trapezoid = scipy.integrate.trapezoid(curve.risk, curve.coverage) / (1 - 1 / 200)
    assert trapezoid == pytest.approx(0.2538467, abs=1e-6)  # torch-uncertainty, AURC
    assert expected_calibration_error(~wrong, 1 - uncertainty, bins=20) == pytest.approx(
        0.09112777274222063
    )  # lm-polygraph
    assert expected_calibration_error(~wrong, 1 - uncertainty, bins=10) == pytest.approx(
        0.0576997, abs=1e-6
    )  # torchmetrics
    adaptive = expected_calibration_error(~wrong, 1 - uncertainty, equal_mass=True)
    assert adaptive == pytest.approx(0.0621789, abs=1e-6)  # torch-uncertainty, ACE


def test_where_those_depend_on_the_order_of_the_rows_ours_does_not():
    """With ties, lm-polygraph's rcc-auc is 0.319 or 0.214 and torch-uncertainty's ACE 0.171 or 0.089, by order of rows."""
    wrong, uncertainty = peers_data()
    ties = np.round(4 * uncertainty) / 4
    order = np.argsort(wrong)
    for rows in (order, order[::-1]):
        assert risk_coverage(wrong[rows], ties[rows]).area == pytest.approx(0.2649666623952074)
        assert expected_calibration_error(
            ~wrong[rows], 1 - ties[rows], equal_mass=True
        ) == pytest.approx(0.02625)


def test_a_measure_that_is_no_probability_is_refused_where_lm_polygraphs_ece_says_0():
    wrong, uncertainty = peers_data()
    with pytest.raises(ValueError, match=r"must lie in \[0, 1\].*recalibrate"):
        expected_calibration_error(~wrong, -uncertainty)


@given(tied, st.integers(1, 12), st.booleans())
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
    wrong, uncertainty = peers_data()
    found = reliability_bins(~wrong, 1 - uncertainty, equal_mass=True)
    accuracy, mean = calibration_curve(~wrong, 1 - uncertainty, n_bins=10, strategy="quantile")
    assert (
        np.allclose(found.accuracy, accuracy)
        and np.allclose(found.confidence, mean)
        and set(found.count) == {20}
    )


@given(tied, st.integers(1, 12))
def test_brier_and_log_loss_are_scikit_learns_and_the_parts_add_up(rows, bins):
    correct, confidence = columns(rows)
    assert brier(correct, confidence) == pytest.approx(brier_score_loss(correct, confidence))
    assert brier(correct, confidence) == pytest.approx(((confidence - correct) ** 2).mean())
    clipped = np.clip(np.where(correct, confidence, 1 - confidence), np.finfo(float).eps, 1)
    assert negative_log_likelihood(correct, confidence) == pytest.approx(-np.log(clipped).mean())
    parts = brier_decomposition(correct, confidence, bins)
    assert parts.reliability - parts.resolution + parts.uncertainty == pytest.approx(
        brier(correct, confidence)
    )
    assert parts.resolution == pytest.approx(
        generalised_resolution(correct, confidence, bins), abs=1e-9
    )


def generalised_resolution(correct, confidence, bins):
    """Stephenson, Coelho and Jolliffe: RES - WBV + WBC, bin by bin."""
    places, total = np.minimum(np.ceil(confidence * bins).astype(int) - 1, bins - 1).clip(0), 0.0
    for place in set(places):
        y, f = correct[places == place].astype(float), confidence[places == place]
        total += len(y) * (
            (y.mean() - correct.mean()) ** 2
            - f.var()
            + 2 * ((y - y.mean()) * (f - f.mean())).mean()
        )
    return total / len(correct)


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


def test_one_class_gives_nan_and_a_warning():
    for metric in (auroc, average_precision, prediction_rejection_ratio):
        for labels in ([0, 0, 0], [True, True, True]):
            with pytest.warns(UserWarning, match="all 3 answers are (right|wrong)"):
                assert np.isnan(metric(labels, [0.1, 0.2, 0.3]))
    assert risk_coverage([0, 0], [1, 2]).area == 0 and brier([1, 1], [0.5, 1]) == pytest.approx(
        0.125
    )


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


def test_bad_settings_are_named():
    with pytest.raises(ValueError, match="bins must be at least 1, got 0"):
        expected_calibration_error([0, 1], [0.2, 0.8], bins=0)
    with pytest.raises(ValueError, match="lengths \\[2, 3, 2\\]"):
        bootstrap(auroc, [0, 1], [1, 2, 3])


def test_the_bootstrap_covers_the_truth_as_often_as_it_says():
    """AUROC of two normals one standard deviation apart is Phi(1/sqrt 2) = 0.760; 200 repetitions of 120 answers."""
    random, hits = np.random.default_rng(3), 0
    for i in range(200):
        wrong = random.random(120) < 0.5
        interval = bootstrap(auroc, wrong, random.normal(size=120) + wrong, rounds=200, seed=i)
        hits += interval.low <= 0.7602 <= interval.high
    assert 180 <= hits <= 199


def test_the_bootstrap_repeats_and_draws_whole_questions():
    wrong, uncertainty = peers_data()
    assert bootstrap(auroc, wrong, uncertainty) == bootstrap(auroc, wrong, uncertainty)
    single = bootstrap(np.mean, uncertainty)
    questions = np.repeat(np.arange(200), 5)
    repeated = bootstrap(np.mean, np.repeat(uncertainty, 5), questions=questions)
    naive = bootstrap(np.mean, np.repeat(uncertainty, 5))
    assert repeated.high - repeated.low == pytest.approx(single.high - single.low, rel=0.1)
    assert naive.high - naive.low < 0.6 * (single.high - single.low)
    seen = []
    bootstrap(
        lambda q: seen.append(np.unique(q, return_counts=True)[1]) or 0.0,
        questions,
        questions=questions,
        rounds=20,
    )
    assert all((counts % 5 == 0).all() for counts in seen)


def test_a_paired_difference_is_sharper_than_two_intervals():
    random = np.random.default_rng(5)
    wrong = random.random(300) < 0.5
    one = random.normal(size=300) + wrong
    other = one + 0.3 * random.normal(size=300)
    difference = bootstrap(lambda w, a, b: auroc(w, a) - auroc(w, b), wrong, one, other)
    assert difference.high - difference.low < 0.5 * (
        bootstrap(auroc, wrong, one).high - bootstrap(auroc, wrong, one).low
    )


def test_a_bootstrap_of_one_class_is_nan_and_silent(recwarn):
    assert np.isnan(bootstrap(auroc, [1, 1, 1], [1, 2, 3])).all() and not recwarn.list
    assert str(Interval(0.847, 0.79, 0.9249)) == "0.85 [0.79, 0.92]"


@pytest.mark.filterwarnings("ignore:all 2 answers are wrong")
def test_the_leaderboard_counts_what_is_missing_and_sorts():
    wrong, uncertainty = peers_data()
    holes = np.where(np.arange(200) % 4 == 0, np.nan, uncertainty)
    nothing = np.r_[1.0, 2.0, np.full(198, np.nan)]
    wrong = np.r_[True, True, wrong[2:]]
    measures = {
        "constant": np.ones(200),
        "nothing": nothing,
        "doubt": uncertainty,
        "with holes": holes,
    }
    rows = leaderboard(wrong, measures, rounds=50)
    values = [row.auroc.value for row in rows]
    assert (
        values[:-1] == sorted(values[:-1], reverse=True)
        and np.isnan(values[-1])
        and rows[-1].measure == "nothing"
    )
    by_name = {row.measure: row for row in rows}
    assert (
        by_name["doubt"].auroc.value == auroc(wrong, uncertainty) and by_name["doubt"].missing == 0
    )
    has = ~np.isnan(holes)
    assert by_name["with holes"].missing == 50 and by_name["with holes"].auroc.value == auroc(
        wrong[has], holes[has]
    )
    assert by_name["nothing"].missing == 198


def test_a_row_of_the_leaderboard_is_what_the_metrics_say_on_the_same_rows():
    wrong, uncertainty = peers_data()
    holes = np.where(np.arange(200) % 4 == 0, np.nan, uncertainty)
    questions, has = np.arange(200) // 5, ~np.isnan(holes)
    [row] = leaderboard(wrong, {"doubt": holes}, questions=questions, rounds=60, seed=3)
    columns, options = (wrong[has], holes[has]), dict(questions=questions[has], rounds=60, seed=3)
    assert (
        row.auroc
        == bootstrap(auroc, *columns, **options)
        != bootstrap(auroc, *columns, rounds=60, seed=3)
    )
    assert row.rejection_ratio == bootstrap(prediction_rejection_ratio, *columns, **options)
    assert row.average_precision == average_precision(*columns)


def test_infinite_doubts_are_ranked_and_what_is_odd_is_named():
    wrong = [0, 1, 0, 1]
    [row] = leaderboard(wrong, {"perplexity": [1.0, np.inf, 2.0, 3.0]}, rounds=20)
    assert row.auroc.value == 1 and row.average_precision == 1
    [row] = leaderboard(wrong, {"stated": [np.nan] * 4}, rounds=20)
    assert np.isnan(row.auroc).all() and row.missing == 4
    with pytest.raises(ValueError, match=r"'short' has shape \(3,\), the labels \(4,\)"):
        leaderboard(wrong, {"short": [1, 2, 3]})
    with pytest.raises(ValueError, match="at least one column and one round, got 0"):
        bootstrap(auroc)
    with pytest.raises(ValueError, match="got 2 and 0"):
        bootstrap(auroc, wrong, wrong, rounds=0)


@pytest.mark.parametrize(
    "name",
    [
        "-entropy",
        "1 - perplexity",
        "negative entropy",
        "self-consistency",
        "vote share",
        "P(IK)",
        "max softmax",
        "confidences",
        "probabilities",
        "reliability",
    ],
)
def test_what_was_turned_around_once_too_often_is_refused_too(name):
    with pytest.raises(ValueError, match="grows with confidence"):
        check_orientation(name)


def test_doubts_pass_by_name():
    for name in (
        "neg_log_likelihood",
        "uncertainty",
        "improbability",
        "entropy",
        "1 - P(True), 3 ideas",
        "distinct answers",
    ):
        check_orientation(name)


@pytest.mark.parametrize(
    "name",
    [
        "confidence",
        "stated confidence",
        "margin",
        "mean_margin",
        "probability",
        "max_probability",
        "sequence probability",
        "log_likelihood",
        "P(True)",
        "lexical agreement",
        "certainty",
    ],
)
def test_a_measure_that_grows_with_confidence_is_refused_by_name(name):
    with pytest.raises(ValueError, match=r"grows with confidence.*'1 - "):
        leaderboard([0, 1], {name: [0.1, 0.2]})
    check_orientation(f"1 - {name}")
    check_orientation(f"-{name}")


def test_our_own_measures_pass_by_name_and_by_nature():
    """Each grows when the model's distribution is flattened, whatever it is called."""
    sure, unsure = torch.tensor([[9.0, 1, 1, 1]] * 3), torch.tensor([[2.0, 1.9, 1.8, 1.7]] * 3)
    small, large = answer_measures(sure), answer_measures(unsure)
    for name in small:
        check_orientation(name)
        assert small[name] < large[name], name


def overconfident(n=2000, seed=0):
    random = np.random.default_rng(seed)
    truth = random.uniform(-2, 2, n)
    return random.random(n) < 1 / (1 + np.exp(-truth)), 1 / (1 + np.exp(-3 * truth)), truth


@pytest.mark.parametrize("scaling", [temperature_scaling, platt_scaling, isotonic_scaling])
def test_recalibration_repairs_overconfidence_on_answers_it_has_not_seen(scaling):
    correct, confidence, _ = overconfident()
    new_correct, new_confidence, _ = overconfident(seed=1)
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
    correct, confidence, truth = overconfident(20_000)
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
    wrong, uncertainty = peers_data()
    with pytest.warns(UserWarning, match="is it a doubt"):
        scaling(~wrong, uncertainty)


def test_what_is_no_value_is_refused_before_and_after_fitting():
    wrong, uncertainty = peers_data()
    with pytest.raises(ValueError, match=r"lie in \[0, 1\], got -3 to 85"):
        temperature_scaling(~wrong, 1 - uncertainty)([85, -3])
    for scaling in (platt_scaling, isotonic_scaling):
        with pytest.raises(ValueError, match="finite"):
            scaling(~wrong, np.r_[np.inf, uncertainty[1:]])
        with pytest.raises(ValueError, match="finite"):
            scaling(~wrong, -uncertainty)([np.nan])


def test_any_measure_can_be_recalibrated_but_not_from_one_class():
    wrong, uncertainty = peers_data()
    for scaling in (platt_scaling, isotonic_scaling):
        assert (
            0
            <= scaling(~wrong, -100 * uncertainty)([-1e9])[0]
            <= scaling(~wrong, -100 * uncertainty)([1e9])[0]
            <= 1
        )
        with pytest.raises(ValueError, match="all 2 held-out answers are right"):
            scaling([1, 1], [0.2, 0.4])
