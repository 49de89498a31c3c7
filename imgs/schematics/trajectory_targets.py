"""One idiom's way through the depths among three words, and what its distance is measured to."""

import numpy as np
from matplotlib.axes import Axes

from uncertainty.plotting.style import BLACK, BLUE, GREEN, ORANGE, RED

from .style import GREY, arrow, canvas, label

ALT = (
    "A triangle whose corners stand for three words: 'never', 'the' and ','. Each point inside is "
    "a distribution over them. A path runs from the middle depths, near the corner ',', towards "
    "'never' and ends nearest to it, at the final distribution. From one point on the path three "
    "dashed lines lead to the three targets: to the corner of the emitted token, to the corner of "
    "the right token, and to the end of the path."
)
LEFT, RIGHT, TOP = np.array([1.6, 1.5]), np.array([12.6, 1.5]), np.array([7.1, 9.2])
# Shares of the left, the right and the upper corner: ',', 'the' and 'never'.
PATH = [(0.80, 0.16, 0.04), (0.85, 0.11, 0.04), (0.72, 0.24, 0.04), (0.55, 0.36, 0.09)]
PATH += [(0.36, 0.44, 0.20), (0.20, 0.42, 0.38), (0.12, 0.26, 0.62)]


def draw() -> Axes:
    """Draw the triangle with the path, and on its right what the three targets are."""
    axes = canvas(22.5, 10.6)
    corners = np.array([LEFT, RIGHT, TOP])
    axes.fill(*corners.T, facecolor="#F7F9FB", edgecolor=GREY, linewidth=1.4)
    points = np.array(PATH) @ corners
    axes.plot(*points.T, "-o", color=BLUE, markersize=6, linewidth=2)
    here, end = points[3], points[-1]
    for target, colour in ((RIGHT, ORANGE), (TOP, GREEN), (end, RED)):
        axes.plot(*np.array([here, target]).T, "--", color=colour, linewidth=1.8)
    axes.plot(*end, "o", color=RED, markersize=11)
    axes.plot(*here, "o", color=BLACK, markersize=10)
    label(axes, LEFT - (0, 0.6), "only ','", size=11)
    label(axes, RIGHT - (0, 0.6), "only 'the'", size=11)
    label(axes, TOP + (0, 0.6), "only 'never'", size=11)
    label(axes, here + (-0.3, 0.6), "depth 20", size=11, align="right", bold=True)
    label(axes, points[0] + (-0.2, 0.6), "depth 10", size=10, colour=GREY)
    axes.plot(*np.array([end + (0.3, 0.1), end + (2.1, 0.7)]).T, color=GREY, linewidth=0.9)
    label(axes, end + (2.25, 0.75), "depth 30", size=10, colour=GREY, align="left")
    _targets(axes)
    return axes


def _targets(axes: Axes) -> None:
    """Write the three targets, each in the colour of its line."""
    rows = (
        (8.2, ORANGE, "1  the emitted token: a corner", "here a draw, 'the'"),
        (6.0, GREEN, "2  the right token: a corner", "needs an answer key"),
        (3.8, RED, "3  the final distribution: a point", "where the path ends; needs no token"),
    )
    label(axes, (13.4, 9.8), "surprise is measured towards", size=11, align="left")
    for y, colour, what, remark in rows:
        arrow(axes, (13.4, y), (14.6, y), colour=colour, dashed=True)
        label(axes, (14.9, y), what, size=11.5, align="left", bold=True)
        label(axes, (14.9, y - 0.75), remark, size=10.5, colour=GREY, align="left")
