"""The three token rows of the repeat: the same passage, with something else before it."""

from matplotlib.axes import Axes

from uncertainty.plotting.style import BLACK, GREEN, ORANGE, RED, SKY

from .style import GREY, arrow, canvas, label, token_row

ALT = (
    "Three rows of tokens. Each begins with BOS, the token that opens a text, and ends with the "
    "same passage S of four tokens. Before S stands, in the first row, S itself; in the second, "
    "another passage of the same text; in the third, a passage of another text. A bracket marks "
    "the last passage: the same tokens at the same positions in all three rows, and only there the "
    "model's predictions are compared."
)
PASSAGE = ("the", "harbour", "was", "closed")
ROWS = (
    ("twice", PASSAGE, ORANGE, "topic and exact words known"),
    ("same text", ("ships", "sailed", "at", "dawn"), GREEN, "topic known"),
    ("other text", ("her", "third", "novel", "sold"), SKY, "nothing known"),
)
WIDTH = 2.1


def draw() -> Axes:
    """Draw the rows one below the other, the shared passage in one column."""
    axes = canvas(28, 8.8)
    for number, (name, before, colour, known) in enumerate(ROWS):
        y = 6.0 - 1.75 * number
        label(axes, (2.6, y + 0.45), name, align="right", bold=True)
        token_row(axes, (2.9, y), ["BOS"], fills=["white"], width=1.3, height=0.95, size=11)
        token_row(axes, (4.2, y), before, fills=[colour] * 4, width=WIDTH, height=0.95, size=11)
        token_row(axes, (12.6, y), PASSAGE, fills=[ORANGE] * 4, width=WIDTH, height=0.95, size=11)
        label(axes, (21.3, y + 0.45), known, size=11, align="left")
    label(axes, (8.4, 7.55), "what stands before", size=11, colour=GREY)
    label(axes, (16.8, 7.55), "the passage S", size=11, colour=GREY)
    label(axes, (21.3, 7.55), "before S is read:", size=11, colour=GREY, align="left")
    axes.plot([12.6, 12.6, 21.0, 21.0], [2.2, 1.9, 1.9, 2.2], color=RED, linewidth=1.6)
    label(axes, (16.8, 1.35), "same tokens, same positions: compared here", size=11, colour=RED)
    arrow(axes, (3.6, 0.6), (20.9, 0.6), colour=BLACK)
    label(axes, (2.6, 0.6), "position", size=11, align="right")
    return axes
