"""The checks that every metric shares: labels as booleans, values as floats, or a sentence that says what is wrong."""

import warnings

import numpy as np


def label_columns(labels, values) -> tuple[np.ndarray, np.ndarray]:
    """Labels as booleans and values as floats, or a sentence about what is wrong with them."""
    labels, values = np.asarray(labels), np.asarray(values, dtype=float)
    if labels.shape != values.shape or labels.ndim != 1 or not len(labels):
        raise ValueError(
            f"need two columns of one length, at least 1; got shapes {labels.shape} and {values.shape}."
        )
    odd = (labels != 0) & (labels != 1)
    if odd.any():
        raise ValueError(
            f"labels must be 0/1 or True/False, got {labels[odd][0]!r}: they come first, then the measure."
        )
    if np.isnan(values).any():
        raise ValueError(
            f"{np.isnan(values).sum()} of {len(values)} values are missing (nan): decide what they mean, "
            "leave them out of both columns if you must, and report how many there were."
        )
    return labels.astype(bool), values


def confidence_columns(correct, confidence) -> tuple[np.ndarray, np.ndarray]:
    correct, confidence = label_columns(correct, confidence)
    if confidence.min() < 0 or confidence.max() > 1:
        raise ValueError(
            f"confidences must lie in [0, 1], got {confidence.min():.3g} to {confidence.max():.3g}: "
            "entropies, perplexities and LogTokU are no probabilities of being right; recalibrate them first."
        )
    return correct, confidence


def has_one_class(wrong: np.ndarray) -> bool:
    if wrong.all() or not wrong.any():
        warnings.warn(
            f"all {len(wrong)} answers are {'wrong' if wrong[0] else 'right'}: nothing to separate, the result "
            "is nan.",
            UserWarning,
            stacklevel=3,
        )
        return True
    return False
