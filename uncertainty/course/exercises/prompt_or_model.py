"""Exercises of lesson 28: effects of two factors, equally rare, a fair curve over positions."""

import numpy as np

from .exercise import exercise

CELLS = np.array([[1.0, 4.0], [5.0, 8.5]])  # rows: known, unknown; columns: one answer, many
FLAT = np.array([[2.0, 3.0], [7.0, 8.0]])
ANSWERS = [[4.0, 1.0, 1.0], [3.0, 2.0], [5.0, 3.0, 2.0, 0.5], [1.0]]
RARE = np.array([-9.0, -5.2])
ELSEWHERE = np.array([-9.1, -3.0, -8.0, -12.5, -5.1, -7.0])
BEGINS_WORD = np.array([False, True, True, True, False, True])


@exercise(
    inputs=[(CELLS,), (FLAT,)],
    hints=[
        "Each effect compares two halves of the table. Which, for openness and for knowledge?",
        "What does openness add in the first row, and what in the second? Write both numbers down "
        "before you average anything.",
        "Two numbers describe openness, one for each row: one result is their mean, another says "
        "how they differ. If openness added the same amount in both rows, the interaction would "
        "be 0.",
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
    "You added the two rows up, and the two columns. An effect averaged over two is half of that: "
    "openness adds 3 and 3.5 in the text's table, 3.25 on average."
)
def _(cells):
    openness, knowledge, interaction = factor_effects(cells)
    return np.array([2 * openness, 2 * knowledge, interaction])


@factor_effects.mistake(
    "Your interaction is half of what is asked for. Some books define it so; here it is the whole "
    "difference: what openness adds among the unknown minus what it adds among the known."
)
def _(cells):
    openness, knowledge, interaction = factor_effects(cells)
    return np.array([openness, knowledge, interaction / 2])


@factor_effects.mistake(
    "Your second number is the effect of knowing. The effect of *not* knowing is unknown minus "
    "known."
)
def _(cells):
    openness, knowledge, interaction = factor_effects(cells)
    return np.array([openness, -knowledge, interaction])


@factor_effects.mistake(
    "You took one answer minus many. What openness *adds* is many minus one, here and in the "
    "interaction."
)
def _(cells):
    openness, knowledge, interaction = factor_effects(cells)
    return np.array([-openness, knowledge, -interaction])


@factor_effects.mistake(
    "Your effects are not averaged yet: each is still one number for each row or column. Take "
    "their means; three numbers are asked for."
)
def _(cells):
    openness = cells[:, 1] - cells[:, 0]
    return openness, cells[1] - cells[0], openness[1] - openness[0]


@factor_effects.mistake(
    "Two faults at once: rows and columns are swapped, and each effect looks at one row or column "
    "only."
)
def _(cells):
    openness = cells[1] - cells[0]
    knowledge = cells[:, 1] - cells[:, 0]
    return np.array([openness[0], knowledge[0], openness[1] - openness[0]])
