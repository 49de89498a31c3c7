"""Three ways through the same blocks: the question's own attention output, a mean, another's."""

from matplotlib.axes import Axes

from uncertainty.plotting.style import BLUE, GREEN, ORANGE, RED

from .style import GREY, arrow, box, canvas, label

ALT = (
    "Three rows. In each a thick line, the stream at the last token of the question about the meat "
    "of a pig, runs from left to right, and at a plus sign the attention output of three blocks is "
    "added to it. In the first row it is the question's own output, and the model says pork. In "
    "the second row the own output is crossed out; the mean over other questions is added in its "
    "place, and we ask how much of the probability of pork is left. In the third row the output of "
    "another question, on the capital of Japan, is added in its place, and we ask whether the "
    "probability of Tokyo rises."
)
START, PLUS, END = 8.2, 14.6, 20.6
ROWS = (
    (8.2, "as it is", None, None, "p(pork)"),
    (4.9, "mean in its place", "mean over\nother questions", ORANGE, "p(pork): how\nmuch is left?"),
    (
        1.6,
        "another's in its place",
        'its output at\n"capital of Japan?"',
        GREEN,
        "p(Tokyo):\ndoes it rise?",
    ),
)


def draw() -> Axes:
    """Draw the three rows: as it is, the mean in its place, and another question's output."""
    axes = canvas(27, 10.6)
    for y, name, put, colour, asked in ROWS:
        label(axes, (0.4, y + 0.35), name, align="left", bold=True)
        label(axes, (0.4, y - 0.35), '"meat of a pig?"', align="left", size=11, colour=GREY)
        axes.plot([START, END], [y, y], color=BLUE, linewidth=6, solid_capstyle="butt")
        own = (11.2, y + 1.55)
        box(axes, own, "own attention output", width=5.0, height=0.9, size=11)
        if put is None:
            arrow(axes, (13.75, y + 1.55), (PLUS, y + 0.32), colour=BLUE)
        else:
            axes.plot([8.9, 13.5], [y + 1.25, y + 1.85], color=RED, linewidth=2.2)
            box(axes, (18.2, y + 1.55), put, width=5.0, height=1.3, edge=colour, size=11)
            arrow(axes, (15.65, y + 1.55), (PLUS, y + 0.32), colour=colour)
        axes.plot(PLUS, y, "o", markersize=15, color="white", markeredgecolor=colour or BLUE)
        label(axes, (PLUS, y), "+", size=13, bold=True)
        arrow(axes, (END, y), (END + 0.9, y), colour=BLUE)
        box(axes, (END + 3.4, y), asked, width=4.8, height=1.3, edge=colour or BLUE, size=11)
    label(axes, (START, 7.5), "stream at the last token", size=10, align="left", colour=GREY)
    return axes
