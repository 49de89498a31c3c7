"""How an exercise is declared, judged and shown.

A lesson's module declares the reference solution with the inputs it is tried on, and the typical mistakes as code with
the sentence each deserves::

    @exercise("01", inputs=[(torch.tensor([2.0, 0.0]),)], hint="Subtract the largest logit first.")
    def softmax(logits): ...

    @softmax.mistake("You divided by the largest entry; divide by the sum.")
    def _(logits): ...
"""

import contextlib
import copy
import importlib
import inspect
import json
import pkgutil
import textwrap
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import numpy as np
import torch
from IPython.display import Markdown, display

from ...loading.cache import cache_folder, write_aside

TICK, CROSS, DOTS = "\u2713", "\u2717", "\u2026"
_REGISTRY: dict[str, "Exercise"] = {}


@dataclass(frozen=True)
class Outcome:
    """What became of an attempt: its state, and the sentence the learner reads."""

    state: Literal["untouched", "wrong", "right"]
    message: str


@dataclass
class Exercise:
    """A reference solution, the inputs it is tried on, a hint, and typical mistakes with their sentences."""

    lesson: str
    reference: Callable
    inputs: list[tuple]
    hint: str
    tolerance: float = 1e-4
    mistakes: list[tuple[str, Callable]] = field(default_factory=list)

    @property
    def name(self) -> str:
        return self.reference.__name__

    def __call__(self, *arguments):
        return self.reference(*arguments)

    def mistake(self, sentence: str):
        """Declare a wrong solution and what to tell someone who wrote it."""

        def record(wrong: Callable) -> Callable:
            self.mistakes.append((sentence, wrong))
            return wrong

        return record

    def judge(self, attempt: Callable) -> Outcome:
        """Try the attempt on every input; displays nothing, keeps nothing, never raises for what the attempt does."""
        results = [_result(attempt, arguments) for arguments in self.inputs]
        if any(isinstance(result, NotImplementedError) and not result.args for result in results):
            return Outcome("untouched", "not attempted yet")
        expected = [_result(self.reference, arguments) for arguments in self.inputs]
        wrong = [
            i
            for i, (got, want) in enumerate(zip(results, expected))
            if not _same(got, want, self.tolerance)
        ]
        if not wrong:
            return Outcome("right", "right")
        for sentence, mistaken in self.mistakes:
            alike = (
                _same(got, _result(mistaken, a), self.tolerance)
                for got, a in zip(results, self.inputs)
            )
            if all(alike):
                return Outcome("wrong", sentence)
        return Outcome(
            "wrong", _difference(self.inputs[wrong[0]], results[wrong[0]], expected[wrong[0]])
        )


def exercise(lesson: str, *, inputs: list[tuple], hint: str, tolerance: float = 1e-4):
    """Declare the decorated function as the reference solution of an exercise of that lesson."""

    def register(reference: Callable) -> Exercise:
        if reference.__name__ in _REGISTRY:
            raise ValueError(
                f"there is an exercise called {reference.__name__!r} already; names are shared by all lessons."
            )
        _REGISTRY[reference.__name__] = Exercise(
            lesson, reference, inputs, textwrap.dedent(hint).strip(), tolerance
        )
        return _REGISTRY[reference.__name__]

    return register


def exercises(lesson: str | None = None) -> list[Exercise]:
    """All exercises, or those of one lesson ("03"), in the order of the lessons."""
    for module in sorted(
        m.name
        for m in pkgutil.iter_modules([str(Path(__file__).parent)])
        if m.name.startswith("lesson")
    ):
        importlib.import_module(f"{__package__}.{module}")
    return [e for e in _REGISTRY.values() if lesson in (None, e.lesson)]


def check(attempt: Callable) -> Callable:
    """Judge a learner's function; returns it when right, else the reference, so that the cells below stay true."""
    found = _find(getattr(attempt, "__name__", repr(attempt)))
    if (
        isinstance(attempt, Exercise) or attempt is found.reference
    ):  # the cell was run again without its stub
        return found.reference
    outcome = found.judge(attempt)
    _show(found, outcome)
    if outcome.state == "right":
        _remember(found.name)
    return attempt if outcome.state == "right" else found.reference


def hint(name: str) -> None:
    """Show a nudge in the right direction."""
    display(Markdown(f"**Hint for `{name}`.** {_find(name).hint}"))


def solution(name: str) -> None:
    """Show the tested reference solution."""
    source = textwrap.dedent(inspect.getsource(_find(name).reference))
    body = source[source.index("def ") :]
    display(Markdown(f"**A solution for `{name}`:**\n\n```python\n{body}```"))


def progress(lesson: str | None = None) -> None:
    """Show which exercises are solved on this computer, lesson by lesson (or for one lesson, such as "03")."""
    solved, listed = _solved(), exercises(lesson)
    rows = [f"- lesson {e.lesson}: {TICK if e.name in solved else DOTS} `{e.name}`" for e in listed]
    done = sum(e.name in solved for e in listed)
    display(Markdown("\n".join([f"**{done} of {len(listed)} exercises solved**", "", *rows])))


def _find(name: str) -> Exercise:
    known = {e.name: e for e in exercises()}
    if name not in known:
        raise ValueError(
            f"there is no exercise called {name!r}; keep the function's name. There are: {', '.join(known)}."
        )
    return known[name]


def _show(found: Exercise, outcome: Outcome) -> None:
    help_line = f'`hint("{found.name}")` gives a nudge, `solution("{found.name}")` shows one way to write it.'
    texts = {
        "untouched": f"{DOTS} **`{found.name}`: not attempted yet.** The cells below use the reference. {help_line}",
        "wrong": f"{CROSS} **`{found.name}`: not yet.** {outcome.message} (The cells below use the reference meanwhile.) {help_line}",
        "right": f"{TICK} **`{found.name}`: right.** The cells below use your function.",
    }
    display(Markdown(texts[outcome.state]))


def _result(function: Callable, arguments: tuple):
    """The value, or the exception in its place; the inputs are copied, so an attempt cannot spoil them."""
    try:
        return function(*copy.deepcopy(arguments))
    except Exception as error:
        return error


def _same(got, want, tolerance: float) -> bool:
    got = _plain(got)
    if isinstance(got, Exception) or isinstance(want, Exception):
        return type(got) is type(want)
    if isinstance(want, (tuple, list)):
        same_kind = isinstance(got, (tuple, list)) and len(got) == len(want)
        return same_kind and all(_same(g, w, tolerance) for g, w in zip(got, want))
    if isinstance(want, (str, bool, type(None))):
        return type(got) is type(want) and got == want
    try:
        got, want = np.asarray(got, dtype=float), np.asarray(want, dtype=float)
    except (TypeError, ValueError):
        return False
    return got.shape == want.shape and np.allclose(
        got, want, rtol=tolerance, atol=tolerance, equal_nan=True
    )


def _plain(value):
    """A tensor of any kind as a plain array, anything else as it is."""
    if not isinstance(value, torch.Tensor):
        return value
    try:
        return value.detach().cpu().to_dense().double().numpy()
    except Exception as error:  # a tensor without data, say
        return error


def _difference(arguments: tuple, got, want) -> str:
    got, want = _plain(got), _plain(want)
    called = ", ".join(_brief(argument) for argument in arguments)
    if isinstance(got, Exception):
        return f"For ({called}) it raised {type(got).__name__}: {got}"
    if got is None:
        return f"For ({called}) it returned nothing; is there a `return`?"
    if isinstance(got, np.ndarray) and got.shape != np.shape(want):
        return f"For ({called}) the shape is {got.shape}, expected {np.shape(want)}."
    return f"For ({called}) it gave {_brief(got)}, expected {_brief(want)}."


def _brief(value) -> str:
    value = _plain(value)
    if isinstance(value, (np.ndarray, float)):
        return np.array2string(np.asarray(value), precision=3, threshold=8, separator=", ")
    text = repr(value)
    return text if len(text) < 80 else text[:77] + "..."


def _progress_file() -> Path:
    return cache_folder() / "progress.json"


def _solved() -> set[str]:
    try:
        return {
            name
            for name in json.loads(_progress_file().read_text(encoding="utf-8"))
            if isinstance(name, str)
        }
    except (OSError, ValueError, TypeError):
        return set()


def _remember(name: str) -> None:
    with contextlib.suppress(OSError):  # a read-only home must not keep anyone from learning
        write_aside(_progress_file(), json.dumps(sorted(_solved() | {name})))
