"""Exercises of lesson 35: questions that leaked into the other half, and a fingerprint."""

import hashlib
import json

import numpy as np

from .exercise import exercise

ROWS = [
    (
        np.array(["a", "a", "b", "b", "c", "d", "d", "d", "e"]),
        np.array([True, False, True, True, False, True, False, True, False]),
    ),
    (
        np.array(["k", "k", "k", "m", "n", "n"]),
        np.array([False, True, True, True, False, False]),
    ),
    (np.array(["x", "y", "z", "z"]), np.array([True, False, True, True])),
]
CLAIM = {"sentence": "Wrong answers are longer", "cut_off": 0.1, "control": "labels shuffled"}
REORDERED = {"control": "labels shuffled", "sentence": "Wrong answers are longer", "cut_off": 0.1}
ACCENTED = {"sentence": "Naïve doubt is larger", "tried": 3, "baseline": "length"}
PRINTS = [
    (CLAIM, ["q7", "q2", "q5"]),
    (REORDERED, ["q2", "q5", "q7"]),
    (ACCENTED, ["q11", "q9"]),
]


@exercise(
    inputs=ROWS,
    hints=[
        "A row leaks when its question has a row on the other side, too. Which rows do you count?",
        "`np.isin(a, b)` says of each entry of a whether b has it.",
        "There are two sets of rows. You ask something about each row of one of them, and only "
        "look it up in the other. Which is which?",
    ],
    note="with five answers a question, a split of the rows leaks nearly all of them: a question "
    "stays on one side with a chance of 2 in 32 only.",
)
def leaked(question, is_held_out):
    practice = question[~is_held_out]
    return float(np.isin(question[is_held_out], practice).mean())


@leaked.mistake(
    "You count questions. A question with many rows weighs more in the outcome: count rows."
)
def _(question, is_held_out):
    held_out = np.unique(question[is_held_out])
    return float(np.isin(held_out, question[~is_held_out]).mean())


@leaked.mistake(
    "That is the share of the practice rows. What judges the claim are the held-out rows."
)
def _(question, is_held_out):
    return leaked(question, ~is_held_out)


@leaked.mistake("That is the share of all rows; divide by the number of held-out rows only.")
def _(question, is_held_out):
    return float(np.isin(question[is_held_out], question[~is_held_out]).sum() / len(question))


@leaked.mistake("That is the share that did not leak.")
def _(question, is_held_out):
    return 1 - leaked(question, is_held_out)


@leaked.two_mistakes(
    "Two mistakes at once: you count questions instead of rows, and those of the practice half."
)
def _(question, is_held_out):
    practice = np.unique(question[~is_held_out])
    return float(np.isin(practice, question[is_held_out]).mean())


def _hexdigest(value, **options):
    return hashlib.sha256(json.dumps(value, **options).encode()).hexdigest()


@exercise(
    inputs=PRINTS,
    hints=[
        "The same claim must give the same fingerprint in whatever order it was typed. What has an "
        "order here, and does not mean anything by it?",
        "`json.dumps` has an argument `sort_keys`; a text becomes bytes by `.encode()`; "
        "`hashlib.sha256` takes bytes.",
        "Two things have an order: an argument of `json.dumps` takes care of one, and you of the "
        "other, before the text is made. `hexdigest()` gives the 64 characters.",
    ],
    note="the fingerprint tells nothing about the claim, so it can be shown to everybody before "
    "the claim is.",
)
def fingerprint(claim, ids):
    return _hexdigest({"claim": claim, "held_out": sorted(ids)}, sort_keys=True)


@fingerprint.mistake(
    "The order in which the fields were typed changes your fingerprint: sort the keys."
)
def _(claim, ids):
    return _hexdigest({"claim": claim, "held_out": sorted(ids)})


@fingerprint.mistake(
    "The order of the ids changes your fingerprint. The half is the same in any order: sort them."
)
def _(claim, ids):
    return _hexdigest({"claim": claim, "held_out": ids}, sort_keys=True)


@fingerprint.two_mistakes(
    "Two orders change your fingerprint: that of the fields and that of the ids. Sort both."
)
def _(claim, ids):
    return _hexdigest({"claim": claim, "held_out": ids})


@fingerprint.mistake(
    "The ids are missing: whoever may choose the questions afterwards can choose those that agree."
)
def _(claim, ids):
    return _hexdigest(claim, sort_keys=True)


@fingerprint.mistake(
    "For MD5 people have made two texts with one fingerprint; whoever can, has two claims under "
    "one seal. Take SHA-256."
)
def _(claim, ids):
    text = json.dumps({"claim": claim, "held_out": sorted(ids)}, sort_keys=True)
    return hashlib.md5(text.encode()).hexdigest()
