"""Exercises of lesson 15: the number of candidates, and the overlap of two sets of them."""

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


@set_overlap.two_mistakes(
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


@exercise(
    inputs=[
        (np.array([0.5, 0.3, 0.2]), 0.6),
        (np.array([0.1, 0.5, 0.15, 0.25]), 0.8),
        (np.array([0.7, 0.2, 0.1]), 0.6),
        (np.array([0.25, 0.25, 0.25, 0.25]), 0.75),
    ],
    hints=[
        "How much do the tokens that she counts hold together, and how much was wanted?",
        "`np.sort(p)[::-1].cumsum()` is what the likeliest 1, 2, 3, ... tokens hold.",
        "Count the sums that are still below the share, and add the token that reaches it.",
    ],
    note="where one token holds more than the share, the set is this token: her line gives 0.",
)
def count_candidates(p, share):
    held = np.sort(p)[::-1].cumsum()
    return int((held < share).sum()) + 1


@count_candidates.mistake(
    "That is the colleague's line: the tokens that it counts hold less than the share. One is "
    "missing, the one that reaches it."
)
def _(p, share):
    return count_candidates(p, share) - 1


@count_candidates.mistake("You begin with the unlikeliest tokens; sort from the likeliest on.")
def _(p, share):
    return int((np.sort(p).cumsum() < share).sum()) + 1


@count_candidates.mistake("The tokens stand in the vocabulary's order: sort them first.")
def _(p, share):
    return int((p.cumsum() < share).sum()) + 1


@count_candidates.mistake(
    "You count the tokens that have the share each; it is what they hold together."
)
def _(p, share):
    return int((p >= share).sum())


@count_candidates.mistake(
    "Tokens that only just reach the share are enough: compare with <, not <=."
)
def _(p, share):
    return int((np.sort(p)[::-1].cumsum() <= share).sum()) + 1
