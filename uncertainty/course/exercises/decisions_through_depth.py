"""Exercises of lesson 15: the overlap of two sets of candidates."""

import numpy as np

from .exercise import exercise

FIRST = np.array([[True, True, False, False], [True, True, True, False]])
SECOND = np.array([[False, True, True, False], [True, True, True, True]])


@exercise(
    inputs=[(FIRST, SECOND), (FIRST[:1], FIRST[:1]), (FIRST[0], ~FIRST[0])],
    hints=[
        "Nearly all tokens are in neither set. What does the colleague's line count them as?",
        "`&` and `|` work on boolean arrays; `sum(-1)` counts along the last axis.",
        "Two counts along the last axis and one division; leading axes stay as they are.",
    ],
    note="two sets of one token each have an overlap of 0 or 1: look at the sizes beside it.",
)
def set_overlap(one, other):
    return (one & other).sum(-1) / (one | other).sum(-1)


@set_overlap.mistake("Divide by the tokens in either set, not by those of the first set alone.")
def _(one, other):
    return (one & other).sum(-1) / one.sum(-1)


@set_overlap.mistake(
    "Two things at once: you count the tokens that are in either set, and divide by all tokens of "
    "the vocabulary. Count those in both, over those in either."
)
def _(one, other):
    return (one | other).mean(-1)


@set_overlap.mistake(
    "That is the colleague's line. Tokens in neither set are no agreement: count those in both."
)
def _(one, other):
    return (one == other).mean(-1)


@set_overlap.mistake(
    "`mean` divides by the whole vocabulary; divide the count by the tokens in either set."
)
def _(one, other):
    return (one & other).mean(-1)


@set_overlap.mistake(
    "`sum()` without an axis adds all pairs of sets together: count along the last axis only."
)
def _(one, other):
    return (one & other).sum() / (one | other).sum()


@set_overlap.mistake("That is the Dice index; divide by the union, in which nothing counts twice.")
def _(one, other):
    return 2 * (one & other).sum(-1) / (one.sum(-1) + other.sum(-1))
