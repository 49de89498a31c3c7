"""How a profile is made: entropies by depth and token, means over windows, one row of numbers."""

import numpy as np
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

from uncertainty.plotting.style import BLACK, ORANGE

from .style import GREY, arrow, box, canvas, label

ALT = (
    "Left, a grid of five depths and eight tokens; the colour of a cell is the entropy that the "
    "lens reads there. A frame marks two windows of four tokens each. An arrow leads to a grid of "
    "five depths and two windows, the means; a second arrow to a single column of ten numbers, the "
    "profile; a third to a classifier that names the task: a sum, a summary or a translation."
)
DEPTHS, TOKENS, WINDOWS = 5, 8, 2
SIDE = 0.95
COLOURS = colormaps["cividis_r"]


def draw() -> Axes:
    """Draw the grid, its windows, the profile and the classifier."""
    axes = canvas(23, 8.4)
    entropies = np.random.default_rng(3).uniform(0.2, 1.6, (DEPTHS, TOKENS))
    entropies[3:] += [[0.5], [1.6]] * np.linspace(0.7, 1.4, TOKENS)
    means = entropies.reshape(DEPTHS, WINDOWS, -1).mean(-1)
    _grid(axes, (2.2, 1.9), entropies)
    for window in range(WINDOWS):
        corner = (2.2 + window * SIDE * TOKENS / WINDOWS, 1.9)
        size = (SIDE * TOKENS / WINDOWS, SIDE * DEPTHS)
        axes.add_patch(Rectangle(corner, *size, fill=False, edgecolor=ORANGE, linewidth=3))
    for depth in range(DEPTHS):
        label(axes, (1.95, 1.9 + (depth + 0.5) * SIDE), f"depth {depth}", size=10, align="right")
    label(axes, (6.0, 7.3), "entropy at each depth, for each token", size=11.5, bold=True)
    label(axes, (6.0, 1.4), "8 tokens of the answer, 2 windows of 4", size=10.5, colour=GREY)
    arrow(axes, (10.2, 4.3), (11.6, 4.3), colour=ORANGE)
    label(axes, (10.9, 4.9), "mean", size=10.5)
    _grid(axes, (12.0, 1.9), means)
    label(axes, (12.95, 1.4), "2 windows", size=10.5, colour=GREY)
    arrow(axes, (14.3, 4.3), (15.7, 4.3))
    _grid(axes, (16.2, 1.1), means.T.reshape(-1, 1), height=0.56)
    label(axes, (16.7, 7.5), "the profile:\n10 numbers", size=11.5, bold=True)
    arrow(axes, (17.6, 4.3), (19.0, 4.3))
    box(axes, (20.6, 4.3), "classifier", width=3.0, edge=BLACK)
    arrow(axes, (20.6, 3.7), (20.6, 2.5))
    label(axes, (20.6, 1.95), "a sum? a summary?\na translation?", size=11)
    return axes


def _grid(
    axes: Axes, corner: tuple[float, float], values: np.ndarray, *, height: float = SIDE
) -> None:
    """Draw a matrix as coloured cells, row 0 at the bottom."""
    for (row, column), value in np.ndenumerate(values):
        place = (corner[0] + column * SIDE, corner[1] + row * height)
        colour = COLOURS(value / 4)
        axes.add_patch(Rectangle(place, SIDE, height, facecolor=colour, edgecolor="white"))
