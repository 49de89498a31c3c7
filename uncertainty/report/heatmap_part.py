"""Answers to look at: the surest of the wrong ones, and the least sure of the right ones."""

from collections.abc import Sequence

from ..course.answer_runs import LIMIT
from ..course.spot_check import given_answer
from ..data.questions import Question
from ..generation.tokens import top_alternatives
from ..measures.labels import measure_label
from ..measures.token_measures import token_measures
from .prompting import Asker

MEASURE = "perplexity"
SHOWN = 10


def heatmap_part(asking: Asker, rows: Sequence[dict], questions: Sequence[Question]) -> dict:
    """Return the tokens of the answers in which sureness and being right part."""
    question_of = {question.id: question for question in questions}

    def with_tokens(row: dict) -> dict:
        prompt = asking.prompt(question_of[row["id"]])
        answer = given_answer(asking.model, asking.tokenizer, prompt, row["ids"])
        kept = ("id", "question", "answers", "text", "problem")
        return {
            **{name: row[name] for name in kept},
            "doubt": row["measures"][MEASURE],
            "cut_off": row["tokens"] == LIMIT,
            "tokens": _token_rows(answer),
        }

    surest_wrong, least_sure_right = to_look_at(rows)
    return {
        "left_out": None,
        "measure": MEASURE,
        "label": measure_label(MEASURE),
        "surest_wrong": [with_tokens(row) for row in surest_wrong],
        "least_sure_right": [with_tokens(row) for row in least_sure_right],
    }


def to_look_at(rows: Sequence[dict], shown: int = SHOWN) -> tuple[list[dict], list[dict]]:
    """Return the surest wrong answers, and the least sure right ones; empty ones have no doubt."""
    measured = [row for row in rows if row["measures"] and row["measures"][MEASURE] is not None]
    by_doubt = sorted(measured, key=lambda row: row["measures"][MEASURE])
    wrong = [row for row in by_doubt if not row["right"]]
    right = [row for row in reversed(by_doubt) if row["right"]]
    return wrong[:shown], right[:shown]


def _token_rows(answer) -> list[dict]:
    measures = token_measures(answer)
    columns = zip(
        answer.tokens,
        measures["probability"].tolist(),
        measures["entropy"].tolist(),
        top_alternatives(answer),
    )
    return [
        {
            "text": label,
            "probability": probability,
            "entropy": entropy,
            "alternatives": [[text, p] for text, p in alternatives],
        }
        for label, probability, entropy, alternatives in columns
    ]
