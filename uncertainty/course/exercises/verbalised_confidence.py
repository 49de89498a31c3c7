"""Exercises of lesson 07: reading a stated confidence, and counting honestly."""

import re

import numpy as np

from .exercise import exercise

STATED = [0.9, None, 0.5, None, None]


@exercise(
    inputs=[
        ("Confidence: 85",),
        ("Confidence: 85%",),
        ("Answer: 42\nConfidence: 90",),
        ("It is Paris.",),
        ("Confidence: 150",),
        ("Confidence: 7",),
    ],
    hints=[
        "Three cases: no label, a number from 0 to 100 behind it, a number that is too large. What "
        "does each return?",
        "`re.search` finds the first place that fits a pattern, or returns None; a group in round "
        "brackets keeps what it found.",
        "Put the label and `\\s*` before a group of digits, and look at the number before you "
        "return it as a share of 100.",
    ],
    note="a pattern like this reads 'Confidence: 8.5/10' as 0.08: each spelling that you have "
    "not thought of becomes a wrong number or a missing one.",
)
def read_percent(text):
    found = re.search(r"Confidence:\s*(\d+)", text)
    value = int(found.group(1)) / 100 if found else None
    return value if value is not None and value <= 1 else None


@read_percent.mistake(
    "You read the first number of the text, which may belong to the answer: read the one "
    "after 'Confidence:'."
)
def _(text):
    found = re.search(r"\d+", text)
    value = int(found.group()) / 100 if found else None
    return value if value is not None and value <= 1 else None


@read_percent.mistake("150 % is no probability: a number out of range must give None, not a value.")
def _(text):
    found = re.search(r"Confidence:\s*(\d+)", text)
    return int(found.group(1)) / 100 if found else None


@read_percent.mistake(
    "You clipped 150 to 100: that puts a certainty into the statistics that nobody stated. "
    "Return None."
)
def _(text):
    found = re.search(r"Confidence:\s*(\d+)", text)
    return min(int(found.group(1)) / 100, 1.0) if found else None


@read_percent.mistake("The number is a percentage: divide it by 100.")
def _(text):
    found = re.search(r"Confidence:\s*(\d+)", text)
    return int(found.group(1)) if found and int(found.group(1)) <= 100 else None


@read_percent.mistake("A missing number became 0: 'said nothing' is not 'said zero'. Return None.")
def _(text):
    found = re.search(r"Confidence:\s*(\d+)", text)
    value = int(found.group(1)) / 100 if found else 0.0
    return value if value <= 1 else 0.0


@read_percent.two_mistakes(
    "Two faults at once: the number is a percentage, so divide it by 100; and a missing number "
    "became 0 instead of None."
)
def _(text):
    found = re.search(r"Confidence:\s*(\d+)", text)
    value = int(found.group(1)) if found else 0
    return value if value <= 100 else 0


@exercise(
    inputs=[(STATED,), ([None, None],), ([0.0, 1.0],)],
    hints=[
        "What does `bool` make of a confidence of 0?",
        "`is None` asks whether something is missing; the truth value of a number asks something "
        "else.",
        "Keep the colleague's division. Only the condition that is counted has to change.",
    ],
    note="a rate of 0.12 of 24 replies is three replies; give the number beside the share.",
)
def follow_rate(stated):
    return sum(c is not None for c in stated) / len(stated)


@follow_rate.mistake(
    "That is the colleague's line. A stated confidence of 0 counts as stated: compare with None "
    "instead of using the number's truth value."
)
def _(stated):
    return sum(bool(c) for c in stated) / len(stated)


@follow_rate.mistake("You counted those that are missing; the rate counts those that are there.")
def _(stated):
    return sum(c is None for c in stated) / len(stated)


@follow_rate.mistake("You averaged the confidences; the rate counts how many there are.")
def _(stated):
    given = [c for c in stated if c is not None]
    return sum(given) / len(given) if given else 0.0


@follow_rate.mistake(
    "You divided by the stated ones only, so the rate is always 1: divide by all questions."
)
def _(stated):
    return 1.0


@follow_rate.two_mistakes(
    "Two things at once: you counted those that are missing, and a stated confidence of 0 among "
    "them. Compare with `is not None`."
)
def _(stated):
    return sum(not c for c in stated) / len(stated)


@exercise(
    inputs=[
        (np.array([0.2, 0.1, 0.1]), np.array([0.0, 0.5, 1.0])),
        (np.array([0.01, 0.03]), np.array([0.2, 0.8])),
    ],
    hints=[
        "The probabilities of the candidates do not add up to 1. Where did the rest go?",
        "Products of two arrays of the same shape go entry by entry, and `.sum()` adds them up.",
        "Keep her sum of products. What must it be divided by, so that the weights add up to 1?",
    ],
    note="the result is the same when all three probabilities are a thousand times smaller, so it "
    "hides how unlikely the words were: print their sum beside it.",
)
def expected_confidence(probabilities, values):
    return float((probabilities / probabilities.sum() * values).sum())


@expected_confidence.mistake(
    "That is the colleague's line. The candidates' probabilities do not add up to 1 (the rest went "
    "to other words): divide by their sum."
)
def _(probabilities, values):
    return float((probabilities * values).sum())


@expected_confidence.mistake(
    "You took the value of the likeliest candidate; the expectation weighs all of them."
)
def _(probabilities, values):
    return float(values[probabilities.argmax()])


@expected_confidence.mistake("That is the plain mean of the values: weigh each by its probability.")
def _(probabilities, values):
    return float(values.mean())


@expected_confidence.two_mistakes(
    "Two things at once: the products are averaged instead of added up, and the candidates' "
    "probabilities do not add up to 1. Add the products up, and divide by the sum of the "
    "probabilities."
)
def _(probabilities, values):
    return float((probabilities * values).mean())
