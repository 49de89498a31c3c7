"""conformal.py against MAPIE, brute force, and the law of the coverage by enumeration."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.base import BaseEstimator, ClassifierMixin

from uncertainty.evaluation.conformal import conformal_limit, coverage_band, option_scores

ALPHAS = st.sampled_from([0.05, 0.1, 0.2, 0.25, 0.5])


def rows(count, options=4, seed=0):
    return np.random.default_rng(seed).dirichlet(np.ones(options), count)


def test_scores_by_hand():
    p = np.array([[0.5, 0.3, 0.1, 0.1], [0.25, 0.25, 0.25, 0.25]])
    assert option_scores(p)[0] == pytest.approx([0.5, 0.7, 0.9, 0.9])
    assert option_scores(p, "adaptive")[0] == pytest.approx([0.5, 0.8, 1.0, 1.0])
    assert option_scores(p, "adaptive")[1] == pytest.approx([1, 1, 1, 1])  # ties stand together


def test_the_adaptive_score_is_the_sum_down_to_the_option():
    for row in rows(20):
        order = sorted(range(4), key=lambda option: -row[option])
        for option in range(4):
            above = order[: order.index(option) + 1]
            assert option_scores(row[None], "adaptive")[0, option] == pytest.approx(sum(row[above]))


@given(st.lists(st.integers(0, 20), min_size=1, max_size=40), ALPHAS)
def test_the_limit_is_the_smallest_that_covers_enough(scores, alpha):
    limit = conformal_limit(scores, alpha=alpha)
    enough = math.ceil(round((len(scores) + 1) * (1 - alpha), 9))
    covering = [s for s in scores if sum(other <= s for other in scores) >= enough]
    assert limit == (min(covering) if covering else math.inf)


@pytest.mark.parametrize("count,alpha", [(5, 0.2), (6, 0.25), (4, 0.5)])
def test_the_coverage_is_exact_over_all_orders(count, alpha):
    """Each of n + 1 different scores is the new one once: the definition of exchangeable."""
    scores = np.arange(count + 1.0)
    covered = [
        scores[new] <= conformal_limit(np.delete(scores, new), alpha=alpha)
        for new in range(count + 1)
    ]
    place = math.ceil(round((count + 1) * (1 - alpha), 9))
    assert np.mean(covered) == pytest.approx(place / (count + 1)) and np.mean(covered) >= 1 - alpha


def test_the_band_is_that_of_all_ways_to_split():
    """4 of 8 questions calibrate; the other 4 are tested: 70 equally likely ways."""
    scores = np.arange(8)
    shares = []
    for calibrated in itertools.combinations(range(8), 4):
        limit = conformal_limit(scores[list(calibrated)], alpha=0.4)
        shares.append((np.delete(scores, calibrated) <= limit).mean())
    for level in (0.5, 0.8, 0.9):
        low, high = coverage_band(4, 4, alpha=0.4, level=level)
        expected = [
            min(s for s in sorted(set(shares)) if np.mean(np.array(shares) <= s) >= q - 1e-12)
            for q in ((1 - level) / 2, (1 + level) / 2)
        ]
        assert [low, high] == expected


def test_the_least_ambiguous_sets_are_mapies():
    """A classifier that says the probabilities it is given, calibrated by MAPIE and by us."""
    classification = pytest.importorskip("mapie.classification")

    class Given(ClassifierMixin, BaseEstimator):
        classes_ = np.arange(4)

        def fit(self, x, y):
            return self

        def predict_proba(self, x):
            return x

        def predict(self, x):
            return x.argmax(1)

        def __sklearn_is_fitted__(self):
            return True

    p, new = rows(60), rows(200, seed=1)
    right = np.array([np.random.default_rng(i).choice(4, p=row) for i, row in enumerate(p)])
    theirs = classification.SplitConformalClassifier(
        Given(), confidence_level=0.8, conformity_score="lac", prefit=True
    ).conformalize(p, right)
    sets = theirs.predict_set(new)[1][:, :, 0]
    limit = conformal_limit(option_scores(p)[np.arange(60), right], alpha=0.2)
    assert np.array_equal(option_scores(new) <= limit, sets) and 0.2 < sets.mean() < 0.8


def test_the_adaptive_scores_are_mapies_before_it_randomises_them():
    aps = pytest.importorskip("mapie.conformity_scores.sets.aps")
    p = rows(60)
    right = np.arange(60) % 4
    theirs, _ = aps.APSConformityScore.get_true_label_cumsum_proba(right, p, np.arange(4))
    ours = option_scores(p, "adaptive")[np.arange(60), right]
    assert ours == pytest.approx(theirs[:, 0], abs=1e-12)


def test_few_questions_exclude_nothing():
    assert conformal_limit([0.1] * 8, alpha=0.1) == math.inf
    assert conformal_limit([0.1] * 9, alpha=0.1) == 0.1
    with pytest.raises(ValueError, match="too few"):
        coverage_band(8, 10, alpha=0.1)


@pytest.mark.parametrize(
    "bad",
    [
        np.ones(4) / 4,
        np.ones((2, 4)),
        np.ones((0, 4)),
        np.ones((2, 0)),
        [[1.5, -0.5]],
        [[-0.1, 0.6, 0.5]],
        [[0.5, 0.5002]],
        [[np.nan, 1.0]],
    ],
)
def test_refuses_what_is_no_probability(bad):
    with pytest.raises(ValueError, match=r"need probabilities|each row must hold"):
        option_scores(bad)


def test_refusals_name_the_value():
    with pytest.raises(ValueError, match="unknown score 'aps'"):
        option_scores([[0.5, 0.5]], "aps")
    with pytest.raises(ValueError, match="alpha must lie between 0 and 1, got 1"):
        conformal_limit([0.1], alpha=1)
    with pytest.raises(ValueError, match="without nan"):
        conformal_limit([0.1, np.nan])
    with pytest.raises(ValueError, match="counts of at least 1"):
        coverage_band(0, 10)
    with pytest.raises(ValueError, match="alpha must lie between 0 and 1, got 0"):
        conformal_limit([0.1], alpha=0)
    for scores in ([], [[0.1, 0.2]]):
        with pytest.raises(ValueError, match=r"need scores \(questions,\)"):
            conformal_limit(scores)
    for counts, level in (((10, 0), 0.95), ((10, 10), 0), ((10, 10), 1)):
        with pytest.raises(ValueError, match="counts of at least 1"):
            coverage_band(*counts, level=level)


def test_a_sum_that_is_one_up_to_rounding_is_taken_and_no_score_exceeds_one():
    p = [[0.5, 0.3, 0.20005]]
    assert option_scores(p)[0] == pytest.approx([0.5, 0.7, 0.79995])
    assert option_scores(p, "adaptive").max() == 1


def test_what_is_taken_when_nothing_is_said():
    scores = np.arange(30.0)
    assert conformal_limit(scores) == conformal_limit(scores, alpha=0.1) == 27
    assert coverage_band(50, 20) == coverage_band(50, 20, alpha=0.1, level=0.95)
    assert np.array_equal(option_scores(rows(3)), option_scores(rows(3), "least_ambiguous"))
    assert coverage_band(9, 20)[0] > 0  # as few as exclude anything


def test_the_place_is_free_of_the_products_rounding_error():
    """(n + 1)(1 - alpha) is whole here, and its product in floating point lies above."""
    for count, alpha, place in ((9, 0.7, 3), (19, 0.7, 6)):
        assert (count + 1) * (1 - alpha) > place
        assert conformal_limit(np.arange(count), alpha=alpha) == place - 1
