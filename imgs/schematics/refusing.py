"""Refusing above a threshold: twelve answers in the order of their doubt, and two thresholds."""

from matplotlib.axes import Axes

from uncertainty.plotting.style import BLACK, GREEN, RED

from .style import GREY, arrow, box, canvas, label

ALT = (
    "Twelve answers stand in a row, from the smallest doubt to the largest, in two copies. Five of "
    "them are wrong, and most of these stand on the right. In the upper copy a threshold lets the "
    "first five answers pass: the coverage is 5 of 12, and 1 of these 5 is wrong. In the lower "
    "copy it lets nine pass: the coverage is 9 of 12, and 3 of these 9 are wrong."
)
RIGHT = (True, True, True, True, False, True, True, False, False, True, False, False)
STEP = 1.15  # centimetres from one answer to the next
ROWS = (
    (5.1, 5, "coverage 5/12 = 42 %", "risk 1/5 = 20 %"),
    (2.2, 9, "coverage 9/12 = 75 %", "risk 3/9 = 33 %"),
)


def draw() -> Axes:
    """Draw both copies, one above the other."""
    axes = canvas(20, 7.4)
    for height, passing, coverage, risk in ROWS:
        _answers(axes, height, passing)
        threshold = 0.5 + passing * STEP
        axes.plot([threshold] * 2, [height - 0.75, height + 0.95], color=BLACK, linewidth=2)
        label(axes, (threshold, height + 1.25), "threshold", size=11)
        label(axes, (threshold / 2, height - 0.95), "answered", size=11, colour=GREY)
        label(axes, ((threshold + 14.3) / 2, height - 0.95), "refused", size=11, colour=GREY)
        label(axes, (14.8, height + 0.35), coverage, align="left")
        label(axes, (14.8, height - 0.4), risk, align="left")
    arrow(axes, (0.5, 0.6), (14.3, 0.6), colour=GREY)
    label(axes, (14.8, 0.6), "doubt", colour=GREY, align="left")
    return axes


def _answers(axes: Axes, height: float, passing: int) -> None:
    """Draw one row of answers; those behind the threshold are pale."""
    for place, right in enumerate(RIGHT):
        middle = (0.5 + (place + 0.5) * STEP, height)
        colour = GREEN if right else RED
        fill = colour if place < passing else "white"
        box(axes, middle, "", width=0.95, height=0.95, fill=fill, edge=colour)
        mark = "white" if place < passing else colour
        label(axes, middle, "✓" if right else "✗", size=14, colour=mark, bold=True)
