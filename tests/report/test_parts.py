"""Each part against a direct call, scikit-learn, or numbers worked out by hand."""

import numpy as np
import pytest
from scipy.stats import binomtest
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import average_precision_score, brier_score_loss, log_loss, roc_auc_score

from uncertainty import Interval, answer_threshold
from uncertainty.report.answers import answers_part
from uncertainty.report.calibration_part import calibration_part
from uncertainty.report.heatmap_part import to_look_at
from uncertainty.report.leaderboard_part import leaderboard_part, orientation
from uncertainty.report.lens_part import profile_numbers
from uncertainty.report.neurons_part import share_through_norm
from uncertainty.report.numbers import first_half, share_interval, why_not_judged
from uncertainty.report.promise_part import best_measure, promise_part
from uncertainty.report.threshold_part import over_splits, threshold, threshold_part
from uncertainty.report.verbalised_part import verbalised_numbers


@pytest.fixture(scope="module")
def columns():
    """120 answers: perplexity ranks, "naive" is upside down, "noise" is neither, one answer is empty."""
    random = np.random.default_rng(0)
    wrong = random.random(120) < 0.5
    signal = wrong + 0.8 * random.normal(size=120)
    doubts = {
        "perplexity": np.exp(signal),
        "vanilla": 1 / (1 + np.exp(-signal)),
        "naive": -signal,
        "noise": random.normal(size=120),
        "length": random.integers(1, 5, 120).astype(float),
    }
    for name in ("perplexity", "vanilla", "naive", "noise"):
        doubts[name][7] = np.nan
    return wrong, doubts


def by_name(rows, key="measure"):
    return {row[key]: row for row in rows}


def test_the_leaderboard_is_scikit_learns(columns):
    wrong, doubts = columns
    part = leaderboard_part(wrong, doubts)
    rows = by_name(part["rows"])
    assert set(rows) == {*doubts, "shuffled"} and part["share_wrong"] == wrong.mean()
    kept = np.arange(120) != 7
    for name in ("perplexity", "naive", "noise"):
        values = doubts[name][kept]
        assert rows[name]["auroc"]["value"] == pytest.approx(roc_auc_score(wrong[kept], values))
        expected = average_precision_score(wrong[kept], values)
        assert rows[name]["average_precision"] == pytest.approx(expected)
        lead = roc_auc_score(wrong[kept], values) - roc_auc_score(
            wrong[kept], doubts["length"][kept]
        )
        assert rows[name]["over_length"]["lead"]["value"] == pytest.approx(lead)
        assert rows[name]["missing"] == 1
    assert rows["length"]["missing"] == 0
    best_first = [row["auroc"]["value"] for row in part["rows"]]
    assert best_first == sorted(best_first, reverse=True)


def test_the_leaderboard_tells_direction_and_verdict(columns):
    rows = by_name(leaderboard_part(*columns)["rows"])
    assert rows["perplexity"]["orientation"] == "as meant"
    assert rows["perplexity"]["over_length"]["verdict"] == "shows"
    assert rows["naive"]["orientation"] == "upside down"
    assert rows["naive"]["over_length"]["verdict"] == "the opposite"
    assert rows["noise"]["over_length"]["verdict"] == "does not show"
    assert rows["shuffled"]["orientation"] == "unclear"
    assert rows["length"]["is_control"] and rows["length"]["over_length"] is None
    assert orientation(Interval(0.5, 0.5, 0.6)) == "unclear"


def test_a_doubt_that_is_the_length_shows_nothing_beyond_it():
    """Longer answers are wrong more often; a doubt that only counts tokens must not pass the bar."""
    random = np.random.default_rng(1)
    length = random.integers(1, 6, 200).astype(float)
    wrong = random.random(200) < length / 6
    doubts = {"perplexity": length + 0.01 * random.normal(size=200), "length": length}
    row = by_name(leaderboard_part(wrong, doubts)["rows"])["perplexity"]
    assert row["auroc"]["low"] > 0.5
    assert row["over_length"]["verdict"] == "weak"
    assert row["over_length"]["bar"] > 0.1


def test_calibration_is_scikit_learns(columns):
    wrong, doubts = columns
    part = calibration_part(wrong, doubts)
    kept = ~np.isnan(doubts["vanilla"])
    correct, confidence = ~wrong[kept], 1 - doubts["vanilla"][kept]
    fitted = first_half(kept.sum())
    assert (part["missing"], part["fitted"], part["judged"]) == (1, 59, 60)
    rows = by_name(part["rows"], "name")
    judged, stated = correct[~fitted], confidence[~fitted]
    assert rows["as it is"]["brier"]["value"] == pytest.approx(brier_score_loss(judged, stated))
    assert rows["as it is"]["nll"] == pytest.approx(log_loss(judged, stated))
    assert rows["as it is"]["auroc"] == pytest.approx(roc_auc_score(judged, stated))

    model = LogisticRegression(C=np.inf, max_iter=1000)
    model.fit(confidence[fitted, None], correct[fitted])
    platt = model.predict_proba(stated[:, None])[:, 1]
    assert rows["Platt"]["brier"]["value"] == pytest.approx(
        brier_score_loss(judged, platt), abs=1e-4
    )

    places = np.ceil(stated * 10).clip(1, 10)
    gaps = [
        np.mean(places == b) * abs(judged[places == b].mean() - stated[places == b].mean())
        for b in np.unique(places)
    ]
    assert rows["as it is"]["ece"]["value"] == pytest.approx(sum(gaps))
    assert sum(part["diagram"]["as it is"]["count"]) == 60


def test_perfect_coins_have_the_ece_of_the_control():
    random = np.random.default_rng(2)
    confidence = random.random(2000)
    wrong = random.random(2000) > confidence
    doubts = {"vanilla": 1 - confidence, "perplexity": 1 / confidence}
    rows = by_name(calibration_part(wrong, doubts)["rows"], "name")
    ece, tossed = rows["as it is"]["ece"], rows["as it is"]["tossed_ece"]
    assert ece["low"] < 2 * tossed and 0 < tossed < 0.05
    assert rows["always the base rate"]["auroc"] == 0.5


def test_a_threshold_by_hand():
    wrong = np.array([False, False, True, False, True, True])
    values = np.arange(6.0)
    assert threshold(wrong, values, 0.0) == 1  # the two surest are right
    assert threshold(wrong, values, 0.25) == 3  # 1 of the 4 surest is wrong
    assert threshold(wrong, values, 0.4) == 4
    assert threshold(~wrong, values, 0.2) is None  # the surest is wrong
    tied = np.array([0.0, 1, 1, 1, 1, 1])
    assert threshold(wrong, tied, 0.4) == 0  # all that are tied at 1 would pass: half are wrong
    assert threshold(wrong, tied, 0.5) == 1


def test_the_threshold_is_set_on_one_half_and_tested_on_the_other(columns):
    wrong, doubts = columns
    part = threshold_part(wrong, doubts, [0.2, 0.6])
    assert part["measure"] in ("perplexity", "vanilla") and part["missing"] == 1
    kept = ~np.isnan(doubts["vanilla"])
    wrong, values = wrong[kept], doubts[part["measure"]][kept]
    half = first_half(len(wrong))
    for row in part["rows"]:
        # by brute force: the largest value of the half up to which the limit is kept
        limits = [v for v in values[half] if wrong[half][values[half] <= v].mean() <= row["wanted"]]
        assert row["threshold"] == max(limits)
        given = values[~half] <= max(limits)
        assert row["coverage"]["value"] == pytest.approx(given.mean())
        assert row["risk"]["value"] == pytest.approx(wrong[~half][given].mean())
        assert row["answered"] == given.sum()
    assert part["rows"][0]["risk"]["low"] < part["rows"][0]["risk"]["value"]


def test_the_other_half_does_not_choose_the_measure(columns):
    """Turning the labels of the tested half round must change no threshold and no choice."""
    wrong, doubts = columns
    kept = ~np.isnan(doubts["vanilla"])
    doubts = {name: values[kept] for name, values in doubts.items()}
    wrong = wrong[kept]
    half = first_half(len(wrong))
    turned = np.where(half, wrong, ~wrong)
    before, after = threshold_part(wrong, doubts), threshold_part(turned, doubts)
    assert before["measure"] == after["measure"]
    assert [r["threshold"] for r in before["rows"]] == [r["threshold"] for r in after["rows"]]
    assert [r["risk"] for r in before["rows"]] != [r["risk"] for r in after["rows"]]
    promised = [part["promised"]["rows"] for part in (before, after)]
    assert [r["threshold"] for r in promised[0]] == [r["threshold"] for r in promised[1]]


def test_a_promise_is_set_by_answers_that_did_not_choose_the_doubt():
    random = np.random.default_rng(3)
    values = random.random(400)
    wrong = random.random(400) < values**3
    doubts = {"perplexity": values, "vanilla": random.random(400), "length": values}
    half = first_half(400)
    part = promise_part(wrong, doubts, half, [0.1, 0.2])
    assert (part["measure"], part["chosen_on"], part["set_on"]) == ("perplexity", 50, 150)
    choosing = np.flatnonzero(half)[::4]
    setting = np.setdiff1d(np.flatnonzero(half), choosing)
    for row in part["rows"]:
        promise = answer_threshold(wrong[setting], values[setting], risk=row["wanted"])
        given = values[~half] <= promise.threshold
        assert row["threshold"] == promise.threshold and row["answered"] == given.sum() > 20
        assert row["risk"]["value"] == pytest.approx(wrong[~half][given].mean())
    wrong[choosing] = True
    assert "of one class" in promise_part(wrong, doubts, half, [0.2])["left_out"]


def test_a_promise_that_cannot_be_given_says_none():
    wrong = np.tile([True, False, True], 40)
    doubts = {"perplexity": np.random.default_rng(0).random(120), "length": np.ones(120)}
    [row] = promise_part(wrong, doubts, first_half(120), [0.1])["rows"]
    assert row["threshold"] is None and row["risk"] is None and row["bound"] > 0.1


def test_a_limit_that_cannot_be_kept_says_none():
    wrong = np.tile([True, False], 20)
    values = np.where(wrong, 0.0, 1.0)  # the surest are all wrong
    part = threshold_part(wrong, {"perplexity": values, "length": values}, [0.1])
    [row] = part["rows"]
    assert row["threshold"] is None and row["coverage"] is None and row["answered"] == 0
    assert part["splits"][0]["exceeded"] is None


def test_splits_count_how_often_a_limit_is_exceeded():
    wrong = np.array([False] * 50 + [True] * 50)
    values = wrong.astype(float)
    splits = [first_half(100, seed) for seed in range(20)]
    over = over_splits(wrong, values, splits, 0.1)
    assert over == {"wanted": 0.1, "splits": 20, "answering": 20, "mean_risk": 0.0, "exceeded": 0.0}
    assert best_measure(wrong, {"length": values, "noise": -values, "naive": values}) == "naive"


def test_shares_have_exact_intervals():
    interval = share_interval(np.zeros(20, dtype=bool))
    assert interval.low == 0 and interval.high == pytest.approx(1 - 0.025 ** (1 / 20))


def test_stated_confidences_by_hand():
    random = np.random.default_rng(0)
    right = np.tile([True, False], 15)
    stated = np.where(right, 0.9, 0.2) + 0.05 * random.random(30)
    stated[:4] = np.nan
    words = np.tile([0.1, 0.1, 0.2], (30, 1))
    part = verbalised_numbers(
        right=right,
        stated=stated,
        words=words,
        surprisal=np.where(right, 0.1, 1.0),
        length=np.ones(30),
    )
    rows = by_name(part["rows"], "name")
    assert (part["asked"], part["stated"]) == (30, 26)
    assert part["follow_rate"]["value"] == pytest.approx(26 / 30)
    assert rows["stated number"]["count"] == 26 and rows["stated number"]["auroc"]["value"] == 1
    assert rows["scored words"]["auroc"]["value"] == 0.5  # all (0.1 x 0.5 + 0.2) / 0.4
    assert rows["token probability"]["auroc"]["value"] == 1
    assert rows["shortness (control)"]["auroc"]["value"] == 0.5
    assert part["word_mass"] == pytest.approx(0.4)
    assert part["ece"]["value"] > 0


def test_nothing_stated_is_told():
    part = verbalised_numbers(
        right=np.tile([True, False], 15),
        stated=np.full(30, np.nan),
        words=np.ones((30, 3)),
        surprisal=np.ones(30),
        length=np.ones(30),
    )
    assert part["stated"] == 0 and part["mean_stated"] is None and part["ece"] is None
    assert part["rows"][0]["left_out"].startswith("the number of answers is 0,")


def test_the_profile_is_the_mean_at_each_depth():
    random = np.random.default_rng(0)
    right = np.tile([True, False], 20)
    profiles = random.random((40, 3))
    profiles[:, 2] += ~right
    profiles[3] = np.nan
    part = profile_numbers(right, profiles)
    assert part["count"] == {"right": 20, "wrong": 19} and part["missing"] == 1
    kept = np.arange(40) != 3
    for depth in range(3):
        column = profiles[:, depth]
        assert part["entropy"]["right"][depth]["value"] == pytest.approx(column[right].mean())
        assert part["entropy"]["wrong"][depth]["value"] == pytest.approx(
            column[kept & ~right].mean()
        )
        expected = roc_auc_score(~right[kept], column[kept])
        assert part["auroc"][depth]["value"] == pytest.approx(expected)
    only_wrong = profile_numbers(np.zeros(30, dtype=bool), np.ones((30, 3)))
    assert only_wrong["auroc"] is None and set(only_wrong["entropy"]) == {"wrong"}
    assert only_wrong["not_judged"] == "all 30 answers are wrong, so there is nothing to tell apart"


def test_the_share_through_the_norm_by_hand():
    assert share_through_norm(np.array([2.0, 2.0]), np.array([1.0, 0.0])) == 0.75


def answer(n, right, perplexity):
    measures = None if perplexity is None else {"perplexity": perplexity}
    return {
        "id": n,
        "right": right,
        "measures": measures,
        "category": "ab"[n % 2],
        "problem": None if right else f"no right answer in 'text {n}'",
        "tokens": 0 if measures is None else 24,
    }


def test_the_surest_wrong_and_the_least_sure_right_are_found():
    rows = [answer(n, n % 3 == 0, 1 + (7 * n) % 30) for n in range(29)] + [answer(29, False, None)]
    wrong, right = to_look_at(rows, 4)
    assert [row["measures"]["perplexity"] for row in wrong] == sorted(
        row["measures"]["perplexity"] for row in rows[:29] if not row["right"]
    )[:4]
    assert [row["measures"]["perplexity"] for row in right] == sorted(
        (row["measures"]["perplexity"] for row in rows if row["right"]), reverse=True
    )[:4]


def test_answers_are_counted():
    rows = [answer(n, n % 3 == 0, 2.0) for n in range(9)] + [answer(9, False, None)]
    part = answers_part(rows)
    assert (part["count"], part["right_count"], part["empty"], part["at_limit"]) == (10, 3, 1, 9)
    exact = binomtest(3, 10).proportion_ci(method="exact")
    assert part["right"] == pytest.approx({"value": 0.3, "low": exact.low, "high": exact.high})
    assert part["problems"] == [{"problem": "no right answer", "count": 7}]
    assert [(row["category"], row["count"]) for row in part["by_category"]] == [("a", 5), ("b", 5)]


@pytest.mark.parametrize(
    ("wrong", "reason"),
    [
        (
            [True, False] * 9 + [True],
            "the number of answers is 19, and with fewer than 20 every interval would span nearly everything",
        ),
        ([True] * 20, "all 20 answers are wrong, so there is nothing to tell apart"),
        ([False] * 20, "all 20 answers are right, so there is nothing to tell apart"),
        (
            [True] + [False] * 20,
            "only 1 of 21 answers is wrong, and with fewer than 5 nothing can be told apart",
        ),
    ],
)
def test_why_a_part_is_left_out(wrong, reason):
    wrong = np.array(wrong)
    doubts = {"perplexity": np.ones(len(wrong)), "vanilla": np.ones(len(wrong)) / 2}
    doubts["length"] = doubts["perplexity"]
    assert why_not_judged(wrong) == reason
    for part in (leaderboard_part, calibration_part, threshold_part):
        assert part(wrong, doubts) == {"left_out": reason}
