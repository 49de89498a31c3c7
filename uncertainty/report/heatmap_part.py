"""Answers to look at: the surest of the wrong ones, and the least sure of the right ones."""

from collections.abc import Callable, Mapping, Sequence

from ..course.answer_runs import LIMIT
from ..course.spot_check import given_answer
from ..data.questions import Question
from ..generation.answers import Generation
from ..generation.server_answers import ServerAnswer
from ..generation.tokens import top_alternatives
from ..measures.entropy_bounds import entropy_bounds
from ..measures.labels import measure_label
from ..measures.token_measures import token_measures
from .prompting import Asker

MEASURE = "perplexity"
SHOWN = 10


def heatmap_part(asking: Asker, rows: Sequence[dict], questions: Sequence[Question]) -> dict:
    """Return the tokens of the answers in which sureness and being right part."""
    question_of = {question.id: question for question in questions}

    def answer_of(row: dict) -> Generation:
        prompt = asking.prompt(question_of[row["id"]])
        return given_answer(asking.model, asking.tokenizer, prompt, row["ids"])

    return heatmap_numbers(rows, answer_of)


def heatmap_numbers(
    rows: Sequence[dict],
    answer_of: Callable[[dict], Generation],
    *,
    vocabulary_size: int | None = None,
) -> dict:
    """Return the tokens of the answers to look at.

    Args:
        answer_of: returns the answer of a row.
        vocabulary_size: as for `entropy_bounds`, where the answers are a server's.
    """

    def with_tokens(row: dict) -> dict:
        kept = ("id", "question", "answers", "text", "problem")
        return {
            **{name: row[name] for name in kept},
            "doubt": row["measures"][MEASURE],
            "cut_off": row["tokens"] == LIMIT,
            "tokens": _token_rows(answer_of(row), vocabulary_size),
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


def _token_rows(answer: Generation, vocabulary_size: int | None) -> list[dict]:
    measures = token_measures(answer)
    columns = zip(
        answer.tokens,
        measures["probability"].tolist(),
        _entropies(answer, measures, vocabulary_size),
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


def _entropies(answer: Generation, measures: Mapping, vocabulary_size: int | None) -> list:
    """Return the entropy of every step in nats; of a server's answer the two bounds of each.

    They are None where the probabilities allow no bounds, as in a vocabulary that is too small.
    """
    if not isinstance(answer, ServerAnswer):
        return measures["entropy"].tolist()
    try:
        lower, upper = entropy_bounds(answer, vocabulary_size=vocabulary_size)
    except ValueError:
        return [None] * len(answer)
    return [list(pair) for pair in zip(lower.tolist(), upper.tolist())]
