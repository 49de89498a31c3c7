"""Two reasons for a low probability: many ways to say one thing, or many things to say."""

from matplotlib.axes import Axes

from uncertainty.plotting.style import BLUE, ORANGE

from .style import GREY, arrow, box, canvas, label

ALT = (
    "Two made-up examples, one above the other. Above, a question about France leads to three "
    "possible answers, worded differently, and all three arrows end at one fact, Paris: the doubt "
    "is about the wording. Below, a question about the invented Drulvania leads to three possible "
    "answers worded alike, and each arrow ends at another city: the doubt is about the fact."
)
FRANCE = (
    ("“It is Paris.”", "Paris"),
    ("“Paris.”", "Paris"),
    ("“The capital is Paris.”", "Paris"),
)
NOWHERE = (
    ("“It is Drulport.”", "Drulport"),
    ("“It is Vexham.”", "Vexham"),
    ("“It is Port Sul.”", "Port Sul"),
)
PALE_ORANGE = "#FDF1E3"


def draw() -> Axes:
    """Draw both examples from left to right: question, possible answers, facts."""
    axes = canvas(20, 11.2)
    for x, heading in ((2.7, "question"), (10.0, "what may be written"), (17.3, "what it says")):
        label(axes, (x, 10.7), heading, size=11, colour=GREY)
    _example(axes, 8.1, "Capital of\nFrance?", FRANCE, one_fact=True)
    label(axes, (10.0, 5.6), "doubt about the wording", colour=BLUE, bold=True)
    _example(axes, 3.0, "Capital of\nDrulvania?", NOWHERE, one_fact=False)
    label(axes, (10.0, 0.55), "doubt about the fact", colour=ORANGE, bold=True)
    return axes


def _example(
    axes: Axes, y: float, question: str, answers: tuple[tuple[str, str], ...], *, one_fact: bool
) -> None:
    """Draw one question with its possible answers around the height `y`."""
    edge = BLUE if one_fact else ORANGE
    box(axes, (2.7, y), question, width=4.0, height=1.6)
    if one_fact:
        box(axes, (17.3, y), answers[0][1], width=3.2, height=1.1, edge=edge, bold=True)
    for (answer, fact), shift in zip(answers, (1.45, 0.0, -1.45)):
        place = y + shift
        box(axes, (10.0, place), answer, width=6.0, height=1.0, edge=edge)
        arrow(axes, (4.7, y), (7.0, place), colour=GREY)
        if one_fact:
            arrow(axes, (13.0, place), (15.7, y + 0.25 * shift), colour=edge)
        else:
            box(axes, (17.3, place), fact, width=3.2, height=1.0, edge=edge, fill=PALE_ORANGE)
            arrow(axes, (13.0, place), (15.7, place), colour=edge)
