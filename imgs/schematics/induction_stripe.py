"""An induction head: where it looks in a repeated passage, and the stripe that this makes."""

from matplotlib.axes import Axes

from uncertainty.plotting.style import BLACK, BLUE, GREEN, ORANGE, RED

from .style import GREY, PALE, arrow, canvas, label, token_row

ALT = (
    "Left, a row of tokens: BOS, A, B, C, D, and again A, B, C, D. From the second B an arrow "
    "leads back to the first C, the token after the first B; C is then predicted as the next "
    "token. Right, the attention weights of that head as a square: one row for each position "
    "that looks, one column for each position looked at. In the rows of the second copy the dark "
    "cells form a stripe parallel to the diagonal, three columns before it for a passage of four "
    "tokens."
)
TOKENS = ("BOS", "A", "B", "C", "D", "A", "B", "C", "D")
LENGTH = 4  # tokens in the passage
CELL = 0.88
CORNER = (15.4, 8.9)  # upper left of the square


def draw() -> Axes:
    """Draw the look-up in the row of tokens on the left, the weights on the right."""
    axes = canvas(25.5, 10.6)
    _draw_look_up(axes)
    _draw_weights(axes)
    return axes


def _draw_look_up(axes: Axes) -> None:
    fills = ["white"] + [PALE] * LENGTH + ["#FBE9C6"] * LENGTH
    token_row(axes, (0.5, 4.6), TOKENS, fills=fills, width=1.3, height=1.0, size=12)
    middle = [0.5 + 1.3 * (place + 0.5) for place in range(len(TOKENS))]
    looks, earlier, found = 6, 2, 3
    arrow(axes, (middle[looks], 5.7), (middle[found], 5.7), colour=RED, bend=0.5)
    label(axes, (6.7, 7.75), "attends to the token after it", size=11, colour=RED)
    arrow(axes, (middle[looks], 4.5), (middle[earlier], 4.5), colour=GREY, dashed=True, bend=-0.35)
    label(axes, (5.7, 2.7), "the same token, earlier", size=11, colour=GREY)
    label(axes, (3.9, 9.2), "first copy", size=11, colour=BLUE)
    label(axes, (9.6, 9.2), "second copy", size=11, colour=ORANGE)
    for start, colour in ((1.85, BLUE), (7.05, ORANGE)):
        ends = [start, start, start + 5.1, start + 5.1]
        axes.plot(ends, [8.5, 8.75, 8.75, 8.5], color=colour, linewidth=1.4)
    arrow(axes, (middle[looks], 4.5), (middle[looks] + 0.65, 2.0), colour=GREEN)
    label(axes, (9.7, 1.5), "so C is predicted next", size=11, colour=GREEN)


def _draw_weights(axes: Axes) -> None:
    left, top = CORNER
    for row, token in enumerate(TOKENS):
        y = top - CELL * (row + 1)
        label(axes, (left - 0.45, y + CELL / 2), token, size=10)
        label(axes, (left + CELL * (row + 0.5), top + 0.35), token, size=10)
        for column in range(row + 1):
            axes.bar(
                left + CELL * (column + 0.5),
                CELL,
                width=CELL,
                bottom=y,
                color=_shade(row, column),
                edgecolor="#CCCCCC",
                linewidth=0.6,
            )
    size = CELL * len(TOKENS)
    axes.plot([left, left + size], [top, top - size], color=BLACK, linewidth=1, linestyle=":")
    border = top - CELL * (LENGTH + 1)
    axes.plot([left, left + size], [border, border], color=ORANGE, linewidth=1.6)
    label(axes, (left + size / 2, 10.2), "position looked at", size=11)
    axes.text(left - 1.35, top - size / 2, "position that looks", rotation=90, va="center", size=11)
    told = "the stripe: 3 before the diagonal (T - 1 for T tokens)"
    label(axes, (left + size / 2, 0.45), told, size=11, colour=RED)


def _shade(row: int, column: int) -> str:
    """Dark on the stripe, pale on BOS in the first copy, where the head has nothing to look up."""
    if row > LENGTH and column == row - (LENGTH - 1):
        return RED
    idle = row <= LENGTH and column == 0
    return "#F4C9A8" if idle else "white"
