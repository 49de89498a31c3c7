"""Exercises of lesson 03: ranking, and a control that keeps what a group tells."""

import numpy as np

from .exercise import exercise

WRONG = np.array([True, False, True, False, False, True, False])
DOUBT = np.array([0.9, 0.2, 0.5, 0.5, 0.1, 0.3, 0.6])
GROUPS = np.array([2, 1, 2, 1, 2, 1])


@exercise(
    # the last has as many wrong answers as right ones: pairs side by side do not raise there
    inputs=[(WRONG, DOUBT), (WRONG, -DOUBT), (WRONG, np.ones(7)), (WRONG[:6], DOUBT[:6])],
    hints=[
        "Look at the schematic: rows are wrong answers and columns right ones. What does each "
        "cell count?",
        "`a[:, None]` and `b[None, :]` compare every entry of one array with every entry of the "
        "other.",
        "Take the doubts of the wrong answers as rows and of the right ones as columns, and "
        "average the cells: 1 where the row's is larger, one half where they are equal.",
    ],
    note="only the order of the doubts matters: squared perplexities get the same number, and a "
    "doubt that is 1 for every answer gets 0.5.",
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
    return ranking(wrong, -doubt)


@ranking.mistake("That compares all answers with all; only pairs of a wrong and a right one count.")
def _(wrong, doubt):
    a = doubt[:, None]
    b = doubt[None, :]
    return float(((a > b) + 0.5 * (a == b)).mean())


@ranking.two_mistakes(
    "Two things: you ask how often the right answer has the larger doubt, and ties count nothing."
)
def _(wrong, doubt):
    return float((doubt[~wrong][:, None] > doubt[wrong][None, :]).mean())


SIDE_BY_SIDE = (
    "You compared the first wrong answer with the first right one, the second with the second. "
    "Every wrong one must meet every right one: `a[:, None]` and `b[None, :]`."
)


@ranking.mistake(SIDE_BY_SIDE)
def _(wrong, doubt):
    a, b = doubt[wrong], doubt[~wrong]
    return float(((a > b) + 0.5 * (a == b)).mean())


@ranking.mistake(SIDE_BY_SIDE)
def _(wrong, doubt):
    return float((doubt[wrong] > doubt[~wrong]).mean())


@ranking.mistake("That is how many pairs, not which share of them: divide by the number of pairs.")
def _(wrong, doubt):
    a = doubt[wrong][:, None]
    b = doubt[~wrong][None, :]
    return float(((a > b) + 0.5 * (a == b)).sum())


@ranking.mistake("That is one number for each pair; the share is their mean.")
def _(wrong, doubt):
    a = doubt[wrong][:, None]
    b = doubt[~wrong][None, :]
    return (a > b) + 0.5 * (a == b)


@ranking.mistake(
    "`1 - wrong` holds the numbers 0 and 1, and numpy reads them as places. The doubts of the "
    "right answers are `doubt[~wrong]`."
)
def _(wrong, doubt):
    a = doubt[wrong][:, None]
    b = doubt[1 - wrong][None, :]
    return float(((a > b) + 0.5 * (a == b)).mean())


@ranking.mistake(
    "A difference of means depends on the scale of the doubt. Count the pairs in which the wrong "
    "answer has the larger one."
)
def _(wrong, doubt):
    return float(doubt[wrong].mean() - doubt[~wrong].mean())


def one_place_on(values):
    """Return the values in another order: each moves one place on."""
    return np.roll(values, 1)


@exercise(
    inputs=[
        (np.arange(6), GROUPS, one_place_on),
        (WRONG[:6], GROUPS, one_place_on),
        (np.arange(6), np.zeros(6), one_place_on),
    ],
    hints=[
        "What must stay true of each group after the deal? Which values may reach which places?",
        "`np.unique(groups)` lists the groups, and `groups == group` marks the places of one. "
        "`deal` is handed to your function: call it on the values of one group.",
        "Work on a copy of `values`, and for each group write what `deal` returns into the "
        "group's own places.",
    ],
    note="this control can win: whatever the groups tell about the labels is still there.",
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


@dealt_within.mistake(
    "The values stand where they stood. Either what `deal` returned was never written back, or a "
    "loop over `groups` dealt each group once for every member: loop over `np.unique(groups)`."
)
def _(values, groups, deal):
    return values


@dealt_within.mistake("Only the first group was dealt: does the `return` stand inside the loop?")
def _(values, groups, deal):
    dealt = values.copy()
    members = groups == np.unique(groups)[0]
    dealt[members] = deal(values[members])
    return dealt


@dealt_within.mistake(
    "You have one array for each group; write each into the group's own places of one copy."
)
def _(values, groups, deal):
    return [deal(values[groups == group]) for group in np.unique(groups)]


@dealt_within.two_mistakes(
    "Two things at once: only the first group was dealt, and its values stand alone. Write each "
    "group's values into the group's own places of one copy, and return it behind the loop."
)
def _(values, groups, deal):
    return deal(values[groups == np.unique(groups)[0]])
