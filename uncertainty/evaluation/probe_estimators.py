"""Relatives of the linear probe: a distance from right answers, and a small network."""

import warnings

import numpy as np
from numpy.typing import ArrayLike
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.covariance import LedoitWolf
from sklearn.exceptions import ConvergenceWarning
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler

HIDDEN = (256, 128, 64)  # SAPLMA's layers
EPOCHS = 50


class DistanceFromRight(BaseEstimator):
    """The squared Mahalanobis distance of a state from the right answers; for `cross_fitted_doubt`.

    With the mean m and the shrunk covariance S of the right answers' states it is::

        d(x) = (x - m)^T S^-1 (x - m)

    Wrong answers take no part in the fit. The covariance is shrunk as Ledoit and Wolf do, since
    there are more coordinates than answers.

    Source: Lee et al. 2018 (arXiv 1807.03888), abstract, with one class instead of several.
    """

    def fit(self, columns: ArrayLike, wrong: ArrayLike) -> "DistanceFromRight":
        """Learn the cloud of right answers.

        Args:
            columns: ``(answers, width)``.
            wrong: ``(answers,)``.

        Raises:
            ValueError: no answer is right.
        """
        right = ~np.asarray(wrong, dtype=bool)
        if not right.any():
            raise ValueError(f"none of {len(right)} answers is right, so there is no cloud.")
        self.cloud_ = LedoitWolf().fit(np.asarray(columns)[right])
        return self

    def decision_function(self, columns: ArrayLike) -> np.ndarray:
        """Return the squared distance of each row, ``(answers,)``."""
        return self.cloud_.mahalanobis(columns)


class _QuietNetwork(MLPClassifier, ClassifierMixin):
    """scikit-learn's network; a fixed number of epochs is meant, so it does not warn of them."""

    def fit(self, X, y):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)
            return super().fit(X, y)


def network_probe(*, seed: int = 0) -> Pipeline:
    """Return a network with hidden layers of 256, 128 and 64 units, not yet fitted.

    The layers, the ReLU between them and Adam are those of SAPLMA, which reads the state of the
    answer's last token. SAPLMA takes 5 epochs of thousands of statements; here it is `EPOCHS`, of
    hundreds of answers, and the columns are standardised first.

    Args:
        seed: of the first weights and of the order in which answers are shown.

    Source: SAPLMA, Azaria and Mitchell 2023 (arXiv 2304.13734), abstract.
    """
    network = _QuietNetwork(HIDDEN, batch_size=32, max_iter=EPOCHS, random_state=seed)
    return make_pipeline(StandardScaler(), network)
