"""Exercises of lesson 20: effects of two factors, a fair curve over positions, equally rare."""

import numpy as np

from .exercise import exercise

CELLS = np.array([[1.0, 4.0], [5.0, 5.5]])  # rows: known, unknown; columns: one answer, many
FLAT = np.array([[2.0, 3.0], [7.0, 8.0]])
ANSWERS = [[4.0, 1.0, 1.0], [3.0, 2.0], [5.0, 3.0, 2.0, 0.5], [1.0]]
RARE = np.array([-9.0, -5.2])
ELSEWHERE = np.array([-3.0, -8.0, -12.5, -5.0, -7.0])


@exercise(
    inputs=[(CELLS,), (FLAT,)],
    hints=[
        "Each effect compares two halves of the table. Which, for openness and for knowledge?",
        "Keep the difference of the columns as it is, one number for each row. Its mean is one of "
        "the three results, and its two entries give another.",
        "If openness added the same amount in both rows, the interaction would be 0: subtract what "
        "it adds in the first row from what it adds in the second.",
    ],
    note="with an interaction that is not 0, an averaged effect holds for neither row exactly; "
    "report all three.",
)
def factor_effects(cells):
    openness = cells[:, 1] - cells[:, 0]
    knowledge = cells[1] - cells[0]
    return np.array([openness.mean(), knowledge.mean(), openness[1] - openness[0]])


@factor_effects.mistake("Rows and columns are swapped: a row is one level of knowledge.")
def _(cells):
    return factor_effects(cells.T)


@factor_effects.mistake(
    "You looked at the known subjects only for openness and at one answer only for knowledge; "
    "average each effect over the other factor."
)
def _(cells):
    openness = cells[:, 1] - cells[:, 0]
    knowledge = cells[1] - cells[0]
    return np.array([openness[0], knowledge[0], openness[1] - openness[0]])


@factor_effects.mistake(
    "The interaction is a difference of differences: openness among the unknown minus openness "
    "among the known."
)
def _(cells):
    openness = cells[:, 1] - cells[:, 0]
    knowledge = cells[1] - cells[0]
    return np.array([openness.mean(), knowledge.mean(), openness.mean() - knowledge.mean()])


@factor_effects.mistake("The interaction has the wrong sign: take unknown minus known.")
def _(cells):
    openness, knowledge, interaction = factor_effects(cells)
    return np.array([openness, knowledge, -interaction])


@factor_effects.mistake(
    "Two faults at once: rows and columns are swapped, and each effect looks at one row or column "
    "only."
)
def _(cells):
    openness = cells[1] - cells[0]
    knowledge = cells[:, 1] - cells[:, 0]
    return np.array([openness[0], knowledge[0], openness[1] - openness[0]])


@exercise(
    inputs=[(ANSWERS, 2), (ANSWERS, 3), (ANSWERS, 1)],
    hints=[
        "Which answers are in the mean at the first position, and which at the last?",
        "A difference between two positions should come from the position. Which answers have a "
        "value at all of them? `len` tells.",
        "Keep the answers with at least `length` values, cut each to `length`, and average them "
        "with `np.mean(..., axis=0)`.",
    ],
    note="the curve now says nothing about short answers; say beside it how many answers it has.",
)
def position_curve(answers, length):
    long_enough = [answer[:length] for answer in answers if len(answer) >= length]
    return np.mean(long_enough, axis=0)


@position_curve.mistake(
    "At each place you average whatever answers reach it, so the places have different answers: "
    "short ones count at the beginning only."
)
def _(answers, length):
    reaching = [[a[t] for a in answers if len(a) > t] for t in range(length)]
    return np.array([np.mean(values) for values in reaching])


@position_curve.mistake("A place that an answer does not reach is no zero; leave that answer out.")
def _(answers, length):
    padded = [(list(a) + [0.0] * length)[:length] for a in answers]
    return np.mean(padded, axis=0)


@position_curve.mistake(
    "An answer of exactly `length` tokens has a value at each of these places, too: keep it."
)
def _(answers, length):
    return np.mean([answer[:length] for answer in answers if len(answer) > length], axis=0)


@exercise(
    inputs=[(RARE, ELSEWHERE), (ELSEWHERE[:3], RARE)],
    hints=[
        "What does nearest mean for a number that may be larger or smaller?",
        "Compare every wanted frequency with every other one at once: `wanted[:, None]` has the "
        "shape (n, 1). Then look at `np.argmin`.",
        "The table of absolute differences has the shape (n, m). In each row you want the place of "
        "the smallest entry.",
    ],
    note="two planted tokens may get the same partner; the lesson adds a little noise, so that "
    "ties do not all fall on one.",
)
def equally_rare(wanted, elsewhere):
    return np.abs(wanted[:, None] - elsewhere[None]).argmin(axis=1)


@equally_rare.mistake("Return the places of the nearest tokens, not their frequencies.")
def _(wanted, elsewhere):
    return elsewhere[np.abs(wanted[:, None] - elsewhere[None]).argmin(axis=1)]


@equally_rare.mistake("That is the farthest one: take the smallest difference.")
def _(wanted, elsewhere):
    return np.abs(wanted[:, None] - elsewhere[None]).argmax(axis=1)


@equally_rare.mistake(
    "The axis is the wrong one: you found the nearest wanted token for each token elsewhere."
)
def _(wanted, elsewhere):
    return np.abs(wanted[:, None] - elsewhere[None]).argmin(axis=0)


@equally_rare.mistake("Rarer is smaller, but nearer is nearer on both sides: take absolute values.")
def _(wanted, elsewhere):
    return (wanted[:, None] - elsewhere[None]).argmin(axis=1)
