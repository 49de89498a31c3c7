"""A path to its own end, and the angle between a step and the way that is left after it."""

from itertools import pairwise

import numpy as np
from matplotlib.axes import Axes

from uncertainty.plotting.style import BLACK, BLUE, ORANGE, RED

from .style import GREY, arrow, canvas, label

ALT = (
    "Left: a path of six states with its final state marked; a dashed line from each state to the "
    "final one is its distance, which is 0 at the end for any path. Right: three pictures of a "
    "step and of the way that is left after it. Step and way left in one direction: the cosine is "
    "positive, as of steps with an aim. At right angles: the cosine is 0, as of random steps. A "
    "step that points back: the cosine is negative, and later steps undo a part of it."
)
PATH = np.array([(1.0, 1.6), (3.0, 2.2), (2.0, 4.4), (4.6, 3.9), (4.9, 6.2), (7.2, 6.4)])
CASES = (
    (7.3, (2.4, 0.25), "with an aim:\ncosine above 0"),
    (4.3, (0.0, 1.5), "in a random direction:\ncosine about 0"),
    (1.5, (-1.5, 0.9), "later steps undo a part:\ncosine below 0"),
)


def draw() -> Axes:
    """Draw the path on the left and the three angles on the right."""
    axes = canvas(23, 9.8)
    label(axes, (4.6, 9.4), "the distance to the final state", size=12, bold=True)
    end = PATH[-1]
    for state in PATH[:-1]:
        axes.plot(*np.array([state, end]).T, "--", color=GREY, linewidth=1.2)
    for one, following in pairwise(PATH):
        arrow(axes, tuple(one), tuple(following), colour=BLUE)
    axes.plot(*PATH[:-1].T, "o", color=BLUE, markersize=8)
    axes.plot(*end, "o", color=RED, markersize=12)
    label(axes, (7.2, 7.2), "final state: distance 0,\nfor any path", size=11, colour=RED)
    label(axes, (1.2, 0.9), "depth 0", size=11, colour=GREY)
    label(axes, (16.6, 9.4), "a step, and the way left after it", size=12, bold=True)
    for y, step, words in CASES:
        _case(axes, (12.4, y), step, words)
    return axes


def _case(axes: Axes, start: tuple[float, float], step: tuple[float, float], words: str) -> None:
    """Draw one step from a state, and an arrow from where it leads to the end."""
    reached = (start[0] + step[0], start[1] + step[1])
    end = (reached[0] + 2.9, reached[1] + (0.3 if step[0] > 0 else 0.0))
    arrow(axes, start, reached, colour=BLUE)
    arrow(axes, reached, end, colour=ORANGE, dashed=True)
    axes.plot(*start, "o", color=BLACK, markersize=8)
    axes.plot(*end, "o", color=RED, markersize=9)
    label(axes, (18.0, start[1] + 0.5), words, size=11, align="left")
