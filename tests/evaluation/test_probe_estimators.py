"""probe_estimators.py against scipy's distance and scikit-learn's own network."""

import numpy as np
import pytest
from scipy.spatial.distance import mahalanobis
from sklearn.covariance import ledoit_wolf
from sklearn.neural_network import MLPClassifier

from uncertainty.evaluation.cross_fitting import cross_fitted_doubt
from uncertainty.evaluation.discrimination import auroc
from uncertainty.evaluation.probe_estimators import EPOCHS, DistanceFromRight, network_probe

RANDOM = np.random.default_rng(5)
WRONG = RANDOM.random(80) < 0.4
COLUMNS = RANDOM.normal(size=(80, 7)) * (1 + 2 * WRONG[:, None])


def test_the_distance_is_scipys_from_the_right_answers_alone():
    found = DistanceFromRight().fit(COLUMNS, WRONG).decision_function(COLUMNS)
    right = COLUMNS[~WRONG]
    inverse = np.linalg.inv(ledoit_wolf(right)[0])
    expected = [mahalanobis(row, right.mean(0), inverse) ** 2 for row in COLUMNS]
    assert found == pytest.approx(expected, rel=1e-9)
    as_numbers = DistanceFromRight().fit(COLUMNS, WRONG.astype(float)).decision_function(COLUMNS)
    assert np.array_equal(found, as_numbers)
    with pytest.raises(ValueError, match="none of 80 answers is right"):
        DistanceFromRight().fit(COLUMNS, np.ones(80))


def test_the_network_is_scikit_learns_on_standardised_columns():
    scaled = (COLUMNS - COLUMNS.mean(0)) / COLUMNS.std(0)
    with pytest.warns(Warning, match="Maximum iterations"):
        network = MLPClassifier((256, 128, 64), batch_size=32, max_iter=EPOCHS, random_state=3)
        network.fit(scaled, WRONG)
    found = network_probe(seed=3).fit(COLUMNS, WRONG).predict_proba(COLUMNS)
    assert found == pytest.approx(network.predict_proba(scaled), abs=1e-5)


@pytest.mark.parametrize(
    "estimator", [DistanceFromRight(), network_probe()], ids=["far", "network"]
)
def test_both_can_be_cross_fitted_and_find_a_wider_cloud(estimator):
    doubt = cross_fitted_doubt(COLUMNS, WRONG, estimators=[estimator], folds=3).doubt
    assert auroc(WRONG, doubt) > 0.7
    coins = RANDOM.random(80) < 0.5
    chance = cross_fitted_doubt(COLUMNS, coins, estimators=[estimator], folds=3).doubt
    assert 0.3 < auroc(coins, chance) < 0.7
