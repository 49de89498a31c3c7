"""Exercises of lesson 24: a table of two signs, and control neurons of equal strength."""

import numpy as np

from .exercise import exercise

ENTROPY_EFFECT = np.array([-0.2, -0.1, -0.05, 0.1, 0.3, -0.4, 0.2, -0.02])
KL_EFFECT = np.array([0.3, 0.1, 0.02, 0.2, -0.1, -0.3, -0.2, 0.5])
STRENGTH = np.array([0.30, 0.10, 0.02, 0.04, 0.012, 0.16, 0.08, 0.05, 0.25, 0.01])


@exercise(
    inputs=[
        (ENTROPY_EFFECT, KL_EFFECT),
        (KL_EFFECT, ENTROPY_EFFECT),
        (-ENTROPY_EFFECT[:5], KL_EFFECT[:5]),
    ],
    hints=[
        "The effects say what *silencing* changes. What did the neuron do, if the entropy falls "
        "without it?",
        "`entropy_effect < 0` is true where the neuron raises the entropy. Which sign does the "
        "effect on the distance have where the neuron pulls towards the list?",
        "With `up` and `near` as arrays of True and False, a cell is the mean of `up & near`, "
        "`up & ~near`, `~up & near` or `~up & ~near`.",
    ],
    note="the four cells add up to 1, so one of them says little without the other three.",
)
def table_of_signs(entropy_effect, kl_effect):
    up = entropy_effect < 0
    near = kl_effect > 0
    return np.array(
        [[(up & near).mean(), (up & ~near).mean()], [(~up & near).mean(), (~up & ~near).mean()]]
    )


@table_of_signs.mistake(
    "That is the colleague's: both signs are turned round. If the entropy falls without the "
    "neuron, the neuron *raised* it."
)
def _(entropy_effect, kl_effect):
    up = entropy_effect > 0
    near = kl_effect < 0
    return np.array(
        [[(up & near).mean(), (up & ~near).mean()], [(~up & near).mean(), (~up & ~near).mean()]]
    )


@table_of_signs.mistake(
    "The columns are exchanged: if the distance grows without the neuron, the neuron pulled "
    "*towards* the list."
)
def _(entropy_effect, kl_effect):
    return table_of_signs(entropy_effect, -kl_effect)


@table_of_signs.mistake(
    "The rows are exchanged: if the entropy falls without the neuron, the neuron *raised* it."
)
def _(entropy_effect, kl_effect):
    return table_of_signs(-entropy_effect, kl_effect)


@table_of_signs.mistake("The rows are raises and lowers the entropy; turn the table over.")
def _(entropy_effect, kl_effect):
    return table_of_signs(entropy_effect, kl_effect).T


@table_of_signs.mistake("You counted; a cell is a *share* of all, so take the mean.")
def _(entropy_effect, kl_effect):
    return table_of_signs(entropy_effect, kl_effect) * len(kl_effect)


@exercise(
    inputs=[
        (STRENGTH, 1, [1, 6], 5),
        (STRENGTH, 5, [5, 8, 2], 6),
        (STRENGTH, 6, [6, 3], 5),
    ],
    hints=[
        "Is 0.010 nearer to 0.020 than 0.200 is to 0.220? Ask how many *times* one is the other.",
        "A ratio becomes a difference in the logarithm: `np.abs(np.log(strength / mine))`. "
        "`argsort` puts the nearest first, and that includes the neuron itself.",
        "Take the first `size` of that order, and remove `chosen` from them with `np.setdiff1d`, "
        "which also sorts.",
    ],
    note="whatever these controls do to the calibration, they do it with about the same effect on "
    "the entropy, so strength alone cannot explain a difference.",
)
def equally_strong(strength, neuron, chosen, size):
    times = np.abs(np.log(strength / strength[neuron]))
    return np.setdiff1d(times.argsort()[:size], chosen)


@equally_strong.mistake(
    "You took differences. A neuron of 0.01 and one of 0.02 differ by little, and one of them is "
    "twice as strong: compare ratios."
)
def _(strength, neuron, chosen, size):
    return np.setdiff1d(np.abs(strength - strength[neuron]).argsort()[:size], chosen)


@equally_strong.mistake(
    "The neurons that are being tested are among their own controls; leave out all of `chosen`."
)
def _(strength, neuron, chosen, size):
    return equally_strong(strength, neuron, [], size)


@equally_strong.mistake(
    "You left out only the neuron itself; the other chosen ones are no controls either."
)
def _(strength, neuron, chosen, size):
    return np.setdiff1d(np.abs(np.log(strength / strength[neuron])).argsort()[:size], [neuron])


@equally_strong.mistake("These are the strongest neurons, not those of about equal strength.")
def _(strength, neuron, chosen, size):
    return np.setdiff1d((-strength).argsort()[:size], chosen)


@equally_strong.mistake(
    "That is the order of the ratios with their sign, so the weakest come first. Take the size of "
    "the logarithm: twice as strong is as far away as half as strong."
)
def _(strength, neuron, chosen, size):
    return np.setdiff1d(np.log(strength / strength[neuron]).argsort()[:size], chosen)


@equally_strong.mistake(
    "The right neurons, in the order of their distance; return the numbers in rising order."
)
def _(strength, neuron, chosen, size):
    nearest = np.abs(np.log(strength / strength[neuron])).argsort()[:size]
    return np.array([i for i in nearest if i not in chosen])
