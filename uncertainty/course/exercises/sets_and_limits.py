"""Exercises of lesson 31: the limit up to which an option stays, and what the sets then hold."""

import math

import numpy as np

from .exercise import exercise

NINE = np.array([0.62, 0.05, 0.31, 0.97, 0.18, 0.44, 0.79, 0.02, 0.88])
FIVE = np.array([0.4, 0.1, 0.75, 0.2, 0.6])
TWELVE = np.array([0.3, 0.02, 0.55, 0.91, 0.08, 0.47, 0.66, 0.13, 0.84, 0.21, 0.72, 0.39])


@exercise(
    inputs=[(NINE, 0.2), (FIVE, 0.3), (FIVE, 0.1), (TWELVE, 0.25), (NINE, 0.05), (TWELVE, 0.1)],
    hints=[
        "Look at the picture: how many gaps are there for nine scores, and how many of them must "
        "lie at or below the limit when alpha is 0.2?",
        "`np.sort` and `math.ceil` are enough. The first of the sorted scores has the index 0.",
        "With k = ceil((n + 1)(1 - alpha)) the limit is the sorted score at index k - 1, and "
        "`np.inf` when k is larger than n.",
    ],
    note="the one in n + 1 is the new question: it takes a place among the others, and with few "
    "questions that place counts most.",
)
def set_limit(scores, alpha):
    place = math.ceil((len(scores) + 1) * (1 - alpha) - 1e-9)  # less a rounding error
    return float(np.sort(scores)[place - 1]) if place <= len(scores) else math.inf


@set_limit.mistake(
    "That is the colleague's limit, and it lies too low: it shares the line among the n scores "
    "and forgets that the new question takes a place among them."
)
def _(scores, alpha):
    return float(np.quantile(scores, 1 - alpha))


@set_limit.mistake(
    "You take the share of n scores. With the new question there are n + 1, so k is "
    "ceil((n + 1)(1 - alpha))."
)
def _(scores, alpha):
    return float(np.sort(scores)[math.ceil(len(scores) * (1 - alpha) - 1e-9) - 1])


@set_limit.mistake(
    "When k is larger than n, no score is large enough for the promise: the limit is `np.inf`, and "
    "every option stays."
)
def _(scores, alpha):
    place = math.ceil((len(scores) + 1) * (1 - alpha) - 1e-9)
    return float(np.sort(scores)[min(place, len(scores)) - 1])


@set_limit.mistake("The k-th smallest score has the index k - 1: you take the next one.")
def _(scores, alpha):
    place = math.ceil((len(scores) + 1) * (1 - alpha) - 1e-9)
    return float(np.sort(scores)[place]) if place < len(scores) else math.inf


@set_limit.mistake(
    "That limit keeps the right option with a chance of alpha. It should miss it with that chance."
)
def _(scores, alpha):
    return set_limit(scores, 1 - alpha)


@set_limit.mistake(
    "You round to the nearest place, which may be one too low. Round up: the chance must be at "
    "least 1 - alpha."
)
def _(scores, alpha):
    place = round((len(scores) + 1) * (1 - alpha))
    return float(np.sort(scores)[place - 1]) if place <= len(scores) else math.inf


@set_limit.mistake("The scores must be sorted before you take the k-th of them.")
def _(scores, alpha):
    place = math.ceil((len(scores) + 1) * (1 - alpha) - 1e-9)
    return float(scores[place - 1]) if place <= len(scores) else math.inf


SCORES = np.array([[0.1, 0.9, 0.6], [0.3, 0.2, 0.8], [0.7, 0.4, 0.5], [0.9, 0.95, 0.2]])
RIGHT = np.array([0, 2, 1, 2])


@exercise(
    inputs=[(SCORES, RIGHT, 0.5), (SCORES, RIGHT, 0.8), (SCORES[:3], np.array([1, 0, 2]), 0.3)],
    hints=[
        "Over which questions does the colleague take the mean size? Does a set that lost its "
        "right option cost nothing?",
        "`scores <= limit` says which options stay; `sets.sum(1)` counts them, and "
        "`sets[np.arange(len(right)), right]` looks at the right ones.",
        "Two means over all questions: of the right option being inside, and of the count.",
    ],
    note="report the two together: a set of all options covers everything and says nothing.",
)
def coverage_and_size(scores, right, limit):
    sets = scores <= limit
    return float(sets[np.arange(len(right)), right].mean()), float(sets.sum(1).mean())


@coverage_and_size.mistake(
    "That is the colleague's mean size: it leaves out the sets that lost their right option."
)
def _(scores, right, limit):
    sets = scores <= limit
    inside = sets[np.arange(len(right)), right]
    return float(inside.mean()), float(sets[inside].sum(1).mean()) if inside.any() else 0.0


@coverage_and_size.mistake("The two numbers are exchanged: the coverage comes first.")
def _(scores, right, limit):
    return coverage_and_size(scores, right, limit)[::-1]


@coverage_and_size.mistake(
    "You count how often a set holds any option; ask for the *right* option of each question."
)
def _(scores, right, limit):
    sets = scores <= limit
    return float(sets.any(1).mean()), float(sets.sum(1).mean())


@coverage_and_size.mistake("An option whose score equals the limit stays in the set.")
def _(scores, right, limit):
    sets = scores < limit
    return float(sets[np.arange(len(right)), right].mean()), float(sets.sum(1).mean())


@coverage_and_size.mistake("A small score is a likely option here: those up to the limit stay.")
def _(scores, right, limit):
    sets = scores > limit
    return float(sets[np.arange(len(right)), right].mean()), float(sets.sum(1).mean())


@coverage_and_size.mistake(
    "The size is a number of options for each question, not a share of them."
)
def _(scores, right, limit):
    coverage, size = coverage_and_size(scores, right, limit)
    return coverage, size / scores.shape[1]
