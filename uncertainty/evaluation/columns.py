"""The checks that every metric shares: labels as booleans, values as floats, or a refusal."""

import warnings
from typing import Any

import numpy as np

ROUNDING_ERROR = 1e-6  # float32 probabilities may leave [0, 1] by this much


def as_array(values: Any, dtype: type | None = None) -> np.ndarray:
    """Return an array of anything that numpy can read, or of torch tensors on any device.

    bfloat16, which numpy does not have, becomes float32: the same numbers.
    """
    if isinstance(values, list | tuple):
        values = [as_array(value) if _is_tensor(value) else value for value in values]
    if _is_tensor(values):
        values = values.detach().cpu()
        if str(values.dtype) == "torch.bfloat16":
            values = values.float()
    return np.asarray(values, dtype=dtype)


def label_columns(labels: Any, values: Any) -> tuple[np.ndarray, np.ndarray]:
    """Return labels as booleans and values as floats, two columns of one length.

    Raises:
        ValueError: columns that differ in length, have more than one dimension or are empty; labels
            that are not 0/1 or True/False; a value that is nan.
    """
    labels = as_array(labels)
    values = as_array(values, float)
    if labels.shape != values.shape or labels.ndim != 1 or not len(labels):
        raise ValueError(
            "need two columns of one length, at least 1; "
            f"got shapes {labels.shape} and {values.shape}."
        )
    is_no_label = (labels != 0) & (labels != 1)
    if is_no_label.any():
        raise ValueError(
            f"labels must be 0/1 or True/False, got {labels[is_no_label][0]!r}: "
            "they come first, then the measure."
        )
    is_missing = np.isnan(values)
    if is_missing.any():
        raise ValueError(
            f"{is_missing.sum()} of {len(values)} values are missing (nan): decide what they mean, "
            "leave them out of both columns if you must, and report how many there were."
        )
    return labels.astype(bool), values


def confidence_columns(correct: Any, confidence: Any) -> tuple[np.ndarray, np.ndarray]:
    """Return labels as booleans and confidences as floats in [0, 1].

    A confidence that rounding took past 0 or 1, such as 1.0000001, counts as 0 or 1.

    Raises:
        ValueError: a confidence outside [0, 1]; else as `label_columns`.
    """
    correct, confidence = label_columns(correct, confidence)
    confidence = without_rounding_error(confidence)
    smallest = confidence.min()
    largest = confidence.max()
    if smallest < 0 or largest > 1:
        raise ValueError(
            f"confidences must lie in [0, 1], got {smallest:.7g} to {largest:.7g}: "
            "entropies, perplexities and LogTokU are no probabilities of being right; "
            "recalibrate them first."
        )
    return correct, confidence


def without_rounding_error(probabilities: np.ndarray) -> np.ndarray:
    """Return the probabilities, with 0 or 1 for those that miss [0, 1] by at most 1e-6."""
    clipped = np.clip(probabilities, 0, 1)
    return np.where(np.abs(probabilities - clipped) <= ROUNDING_ERROR, clipped, probabilities)


def has_one_class(wrong: np.ndarray) -> bool:
    """Return whether all answers are wrong or all right; if so, warn the metric's caller."""
    if wrong.any() and not wrong.all():
        return False
    verdict = "wrong" if wrong[0] else "right"
    warnings.warn(
        f"all {len(wrong)} answers are {verdict}: nothing to separate, the result is nan.",
        UserWarning,
        stacklevel=3,  # whoever called the metric
    )
    return True


def _is_tensor(values: Any) -> bool:
    """Return whether this is a torch tensor, without importing torch."""
    return hasattr(values, "detach")
