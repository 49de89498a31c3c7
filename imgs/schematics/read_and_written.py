"""What goes through the model: prompts are read in one pass, answers are written token by token."""

from matplotlib.axes import Axes

from uncertainty.plotting.style import BLUE, ORANGE

from .style import GREY, PALE, arrow, box, canvas, label

ALT = (
    "Three rows. In the first, one answer: the prompt is read in one pass, and then four tokens "
    "are written one after another. In the second, P(True): the question and the answer are read "
    "in one pass, the probabilities of true and false are taken there, and nothing is written. In "
    "the third, three samples: the prompt is read once, in one pass, and three rows of four tokens "
    "are written side by side, so that twelve tokens take no more passes than four."
)
ONE_TOKEN = 1.5


def written(axes: Axes, y: float, *, height: float = 0.9, arrows: bool = True) -> None:
    """Draw four tokens, from left to right, each after the one before it."""
    for place in range(4):
        x = 11.4 + place * (ONE_TOKEN + 0.55)
        box(axes, (x, y), "", width=ONE_TOKEN, height=height, fill="white", edge=ORANGE)
        if arrows:
            arrow(axes, (x - ONE_TOKEN / 2 - 0.5, y), (x - ONE_TOKEN / 2, y), colour=GREY)


def draw() -> Axes:
    """Draw what is read on the left and what is written on the right."""
    axes = canvas(20, 10.2)
    label(axes, (6.3, 9.6), "read: all in one pass", colour=GREY)
    label(axes, (14.5, 9.6), "written: another pass for each next token", colour=GREY)
    for y, name in ((8.1, "one\nanswer"), (5.3, "P(True)"), (2.3, "three\nsamples")):
        label(axes, (1.2, y), name)
    box(axes, (6.3, 8.1), "prompt", width=7.2, height=1.3, fill=PALE)
    written(axes, 8.1)
    label(axes, (14.5, 7.1), "4 tokens, one after another", size=11, colour=GREY)
    box(axes, (6.3, 5.3), "question, answer: true or false?", width=7.2, height=1.3, fill=PALE)
    arrow(axes, (9.95, 5.3), (11.6, 5.3), colour=GREY)
    box(axes, (13.7, 5.3), "p(true), p(false)", width=4.1, height=1.1, fill="white", edge=BLUE)
    label(axes, (13.7, 4.35), "no token is written", size=11, colour=GREY)
    box(axes, (6.3, 2.3), "prompt", width=7.2, height=1.3, fill=PALE)
    for y in (3.2, 2.3, 1.4):
        written(axes, y, height=0.7, arrows=y == 2.3)
    label(axes, (14.5, 0.5), "12 tokens, three in each pass", size=11, colour=GREY)
    return axes
