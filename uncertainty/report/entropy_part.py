"""What a server's cut to the likeliest tokens hides of the entropy, and of its AUROC."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ..evaluation.discrimination import auroc
from ..generation.server_answers import ServerAnswer
from ..measures.entropy_bounds import EntropyBounds, entropy_bounds
from ..measures.labels import measure_label
from .numbers import why_not_judged

# Tokens of the largest vocabulary we know of: 262,400. A bound for more holds for fewer, too.
ASSUMED_VOCABULARY = 300_000
# of the steps of an answer
SUMMARIES: dict[str, Callable[..., Any]] = {"mean_entropy": np.mean, "max_entropy": np.max}


def entropy_part(
    answers: Sequence[ServerAnswer], right: np.ndarray, *, vocabulary_size: int | None
) -> dict:
    """Return between which values the mean and the largest entropy of the answers lie.

    The AUROC of an entropy that is not known has bounds, too: it is largest when each wrong answer
    has its upper bound and each right one its lower, and smallest the other way round.

    Args:
        answers: without the empty ones, which have no entropy.
        right: ``(answers,)``.
        vocabulary_size: how many logits the model has; None where nobody said it. The upper bound
            grows with it, so that of `ASSUMED_VOCABULARY` holds for every smaller one.
    """
    if not answers:
        return {"left_out": "no answer has a token"}
    size = ASSUMED_VOCABULARY if vocabulary_size is None else vocabulary_size
    try:
        steps = [entropy_bounds(answer, vocabulary_size=size) for answer in answers]
    except ValueError as refusal:
        return {"left_out": str(refusal).replace(answers[0].endpoint, "the server")}
    left_over = np.concatenate([_left_over(answer) for answer in answers])
    reason = why_not_judged(~right)
    return {
        "left_out": None,
        "top_k": answers[0].top_logprobs.shape[-1],
        "vocabulary": size,
        "is_assumed": vocabulary_size is None,
        "steps": len(left_over),
        "left_over": {"mean": float(left_over.mean()), "largest": float(left_over.max())},
        "rows": [_row(name, steps, right, judged=reason is None) for name in SUMMARIES],
        "not_judged": reason,
    }


def auroc_bounds(wrong: np.ndarray, lower: np.ndarray, upper: np.ndarray) -> tuple[float, float]:
    """Return the smallest and the largest AUROC of doubts that lie between two bounds each.

    Args:
        wrong, lower, upper: ``(answers,)``.
    """
    smallest = auroc(wrong, np.where(wrong, lower, upper))
    largest = auroc(wrong, np.where(wrong, upper, lower))
    return smallest, largest


def _row(name: str, steps: Sequence[EntropyBounds], right: np.ndarray, *, judged: bool) -> dict:
    summarise = SUMMARIES[name]
    lower = np.array([summarise(bounds.lower.numpy()) for bounds in steps])
    upper = np.array([summarise(bounds.upper.numpy()) for bounds in steps])
    row: dict = {
        "measure": name,
        "label": measure_label(name),
        "lower": float(lower.mean()),
        "upper": float(upper.mean()),
        "widest": float((upper - lower).max()),
        "auroc": None,
    }
    if judged:
        row["auroc"] = list(auroc_bounds(~right, lower, upper))
    return row


def _left_over(answer: ServerAnswer) -> np.ndarray:
    """Return the probability that the named tokens of each step leave over, ``(steps,)``."""
    named = answer.top_logprobs.double().exp().nansum(-1).numpy()
    return np.clip(1 - named, 0, None)
