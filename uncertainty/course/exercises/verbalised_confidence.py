"""Exercises of lesson 06: reading a stated confidence, and counting honestly."""

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
    hint='`re.search(r"Confidence:\\s*(\\d+)", text)` is None when the label is missing. '
    "What about 150?",
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


@exercise(
    inputs=[(STATED,), ([None, None],), ([0.0, 1.0],)],
    hint="Count the entries that are not None, and divide by *all* questions.",
)
def follow_rate(stated):
    return sum(c is not None for c in stated) / len(stated)


@follow_rate.mistake(
    "A stated confidence of 0 counts as stated: compare with None instead of using the "
    "number's truth value."
)
def _(stated):
    return sum(bool(c) for c in stated) / len(stated)


@follow_rate.mistake("You averaged the confidences; the rate counts how many there are.")
def _(stated):
    given = [c for c in stated if c is not None]
    return sum(given) / len(given) if given else 0.0


@follow_rate.mistake(
    "You divided by the stated ones only, so the rate is always 1: divide by all questions."
)
def _(stated):
    return 1.0


@exercise(
    inputs=[
        (np.array([0.2, 0.1, 0.1]), np.array([0.0, 0.5, 1.0])),
        (np.array([0.01, 0.03]), np.array([0.2, 0.8])),
    ],
    hint="Divide by the sum of the candidates' probabilities first: the rest of the vocabulary is "
    "not asked.",
)
def expected_confidence(probabilities, values):
    return float((probabilities / probabilities.sum() * values).sum())


@expected_confidence.mistake(
    "The candidates' probabilities do not add up to 1 (the rest went to other words): divide "
    "by their sum."
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
