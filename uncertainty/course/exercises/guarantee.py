"""Exercises of lesson 30: count broken promises, bound a share, and walk along the thresholds."""

import numpy as np
from scipy.stats import beta

from .exercise import exercise

NAN = float("nan")
RISKS = [
    (np.array([0.25, 0.2, 0.1, NAN, 0.35, NAN, 0.15, 0.2]), 0.2),
    (np.array([NAN, 0.12, 0.05, 0.11, NAN]), 0.1),
]
COUNTS = [(3, 40, 0.1), (1, 22, 0.1), (12, 60, 0.05), (30, 31, 0.2)]
WALKS = [
    (np.array([0.03, 0.08, 0.02, 0.3, 0.01, 0.04]), 0.1),
    (np.array([0.2, 0.05, 0.01]), 0.1),
    (np.array([0.01, 0.002, 0.1, 0.05]), 0.1),
    (np.array([0.04, 0.01, 0.25]), 0.05),
    (np.array([0.02, 0.3, 0.05]), 0.05),
]


@exercise(
    inputs=RISKS,
    hints=[
        "A draw without a threshold promised nothing. Is its promise broken or kept?",
        "Try `np.nan > 0.2` in a cell, and think of which draws `np.mean` should run over.",
        "A comparison of the whole array gives one True or False for each draw, also for nan; the "
        "share is the mean over all of them.",
    ],
    note="the share is over all draws, so a rule that promises nothing breaks nothing; always "
    "report beside it how much was answered.",
)
def broken_share(risks, limit):
    return float(np.mean(risks > limit))


@broken_share.mistake(
    "You left out the draws without a threshold. They count: there the rule kept its promise by "
    "answering nothing."
)
def _(risks, limit):
    return float(np.mean(risks[~np.isnan(risks)] > limit))


@broken_share.mistake(
    "That is the mean risk. A rule can keep the limit on average and break it in every second draw."
)
def _(risks, limit):
    return float(np.nanmean(risks))


@broken_share.mistake("At most the limit was promised: a risk equal to it keeps the promise.")
def _(risks, limit):
    return float(np.mean(risks >= limit))


@broken_share.mistake("You counted the promises that were kept.")
def _(risks, limit):
    return float(np.mean(risks <= limit))


@broken_share.two_mistakes(
    "Two faults at once: the draws without a threshold are left out, and a risk equal to the limit "
    "counts as broken."
)
def _(risks, limit):
    return float(np.mean(risks[~np.isnan(risks)] >= limit))


@exercise(
    inputs=COUNTS,
    hints=[
        "At which risk is the probability of so few wrong answers exactly delta? Which function of "
        "`scipy.stats` gives that probability?",
        "`scipy.optimize.brentq` finds where a function of the risk is 0, between 0 and 1. With a "
        "quantile instead: `scipy.stats.beta.ppf`, the level first, then wrong + 1 and the right.",
        "Check your result against a limit that you know: with 0 wrong of 11 the bound at delta "
        "0.1 is 0.189. For brentq, subtract delta from `binom.cdf(wrong, answered, risk)`.",
    ],
    note="it holds exactly for every number of answers, even for one: `upper_bound(0, 1, 0.1)` is "
    "0.9.",
)
def upper_bound(wrong, answered, delta):
    return float(beta.ppf(1 - delta, wrong + 1, answered - wrong))


@upper_bound.mistake(
    "You split delta between two sides. Only an upper bound is promised, so all of delta is its."
)
def _(wrong, answered, delta):
    return upper_bound(wrong, answered, delta / 2)


@upper_bound.mistake(
    "That is the lower bound: the Beta distribution needs wrong + 1 and answered - wrong, and the "
    "level 1 - delta."
)
def _(wrong, answered, delta):
    return float(beta.ppf(delta, wrong, answered - wrong + 1))


@upper_bound.mistake("That is the share that was seen, without any room for chance.")
def _(wrong, answered, delta):
    return wrong / answered


@upper_bound.mistake(
    "Those are the parameters of a Bayesian posterior with a uniform prior. It gives a little less "
    "than the exact bound, so it breaks the promise a little too often."
)
def _(wrong, answered, delta):
    return float(beta.ppf(1 - delta, wrong + 1, answered - wrong + 1))


@upper_bound.two_mistakes(
    "Two faults at once: delta is split between two sides, and the second parameter counts one "
    "right answer too many."
)
def _(wrong, answered, delta):
    return float(beta.ppf(1 - delta / 2, wrong + 1, answered - wrong + 1))


@exercise(
    inputs=WALKS,
    hints=[
        "Which test is the first that fails? What may be read of the tests behind it?",
        "`np.logical_and.accumulate` goes along an array of True and False, and stays False from "
        "the first False on.",
        "Count how many pass before the first failure. What is the place of the last of them, and "
        "what does your formula give if there is none?",
    ],
    note="the order must be fixed before the labels are seen; sorted by p-value, the same walk "
    "would promise too much.",
)
def last_promised(p_values, delta):
    passed = np.logical_and.accumulate(p_values <= delta)
    return int(passed.sum()) - 1


@last_promised.mistake(
    "You take the largest threshold that passes its own test, wherever it stands. Each test is "
    "wrong with a chance of delta, so among many some pass by luck: stop at the first that fails."
)
def _(p_values, delta):
    places = np.flatnonzero(p_values <= delta)
    return int(places.max()) if len(places) else -1


@last_promised.mistake(
    "The smallest p-value belongs to the threshold that is surest to keep its promise, not to the "
    "one that answers most."
)
def _(p_values, delta):
    return int(p_values.argmin())


@last_promised.mistake(
    "Dividing delta by the number of tests (Bonferroni) is allowed, but it answers less. In a "
    "fixed order that stops at the first failure no division is needed."
)
def _(p_values, delta):
    return last_promised(p_values, delta / len(p_values))


@last_promised.mistake("A p-value of exactly delta still rejects: the test is p <= delta.")
def _(p_values, delta):
    passed = np.logical_and.accumulate(p_values < delta)
    return int(passed.sum()) - 1


@last_promised.mistake(
    "You return how many thresholds passed; the place of the last is one less, and -1 if none did."
)
def _(p_values, delta):
    return last_promised(p_values, delta) + 1


@last_promised.two_mistakes(
    "Two faults at once: the walk goes on behind the first failure, and a p-value of exactly delta "
    "is taken as a failure."
)
def _(p_values, delta):
    places = np.flatnonzero(p_values < delta)
    return int(places.max()) if len(places) else -1
