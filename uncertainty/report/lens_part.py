"""The entropy at each depth, of answers that were right and of answers that were wrong."""

import math
from collections.abc import Sequence

import numpy as np

from ..course.depth_runs import answers_with_depth, profile_rows
from ..data.questions import Question
from ..evaluation.discrimination import auroc
from ..evaluation.grader import is_correct
from ..evaluation.intervals import bootstrap
from .numbers import interval_record, why_not_judged
from .prompting import Asker

MOST_QUESTIONS = 150
ROUNDS = 500


def lens_part(asking: Asker, questions: Sequence[Question]) -> dict:
    """Read at most 150 answers through the lens, as lesson 14 does.

    Raises:
        ValueError: an architecture that the lens refuses, in its words.
    """
    step = math.ceil(len(questions) / MOST_QUESTIONS)
    chosen = questions[::step]
    prompts = [asking.prompt(question) for question in chosen]
    with asking.asking():
        records = answers_with_depth(asking.model, asking.tokenizer, prompts)
    right = [
        is_correct(record["text"], question.answers) for record, question in zip(records, chosen)
    ]
    return {
        "left_out": None,
        "step": step,
        **profile_numbers(np.array(right), profile_rows(records)),
    }


def profile_numbers(right: np.ndarray, profiles: np.ndarray) -> dict:
    """Return the mean entropy at each depth with its interval, right and wrong apart.

    Args:
        right: ``(answers,)``.
        profiles: ``(answers, depths)`` in nats; a row of nan for an empty answer, which is left
            out.
    """
    has_value = np.isfinite(profiles).all(1)
    right, profiles = right[has_value], profiles[has_value]
    groups = {"right": profiles[right], "wrong": profiles[~right]}
    reason = why_not_judged(~right)
    judged = None
    if reason is None:
        judged = [
            interval_record(bootstrap(auroc, ~right, depth, rounds=ROUNDS)) for depth in profiles.T
        ]
    return {
        "count": {name: len(rows) for name, rows in groups.items()},
        "missing": int((~has_value).sum()),
        "depths": profiles.shape[1],
        "entropy": {name: _means(rows) for name, rows in groups.items() if len(rows)},
        "auroc": judged,
        "not_judged": reason,
    }


def _means(rows: np.ndarray) -> list[dict]:
    return [interval_record(bootstrap(np.mean, depth, rounds=ROUNDS)) for depth in rows.T]
