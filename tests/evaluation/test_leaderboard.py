"""The leaderboard says what the metrics say, and counts what is missing."""

import numpy as np
import pytest
from labelled_answers import answers_of_other_libraries

from uncertainty.evaluation.discrimination import (
    auroc,
    average_precision,
    prediction_rejection_ratio,
)
from uncertainty.evaluation.intervals import bootstrap
from uncertainty.evaluation.leaderboard import leaderboard


@pytest.mark.filterwarnings("ignore:all 2 answers are wrong")
def test_the_leaderboard_counts_what_is_missing_and_sorts():
    wrong, uncertainty = answers_of_other_libraries()
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
    wrong, uncertainty = answers_of_other_libraries()
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


@pytest.mark.parametrize("names", [("nothing", "worst"), ("worst", "nothing")])
def test_a_measure_without_values_stands_below_the_worst(names):
    columns = {"worst": [1.0, 2.0], "nothing": [np.nan, np.nan]}
    rows = leaderboard([1, 0], {name: columns[name] for name in names}, rounds=5)
    assert [row.measure for row in rows] == ["worst", "nothing"]
    assert rows[0].auroc.value == 0


def test_options_are_passed_by_name():
    with pytest.raises(TypeError):
        leaderboard([0, 1], {"doubt": [0.1, 0.2]}, [0, 1])


def test_a_doubt_whose_name_sounds_like_a_confidence_can_be_vouched_for():
    wrong, uncertainty = answers_of_other_libraries()
    measures = {"error probability": uncertainty, "doubt": uncertainty}
    with pytest.raises(ValueError, match=r"doubts=\['error probability'\]"):
        leaderboard(wrong, measures, rounds=5)
    rows = leaderboard(wrong, measures, rounds=5, doubts=["error probability"])
    assert {row.auroc.value for row in rows} == {auroc(wrong, uncertainty)}
    for odd in ("error probability", ["error chance"]):
        with pytest.raises(ValueError, match="doubts must be a list of names among"):
            leaderboard(wrong, measures, rounds=5, doubts=odd)
