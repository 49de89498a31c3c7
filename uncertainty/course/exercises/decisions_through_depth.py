"""Exercises of lesson 12: overlap of sets, depth resampling, reading a chosen letter."""

import re

import numpy as np

from .exercise import exercise

FIRST = np.array([[True, True, False, False], [True, True, True, False]])
SECOND = np.array([[False, True, True, False], [True, True, True, True]])


@exercise(
    inputs=[(FIRST, SECOND), (FIRST[:1], FIRST[:1]), (FIRST[0], ~FIRST[0])],
    hint="Which tokens are in both sets, which in either? `&` and `|` on boolean arrays, then "
    "count along the last axis.",
)
def set_overlap(one, other):
    return (one & other).sum(-1) / (one | other).sum(-1)


@set_overlap.mistake("Divide by the tokens in either set, not by those of the first set alone.")
def _(one, other):
    return (one & other).sum(-1) / one.sum(-1)


@set_overlap.mistake("Tokens in neither set are no agreement: count the common members only.")
def _(one, other):
    return (one == other).mean(-1)


@set_overlap.mistake("That is the Dice index; divide by the union, in which nothing counts twice.")
def _(one, other):
    return 2 * (one & other).sum(-1) / (one.sum(-1) + other.sum(-1))


@exercise(
    inputs=[
        (np.array([1.0, 3.0, 2.0]), 5),
        (np.array([4.0, 0.0]), 4),
        (np.array([1.0, 2.0, 5.0, 3.0]), 2),
    ],
    hint="The profile is known at relative depths 0 to 1, evenly spaced; you want it at others. "
    "`np.interp(where, known_at, values)`.",
)
def common_depth(profile, points):
    return np.interp(np.linspace(0, 1, points), np.linspace(0, 1, len(profile)), profile)


@common_depth.mistake(
    "Padding with zeros makes the depth itself the feature; stretch the profile instead."
)
def _(profile, points):
    return np.pad(profile, (0, max(0, points - len(profile))))[:points]


@common_depth.mistake("You repeat or skip entries; interpolate between neighbouring depths.")
def _(profile, points):
    return profile[np.round(np.linspace(0, len(profile) - 1, points)).astype(int)]


@common_depth.mistake("Both ends must be kept: the grid runs from 0 to 1 including both.")
def _(profile, points):
    return np.interp(np.arange(points) / points, np.arange(len(profile)) / len(profile), profile)


@exercise(
    inputs=[(text,) for text in ("B) Paris", "A cow", "C. salt", "Because", "D", "B or C", "b)")],
    hint="A label is a capital letter from A to D at the very start, followed by a bracket, a full "
    'stop or nothing: `re.match(r"([A-D])(?:[).]|$)", text)`.',
)
def label_letter(text):
    match = re.match(r"([A-D])(?:[).]|$)", text)
    return match[1] if match else None


@label_letter.mistake('"Because" begins with B and "A cow" with A: a label ends after the letter.')
def _(text):
    return text[0] if text[0] in "ABCD" else None


@label_letter.mistake('"A cow" holds the article A, and "B or C" no decision: ask what follows.')
def _(text):
    match = re.match(r"([A-D])\b", text)
    return match[1] if match else None


@label_letter.mistake("A small b) is no label here: keep the case.")
def _(text):
    match = re.match(r"([A-D])(?:[).]|$)", text.upper())
    return match[1] if match else None
