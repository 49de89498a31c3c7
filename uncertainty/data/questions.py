"""Our own questions, idioms and task prompts."""

import json
from dataclasses import dataclass
from importlib.resources import files

KINDS = ("unique", "none", "many")


@dataclass(frozen=True)
class Question:
    """One short question. `answers` holds every wording that counts, the usual one first; empty for kind "none"."""

    id: str
    kind: str  # "unique": one right answer; "none": asks about something invented; "many": several right answers
    category: str
    question: str
    answers: tuple[str, ...]


@dataclass(frozen=True)
class Idiom:
    """An English idiom cut before its last word: `prefix` + " " + `last_word`; the prefix has `words_before` words."""

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


def load_questions(kind: str | None = None, category: str | None = None) -> list[Question]:
    """The questions of one kind ("unique", "none", "many") and one category; None means all of them.

    ValueError if there is no such kind or category.
    """
    questions = [
        Question(**{**row, "answers": tuple(row["answers"])}) for row in _read("questions.jsonl")
    ]
    _check("kind", kind, KINDS)
    _check("category", category, sorted({question.category for question in questions}))
    return [q for q in questions if kind in (None, q.kind) and category in (None, q.category)]


def load_idioms() -> list[Idiom]:
    """All idioms, those with the shortest prefix first."""
    return [Idiom(**row) for row in _read("idioms.jsonl")]


def load_tasks() -> list[Task]:
    """All task prompts, task by task."""
    return [Task(**row) for row in _read("tasks.jsonl")]


def _read(name):
    text = (files("uncertainty") / "data" / name).read_text(encoding="utf-8")
    return [json.loads(line) for line in text.splitlines() if line]


def _check(what, value, allowed):
    if value is not None and value not in allowed:
        raise ValueError(f"unknown {what} {value!r}; choose one of {', '.join(allowed)}")
