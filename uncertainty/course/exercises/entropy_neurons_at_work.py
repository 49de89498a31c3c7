"""Exercises of lesson 21: changed top tokens per nat, and the two sides of a mean."""

import numpy as np

from .exercise import exercise

# Four texts: in the third the neuron hardly moves the entropy, and one token changes.
FLIPS = np.array([0.05, 0.0, 0.05, 0.1])
CHANGE = np.array([0.2, 0.1, 0.0001, 0.3])
NEVER = np.zeros(4)
# Six tokens of a neuron whose activation has a mean of 2: two are above it.
ENTROPY_CHANGE = np.array([-0.1, -0.2, 0.5, 0.3, -0.1, -0.2])
ACTIVATION = np.array([0.5, -1.0, 8.0, 4.0, 0.5, 0.0])


@exercise(
    inputs=[(FLIPS, CHANGE, 0.001), (NEVER, CHANGE, 0.001), (FLIPS[::-1], CHANGE, 0.08)],
    hints=[
        "A quotient of two means does not let one text decide. Which two means?",
        "`flips.mean()` and `change.mean()`; `max(a, b)` keeps the first from being 0.",
        "The larger of the mean of flips and `least`, over the mean of change.",
    ],
    note="a text counts by how much the neuron moves it: in the mean of quotients the third text, "
    "where next to nothing happens, decides nearly everything.",
)
def flips_per_nat(flips, change, least):
    return max(flips.mean(), least) / change.mean()


@flips_per_nat.mistake(
    "That is still the mean of the quotients: take both means first, and divide once."
)
def _(flips, change, least):
    return np.mean(flips / change)


@flips_per_nat.mistake(
    "That is still the mean of the quotients, with `least` put into each: take both means first."
)
def _(flips, change, least):
    return np.mean(np.maximum(flips, least) / change)


@flips_per_nat.mistake("A neuron that never changes a top token still gets 0: count it as `least`.")
def _(flips, change, least):
    return flips.mean() / change.mean()


@flips_per_nat.mistake("`least` stands for the mean of flips where that is smaller; do not add it.")
def _(flips, change, least):
    return (flips.mean() + least) / change.mean()


@flips_per_nat.mistake("`least` is compared with the mean of flips, before you divide.")
def _(flips, change, least):
    return max(flips.mean() / change.mean(), least)


@flips_per_nat.mistake("`least` is for the mean over the texts, not for each single text.")
def _(flips, change, least):
    return np.maximum(flips, least).mean() / change.mean()


@flips_per_nat.mistake("Upside down: that is nats per changed token.")
def _(flips, change, least):
    return 1 / flips_per_nat(flips, change, least)


@exercise(
    inputs=[
        (ENTROPY_CHANGE, ACTIVATION, 2.0),
        (ENTROPY_CHANGE.reshape(2, 3), ACTIVATION.reshape(2, 3), 0.2),
        (ENTROPY_CHANGE, ACTIVATION, 4.0),
    ],
    hints=[
        "By which of the two arrays do you choose the tokens, and of which do you take the mean?",
        "`above = activation > middle` holds truth values; `change[above]` are the changes there.",
        "The mean of `change[above]` and the mean of `change[~above]`, in this order.",
    ],
    note="the sides weigh by how many tokens they have: for the first input 0.4 at two tokens and "
    "-0.15 at four give an average of 0.03.",
)
def two_sides(change, activation, middle):
    above = activation > middle
    return change[above].mean(), change[~above].mean()


@two_sides.mistake("The two numbers are exchanged: the side above comes first.")
def _(change, activation, middle):
    return two_sides(change, activation, middle)[::-1]


@two_sides.mistake(
    "You divided by the number of all tokens; each side has a mean over its own tokens."
)
def _(change, activation, middle):
    above = activation > middle
    return (change * above).mean(), (change * ~above).mean()


@two_sides.mistake("A mean for each side, not a sum: the sides have different numbers of tokens.")
def _(change, activation, middle):
    above = activation > middle
    return change[above].sum(), change[~above].sum()


@two_sides.mistake("You split at 0; split at `middle`.")
def _(change, activation, middle):
    return two_sides(change, activation, 0.0)


@two_sides.mistake(
    "You split by the sign of the change itself, which gives two signs for any neuron. Split by "
    "the activation."
)
def _(change, activation, middle):
    return change[change > 0].mean(), change[change <= 0].mean()


@two_sides.mistake("You took the mean activation of each side; the change of entropy is asked for.")
def _(change, activation, middle):
    above = activation > middle
    return activation[above].mean(), activation[~above].mean()


@two_sides.mistake("A token that lies exactly at `middle` is not above it.")
def _(change, activation, middle):
    above = activation >= middle
    return change[above].mean(), change[~above].mean()
