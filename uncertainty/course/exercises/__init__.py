"""Exercises that live in the lessons: a stub and its check in one cell.

``entropy = check(entropy)`` looks the exercise up by the function's name, tries it on tiny inputs and

- untouched (it raises NotImplementedError): says so, and hands back the reference, so that "Run all" works;
- wrong: says the likely cause in one sentence, and hands back the reference, so that the cells below stay true;
- right: a tick, and hands back the learner's own function.

`hint`, `solution` and `progress` go with it. What a learner typed stays in their cell, always.
"""

from .mechanism import Exercise, Outcome, check, exercise, exercises, hint, progress, solution

__all__ = ["Exercise", "Outcome", "check", "exercise", "exercises", "hint", "progress", "solution"]
