"""Two texts of different length in one batch: where the padding must stand, and what hides it."""

from matplotlib.axes import Axes

from uncertainty.plotting.style import GREEN, RED

from .style import GREY, PALE, arrow, canvas, label, token_row

ALT = (
    "A batch of two texts, drawn twice. On the left the padding stands before the short text: both "
    "texts end at the last column, where the next token is read, and the attention mask, a row of "
    "zeros and ones, hides the padding. On the right the padding stands behind the short text: "
    "the last column holds padding, so the next token is read behind the wrong token."
)
LONG = ["Name", "three", "fruits", "and", "say"]
SHORT = ["Capital", "of", "France"]
PAD = ["pad", "pad"]
WIDTH = 1.72
EMPTY = "#EEEEEE"


def draw() -> Axes:
    """Draw the left-padded batch and the right-padded one side by side."""
    axes = canvas(21, 7.4)
    _batch(axes, 1.6, PAD + SHORT, "padding on the left", "what follows “France”?", GREEN)
    _batch(axes, 12.1, SHORT + PAD, "padding on the right", "what follows “pad”?", RED)
    label(axes, (1.45, 2.25), "mask", size=11, align="right", colour=GREY)
    return axes


def _batch(axes: Axes, x: float, lower: list[str], title: str, question: str, colour: str) -> None:
    """Draw two rows of tokens, the mask of the lower one, and where its next token is read."""
    label(axes, (x + 2.5 * WIDTH, 6.8), title, bold=True)
    token_row(axes, (x, 5.0), LONG, width=WIDTH, size=11)
    fills = [EMPTY if token == "pad" else PALE for token in lower]
    token_row(axes, (x, 3.0), lower, fills=fills, width=WIDTH, size=11)
    for place, token in enumerate(lower):
        digit = "0" if token == "pad" else "1"
        label(axes, (x + (place + 0.5) * WIDTH, 2.25), digit, size=11, colour=GREY)
    last = x + 4.5 * WIDTH
    arrow(axes, (last, 1.05), (last, 1.85), colour=colour)
    label(axes, (x + 5 * WIDTH, 0.6), question, colour=colour, align="right", bold=True)
