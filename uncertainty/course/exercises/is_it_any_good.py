"""Exercises of lesson 03: ranking, and a control that keeps what a group tells."""

import numpy as np

from .exercise import exercise

WRONG = np.array([True, False, True, False, False, True])
DOUBT = np.array([0.9, 0.2, 0.5, 0.5, 0.1, 0.3])
GROUPS = np.array([2, 1, 2, 1, 2, 1])


@exercise(
    inputs=[(WRONG, DOUBT), (WRONG, -DOUBT), (WRONG, np.ones(6))],
    hint="`doubt[wrong][:, None]` against `doubt[~wrong][None, :]` gives all pairs at once; "
    "average `(a > b) + 0.5 * (a == b)`.",
)
def ranking(wrong, doubt):
    a = doubt[wrong][:, None]
    b = doubt[~wrong][None, :]
    return float(((a > b) + 0.5 * (a == b)).mean())


@ranking.mistake("Ties count half, not nothing: with equal doubts you would have to toss a coin.")
def _(wrong, doubt):
    return float((doubt[wrong][:, None] > doubt[~wrong][None, :]).mean())


@ranking.mistake("Ties count half, not fully: a constant measure must get 0.5.")
def _(wrong, doubt):
    return float((doubt[wrong][:, None] >= doubt[~wrong][None, :]).mean())


@ranking.mistake("The other way round: you asked how often a right answer has the larger doubt.")
def _(wrong, doubt):
    a = doubt[~wrong][:, None]
    b = doubt[wrong][None, :]
    return float(((a > b) + 0.5 * (a == b)).mean())


@ranking.mistake("That compares all answers with all; only pairs of a wrong and a right one count.")
def _(wrong, doubt):
    a = doubt[:, None]
    b = doubt[None, :]
    return float(((a > b) + 0.5 * (a == b)).mean())


def turned(values):
    """Return the values in another order: each moves one place on."""
    return np.roll(values, 1)


@exercise(
    inputs=[
        (np.arange(6), GROUPS, turned),
        (WRONG, GROUPS, turned),
        (np.arange(6), np.zeros(6), turned),
    ],
    hint="Start from a copy of `values`. For each group of `np.unique(groups)` the places of its "
    "members are `groups == group`; put `deal(values[...])` there.",
)
def dealt_within(values, groups, deal):
    dealt = values.copy()
    for group in np.unique(groups):
        members = groups == group
        dealt[members] = deal(values[members])
    return dealt


@dealt_within.mistake(
    "You dealt among all values; deal once for each group, among its own members only."
)
def _(values, groups, deal):
    return deal(values)


@dealt_within.mistake(
    "Each value must come back to a place of its own group; you put the groups one after the other."
)
def _(values, groups, deal):
    return np.concatenate([deal(values[groups == group]) for group in np.unique(groups)])


@dealt_within.mistake("Nothing was dealt: the values still stand where they stood.")
def _(values, groups, deal):
    return values
