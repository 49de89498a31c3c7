"""What a learner calls in a lesson, and reads there: check, hint, solution, progress."""

import inspect
import textwrap
from collections.abc import Callable
from html import escape

from IPython.core.getipython import get_ipython
from IPython.display import Markdown, display

from .exercise import Exercise, Outcome, exercises, find_exercise
from .form import in_the_form_of
from .solved import remember_solved, solved_exercises

TICK = "\u2713"
CROSS = "\u2717"
DOTS = "\u2026"


def check(attempt: Callable) -> Callable:
    """Grade a learner's function, and show the outcome.

    Returns:
        The function when it is right, with its results in the reference's form (a list becomes a
        tensor, say), else the reference, so that the cells below stay true.

    Raises:
        ValueError: no exercise has the function's name.
    """
    name = getattr(attempt, "__name__", None)
    if name is None:
        raise ValueError(f"check needs the function that you wrote, got {attempt!r:.60}.")
    tried = find_exercise(name)
    if attempt is tried.reference:  # the cell was run again without its stub
        return tried.reference
    outcome = tried.grade(attempt)
    _show_outcome(tried, outcome)
    if outcome.state != "right":
        return tried.reference
    remember_solved(tried.name)
    return in_the_form_of(attempt, tried.reference, tried.inputs)


def hint(name: str, level: int = 1) -> None:
    """Show a nudge in the right direction; a higher level says more.

    Raises:
        ValueError: there is no such exercise, or no such level.
    """
    hints = find_exercise(name).hints
    if level not in range(1, len(hints) + 1):
        raise ValueError(f"{name!r} has hints 1 to {len(hints)}, not {level!r}.")
    text = f"**Hint {level} of {len(hints)} for `{name}`.** {hints[level - 1]}"
    if level < len(hints):
        text += f' (`hint("{name}", {level + 1})` says more.)'
    _tell(text)


def solution(name: str) -> None:
    """Show the tested reference solution."""
    source = textwrap.dedent(inspect.getsource(find_exercise(name).reference))
    function = source[source.index("def ") :]  # without its decorator
    _tell(f"**A solution for `{name}`:**\n\n```python\n{function}```")


def progress(lesson: str | None = None) -> None:
    """Show which exercises are solved on this computer, of all lessons or of one ("03")."""
    solved = solved_exercises()
    listed = exercises(lesson)
    marks = [TICK if known.name in solved else DOTS for known in listed]
    rows = [f"- lesson {known.lesson}: {mark} `{known.name}`" for known, mark in zip(listed, marks)]
    title = f"**{marks.count(TICK)} of {len(listed)} exercises solved**"
    _tell("\n".join([title, "", *rows]))


def _show_outcome(tried: Exercise, outcome: Outcome) -> None:
    name = tried.name
    help_line = f'`hint("{name}")` gives a nudge, `solution("{name}")` shows one way to write it.'
    if outcome.state == "right":
        verdict = f"{TICK} **`{name}`: right.** The cells below use your function."
        text = f"{verdict} Note that {tried.note}"
    elif outcome.state == "untouched":
        verdict = f"{DOTS} **`{name}`: not attempted yet.** The cells below use the reference."
        text = f"{verdict} {help_line}"
    else:
        verdict = f"{CROSS} **`{name}`: not yet.** {outcome.message}"
        text = f"{verdict} (The cells below use the reference meanwhile.) {help_line}"
    _tell(text, outcome.traceback)


def _tell(text: str, trace: str = "") -> None:
    """Show Markdown, with a traceback below it; print both where no notebook shows it."""
    if get_ipython() is None:
        print(*filter(None, [text, trace]), sep="\n\n")
    else:
        display(Markdown("\n\n".join(filter(None, [text, trace and _folded(trace)]))))


def _folded(trace: str) -> str:
    """Return a traceback that opens on a click."""
    return f"<details><summary>The traceback</summary><pre>{escape(trace)}</pre></details>"
