"""Exercises of lesson 04: risk at a coverage, and the calibration error."""

from itertools import pairwise

import numpy as np

from .exercise import exercise

CORRECT = np.array([True, False, True, True, False, True, False])
CONFIDENCE = np.array([0.95, 0.85, 0.65, 0.61, 0.3, 0.25, 0.05])
ENDS = np.array([0.0, 0.85, 0.65, 0.61, 0.1, 0.25, 1.0])


@exercise(
    inputs=[
        (~CORRECT, np.array([0.4, 0.2, 0.9, 0.6, 0.1, 0.3, 0.35]), share)
        for share in (0.3, 1.0, 0.4)
    ]
    + [(~CORRECT, 1 - CONFIDENCE, 0.4)],
    hints=[
        "Which answers does the model give: those with the smallest or with the largest doubt?",
        "`np.argsort(doubt)` lists the places of the answers, from the surest to the least sure.",
        "Keep the first `round(share * len(doubt))` of these places. What does the mean of `wrong` "
        "over them say?",
    ],
    note="a coverage fixes how many answers are given; a threshold fixes how large their doubt may "
    "be, and with new questions the two are no longer the same.",
)
def risk_at(wrong, doubt, share):
    kept = np.argsort(doubt)[: round(share * len(doubt))]
    return float(wrong[kept].mean())


@risk_at.mistake("You kept the answers with the largest doubt; answer where the model is surest.")
def _(wrong, doubt, share):
    return risk_at(wrong, -doubt, share)


@risk_at.mistake("Divide by the answers that are given, not by all: what is refused is not wrong.")
def _(wrong, doubt, share):
    return risk_at(wrong, doubt, share) * round(share * len(doubt)) / len(doubt)


@risk_at.mistake("That is the share of right answers; risk is the share of wrong ones.")
def _(wrong, doubt, share):
    return risk_at(~wrong, doubt, share)


@risk_at.two_mistakes(
    "Two faults at once: you kept the least sure answers, and counted the right ones among them. "
    "Keep the surest, and count the wrong ones."
)
def _(wrong, doubt, share):
    return float(1 - wrong[np.argsort(-doubt)[: round(share * len(doubt))]].mean())


@risk_at.mistake("`int` and `//` cut off: 0.4 of 7 answers is 2.8, and `round` makes 3 of them.")
def _(wrong, doubt, share):
    return float(wrong[np.argsort(doubt)[: int(share * len(doubt))]].mean())


@risk_at.mistake("You took the first answers of the list; take those with the smallest doubts.")
def _(wrong, doubt, share):
    return float(wrong[: round(share * len(doubt))].mean())


@risk_at.mistake(
    "You sorted the doubts themselves; `np.argsort` gives the *places* to look up in `wrong`."
)
def _(wrong, doubt, share):
    return float(np.sort(doubt)[: round(share * len(doubt))].mean())


@exercise(
    inputs=[(CORRECT, CONFIDENCE, 5), (CORRECT, CONFIDENCE, 1), (CORRECT, ENDS, 5)],
    hints=[
        "In the colleague's line every bin counts the same. What does the formula put before the "
        "distance of a bin?",
        "The bin of each answer is `np.minimum((confidence * bins).astype(int), bins - 1)`, so "
        "a confidence of 1 falls into the last bin.",
        "Go over the bins, skip the empty ones, and add up distances, each multiplied by the "
        "share of all answers that its bin holds.",
    ],
    note="`sklearn.calibration.calibration_curve` returns the pairs of a reliability diagram, but "
    "not how many answers each bin holds; for an ECE you need that, too.",
)
def calibration_error(correct, confidence, bins):
    places = np.minimum((confidence * bins).astype(int), bins - 1)
    gaps = [
        (places == b).mean() * abs(correct[places == b].mean() - confidence[places == b].mean())
        for b in range(bins)
        if (places == b).any()
    ]
    return float(sum(gaps))


@calibration_error.mistake(
    "That is the colleague's line: each bin counts the same. A bin with one answer must not count "
    "like one with two hundred; weigh each by its share of the answers."
)
def _(correct, confidence, bins):
    places = np.minimum((confidence * bins).astype(int), bins - 1)
    gaps = [
        abs(correct[places == b].mean() - confidence[places == b].mean())
        for b in range(bins)
        if (places == b).any()
    ]
    return float(np.mean(gaps))


@calibration_error.mistake(
    "Without the absolute value, bins that are too sure cancel bins that are too modest."
)
def _(correct, confidence, bins):
    return float(correct.mean() - confidence.mean())


@calibration_error.mistake("Compare with the bin's mean confidence, not with its middle.")
def _(correct, confidence, bins):
    places = np.minimum((confidence * bins).astype(int), bins - 1)
    return float(
        sum(
            (places == b).mean() * abs(correct[places == b].mean() - (b + 0.5) / bins)
            for b in range(bins)
            if (places == b).any()
        )
    )


@calibration_error.two_mistakes(
    "Two faults at once: all bins count the same, and each is compared with its middle instead of "
    "its mean confidence."
)
def _(correct, confidence, bins):
    places = np.minimum((confidence * bins).astype(int), bins - 1)
    return float(
        np.mean(
            [
                abs(correct[places == b].mean() - (b + 0.5) / bins)
                for b in range(bins)
                if (places == b).any()
            ]
        )
    )


def error_of_bins(correct, confidence, members):
    """Return the calibration error of these bins, each given as the places of its answers."""
    gaps = [
        rows.mean() * abs(correct[rows].mean() - confidence[rows].mean())
        for rows in members
        if rows.any()
    ]
    return float(sum(gaps))


@calibration_error.mistake(
    "A confidence of exactly 1 falls into none of your bins; it belongs to the last one."
)
def _(correct, confidence, bins):
    edges = np.linspace(0, 1, bins + 1)
    members = [(low <= confidence) & (confidence < high) for low, high in pairwise(edges)]
    return error_of_bins(correct, confidence, members)


@calibration_error.mistake(
    "A confidence of exactly 0 falls into none of your bins; it belongs to the first one."
)
def _(correct, confidence, bins):
    edges = np.linspace(0, 1, bins + 1)
    members = [(low < confidence) & (confidence <= high) for low, high in pairwise(edges)]
    return error_of_bins(correct, confidence, members)
