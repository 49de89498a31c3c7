"""Exercises of lesson 16: profiles on a common grid, the best of many, a chosen letter."""

import re

import numpy as np

from ...evaluation.discrimination import auroc
from .exercise import exercise

DICE = np.random.default_rng(0)
WRONG = DICE.random((4, 12)) < 0.6
DOUBTS = DICE.random((3, 4, 12)).round(2)
REPLIES = ("B) Paris", "A cow", "C. salt", "Because", "D", "B or C", "b)")
A_LABEL_ENDS = '"Because" begins with B and "A cow" with A: a label ends after the letter.'
ASK_WHAT_FOLLOWS = '"A cow" holds the article A, and "B or C" no decision: ask what follows.'
SMALL_AND_ENDS = (
    "Two things at once: a small letter is no label here, and a label ends after the letter."
)


@exercise(
    inputs=[
        (np.array([1.0, 3.0, 2.0]), 5),
        (np.array([4.0, 0.0]), 4),
        (np.array([1.0, 2.0, 5.0, 3.0]), 2),
    ],
    hints=[
        "At which relative depths, from 0 to 1, is the profile known, and at which is it wanted?",
        "Print `places` for five points. Is the last depth, 1, among them? And where does the "
        "colleague put the last entry of the profile?",
        "`np.linspace(0, 1, n)` gives n places and has both ends. The known places are as many as "
        "the profile has entries, the wanted ones as many as `points`.",
    ],
    note="a network with six layers and one with eighteen now have equally many numbers, and no "
    "zeros mark the shorter one.",
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


@common_depth.mistake(
    "The last wanted place is now 1, but the profile's last entry still lies before it, at "
    "(n - 1) / n for n entries: put that one at 1, too."
)
def _(profile, points):
    return np.interp(np.linspace(0, 1, points), np.arange(len(profile)) / len(profile), profile)


@common_depth.mistake(
    "The profile now reaches from 0 to 1, but the last wanted place still lies before 1: put that "
    "one at 1, too."
)
def _(profile, points):
    return np.interp(np.arange(points) / points, np.linspace(0, 1, len(profile)), profile)


@common_depth.two_mistakes(
    "Two things at once: you repeat or skip entries instead of interpolating, and the last depth "
    "is missing."
)
def _(profile, points):
    return profile[(np.arange(points) * len(profile) / points).astype(int)]


@common_depth.mistake("Both ends must be kept: the grid runs from 0 to 1 including both.")
def _(profile, points):
    return np.interp(np.arange(points) / points, np.arange(len(profile)) / len(profile), profile)


@exercise(
    inputs=[(WRONG, DOUBTS[0]), (WRONG, DOUBTS[1]), (WRONG[:2], DOUBTS[2, :2])],
    hints=[
        "How many AUROCs are there, and which of them does one report who looks for the best?",
        "`zip(wrong, dice)` gives the labels and the doubts of one style after another.",
        "`auroc(labels, doubts)` for each style, and the `max` of these.",
    ],
    note="the more styles are tried, the higher the best of them comes, although no doubt knows "
    "anything.",
)
def best_by_luck(wrong, dice):
    return max(auroc(labels, doubts) for labels, doubts in zip(wrong, dice))


@best_by_luck.mistake("This is the mean over the styles: the best style is what gets reported.")
def _(wrong, dice):
    return np.mean([auroc(labels, doubts) for labels, doubts in zip(wrong, dice)])


@best_by_luck.mistake(
    "You make one long list of all styles, with one AUROC: each style has its own, and the best "
    "of them is asked."
)
def _(wrong, dice):
    return auroc(np.ravel(wrong), np.ravel(dice))


@best_by_luck.mistake("This is the first style only: look at each row, and take the best.")
def _(wrong, dice):
    return auroc(wrong[0], dice[0])


@best_by_luck.mistake(
    "Labels and doubts are exchanged, or the ranking is turned round: a high doubt means wrong."
)
def _(wrong, dice):
    return best_by_luck(wrong, -np.asarray(dice))


@exercise(
    inputs=[(text,) for text in (*REPLIES, "")],
    hints=[
        'What does the colleague read in "Because it is large" and in "A cow"? And in ""?',
        "`re.match` looks at the start of a text; a group in it gives the letter.",
        "After the letter there must be a bracket, a full stop, or the end of the text (`$`).",
    ],
    note="it is strict on purpose: a reply that it cannot read counts as no choice, not a guess.",
)
def label_letter(text):
    match = re.match(r"([A-D])(?:[).]|$)", text)
    return match[1] if match else None


@label_letter.mistake(A_LABEL_ENDS)
def _(text):
    return text[0] if text[0] in "ABCD" else None


@label_letter.mistake(A_LABEL_ENDS)
def _(text):
    return text[0] if text and text[0] in "ABCD" else None


@label_letter.two_mistakes(SMALL_AND_ENDS)
def _(text):
    return text[0].upper() if text[0].upper() in "ABCD" else None


@label_letter.two_mistakes(SMALL_AND_ENDS)
def _(text):
    return text[0].upper() if text and text[0].upper() in "ABCD" else None


@label_letter.mistake(
    'A reply may be empty, and "" has no first letter: `text[:1]` gives "" there, `text[0]` raises.'
)
def _(text):
    return label_letter(text[0] + text[1:])


@label_letter.mistake(ASK_WHAT_FOLLOWS)
def _(text):
    return text[0] if text[0] in "ABCD" and not text[1:2].isalpha() else None


@label_letter.mistake(ASK_WHAT_FOLLOWS)
def _(text):
    match = re.match(r"([A-D])\b", text)
    return match[1] if match else None


@label_letter.mistake("A small b) is no label here: keep the case.")
def _(text):
    return label_letter(text.upper())
