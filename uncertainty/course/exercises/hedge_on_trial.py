"""Exercises of lesson 27: a neuron at equal entropy, and whole relations drawn anew."""

import numpy as np

from .exercise import exercise

ENTROPY = np.array([0.1, 0.3, 0.2, 2.0, 2.5, 2.2, 1.0, 1.4])
ACTIVATION = np.array([3.0, 2.0, 4.0, -1.0, 0.0, -3.0, 5.0, 7.0])
ON_REPEAT = np.array([0.2, 2.4, 1.2])


@exercise(
    inputs=[
        (ENTROPY, ACTIVATION, ON_REPEAT, [0.5, 1.5]),
        (ENTROPY, -ACTIVATION, ON_REPEAT[::-1], [0.25, 1.8]),
    ],
    hints=[
        "Two steps: a table with one mean for each bin, made of the positions read once; then look "
        "up the bin of each position of the repeat.",
        "`np.digitize(values, edges)` gives each value the number of its bin, from 0 to "
        "`len(edges)`.",
        "Make an array `means` with the mean activation of each bin, and index it with the bins of "
        "`entropy_on_repeat`.",
    ],
    note="the result depends on the edges: with one bin it is a plain mean, and with too many the "
    "bins are empty.",
)
def at_equal_entropy(entropy, activation, entropy_on_repeat, edges):
    bins = np.digitize(entropy, edges)
    means = np.array([activation[bins == number].mean() for number in range(len(edges) + 1)])
    return means[np.digitize(entropy_on_repeat, edges)]


@at_equal_entropy.mistake(
    "One mean for all positions ignores how sure the model is; average in each bin."
)
def _(entropy, activation, entropy_on_repeat, edges):
    return np.full(len(entropy_on_repeat), activation.mean())


@at_equal_entropy.mistake("Return the activation expected in the bin, not the entropy.")
def _(entropy, activation, entropy_on_repeat, edges):
    return at_equal_entropy(entropy, entropy, entropy_on_repeat, edges)


@at_equal_entropy.mistake(
    "Those are the bins' means; give each position of the repeat the mean of its own bin."
)
def _(entropy, activation, entropy_on_repeat, edges):
    bins = np.digitize(entropy, edges)
    return np.array([activation[bins == number].mean() for number in range(len(edges) + 1)])


@at_equal_entropy.two_mistakes(
    "Two things: return the activation, not the entropy, and give each position of the repeat the "
    "mean of its own bin."
)
def _(entropy, activation, entropy_on_repeat, edges):
    bins = np.digitize(entropy, edges)
    return np.array([entropy[bins == number].mean() for number in range(len(edges) + 1)])


@at_equal_entropy.mistake("A mean, not a sum: the bins hold different numbers of positions.")
def _(entropy, activation, entropy_on_repeat, edges):
    bins = np.digitize(entropy, edges)
    sums = np.array([activation[bins == number].sum() for number in range(len(edges) + 1)])
    return sums[np.digitize(entropy_on_repeat, edges)]


RELATION = np.array([0, 0, 1, 2, 2, 2])


@exercise(
    inputs=[(RELATION, [2, 0, 2]), (RELATION, [1, 1, 1]), (RELATION[::-1], [0, 1, 2])],
    hints=[
        "A relation that was drawn twice must count twice. How often does it in the colleague's "
        "rows?",
        "`np.flatnonzero(groups == group)` are the rows of one group; `np.concatenate` joins.",
        "The rows of the first group that was drawn, then those of the second, and so on.",
    ],
    note="without the repeats, a draw would only leave relations out: its spread would be that of "
    "smaller samples, and not that of other samples of the same number of relations.",
)
def rows_drawn(groups, drawn):
    return np.concatenate([np.flatnonzero(groups == group) for group in drawn])


@rows_drawn.mistake(
    "That is the colleague's line: a relation that was drawn twice counts once in it."
)
def _(groups, drawn):
    return np.flatnonzero(np.isin(groups, drawn))


@rows_drawn.mistake("Those are the groups of the rows; return the places of the rows.")
def _(groups, drawn):
    return groups[rows_drawn(groups, drawn)]


@rows_drawn.mistake("All items of a relation are drawn with it, not only its first.")
def _(groups, drawn):
    return np.array([np.flatnonzero(groups == group)[0] for group in drawn])


@rows_drawn.mistake("You took the numbers of the relations for numbers of rows.")
def _(groups, drawn):
    return np.array(drawn)
