"""Nine scores make ten gaps: why the eighth of nine is the limit, and the set that it gives."""

from itertools import pairwise

from matplotlib.axes import Axes

from uncertainty.plotting.style import BLACK, BLUE, ORANGE

from .style import GREY, PALE, arrow, box, canvas, label

ALT = (
    "A line of scores from 0 to 1. Nine dots on it, the scores of the right options of nine "
    "questions, cut it into ten gaps, numbered 1 to 10. A dashed line stands at the eighth dot, "
    "the limit: eight of the ten gaps lie to its left, and are shaded. Below, the four options of "
    "a new question on the same line: the two with scores left of the limit are in the set, the "
    "two to its right are struck out."
)
SCORES = (0.03, 0.09, 0.17, 0.26, 0.36, 0.47, 0.59, 0.74, 0.89)
OPTIONS = (("A", 0.4), ("B", 0.7), ("C", 0.92), ("D", 0.98))  # 1 - p, and so the sum is 3
LEFT, WIDTH = 3.6, 15.4  # where a score of 0 stands, and the centimetres from 0 to 1
UPPER, LOWER = 4.9, 1.5


def draw() -> Axes:
    """Draw the calibration scores with their gaps, and below them a new question."""
    axes = canvas(20, 7.4)
    limit = _place(SCORES[7])
    axes.fill_between([LEFT, limit], UPPER - 0.75, UPPER + 0.35, color=PALE, linewidth=0)
    for height in (UPPER, LOWER):
        axes.plot([LEFT, LEFT + WIDTH], [height] * 2, color=GREY, linewidth=1.4)
        label(axes, (LEFT - 0.3, height), "0", size=11, colour=GREY)
        label(axes, (LEFT + WIDTH + 0.4, height), "1", size=11, colour=GREY)
    axes.plot([limit] * 2, [0.5, UPPER + 0.95], color=ORANGE, linewidth=2, linestyle="--")
    label(axes, (limit, UPPER + 1.3), "limit: the 8th of 9", size=11)
    axes.plot([_place(one) for one in SCORES], [UPPER] * 9, "o", color=BLUE, markersize=9)
    edges = [0, *SCORES, 1]
    for gap, (low, high) in enumerate(pairwise(edges), start=1):
        label(axes, (_place((low + high) / 2), UPPER - 0.5), str(gap), size=10, colour=GREY)
    middle = (_place(0.37), UPPER - 1.2)
    label(axes, middle, "a new score falls in here with a chance of 8/10", size=11)
    label(axes, (0.3, UPPER), "scores of nine\nright options", size=11, align="left")
    label(axes, (0.3, LOWER), "options of a\nnew question", size=11, align="left")
    for name, score in OPTIONS:
        _option(axes, name, score, kept=score <= SCORES[7])
    label(axes, (_place(0.55), LOWER - 0.95), "in the set", size=11)
    label(axes, (_place(0.93), LOWER - 0.95), "struck out", size=11, colour=GREY)
    arrow(axes, (LEFT, 0.12), (LEFT + WIDTH, 0.12), colour=GREY)
    label(axes, (0.3, 0.15), "larger: worse fit", size=11, colour=GREY, align="left")
    return axes


def _place(score: float) -> float:
    """Return where a score stands on the canvas."""
    return LEFT + WIDTH * score


def _option(axes: Axes, name: str, score: float, *, kept: bool) -> None:
    """Draw one option of the new question; one that is struck out is pale and crossed."""
    middle = (_place(score), LOWER)
    fill, edge = (BLUE, BLUE) if kept else ("white", GREY)
    box(axes, middle, "", width=0.75, height=0.8, fill=fill, edge=edge)
    label(axes, middle, name, colour="white" if kept else BLACK, bold=True)
    if not kept:
        x, y = middle
        axes.plot([x - 0.45, x + 0.45], [y - 0.3, y + 0.3], color=GREY, linewidth=1.6)
