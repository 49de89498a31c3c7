"""Exercises of lesson 28: effects of two factors, exchanged labels, pairs from one group."""

from itertools import product

import numpy as np

from .exercise import exercise

CELLS = np.array([[1.0, 4.0], [5.0, 8.5]])  # rows: known, unknown; columns: one answer, many
FLAT = np.array([[2.0, 3.0], [7.0, 8.0]])
PARTS = np.array([2.0, 1.0, 3.0])  # the effect in each of three domains
TWO_PARTS = np.array([-1.0, 0.5])
IS_OPEN = np.array([True, True, False, False, True, False, True])
SCORES = np.array([0.9, 0.2, 0.2, 0.5, -3.0, -4.0, 7.0])
GROUP = np.array([0, 0, 0, 0, 1, 1, 2])  # the last group has no partner


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


@factor_effects.two_mistakes(
    "Two faults at once: rows and columns are swapped, and each effect looks at one row or column "
    "only."
)
def _(cells):
    openness = cells[1] - cells[0]
    knowledge = cells[:, 1] - cells[:, 0]
    return np.array([openness[0], knowledge[0], openness[1] - openness[0]])


@exercise(
    inputs=[(PARTS,), (TWO_PARTS,)],
    hints=[
        "What happens to an effect, many minus one, when the two labels change names? So what does "
        "each domain add in one exchange?",
        "`itertools.product([1, -1], repeat=3)` gives every row of three signs. Which two rows do "
        "not belong to the control?",
        "A row of signs times the effects, summed and divided by the number of domains, is one "
        "entry. `signs @ parts` does it for all rows; `np.sort` puts them in order.",
    ],
    note="this control is hard to pass when a few domains carry the effect: exchanging the others "
    "hardly changes the mean. Nine equal effects would pass it easily.",
)
def exchanged_means(parts):
    signs = np.array(list(product([1, -1], repeat=len(parts))))[1:-1]
    return np.sort(signs @ parts / len(parts))


@exchanged_means.mistake(
    "Two ways too many: with no domain exchanged this is the effect itself, and with all of them "
    "its mirror. Neither is a control."
)
def _(parts):
    signs = np.array(list(product([1, -1], repeat=len(parts))))
    return np.sort(signs @ parts / len(parts))


@exchanged_means.mistake(
    "You left out the way that changes nothing; the one that exchanges *all* domains is the effect "
    "with its sign turned, and no control either."
)
def _(parts):
    signs = np.array(list(product([1, -1], repeat=len(parts))))[1:]
    return np.sort(signs @ parts / len(parts))


@exchanged_means.mistake("Those are sums over the domains. Divide by their number.")
def _(parts):
    return exchanged_means(parts) * len(parts)


@exchanged_means.mistake(
    "You exchanged one domain at a time. The labels may be exchanged in two domains at once, too."
)
def _(parts):
    return np.sort([(parts.sum() - 2 * part) / len(parts) for part in parts])


@exchanged_means.mistake(
    "You left the exchanged domains out. An exchanged domain stays in the mean, with its effect "
    "turned round: 3 becomes -3."
)
def _(parts):
    keeps = np.array(list(product([1, 0], repeat=len(parts))))[1:-1]
    return np.sort(keeps @ parts / len(parts))


@exchanged_means.mistake(
    "Keep the signs: the bar takes the sizes later. An effect can be negative."
)
def _(parts):
    return np.sort(np.abs(exchanged_means(parts)))


@exchanged_means.mistake("The right means; sort them, the smallest first.")
def _(parts):
    signs = np.array(list(product([1, -1], repeat=len(parts))))[1:-1]
    return signs @ parts / len(parts)


@exercise(
    inputs=[
        (IS_OPEN, SCORES, GROUP),
        (IS_OPEN[:4], SCORES[:4], GROUP[:4]),
        (~IS_OPEN[::-1], SCORES[::-1], GROUP[::-1]),
    ],
    hints=[
        "A score is comparable with scores of the same regression only. Which pairs did the "
        "colleague compare that do not have that?",
        "`is_open[:, None] & ~is_open[None]` is a table of all pairs, True where the row is open "
        "and the column is not. Make a table of the same shape for *same group*.",
        "A third table holds 1 where the row's score is larger, 0.5 where the two are equal, 0 "
        "otherwise. Take its mean over the pairs that both other tables allow.",
    ],
    note="a group with one kind only has no pairs and says nothing. The more you hold fixed, the "
    "fewer pairs are left: print how many.",
)
def auroc_in_group(is_open, scores, group):
    pairs = is_open[:, None] & ~is_open[None] & (group[:, None] == group[None])
    ahead = (scores[:, None] > scores[None]) + 0.5 * (scores[:, None] == scores[None])
    return ahead[pairs].mean()


@auroc_in_group.mistake(
    "You compare questions of different groups, too. That is the colleague's trap: their scores "
    "come from different regressions."
)
def _(is_open, scores, group):
    return auroc_in_group(is_open, scores, np.zeros(len(scores)))


@auroc_in_group.mistake("A tie counts one half: a score that is the same for both tells nothing.")
def _(is_open, scores, group):
    pairs = is_open[:, None] & ~is_open[None] & (group[:, None] == group[None])
    return (scores[:, None] > scores[None])[pairs].mean()


@auroc_in_group.mistake(
    "A tie counts one half, not one: a constant score would look perfect with `>=`."
)
def _(is_open, scores, group):
    pairs = is_open[:, None] & ~is_open[None] & (group[:, None] == group[None])
    return (scores[:, None] >= scores[None])[pairs].mean()


@auroc_in_group.mistake(
    "The other way round: count the pairs in which the *open* question has the larger score."
)
def _(is_open, scores, group):
    return auroc_in_group(is_open, -scores, group)


@auroc_in_group.mistake(
    "You averaged one number a group. A group with one pair then weighs as much as one with a "
    "hundred: average over the pairs."
)
def _(is_open, scores, group):
    groups = [group == g for g in np.unique(group)]
    both = [rows for rows in groups if 0 < is_open[rows].sum() < rows.sum()]
    return np.mean([auroc_in_group(is_open[r], scores[r], group[r]) for r in both])


@auroc_in_group.mistake(
    "You divided by all pairs of the same group. Only a pair of an open question and one that is "
    "not counts."
)
def _(is_open, scores, group):
    same = group[:, None] == group[None]
    pairs = is_open[:, None] & ~is_open[None] & same
    ahead = (scores[:, None] > scores[None]) + 0.5 * (scores[:, None] == scores[None])
    return ahead[pairs].sum() / same.sum()
