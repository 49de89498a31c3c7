"""What the model says when it is asked how sure it is, on a sample of the questions."""

import random
from collections import Counter
from collections.abc import Sequence

import numpy as np

from ..course.question_runs import CONFIDENCE_WORDS, second_turn_replies
from ..evaluation.calibration import expected_calibration_error
from ..evaluation.discrimination import auroc
from ..evaluation.intervals import bootstrap
from ..measures.stated_confidence import parse_confidence
from .numbers import interval_record, share_interval, why_not_judged
from .prompting import Asker

SAMPLE = 60
WORD_VALUES = (0.0, 0.5, 1.0)  # of the words " low", " medium", " high", as in lesson 07


def verbalised_part(asking: Asker, rows: Sequence[dict]) -> dict:
    """Ask how sure the model is of its own answers, and judge the replies as lesson 07 does."""
    chosen = random.Random(0).sample(list(rows), min(SAMPLE, len(rows)))
    pairs = [(row["question"], row["text"]) for row in chosen]
    with asking.asking():
        replies = second_turn_replies(asking.model, asking.tokenizer, pairs)
    texts = [f"Confidence:{reply['text']}" for reply in replies]
    stated = [parse_confidence(text, scale=100).confidence for text in texts]
    words = np.array([reply["words"] for reply in replies])  # (answers, words)
    shown = Counter(reply["text"].strip()[:30] for reply in replies)
    numbers = verbalised_numbers(
        right=np.array([row["right"] for row in chosen]),
        stated=np.array(stated, dtype=float),
        words=words,
        surprisal=np.array([_surprisal(row) for row in chosen]),
        length=np.array([float(row["tokens"]) for row in chosen]),
    )
    commonest = [{"reply": reply, "count": count} for reply, count in shown.most_common(5)]
    return {"left_out": None, "commonest": commonest, **numbers}


def verbalised_numbers(
    *,
    right: np.ndarray,
    stated: np.ndarray,
    words: np.ndarray,
    surprisal: np.ndarray,
    length: np.ndarray,
) -> dict:
    """Return how often a number was stated, and how well it separates right from wrong.

    Args:
        right: ``(answers,)``.
        stated: ``(answers,)`` in [0, 1], nan where no number could be read.
        words: ``(answers, 3)`` probabilities of " low", " medium", " high".
        surprisal: ``(answers,)`` mean per token, nats; nan for an empty answer.
        length: ``(answers,)`` in tokens.
    """
    has_stated = np.isfinite(stated)
    mass = words.sum(1)
    scored = words @ np.array(WORD_VALUES) / np.where(mass > 0, mass, 1)
    confidences = {
        "stated number": stated,
        "scored words": scored,
        "token probability": -surprisal,
        "shortness (control)": -length,
    }
    return {
        "asked": len(right),
        "stated": int(has_stated.sum()),
        "follow_rate": interval_record(share_interval(has_stated)),
        "mean_stated": float(stated[has_stated].mean()) if has_stated.any() else None,
        "share_right": float(right.mean()),
        "share_right_stated": float(right[has_stated].mean()) if has_stated.any() else None,
        "word_mass": float(mass.mean()),
        "words": [word.strip() for word in CONFIDENCE_WORDS],
        "rows": [_row(name, right, values) for name, values in confidences.items()],
        "ece": _stated_ece(right[has_stated], stated[has_stated]),
    }


def _row(name: str, right: np.ndarray, confidence: np.ndarray) -> dict:
    """Return the AUROC of a confidence against being right, among the answers that have one."""
    kept = np.isfinite(confidence)
    reason = why_not_judged(~right[kept])
    row: dict = {"name": name, "count": int(kept.sum()), "left_out": reason, "auroc": None}
    if reason is None:
        row["auroc"] = interval_record(bootstrap(auroc, right[kept], confidence[kept]))
    return row


def _stated_ece(right: np.ndarray, stated: np.ndarray) -> dict | None:
    if why_not_judged(~right) is not None:
        return None
    return interval_record(bootstrap(expected_calibration_error, right, stated))


def _surprisal(row: dict) -> float:
    measures = row["measures"]
    return float(np.log(measures["perplexity"])) if measures else np.nan
