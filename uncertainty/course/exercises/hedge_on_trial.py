"""The exercise of lesson 27: a neuron at equal entropy."""

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
    bins = np.digitize(entropy, edges)
    means = np.array([entropy[bins == number].mean() for number in range(len(edges) + 1)])
    return means[np.digitize(entropy_on_repeat, edges)]


@at_equal_entropy.mistake(
    "Those are the bins' means; give each position of the repeat the mean of its own bin."
)
def _(entropy, activation, entropy_on_repeat, edges):
    bins = np.digitize(entropy, edges)
    return np.array([activation[bins == number].mean() for number in range(len(edges) + 1)])


@at_equal_entropy.mistake(
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
