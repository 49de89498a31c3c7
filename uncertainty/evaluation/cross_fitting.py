"""A doubt that is learnt from labelled answers, each judged by a fit that has not seen it."""

import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike
from sklearn.base import clone
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GroupKFold
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler

from .columns import label_columns
from .discrimination import auroc

STRENGTHS = (0.01, 0.1)


class CrossFit(NamedTuple):
    """What `cross_fitted_doubt` returns.

    Attributes:
        doubt: ``(answers,)``, larger means more likely wrong; in standard deviations.
        candidate: ``(folds,)``, the number of the candidate that each fold's training answers
            chose.
        estimator: ``(folds,)``, the number of the estimator that they chose.
        fold: ``(answers,)``, the fold in which an answer was left out.
        fits: ``(folds,)``, each fold's `Fit`; None where nothing was learnt.
    """

    doubt: np.ndarray
    candidate: np.ndarray
    estimator: np.ndarray
    fold: np.ndarray
    fits: list["Fit | None"]

    def left_out_doubts(self, columns: Any, answers: ArrayLike) -> np.ndarray:
        """Return the doubts of other columns, each by the fit that did not see its answer.

        Such as the states of an answer that is not finished yet.

        Args:
            columns: ``(rows, columns)``, of the candidate that the folds chose.
            answers: ``(rows,)``, the number of the answer that each row belongs to.

        Raises:
            ValueError: the folds chose different candidates, whose columns mean different things.
        """
        if len(set(self.candidate)) > 1:
            raise ValueError(
                f"the folds chose the candidates {self.candidate.tolist()}, so no columns suit all "
                "of them: fit one candidate."
            )
        fold = self.fold[np.asarray(answers)]
        doubts = np.zeros(len(fold))
        for number in set(fold.tolist()):
            fit = self.fits[number]
            rows = np.flatnonzero(fold == number)
            if fit is not None:
                doubts[rows] = fit.doubts(columns[rows])
        return doubts


@dataclass(frozen=True)
class Fit:
    """An estimator with the scale of its outputs on the answers it was fitted to."""

    estimator: Any
    mean: float
    spread: float

    def doubts(self, columns: Any) -> np.ndarray:
        """Return (output - mean) / spread of each row."""
        return (_outputs(self.estimator, columns) - self.mean) / self.spread


def linear_probe(strength: float = 0.01) -> Pipeline:
    """Return scikit-learn's logistic regression on standardised columns, not yet fitted.

    It looks for the direction w along which wrong answers lie apart from right ones::

        log-odds(wrong | x) = b + sum_j w_j (x_j - m_j) / s_j

    with the means m and standard deviations s of the answers it is fitted to. The penalty on w is
    |w|^2 / (2 strength), so a small strength keeps w short (scikit-learn's ``C``).
    """
    return make_pipeline(StandardScaler(), LogisticRegression(C=strength, max_iter=1000))


def cross_fitted_doubt(
    features: ArrayLike | Sequence[Any],
    wrong: ArrayLike,
    *,
    groups: ArrayLike | None = None,
    estimators: Sequence[Any] | None = None,
    folds: int = 5,
    inner_folds: int = 3,
    seed: int = 0,
) -> CrossFit:
    """Return a learnt doubt of each answer, from fits that saw neither it nor its group.

    1. The groups are dealt out at random to ``folds`` folds of like size. 2. For each fold, every
    candidate (a depth, say) with every estimator is judged on the *other* folds by a
    cross-validation of their own, and the one with the best mean AUROC is fitted to all of them.
    3. That fit's output gives the doubts of the fold, minus its mean and divided by its standard
    deviation on the answers it was fitted to, so that the folds share one scale. What is chosen,
    scaled or fitted never rests on an answer that it judges.

    Args:
        features: ``(answers, columns)``, ``(candidates, answers, columns)``, or a list with the
            columns of each candidate, dense or sparse.
        wrong: ``(answers,)``, the labels to learn.
        groups: ``(answers,)``, what must not be divided between fit and judgement: questions that
            are asked twice, or categories. None: each answer alone.
        estimators: scikit-learn estimators with ``decision_function`` or ``predict_proba``; None:
            a `linear_probe` for each of `STRENGTHS`.
        folds: as many as groups leave out one group at a time.
        inner_folds: of the choice inside.

    Where fewer than ``inner_folds`` of the training answers are right, or wrong, nothing can be
    learnt: a warning, and 0 for each doubt of that fold.

    Raises:
        ValueError: labels that are not 0/1, lengths that differ, nan or infinite features, no
            candidate, fewer than two folds, or fewer groups than folds.

    Source: the choice inside the folds, Cawley and Talbot 2010 (JMLR 11), abstract.
    """
    wrong, _ = label_columns(wrong, np.zeros(len(np.asarray(wrong))))
    candidates = _candidates(features, len(wrong))
    groups = np.arange(len(wrong)) if groups is None else np.asarray(groups)
    if len(groups) != len(wrong):
        raise ValueError(f"got {len(groups)} groups for {len(wrong)} answers.")
    if estimators is None:
        estimators = [linear_probe(strength) for strength in STRENGTHS]
    doubt = np.zeros(len(wrong))
    fold_of = np.zeros(len(wrong), dtype=int)
    chosen = np.zeros((folds, 2), dtype=int)
    fits: list[Fit | None] = []
    for fold, (train, test) in enumerate(_group_folds(groups, folds, seed)):
        fold_of[test] = fold
        n_wrong = int(wrong[train].sum())
        n_right = len(train) - n_wrong
        if min(n_wrong, n_right) < inner_folds:
            warnings.warn(
                f"fold {fold}: {n_wrong} answers to learn from are wrong and {n_right} right. With "
                f"fewer than {inner_folds} of a kind nothing is learnt, and its doubts are 0.",
                stacklevel=2,
            )
            fits.append(None)
            continue

        # 1. the choice, on the training answers alone
        learnt_from = [columns[train] for columns in candidates]
        inner = list(_group_folds(groups[train], inner_folds, seed))
        candidate, estimator = _best_pair(learnt_from, wrong[train], estimators, inner)
        chosen[fold] = candidate, estimator

        # 2. the fit, and the doubts on its own scale
        fitted = clone(estimators[estimator]).fit(learnt_from[candidate], wrong[train])
        known = _outputs(fitted, learnt_from[candidate])
        fit = Fit(fitted, float(known.mean()), float(known.std()) or 1.0)
        doubt[test] = fit.doubts(candidates[candidate][test])
        fits.append(fit)
    return CrossFit(doubt, chosen[:, 0], chosen[:, 1], fold_of, fits)


def _best_pair(candidates: list, wrong: np.ndarray, estimators, inner: list) -> tuple[int, int]:
    """Return the numbers of the candidate and the estimator with the best mean AUROC inside."""
    pairs = list(product(range(len(candidates)), range(len(estimators))))
    if len(pairs) == 1:
        return pairs[0]
    scores = [_inner_auroc(candidates[c], wrong, estimators[e], inner) for c, e in pairs]
    return pairs[int(np.argmax(scores))]


def _inner_auroc(columns, wrong: np.ndarray, estimator, inner: list) -> float:
    """Return the mean AUROC over the inner folds; one that holds one class only does not count."""
    scores = []
    for train, test in inner:
        if _has_both(wrong[train]) and _has_both(wrong[test]):
            fitted = clone(estimator).fit(columns[train], wrong[train])
            scores.append(auroc(wrong[test], _outputs(fitted, columns[test])))
    return float(np.mean(scores)) if scores else 0.5


def _has_both(wrong: np.ndarray) -> bool:
    return bool(wrong.any() and not wrong.all())


def _outputs(fitted, columns) -> np.ndarray:
    if hasattr(fitted, "decision_function"):
        return fitted.decision_function(columns)
    return fitted.predict_proba(columns)[:, 1]


def _group_folds(
    groups: np.ndarray, folds: int, seed: int
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Yield the rows to learn from and the rows to judge: whole groups, dealt out at random."""
    names, number = np.unique(groups, return_inverse=True)
    if not 2 <= folds <= len(names):
        raise ValueError(
            f"{folds} folds of {len(names)} groups: take at least 2 folds, and no more than groups."
        )
    renumbered = np.random.default_rng(seed).permutation(len(names))[number]
    yield from GroupKFold(folds).split(renumbered, groups=renumbered)


def _candidates(features, answers: int) -> list:
    """Return the columns of each candidate, ``(answers, columns)`` each."""
    is_one = getattr(features, "ndim", 0) == 2
    candidates = [features] if is_one else list(features)
    for number, columns in enumerate(candidates):
        shape: tuple = getattr(columns, "shape", ())
        if len(shape) != 2 or shape[0] != answers:
            raise ValueError(
                f"candidate {number} has shape {shape}; need ({answers}, columns), one row "
                "for each answer."
            )
    if not candidates:
        raise ValueError("no candidate: need the columns of at least one.")
    return candidates
