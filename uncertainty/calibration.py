"""Is a doubt worth anything? Two different virtues, measured apart, each with an interval.

*Discrimination*: does a measure rank wrong answers above right ones? `auroc`, `average_precision`, `risk_coverage`,
`prediction_rejection_ratio` take ``(wrong, uncertainty)``; any scale will do.

*Calibration*: when it says 70 %, is it right in 70 %? `expected_calibration_error`, `brier`, `brier_decomposition`,
`negative_log_likelihood` take ``(correct, confidence)`` with confidences in [0, 1].

Labels come first, as in scikit-learn. Missing values (nan) are refused, never dropped: decide what they mean, and say
how many there were. `leaderboard` does that for a whole table of measures.
"""

import re
import warnings
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from scipy.stats import rankdata
from sklearn.metrics import average_precision_score, brier_score_loss, log_loss

_CONFIDENCE = re.compile(r"\b(?:(?:confidence|(?:max ?|log ?)?prob(?:ability)?|(?:log ?)?likelihood|margin|agreement|similarity|"
                         r"certainty|consistency|reliability|accuracy|vote|softmax|share)s?|(?:confidence|probabilit|certaint|"
                         r"similarit)ies|p ?\(? ?(?:true|ik)\b)", re.I)
_TURNED = re.compile(r"^\s*(?:1\s*)?[-\u2212]|^\s*(?:neg|negative|minus)\b", re.I)


class Interval(NamedTuple):
    """A value and the bounds of its bootstrap interval; prints as ``0.85 [0.79, 0.92]``."""

    value: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.value:.2f} [{self.low:.2f}, {self.high:.2f}]"


class RiskCoverage(NamedTuple):
    """Answer only the surest share: ``coverage`` k/n for k = 1..n, ``risk`` the share of wrong answers among those k.

    ``area`` (AURC) is the mean risk over all coverages: smaller is better.
    """

    coverage: np.ndarray
    risk: np.ndarray
    area: float


class Bins(NamedTuple):
    """The occupied bins of a reliability diagram: mean confidence, accuracy and number of answers of each."""

    confidence: np.ndarray
    accuracy: np.ndarray
    count: np.ndarray


class BrierParts(NamedTuple):
    """``reliability - resolution + uncertainty`` is the Brier score, exactly."""

    reliability: float
    resolution: float
    uncertainty: float


class Row(NamedTuple):
    """One measure on the leaderboard; ``missing`` answers had no value and are not part of the other numbers."""

    measure: str
    auroc: Interval
    rejection_ratio: Interval
    average_precision: float
    missing: int


def auroc(wrong, uncertainty) -> float:
    """The chance that a wrong answer has a larger uncertainty than a right one, ties counting half.

        AUROC = (mean rank of the wrong - (n_wrong + 1) / 2) / n_right

    1 is perfect, 0.5 a coin. The positive class is *wrong*. With one class only it is not defined: nan and a warning.

    Raises:
        ValueError: labels that are not 0/1 or True/False (arguments swapped?), lengths that differ, or nan.
    """
    wrong, uncertainty = _columns(wrong, uncertainty)
    positives = wrong.sum()
    if _one_class(wrong):
        return float("nan")
    ranks = rankdata(uncertainty)
    return float((ranks[wrong].mean() - (positives + 1) / 2) / (len(wrong) - positives))


def average_precision(wrong, uncertainty) -> float:
    """Area under the precision-recall curve for finding wrong answers (scikit-learn's); a coin gets the share of wrong ones.

    With one class only: nan and a warning. Raises ValueError as `auroc`.
    """
    wrong, uncertainty = _columns(wrong, uncertainty)
    return float("nan") if _one_class(wrong) else float(average_precision_score(wrong, rankdata(uncertainty)))


def risk_coverage(wrong, uncertainty) -> RiskCoverage:
    """What is left wrong when the model answers only where it is surest (selective prediction).

    Answers of equal uncertainty come in no particular order, so each counts as the mean of its ties: the expected curve.
    Raises ValueError as `auroc`.
    """
    wrong, uncertainty = _columns(wrong, uncertainty)
    kept = np.arange(1, len(wrong) + 1)
    risk = np.cumsum(_in_order(wrong, uncertainty)) / kept
    return RiskCoverage(kept / len(wrong), risk, float(risk.mean()))


def prediction_rejection_ratio(wrong, uncertainty) -> float:
    """(AURC of rejecting at random - AURC) / (AURC of rejecting at random - AURC of an oracle): 1 perfect, 0 random.

    Random and oracle are exact: the first has the overall risk at every coverage, the second rejects every wrong
    answer first. Rejection goes on until one answer is left. Source: lm-polygraph (Vashurin et al., TACL 2025) with
    ``max_rejection = 1``. With one class only: nan and a warning. Raises ValueError as `auroc`.
    """
    wrong, uncertainty = _columns(wrong, uncertainty)
    if _one_class(wrong):
        return float("nan")
    chance, oracle = wrong.mean(), risk_coverage(wrong, wrong).area
    return float((chance - risk_coverage(wrong, uncertainty).area) / (chance - oracle))


def reliability_bins(correct, confidence, bins: int = 10, equal_mass: bool = False) -> Bins:
    """Mean confidence and accuracy per bin, as scikit-learn's ``calibration_curve``, with the counts it leaves out.

    Bins are (a, b], the first includes 0. ``equal_mass`` puts the borders at quantiles of the confidence instead of
    spacing them equally; equal confidences always share a bin, so there can be fewer bins than asked for.

    Raises:
        ValueError: bins below 1, or a confidence outside [0, 1]; else as `auroc`.
    """
    correct, confidence = _confidences(correct, confidence)
    if bins < 1:
        raise ValueError(f"bins must be at least 1, got {bins}.")
    inner = np.linspace(0, 1, bins + 1)[1:-1]
    places = np.searchsorted(np.quantile(confidence, inner) if equal_mass else inner, confidence)
    count = np.bincount(places, minlength=bins)
    full = count > 0
    means = [np.bincount(places, weights=column, minlength=bins)[full] / count[full] for column in (confidence, correct)]
    return Bins(*means, count[full])


def expected_calibration_error(correct, confidence, bins: int = 10, equal_mass: bool = False) -> float:
    """ECE = sum over bins of (share of answers in the bin) x |accuracy - mean confidence|.

    0 for perfect calibration *and* endless data; with n answers even a perfectly calibrated model gets about
    0.8 sqrt(bins x p (1 - p) / n). It depends on the bins: say which. Raises ValueError as `reliability_bins`.
    """
    found = reliability_bins(correct, confidence, bins, equal_mass)
    return float(found.count @ np.abs(found.accuracy - found.confidence) / found.count.sum())


def brier(correct, confidence) -> float:
    """Mean of (confidence - correct)^2 (scikit-learn's): smaller is better. Raises ValueError as `reliability_bins`."""
    correct, confidence = _confidences(correct, confidence)
    return float(brier_score_loss(correct, confidence, pos_label=True))


def brier_decomposition(correct, confidence, bins: int = 10, equal_mass: bool = False) -> BrierParts:
    """Brier = reliability - resolution + uncertainty, with bin weights w, mean confidences f, accuracies o::

        reliability = sum w (f - o)^2        the squared calibration error: small is good
        resolution  = sum w (o - base)^2     how far the bins' accuracies spread: large is good
        uncertainty = base (1 - base)        the questions' own: nobody's merit or fault

    Within a bin confidences differ, which Murphy's identity forgets; their share (2 x covariance with being correct -
    variance) is added to the resolution, so that the identity is exact (Stephenson, Coelho and Jolliffe 2008); with few
    bins and confidences that scatter for nothing it can be negative.
    Raises ValueError as `reliability_bins`.
    """
    correct, confidence = _confidences(correct, confidence)
    found = reliability_bins(correct, confidence, bins, equal_mass)
    weights, base = found.count / len(correct), correct.mean()
    reliability = weights @ (found.confidence - found.accuracy) ** 2
    uncertainty = base * (1 - base)
    return BrierParts(float(reliability), float(reliability + uncertainty - brier(correct, confidence)), float(uncertainty))


def negative_log_likelihood(correct, confidence) -> float:
    """-mean log(probability given to what happened), nats (scikit-learn's log loss: 0 and 1 are clipped by 2e-16).

    Raises ValueError as `reliability_bins`.
    """
    correct, confidence = _confidences(correct, confidence)
    return float(log_loss(correct, confidence, labels=[False, True]))


def bootstrap(metric: Callable[..., float], *columns, questions=None, rounds: int = 1000, seed: int = 0) -> Interval:
    """A metric of some columns with its 95 % percentile bootstrap interval, drawing whole questions.

    Args:
        metric: called with the columns; pass ``lambda wrong, a, b: auroc(wrong, a) - auroc(wrong, b)`` to compare two
            measures on the same answers, which is far sharper than comparing two intervals.
        questions: which question each row belongs to; rows of one question are drawn together. Default: one row each.

    Draws on which the metric is nan (one class only, which happens when one class is rare) do not count, so the interval
    is then conditional on both being there; a metric that is nan itself gives nan bounds.

    Raises:
        ValueError: no columns, columns of different lengths, or rounds below 1.
    """
    if not columns or rounds < 1:
        raise ValueError(f"need at least one column and one round, got {len(columns)} and {rounds}.")
    columns = [np.asarray(column) for column in columns]
    labels = np.arange(len(columns[0])) if questions is None else np.asarray(questions)
    if {len(column) for column in columns} != {len(labels)}:
        raise ValueError(f"the columns (and questions) must have one length, got lengths {[len(c) for c in [*columns, labels]]}.")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        value = metric(*columns)
        draws = [metric(*(column[rows] for column in columns)) for rows in _draws(labels, rounds, seed)]
    if np.isnan(value) or np.isnan(draws).all():
        return Interval(float(value), float("nan"), float("nan"))
    return Interval(float(value), *map(float, np.nanquantile(draws, [0.025, 0.975])))


def leaderboard(wrong, measures: dict, questions=None, rounds: int = 1000, seed: int = 0) -> list[Row]:
    """Every measure judged by how well it ranks wrong answers above right ones; the best AUROC first.

    nan in a measure means "no value for this answer" (a refusal, an unparsable reply). Such answers are counted in
    ``missing`` and left out of that measure's numbers.

    Raises:
        ValueError: a measure whose name says that it grows with confidence; else as `auroc`.
    """
    wrong = np.asarray(wrong)
    questions = np.arange(len(wrong)) if questions is None else np.asarray(questions)
    rows = [_row(name, wrong, np.asarray(values, dtype=float), questions, rounds, seed) for name, values in measures.items()]
    return sorted(rows, key=lambda row: -np.nan_to_num(row.auroc.value, nan=-1))


def _row(name: str, wrong, values, questions, rounds: int, seed: int) -> Row:
    check_orientation(name)
    if values.shape != wrong.shape or questions.shape != wrong.shape:
        raise ValueError(f"{name!r} has shape {values.shape}, the labels {wrong.shape}, the questions {questions.shape}.")
    has = ~np.isnan(values)
    if not has.any():
        return Row(name, Interval(*[np.nan] * 3), Interval(*[np.nan] * 3), np.nan, len(values))
    columns, groups = (wrong[has], values[has]), questions[has]
    intervals = [bootstrap(metric, *columns, questions=groups, rounds=rounds, seed=seed)
                 for metric in (auroc, prediction_rejection_ratio)]
    return Row(name, *intervals, average_precision(*columns), int((~has).sum()))


def check_orientation(name: str) -> None:
    """Refuse a measure whose name says that it grows with confidence; a name that says nothing is not checked.

    "confidence", "probability", "margin", "agreement", "P(True)", ... grow with confidence, unless the name begins with
    "1 -", "-" or "negative"; everything else is taken for a doubt, which must not begin so ("1 - entropy").

    Raises:
        ValueError: the name says that larger values mean surer.
    """
    confident, turned = (bool(pattern.search(name.replace("_", " "))) for pattern in (_CONFIDENCE, _TURNED))
    if confident != turned:
        advice = f"pass 1 - values (or -values) under the name '1 - {name}' (or '-{name}')" if confident else "leave it as it is"
        raise ValueError(f"{name!r} grows with confidence, and this wants doubt: {advice}.")


def _columns(labels, values) -> tuple[np.ndarray, np.ndarray]:
    """Labels as booleans and values as floats, or a sentence about what is wrong with them."""
    labels, values = np.asarray(labels), np.asarray(values, dtype=float)
    if labels.shape != values.shape or labels.ndim != 1 or not len(labels):
        raise ValueError(f"need two columns of one length, at least 1; got shapes {labels.shape} and {values.shape}.")
    odd = (labels != 0) & (labels != 1)
    if odd.any():
        raise ValueError(f"labels must be 0/1 or True/False, got {labels[odd][0]!r}: they come first, then the measure.")
    if np.isnan(values).any():
        raise ValueError(f"{np.isnan(values).sum()} of {len(values)} values are missing (nan): decide what they mean, "
                         "leave them out of both columns if you must, and report how many there were.")
    return labels.astype(bool), values


def _confidences(correct, confidence) -> tuple[np.ndarray, np.ndarray]:
    correct, confidence = _columns(correct, confidence)
    if confidence.min() < 0 or confidence.max() > 1:
        raise ValueError(f"confidences must lie in [0, 1], got {confidence.min():.3g} to {confidence.max():.3g}: "
                         "entropies, perplexities and LogTokU are no probabilities of being right; recalibrate them first.")
    return correct, confidence


def _one_class(wrong: np.ndarray) -> bool:
    if wrong.all() or not wrong.any():
        warnings.warn(f"all {len(wrong)} answers are {'wrong' if wrong[0] else 'right'}: nothing to separate, the result "
                      "is nan.", UserWarning, stacklevel=3)
        return True
    return False


def _in_order(wrong: np.ndarray, uncertainty: np.ndarray) -> np.ndarray:
    """Expected labels from the surest to the least sure: ties replaced by their mean."""
    _, ties, size = np.unique(uncertainty, return_inverse=True, return_counts=True)
    means = np.bincount(ties, weights=wrong) / size
    return np.repeat(means, size)


def _draws(questions: np.ndarray, rounds: int, seed: int):
    """Row numbers of each bootstrap round: as many questions as there are, drawn with replacement, with all their rows."""
    _, places = np.unique(questions, return_inverse=True)
    rows_of = np.split(np.argsort(places, kind="stable"), np.cumsum(np.bincount(places))[:-1])
    random = np.random.default_rng(seed)
    for _ in range(rounds):
        yield np.concatenate([rows_of[i] for i in random.integers(0, len(rows_of), len(rows_of))])
