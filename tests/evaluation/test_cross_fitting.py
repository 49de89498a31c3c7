"""cross_fitting.py against scikit-learn's own nested cross-validation, and what would be a leak."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import csr_matrix
from sklearn.dummy import DummyClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import GridSearchCV, PredefinedSplit
from sklearn.naive_bayes import GaussianNB
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from uncertainty.evaluation.cross_fitting import STRENGTHS, cross_fitted_doubt, linear_probe

RANDOM = np.random.default_rng(0)
WRONG = RANDOM.random(90) < 0.5
NOISE = RANDOM.normal(size=(90, 6))
SIGNAL = NOISE + 1.2 * WRONG[:, None] * np.array([1, 0, 0, 0, 0, 0])
PAIRS = np.arange(90) // 2


def test_the_doubts_are_those_of_scikit_learns_grid_search_inside_each_fold():
    """The outer folds are ours, and the inner ones; all else is computed by GridSearchCV."""
    candidates = np.stack([NOISE, SIGNAL])
    found = cross_fitted_doubt(candidates, WRONG, groups=PAIRS, seed=3)
    for fold in range(5):
        train = found.fold != fold
        inner = cross_fitted_doubt(
            NOISE[train], WRONG[train], groups=PAIRS[train], folds=3, seed=3
        ).fold
        searches = []
        for columns in candidates:
            pipeline = make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000))
            grid = {"logisticregression__C": list(STRENGTHS)}
            search = GridSearchCV(pipeline, grid, scoring="roc_auc", cv=PredefinedSplit(inner))
            searches.append(search.fit(columns[train], WRONG[train]))
        best = max(range(2), key=lambda c: searches[c].best_score_)
        assert found.candidate[fold] == best
        assert (
            STRENGTHS[found.estimator[fold]] == searches[best].best_params_["logisticregression__C"]
        )
        known = searches[best].decision_function(candidates[best][train])
        new = searches[best].decision_function(candidates[best][~train])
        np.testing.assert_allclose(
            found.doubt[~train], (new - known.mean()) / known.std(), rtol=1e-3, atol=1e-4
        )


@given(st.integers(0, 10**6), st.integers(2, 6), st.integers(6, 30))
@settings(max_examples=25)
def test_groups_are_never_divided_and_every_answer_is_judged_once(seed, folds, names):
    groups = np.random.default_rng(seed).integers(0, names, 90)
    groups[:names] = np.arange(names)
    dummy = [DummyClassifier()]
    found = cross_fitted_doubt(
        NOISE, WRONG, groups=groups, folds=folds, seed=seed, estimators=dummy
    )
    assert all(len(set(found.fold[groups == name])) == 1 for name in set(groups))
    assert set(found.fold) == set(range(folds))


def test_another_seed_deals_the_groups_anew():
    splits = [cross_fitted_doubt(SIGNAL, WRONG, seed=seed).fold for seed in range(3)]
    again = cross_fitted_doubt(SIGNAL, WRONG, seed=0).fold
    assert (again == splits[0]).all() and (splits[1] != splits[0]).any()
    sizes = [np.bincount(split) for split in splits]
    assert all((size == 18).all() for size in sizes)


def test_as_many_folds_as_groups_leave_out_one_group_at_a_time():
    groups = np.repeat(["a", "b", "c", "d"], [10, 40, 25, 15])
    found = cross_fitted_doubt(SIGNAL, WRONG, groups=groups, folds=4)
    assert len({(name, fold) for name, fold in zip(groups, found.fold)}) == 4


def test_a_label_never_reaches_its_own_doubt():
    """Turning the labels of one fold round changes none of that fold's doubts, and others."""
    found = cross_fitted_doubt(np.stack([NOISE, SIGNAL]), WRONG, groups=PAIRS)
    turned = np.where(found.fold == 2, ~WRONG, WRONG)
    other = cross_fitted_doubt(np.stack([NOISE, SIGNAL]), turned, groups=PAIRS)
    same = found.doubt == other.doubt
    assert same[found.fold == 2].all() and not same[found.fold != 2].any()


def test_features_of_the_left_out_answers_change_nothing_but_their_own_doubts():
    found = cross_fitted_doubt(SIGNAL, WRONG)
    moved = np.where((found.fold == 1)[:, None], SIGNAL * 3 + 5, SIGNAL)
    other = cross_fitted_doubt(moved, WRONG)
    row = np.flatnonzero(found.fold == 1)
    fitted = linear_probe(STRENGTHS[found.estimator[1]]).fit(
        np.delete(SIGNAL, row, 0), np.delete(WRONG, row)
    )
    known = fitted.decision_function(np.delete(SIGNAL, row, 0))
    expected = (fitted.decision_function(moved[row]) - known.mean()) / known.std()
    np.testing.assert_allclose(other.doubt[row], expected, rtol=1e-5)


def test_other_columns_are_judged_by_the_fit_that_left_their_answer_out():
    found = cross_fitted_doubt(SIGNAL, WRONG)
    rows = np.array([7, 7, 80, 3])
    np.testing.assert_allclose(found.left_out_doubts(SIGNAL[rows], rows), found.doubt[rows])
    two = cross_fitted_doubt(np.stack([SIGNAL, SIGNAL + NOISE]), WRONG, seed=2)
    moved = two._replace(candidate=np.array([0, 1, 0, 0, 0]))
    with pytest.raises(ValueError, match=r"the folds chose the candidates \[0, 1, 0, 0, 0\]"):
        moved.left_out_doubts(SIGNAL, np.arange(90))
    with pytest.warns(UserWarning):
        nothing = cross_fitted_doubt(SIGNAL, np.zeros(90))
    assert (nothing.left_out_doubts(SIGNAL[:3], [1, 2, 3]) == 0).all()


def test_shuffled_labels_are_no_better_than_chance_and_no_worse():
    """Without one scale for the folds the base rates of the training parts pull this below 0.5."""
    values = []
    for seed in range(40):
        shuffled = np.random.default_rng(seed).permutation(WRONG)
        doubt = cross_fitted_doubt(NOISE, shuffled, seed=seed, estimators=[linear_probe()]).doubt
        values.append(roc_auc_score(shuffled, doubt))
    assert abs(np.mean(values) - 0.5) < 4 * np.std(values) / np.sqrt(len(values)) < 0.06


def test_one_column_is_ranked_in_one_direction():
    """The folds' scales agree: one informative column keeps nearly all of its AUROC."""
    column = SIGNAL[:, :1]
    pooled = roc_auc_score(WRONG, cross_fitted_doubt(column, WRONG).doubt)
    assert abs(pooled - roc_auc_score(WRONG, column[:, 0])) < 0.02


def test_sparse_columns_and_estimators_that_know_probabilities_only():
    dense = np.where(SIGNAL > 0.5, SIGNAL, 0)
    plain = [LogisticRegression(C=1.0)]
    ours = cross_fitted_doubt([csr_matrix(dense)], WRONG, estimators=plain).doubt
    np.testing.assert_allclose(
        ours, cross_fitted_doubt(dense, WRONG, estimators=plain).doubt, atol=1e-3
    )
    doubt = cross_fitted_doubt(SIGNAL, WRONG, estimators=[GaussianNB()]).doubt
    assert roc_auc_score(WRONG, doubt) > 0.65


def test_one_class_is_told_and_gives_no_doubt():
    with pytest.warns(UserWarning, match="0 answers to learn from are wrong and 72 right"):
        found = cross_fitted_doubt(SIGNAL, np.zeros(90))
    assert (found.doubt == 0).all()
    rare = np.arange(90) < 2
    with pytest.warns(UserWarning, match="fewer than 3 of a kind"):
        assert (cross_fitted_doubt(SIGNAL, rare).doubt == 0).all()


@pytest.mark.parametrize(
    "arguments,message",
    [
        ((SIGNAL[:80], WRONG), r"candidate 0 has shape \(80, 6\); need \(90, columns\)"),
        (([], WRONG), "no candidate"),
        ((SIGNAL, SIGNAL[:, 0]), "labels must be 0/1"),
    ],
)
def test_what_does_not_fit_is_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        cross_fitted_doubt(*arguments)


def test_folds_and_groups_that_do_not_fit_are_refused():
    with pytest.raises(ValueError, match="5 folds of 3 groups"):
        cross_fitted_doubt(SIGNAL, WRONG, groups=np.arange(90) % 3)
    with pytest.raises(ValueError, match="got 4 groups for 90 answers"):
        cross_fitted_doubt(SIGNAL, WRONG, groups=[1, 2, 3, 4])
    with pytest.raises(ValueError, match="NaN"):
        cross_fitted_doubt(np.where(SIGNAL > 2, np.nan, SIGNAL), WRONG)
