"""The questions asked and the answers graded, as rows that JSON holds."""

import re
from collections import Counter
from collections.abc import Sequence

import numpy as np

from ..course.answer_runs import LIMIT, greedy_answers, measure_columns
from ..course.newer_runs import newer_answer_measures
from ..data.questions import Question
from ..evaluation.grader import grade_answer
from .numbers import finite, interval_record, share_interval
from .prompting import Asker

QUOTED_SENTENCE = re.compile(r""" in (?=['"])""")


def graded_answers(asking: Asker, questions: Sequence[Question]) -> list[dict]:
    """Return each question with the model's greedy answer, its grade and its measures.

    Answers are kept on this machine as they come (`greedy_answers`), so an interrupted run goes on
    where it stopped. The newer measures are read off the answers afterwards, and kept likewise.
    """
    prompts = [asking.prompt(question) for question in questions]
    with asking.asking():
        records = greedy_answers(asking.model, asking.tokenizer, prompts)
        newer = newer_answer_measures(asking.model, asking.tokenizer, prompts, records)
    rows = []
    for question, record, more in zip(questions, records, newer):
        grade = grade_answer(record["text"], question.answers)
        measures = {**(record["measures"] or {}), **(more or {})}
        rows.append(
            {
                "id": question.id,
                "category": question.category,
                "question": question.question,
                "answers": list(question.answers),
                "text": record["text"],
                "right": grade.correct,
                "problem": grade.problem,
                "ids": record["ids"],
                "tokens": record["tokens"],
                "read": record["read"],
                "measures": {name: finite(value) for name, value in measures.items()} or None,
            }
        )
    return rows


def columns(rows: Sequence[dict]) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """Return which answers are wrong, ``(answers,)``, and every measure with the length."""
    wrong = np.array([not row["right"] for row in rows])
    return wrong, measure_columns(rows)


def _kind_of(problem: str) -> str:
    """Return the grader's reason without the sentence that it quotes."""
    return QUOTED_SENTENCE.split(problem, 1)[0]


def answers_part(rows: Sequence[dict]) -> dict:
    """Count right answers, by category, too, and why others were not taken for right."""
    right = np.array([row["right"] for row in rows])
    category = np.array([row["category"] for row in rows])
    names = sorted(set(category.tolist()))
    by_category = [
        {
            "category": name,
            "count": int((category == name).sum()),
            "right": interval_record(share_interval(right[category == name])),
        }
        for name in names
    ]
    problems = Counter(_kind_of(row["problem"]) for row in rows if row["problem"])
    return {
        "left_out": None,
        "count": len(rows),
        "right_count": int(right.sum()),
        "right": interval_record(share_interval(right)),
        "empty": sum(row["tokens"] == 0 for row in rows),
        "limit": LIMIT,
        "at_limit": sum(row["tokens"] == LIMIT for row in rows),
        "by_category": by_category if len(names) > 1 else [],
        "problems": [
            {"problem": problem, "count": count} for problem, count in problems.most_common(8)
        ],
    }
