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
    hint="The openness effect is the second column minus the first, averaged over the rows. What "
    "would the interaction be if openness added the same amount in both rows?",
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


@exercise(
    inputs=[(ANSWERS, 2), (ANSWERS, 3), (ANSWERS, 1)],
    hint="Who is in the mean at the first place, and who at the last? Take the same answers "
    "everywhere.",
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


@exercise(
    inputs=[(RARE, ELSEWHERE), (ELSEWHERE[:3], RARE)],
    hint="All differences at once: `np.abs(wanted[:, None] - elsewhere[None])`, then the place of "
    "the smallest in each row.",
)
def equally_rare(wanted, elsewhere):
    return np.abs(wanted[:, None] - elsewhere[None]).argmin(axis=1)


@equally_rare.mistake("Return the places of the nearest tokens, not their frequencies.")
def _(wanted, elsewhere):
    return elsewhere[np.abs(wanted[:, None] - elsewhere[None]).argmin(axis=1)]


@equally_rare.mistake("That is the farthest one: take the smallest difference.")
def _(wanted, elsewhere):
    return np.abs(wanted[:, None] - elsewhere[None]).argmax(axis=1)


@equally_rare.mistake("Rarer is smaller, but nearer is nearer on both sides: take absolute values.")
def _(wanted, elsewhere):
    return (wanted[:, None] - elsewhere[None]).argmin(axis=1)
