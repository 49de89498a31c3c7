"""The AUROC as pairs: a grid with a wrong answer in each row and a right one in each column."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

from uncertainty.plotting.style import BLACK, GREEN, ORANGE

from .style import GREY, canvas, label

ALT = (
    "A grid of pairs. Each row is a wrong answer and each column a right answer, both in the order "
    "of their doubt, largest first from the lower left corner. A cell is filled where the wrong "
    "answer of its row has the larger doubt than the right answer of its column, and has another "
    "colour at a tie. Sixteen of twenty cells are filled and one is a tie, which counts half: the "
    "AUROC is 16.5 of 20, or 0.825. The staircase between filled and empty cells is the ROC curve."
)
WRONG = (0.9, 0.8, 0.6, 0.3)  # doubts, from the lowest row upwards
RIGHT = (0.7, 0.5, 0.3, 0.2, 0.1)  # doubts, from the first column on
CELL = 1.15
X, Y = 2.9, 2.1


def draw() -> Axes:
    """Draw the grid with its staircase, and the count beside it."""
    axes = canvas(22.5, 8.4)
    filled = [_cell(axes, row, column) for row in range(len(WRONG)) for column in range(len(RIGHT))]
    _margins(axes)
    _staircase(axes)
    count, pairs = sum(filled), len(filled)
    x = 10.6
    label(axes, (x, 6.9), f"{pairs} pairs: one wrong, one right answer", align="left", bold=True)
    _sample(axes, (x, 5.7), GREEN, "the wrong one has the larger doubt: counts 1")
    _sample(axes, (x, 4.8), "white", "the right one has the larger doubt: counts 0")
    _sample(axes, (x, 3.9), ORANGE, "equal doubts: count one half")
    text = f"AUROC = {count:g} of {pairs} = {count / pairs:.3f}"
    label(axes, (x, 2.7), text, size=14, align="left", bold=True)
    label(axes, (x, 1.7), "the black staircase is the ROC curve", align="left", size=11)
    return axes


def _cell(axes: Axes, row: int, column: int) -> float:
    """Draw one pair, and return what it counts."""
    difference = WRONG[row] - RIGHT[column]
    count = 0.5 * (1 + np.sign(difference))
    corner = (X + column * CELL, Y + row * CELL)
    colour = {0.0: "white", 0.5: ORANGE, 1.0: GREEN}[count]
    patch = Rectangle(corner, CELL, CELL, facecolor=colour, edgecolor=GREY, alpha=0.75)
    axes.add_patch(patch)
    return count


def _margins(axes: Axes) -> None:
    """Write the doubts along the sides."""
    for row, doubt in enumerate(WRONG):
        label(axes, (X - 0.25, Y + (row + 0.5) * CELL), f"{doubt}", align="right", size=11)
    for column, doubt in enumerate(RIGHT):
        label(axes, (X + (column + 0.5) * CELL, Y - 0.4), f"{doubt}", size=11)
    axes.text(
        1.5, Y + 2 * CELL, "wrong answers", rotation=90, ha="center", va="center", fontsize=12
    )
    label(axes, (X + 2.5 * CELL, Y - 1.1), "right answers")
    label(
        axes,
        (X + 2.5 * CELL, 7.6),
        "doubts, largest first from the lower left",
        size=10,
        colour=GREY,
    )


def _staircase(axes: Axes) -> None:
    """Draw the line between filled and empty cells, diagonally through a tie."""
    x, y = [X], [Y]
    for doubt in sorted({*WRONG, *RIGHT}, reverse=True):
        x.append(X + CELL * sum(other >= doubt for other in RIGHT))
        y.append(Y + CELL * sum(other >= doubt for other in WRONG))
    axes.plot(x, y, color=BLACK, linewidth=2.6)


def _sample(axes: Axes, place: tuple[float, float], colour: str, text: str) -> None:
    """Draw one line of the legend."""
    x, y = place
    patch = Rectangle((x, y - 0.25), 0.5, 0.5, facecolor=colour, edgecolor=GREY, alpha=0.75)
    axes.add_patch(patch)
    label(axes, (x + 0.75, y), text, align="left", size=11)
