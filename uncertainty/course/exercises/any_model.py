"""Exercises of lesson 23: what a claim is about, and the difference of two models."""

import math

from .exercise import exercise

CASES = [
    ("shows", "shows", "shows"),
    ("shows", "shows", "does not show"),
    ("shows", "weak", "does not show"),
    ("does not show", "shows", "weak"),
    ("weak", "does not show", "does not show"),
    ("does not show", "does not show", "shows"),
    ("shows", "the opposite", "the opposite"),
    ("the opposite", "the opposite", "does not show"),
]


@exercise(
    inputs=CASES,
    hint='Ask about the random weights first. Then count how often "shows" stands among the other '
    "two.",
)
def about(trained, other, random):
    if random == "shows":
        return "arithmetic"
    shown = (trained, other).count("shows")
    return ("neither", "one model", "both models")[shown]


@about.mistake(
    "Random weights come first: what shows on them needs no training, whatever the others say."
)
def _(trained, other, random):
    shown = (trained, other).count("shows")
    if shown:
        return ("", "one model", "both models")[shown]
    return "arithmetic" if random == "shows" else "neither"


@about.mistake('Only "shows" counts as showing; "weak" is one condition of two.')
def _(trained, other, random):
    if random in ("shows", "weak"):
        return "arithmetic"
    shown = sum(verdict in ("shows", "weak") for verdict in (trained, other))
    return ("neither", "one model", "both models")[shown]


@about.mistake('Two equal verdicts are not yet two that show: both can be "the opposite".')
def _(trained, other, random):
    if random == "shows":
        return "arithmetic"
    if trained == other:
        return "both models"
    return "one model" if "shows" in (trained, other) else "neither"


@exercise(
    inputs=[
        ((0.3, 0.2, 0.4), (0.1, 0.0, 0.2)),
        ((0.5, 0.2, 0.6), (0.6, 0.5, 0.9)),
        ((-0.1, -0.4, 0.0), (0.2, 0.1, 0.5)),
    ],
    hint="The lower end of the difference is as far below it as math.hypot says of two lengths: "
    "from the first value down to its lower end, and from the second value up to its upper end.",
)
def difference(first, second):
    value, low, high = first
    other, other_low, other_high = second
    down = math.hypot(value - low, other_high - other)
    up = math.hypot(high - value, other - other_low)
    return (value - other, value - other - down, value - other + up)


@difference.mistake(
    "The half widths themselves add up only if both errors go the worst way at once; add squares."
)
def _(first, second):
    return (first[0] - second[0], first[1] - second[2], first[2] - second[1])


@difference.mistake(
    "Lower end minus lower end treats both errors as one; independent errors do not cancel."
)
def _(first, second):
    ends = (first[1] - second[1], first[2] - second[2])
    return (first[0] - second[0], min(ends), max(ends))


@difference.mistake(
    "The second model's error counts, too: the interval of the first alone is too narrow."
)
def _(first, second):
    return tuple(end - second[0] for end in first)


@difference.mistake(
    "Turned around by the minus sign, the second interval's upper half widens the lower end."
)
def _(first, second):
    gap = first[0] - second[0]
    down = math.hypot(first[0] - first[1], second[0] - second[1])
    up = math.hypot(first[2] - first[0], second[2] - second[0])
    return (gap, gap - down, gap + up)
