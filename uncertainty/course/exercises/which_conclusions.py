"""Exercises of lesson 34: what a claim is about, and the difference of two models."""

import math

from .exercise import exercise

SHOWS, NOT = "shows", "does not show"
CASES = [
    ([SHOWS, SHOWS], SHOWS),
    ([SHOWS, SHOWS], NOT),
    ([SHOWS, "weak"], NOT),
    ([NOT, SHOWS], "weak"),
    (["weak", NOT, "weak"], NOT),
    ([NOT, NOT], SHOWS),
    ([SHOWS, "the opposite"], "the opposite"),
    (["the opposite", "the opposite"], NOT),
    ([SHOWS, SHOWS], "cannot be judged"),
    ([SHOWS, "cannot be judged"], NOT),
    ([SHOWS, SHOWS, SHOWS], "cannot be judged"),
    ([SHOWS, SHOWS, NOT], NOT),
]


@exercise(
    inputs=CASES,
    hints=[
        "Which of the four results does not depend on the trained models at all? Ask about it "
        "first.",
        'For the other three, compare each verdict with "shows"; `all` and `any` take a list of '
        "True and False.",
        'Four branches in this order: random weights, all, any, neither. "weak" and "the opposite" '
        "count as not showing.",
    ],
    note='a model on which nothing can be judged counts as not showing, so "all" is easier '
    "to reach when random weights could not be judged.",
)
def about(trained, random):
    if random == "shows":
        return "no training"
    shown = [verdict == "shows" for verdict in trained]
    if all(shown):
        return "all"
    return "some" if any(shown) else "none"


@about.mistake(
    "Random weights come first: what shows on them needs no training, whatever the others say."
)
def _(trained, random):
    if "shows" in trained:
        return "all" if set(trained) == {"shows"} else "some"
    return "no training" if random == "shows" else "none"


@about.mistake('Only "shows" counts as showing; "weak" is one condition of two.')
def _(trained, random):
    if random in ("shows", "weak"):
        return "no training"
    shown = [verdict in ("shows", "weak") for verdict in trained]
    if all(shown):
        return "all"
    return "some" if any(shown) else "none"


@about.mistake('Equal verdicts are not yet verdicts that show: all can be "the opposite".')
def _(trained, random):
    if random == "shows":
        return "no training"
    if len(set(trained)) == 1:
        return "all"
    return "some" if "shows" in trained else "none"


@about.mistake("Here one verdict counts as all of them: ask whether every one shows.")
def _(trained, random):
    if random == "shows":
        return "no training"
    return "all" if "shows" in trained else "none"


@about.two_mistakes(
    'Two faults at once: random weights must come first, and "weak" does not count as showing.'
)
def _(trained, random):
    shown = [verdict in ("shows", "weak") for verdict in trained]
    if any(shown):
        return "all" if all(shown) else "some"
    return "no training" if random in ("shows", "weak") else "none"


@exercise(
    inputs=[
        ((0.3, 0.2, 0.4), (0.1, 0.0, 0.2)),
        ((0.5, 0.2, 0.6), (0.6, 0.5, 0.9)),
        ((-0.1, -0.4, 0.0), (0.2, 0.1, 0.5)),
    ],
    hints=[
        "Which end of the second interval makes the difference smaller, its lower or its upper?",
        "`math.hypot(a, b)` is the square root of a squared plus b squared. Each end needs one "
        "half width of the first interval and one of the second.",
        "The lower end is the difference minus the hypot of (value down to its own lower end) and "
        "(other value up to its upper end); the upper end is the mirror image.",
    ],
    note="this needs independent samples; where both models answered the same questions, bootstrap "
    "the difference in pairs, which is usually narrower.",
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


@difference.two_mistakes(
    "Two faults at once: half widths are added instead of squares, and the second interval is not "
    "turned around."
)
def _(first, second):
    gap = first[0] - second[0]
    down = (first[0] - first[1]) + (second[0] - second[1])
    up = (first[2] - first[0]) + (second[2] - second[0])
    return (gap, gap - down, gap + up)
