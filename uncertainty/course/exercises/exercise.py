"""How an exercise is declared, found and graded.

A module named as its lesson declares the reference solution with the inputs it is tried on, and
the typical mistakes as code with the sentence each deserves::

    from .exercise import exercise

    @exercise(
        inputs=[(torch.tensor([2.0, 0.0]),)],
        hints=[
            "What must the results add up to?",
            "`exp` makes every logit positive; `sum(-1)` adds them up.",
            "Divide `logits.exp()` by its sum over the last axis.",
        ],
        note="adding a constant to all logits changes nothing.",
    )
    def softmax(logits): ...

    @softmax.mistake("You divided by the largest entry; divide by the sum.")
    def _(logits): ...

A mistake that is written as something done to the exercise itself, ``return 2 * softmax(logits)``,
can be made beside any other, and two of them together are recognised. Two that cannot be made this
way are declared as code, under ``@softmax.two_mistakes("...")``.
"""

import ast
import difflib
import importlib
import inspect
import pkgutil
import textwrap
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import permutations
from pathlib import Path
from typing import Literal

from ..lessons import LESSONS, lesson_number
from .comparison import (
    changes_its_inputs,
    describe_difference,
    own_traceback,
    result_or_error,
    same_result,
)

STILL_RAISES = (
    "Your function still holds the line `raise NotImplementedError`, and Python stops there. "
    "Delete that line."
)
CHANGES_ITS_INPUT = (
    "The result is right, but your function writes into the array or list that it is given, and "
    "the cells below still need that one as it was. Work on a copy."
)

BOTH_ALONE = "Two mistakes at once. Of each alone the check says: (1) {} (2) {}"

_registry: dict[str, "Exercise"] = {}


@dataclass(frozen=True)
class Outcome:
    """The verdict on an attempt: its state, and the sentence the learner reads."""

    state: Literal["untouched", "wrong", "right"]
    message: str
    traceback: str = ""  # when the attempt raised


@dataclass
class Exercise:
    """A reference solution, its inputs, hints, and typical mistakes with their sentences.

    The hints escalate: where to look, which function to use, almost the answer. The note is what a
    right answer is told: "Note that " stands before it.
    """

    lesson: str
    reference: Callable
    inputs: list[tuple]
    hints: list[str]
    note: str
    tolerance: float = 1e-4
    mistakes: list[tuple[str, Callable]] = field(default_factory=list)
    declared_pairs: list[tuple[str, Callable]] = field(default_factory=list)

    def __post_init__(self):
        self._in_place = self.reference  # what runs when a mistake calls the exercise

    @property
    def name(self) -> str:
        return self.reference.__name__

    def __call__(self, *arguments):
        """Return the reference's result: the decorated name stays a function to call.

        Inside one mistake on top of another, the result is that of the other.
        """
        called, self._in_place = self._in_place, self.reference
        try:
            return called(*arguments)
        finally:
            self._in_place = called

    def mistake(self, sentence: str) -> Callable[[Callable], Callable]:
        """Declare a wrong solution and what to tell someone who wrote it."""
        return _appending_to(self.mistakes, sentence)

    def two_mistakes(self, sentence: str) -> Callable[[Callable], Callable]:
        """Declare a solution with two mistakes, where none of the two calls the exercise."""
        return _appending_to(self.declared_pairs, sentence)

    def made_pairs(self) -> list[tuple[str, Callable]]:
        """Return each mistake on top of each other one, and what to tell someone who made both.

        Where the code of a mistake calls the exercise, the other mistake answers.
        """
        return [
            (BOTH_ALONE.format(sentence, last_sentence), self._on_top(last, first))
            for (sentence, first), (last_sentence, last) in permutations(self.mistakes, 2)
            if sentence != last_sentence and self.name in last.__code__.co_names
        ]

    def grade(self, attempt: Callable) -> Outcome:
        """Try the attempt on every input.

        Display and store nothing; never raise because of the attempt.
        """
        results = self._results(attempt)
        if any(_is_untouched(result) for result in results):
            if _has_more_lines_than_the_stub(attempt):
                return Outcome("wrong", STILL_RAISES)
            return Outcome("untouched", "not attempted yet")
        expected = self._results(self.reference)
        matches = self._same_results(results, expected)
        if all(matches):
            if any(changes_its_inputs(attempt, arguments) for arguments in self.inputs):
                return Outcome("wrong", CHANGES_ITS_INPUT)
            return Outcome("right", "right")
        known = self.mistakes + self.declared_pairs
        if not any(isinstance(result, Exception) for result in results):
            known = known + self.made_pairs()  # two together may raise what says nothing of either
        for sentence, mistaken in known:
            if self._gives(mistaken, results):
                return Outcome("wrong", sentence)
        first_wrong = matches.index(False)
        message = describe_difference(
            attempt,
            self.inputs[first_wrong],
            results[first_wrong],
            expected[first_wrong],
            tolerance=self.tolerance,
            none_is_an_answer=any(value is None for value in expected)
            and any(result is not None for result in results),
        )
        return Outcome("wrong", message, own_traceback(attempt, results[first_wrong]))

    def _on_top(self, last: Callable, first: Callable) -> Callable:
        """Return the one mistake with the other in the exercise's place."""

        def both(*arguments):
            self._in_place = first
            try:
                return last(*arguments)
            finally:
                self._in_place = self.reference

        return both

    def _gives(self, function: Callable, results: list) -> bool:
        """Return whether the function gives these results; stop at the first that differs."""
        return all(
            same_result(result, result_or_error(function, arguments), tolerance=self.tolerance)
            for result, arguments in zip(results, self.inputs)
        )

    def _results(self, function: Callable) -> list:
        return [result_or_error(function, arguments) for arguments in self.inputs]

    def _same_results(self, results: list, expected: list) -> list[bool]:
        return [same_result(*pair, tolerance=self.tolerance) for pair in zip(results, expected)]


def exercise(
    *,
    inputs: list[tuple],
    hints: Sequence[str],
    note: str,
    tolerance: float = 1e-4,
) -> Callable[[Callable], Exercise]:
    """Declare the decorated function as the reference solution of an exercise.

    It belongs to the lesson that its module is named after.

    Raises:
        ValueError: there is an exercise of that name already, in this lesson or another.
    """

    def register(reference: Callable) -> Exercise:
        name = reference.__name__
        if name in _registry:
            raise ValueError(
                f"there is an exercise called {name!r} already; "
                "names must be unique across lessons."
            )
        lesson = lesson_number(reference.__module__.rpartition(".")[2])
        levels = [inspect.cleandoc(level) for level in hints]
        _registry[name] = Exercise(
            lesson, reference, inputs, levels, inspect.cleandoc(note), tolerance
        )
        return _registry[name]

    return register


def exercises(lesson: str | None = None) -> list[Exercise]:
    """Return all exercises, or those of one lesson ("03"), in the order of the lessons."""
    modules = {module.name for module in pkgutil.iter_modules([str(Path(__file__).parent)])}
    for each in LESSONS:
        if each.name in modules:
            importlib.import_module(f"{__package__}.{each.name}")
    return [known for known in _registry.values() if lesson is None or known.lesson == lesson]


def find_exercise(name: str) -> Exercise:
    """Return the exercise whose reference solution has that name.

    Raises:
        ValueError: there is none; the message lists those of a similar name, or all there are.
    """
    by_name = {known.name: known for known in exercises()}
    if name not in by_name:
        near = difflib.get_close_matches(name, by_name, cutoff=0.4)
        known = f"Near it: {', '.join(near)}." if near else f"There are: {', '.join(by_name)}."
        raise ValueError(f"there is no exercise called {name!r}; keep the function's name. {known}")
    return by_name[name]


def _appending_to(declared: list, sentence: str) -> Callable[[Callable], Callable]:
    """Return a decorator that puts a function with its sentence into the list."""

    def declare(mistaken: Callable) -> Callable:
        declared.append((sentence, mistaken))
        return mistaken

    return declare


def _is_untouched(result) -> bool:
    """Return whether this is the stub's bare ``raise NotImplementedError``."""
    return isinstance(result, NotImplementedError) and not result.args


def _has_more_lines_than_the_stub(attempt: Callable) -> bool:
    """Return whether the learner wrote something and left the stub's ``raise`` in its place."""
    try:
        [function] = ast.parse(textwrap.dedent(inspect.getsource(attempt))).body
    except (OSError, TypeError, ValueError, SyntaxError):
        return False
    statements = [line for line in getattr(function, "body", []) if not _is_docstring(line)]
    return len(statements) > 1


def _is_docstring(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)
