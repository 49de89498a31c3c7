"""Task prompts with what a right answer has to pass."""

from dataclasses import dataclass

from .questions import Task, load_tasks, read_json_lines


@dataclass(frozen=True)
class ScoredTask:
    """A task of `load_tasks` with its check.

    Attributes:
        task: the prompt.
        kind: "asserts" for code, "accepted" for a translation, "facts" for a title.
        wanted: Python expressions that must be true after the code ran; translations of which one
            is given; or facts, each a tuple of beginnings of words, of which each needs one.
    """

    task: Task
    kind: str
    wanted: tuple


def load_scored_tasks() -> list[ScoredTask]:
    """Return 37 beginnings of functions, 42 texts to entitle and 40 phrases to translate."""
    tasks = {task.id: task for task in load_tasks()}
    return [
        ScoredTask(tasks[row["id"]], row["kind"], _frozen(row["wanted"]))
        for row in read_json_lines("task_checks.jsonl")
    ]


def _frozen(wanted: list) -> tuple:
    return tuple(tuple(one) if isinstance(one, list) else one for one in wanted)
