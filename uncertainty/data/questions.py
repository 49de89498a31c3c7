"""Our own questions, idioms and task prompts."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.resources import files

KINDS = ("unique", "none", "many")


@dataclass(frozen=True)
class Question:
    """One short question.

    Attributes:
        id: kind, category and number.
        kind: "unique" for one right answer, "none" for a question about something invented, "many"
            for several right answers.
        category: what it asks about.
        question: the question itself.
        answers: every wording that counts, the usual one first; empty for kind "none".
    """

    id: str
    kind: str
    category: str
    question: str
    answers: tuple[str, ...]


@dataclass(frozen=True)
class Idiom:
    """An English idiom cut before its last word: `prefix` + " " + `last_word`.

    The prefix has `words_before` words.
    """

    id: str
    prefix: str
    last_word: str
    words_before: int


@dataclass(frozen=True)
class Task:
    """A prompt and the type of task it asks for (translation, code, ...)."""

    id: str
    task: str
    prompt: str


def load_questions(kind: str | None = None, *, category: str | None = None) -> list[Question]:
    """Return the questions of one kind and one category; None means all of them.

    Args:
        kind: "unique", "none" or "many".
        category: such as "capitals".

    Raises:
        ValueError: there is no such kind or category.
    """
    questions = []
    for row in read_json_lines("questions.jsonl"):
        answers = tuple(row.pop("answers"))
        questions.append(Question(**row, answers=answers))
    categories = sorted({question.category for question in questions})
    _require_choice("kind", kind, KINDS)
    _require_choice("category", category, categories)
    if kind is not None:
        questions = [question for question in questions if question.kind == kind]
    if category is not None:
        questions = [question for question in questions if question.category == category]
    return questions


def load_idioms() -> list[Idiom]:
    """Return all idioms, those with the shortest prefix first."""
    return [Idiom(**row) for row in read_json_lines("idioms.jsonl")]


def load_tasks() -> list[Task]:
    """Return all task prompts, task by task."""
    return [Task(**row) for row in read_json_lines("tasks.jsonl")]


def read_json_lines(name: str) -> list[dict]:
    """Return the rows of a file in this folder, one JSON object a line."""
    path = files("uncertainty") / "data" / name
    lines = path.read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines if line]


def _require_choice(name: str, value: str | None, choices: Sequence[str]) -> None:
    """Raise ValueError unless the value is None or one of the choices."""
    if value is not None and value not in choices:
        raise ValueError(f"unknown {name} {value!r}; choose one of {', '.join(choices)}")
