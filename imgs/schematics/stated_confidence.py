"""Two ways to read a confidence after the reply was begun: its text, or the odds of three words."""

from itertools import pairwise

from matplotlib.axes import Axes

from uncertainty.plotting.style import BLUE, ORANGE, RED

from .style import GREY, arrow, box, canvas, label

ALT = (
    "A conversation in four boxes: a question, the model's answer, the question how sure it is, "
    "and a reply of which we write the first word, Confidence. Two arrows leave it. One leads to "
    "the text that the model writes, such as 99, which a parser turns into 0.99. The other leads "
    "to the probabilities of the words low, medium and high at this place, which become an "
    "expected value."
)
TURNS = (
    (2.5, "What is the\ncapital of Peru?", "user"),
    (7.5, "It is Lima.", "model"),
    (12.5, "How sure are you\nthat this is right?", "user"),
    (17.5, "Confidence:", "model,\nbegun by us"),
)


def draw() -> Axes:
    """Draw the turns from left to right, and both readings below."""
    axes = canvas(20, 9.4)
    for x, text, speaker in TURNS:
        begun = text.endswith(":")
        box(axes, (x, 7.0), text, width=4.3, height=1.6, edge=RED if begun else BLUE, size=11)
        label(axes, (x, 8.5), speaker, size=11, colour=RED if begun else GREY)
    for (x, *_), (next_x, *_) in pairwise(TURNS):
        arrow(axes, (x + 2.15, 7.0), (next_x - 2.15, 7.0))
    arrow(axes, (17.0, 6.2), (14.8, 4.9), colour=ORANGE)
    arrow(axes, (17.0, 6.2), (14.8, 2.0), colour=ORANGE)
    label(axes, (15.1, 5.85), "written", size=11, colour=GREY)
    label(axes, (17.9, 3.2), "never written,\nonly scored", size=11, colour=GREY)
    box(axes, (12.4, 4.4), '" 99."', width=4.6, height=1.1)
    box(axes, (12.4, 1.5), "p(low), p(medium),\np(high)", width=4.6, height=1.6, size=11)
    arrow(axes, (10.1, 4.4), (5.1, 4.4))
    arrow(axes, (10.1, 1.5), (5.1, 1.5))
    label(axes, (7.6, 4.8), "parser", size=11, colour=GREY)
    label(axes, (7.6, 1.9), "expectation", size=11, colour=GREY)
    box(axes, (2.8, 4.4), "stated confidence\n0.99, or none", width=4.4, height=1.6, size=11)
    box(axes, (2.8, 1.5), "scored confidence,\nalways a number", width=4.4, height=1.6, size=11)
    return axes
