"""Two ways through the same blocks: with the question's own attention output, and with a mean."""

from matplotlib.axes import Axes

from uncertainty.plotting.style import BLUE, ORANGE, RED

from .style import GREY, arrow, box, canvas, label

ALT = (
    "Two rows. In each a thick line, the stream at the last token of the question about the meat "
    "of a pig, runs from left to right, and at a plus sign the attention output of three blocks is "
    "added to it, and at the end the probability of pork is read. In the first row it is the "
    "question's own output. In the second row the own output is crossed out; the mean over other "
    "questions is added in its place, and we ask how much of the probability is left."
)
START, PLUS, END = 8.2, 14.6, 20.6


def draw() -> Axes:
    """Draw the two rows: as it is, and the mean in its place."""
    axes = canvas(27, 6.8)
    replaced_row(axes, 4.4, "as it is", put=None, colour=BLUE, asked="p(pork)")
    label(axes, (START, 3.7), "stream at the last token", size=10, align="left", colour=GREY)
    asked, put = "p(pork): how\nmuch is left?", "mean over\nother questions"
    replaced_row(axes, 1.1, "mean in its place", put=put, colour=ORANGE, asked=asked)
    return axes


def replaced_row(
    axes: Axes, y: float, name: str, *, put: str | None, colour: str, asked: str
) -> None:
    """Draw one row; `put` replaces the question's own output, None leaves it."""
    label(axes, (0.4, y + 0.35), name, align="left", bold=True)
    label(axes, (0.4, y - 0.35), '"meat of a pig?"', align="left", size=11, colour=GREY)
    axes.plot([START, END], [y, y], color=BLUE, linewidth=6, solid_capstyle="butt")
    own = "own attention output\nof 3 blocks"
    box(axes, (11.2, y + 1.55), own, width=5.0, height=1.3, size=11)
    if put is None:
        arrow(axes, (13.75, y + 1.55), (PLUS, y + 0.32), colour=colour)
    else:
        axes.plot([8.9, 13.5], [y + 1.25, y + 1.85], color=RED, linewidth=2.2)
        box(axes, (18.2, y + 1.55), put, width=5.0, height=1.3, edge=colour, size=11)
        arrow(axes, (15.65, y + 1.55), (PLUS, y + 0.32), colour=colour)
    axes.plot(PLUS, y, "o", markersize=15, color="white", markeredgecolor=colour)
    label(axes, (PLUS, y), "+", size=13, bold=True)
    arrow(axes, (END, y), (END + 0.9, y), colour=BLUE)
    box(axes, (END + 3.4, y), asked, width=4.8, height=1.3, edge=colour, size=11)
