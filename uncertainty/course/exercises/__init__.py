"""Exercises that live in the lessons: a stub and its check in one cell.

``entropy = check(entropy)`` looks the exercise up by the function's name, tries it on tiny inputs
and, when the function is

- untouched (it raises NotImplementedError), says so and hands back the reference, so that "Run
  all" works;
- wrong, says the likely cause in one sentence and hands back the reference, so that the cells
  below stay true;
- right, shows a tick and hands back the learner's own function. One that writes into the arrays it
  is given is not right yet: in the lesson it would change what the cells below read.

`hint`, `solution` and `progress` go with it. What a learner typed stays in their cell, always.

To add the exercises of a new lesson: write a module here that is named as the notebook without its
number, and in it the reference solution under `exercise`, a decorator that takes the inputs to try,
three hints that escalate and a note for a right answer. Below it write at least two typical
mistakes as functions called ``_``, each under ``@name.mistake("...")`` with the sentence it
deserves. Write a mistake as something done to the exercise where you can, ``return -name(...)``:
then it is recognised together with each other one, too. Any other two that are likely together are
declared under ``@name.two_mistakes("...")``. In the notebook, put a stub with the same name and
arguments, which raises NotImplementedError, and ``name = check(name)`` into one cell. Commit file
and notebook together: ``tests/course/test_exercises.py`` finds the file by itself, and checks that
the reference passes, that each mistake gets its own sentence, that two at once are told as two in
every exercise, and that lesson and file agree. It also expects that an attempt that returns None is
told so; where None is a right result, add the exercise's name to the exceptions in
``test_no_exercise_is_passed_by_a_constant_or_by_its_input``.
"""

from .exercise import Exercise, Outcome, exercise, exercises
from .feedback import check, hint, progress, solution

__all__ = ["Exercise", "Outcome", "check", "exercise", "exercises", "hint", "progress", "solution"]
