"""How one token is chosen: logits, processors, softmax, a draw, and round again."""

from itertools import pairwise

from matplotlib.axes import Axes

from uncertainty.plotting.style import ORANGE, RED

from .style import GREY, arrow, box, canvas, label

ALT = (
    "A loop of five boxes. The model turns the text so far into raw logits, one number for each "
    "token of the vocabulary. Processors, such as a temperature or top-p, change them into "
    "processed scores. The softmax makes probabilities of the scores. One token is chosen and "
    "joins the text, and the loop begins again. The course reads its doubt from the raw logits, "
    "before the processors."
)
STAGES = (
    (2.0, "text so far"),
    (6.0, "model"),
    (10.0, "processors\n(temperature,\ntop-p)"),
    (14.0, "softmax"),
    (18.0, "choose\none token"),
)


def draw() -> Axes:
    """Draw the loop from left to right and back."""
    axes = canvas(20, 6.4)
    for x, text in STAGES:
        box(axes, (x, 3.0), text, width=2.9, height=1.9, size=11)
    for (x, _), (next_x, _) in pairwise(STAGES):
        arrow(axes, (x + 1.45, 3.0), (next_x - 1.45, 3.0))
    label(axes, (8.0, 5.0), "raw logits:\nthe course reads these", size=11, colour=RED, bold=True)
    arrow(axes, (8.0, 4.4), (8.0, 3.15), colour=RED)
    label(axes, (12.0, 4.9), "processed\nscores", size=11, colour=GREY)
    arrow(axes, (12.0, 4.3), (12.0, 3.15), colour=GREY)
    label(axes, (16.0, 4.9), "probabilities", size=11, colour=GREY)
    arrow(axes, (16.0, 4.5), (16.0, 3.15), colour=GREY)
    arrow(axes, (18.0, 2.05), (2.0, 2.05), colour=ORANGE, bend=-0.14)
    label(axes, (10.0, 0.45), "the token joins the text, and the next step begins", size=11)
    return axes
