"""Exercises that live in the lessons: a stub and its check in one cell.

``entropy = check(entropy)`` looks the exercise up by the function's name, tries it on tiny inputs
and, when the function is

- untouched (it raises NotImplementedError), says so and hands back the reference, so that "Run
  all" works;
- wrong, says the likely cause in one sentence and hands back the reference, so that the cells
  below stay true;
- right, shows a tick and hands back the learner's own function.

`hint`, `solution` and `progress` go with it. What a learner typed stays in their cell, always.

To add the exercises of a new lesson: write ``lessonNN.py`` here, and in it the reference solution
under `exercise`, a decorator that takes the lesson's number, the inputs to try and a hint. Below it
write two or more typical mistakes as functions called ``_``, each under ``@name.mistake("...")``
with the sentence it deserves. In the notebook, put a stub with the same name and arguments, which
raises NotImplementedError, and ``name = check(name)`` into one cell. Nothing has to be registered:
``tests/course/test_exercises.py`` finds the file, and checks that the reference passes, that each
mistake gets its own sentence, and that lesson and file agree.
"""

from .exercise import Exercise, Outcome, exercise, exercises
from .feedback import check, hint, progress, solution

__all__ = ["Exercise", "Outcome", "check", "exercise", "exercises", "hint", "progress", "solution"]
