"""The residual stream of one token, what a block adds to it, and where the logit lens reads it."""

from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

from uncertainty.plotting.style import BLUE, RED

from .style import GREY, arrow, box, canvas, label

ALT = (
    "A thick line runs from left to right: the residual stream of one token. It starts as the "
    "token's embedding, depth 0. In a block, attention and then the MLP each read a copy of the "
    "line, above it, and their output is added to the line at a plus sign. After block 0 the line "
    "is at depth 1, after block 29 at depth 30, where norm, unembedding and softmax make the "
    "model's prediction of it. Below, dashed, the lens: the same norm, unembedding and softmax "
    "applied to the line at depth 1, which gives a prediction, too."
)
STREAM, PARTS, LENS = 5.2, 8.0, 1.6  # heights


def draw() -> Axes:
    """Draw the stream, one block in detail, the end, and the lens below."""
    axes = canvas(27.6, 10.2)
    axes.plot([3.4, 18.0], [STREAM, STREAM], color=BLUE, linewidth=6, solid_capstyle="butt")
    box(axes, (1.9, STREAM), "embedding\nof the token", width=3.2, height=1.5)
    _block(axes)
    label(axes, (13.1, PARTS), "...", size=20)
    box(axes, (15.2, PARTS), "block 29", width=2.6)
    _added(axes, 15.2, 16.75)
    for x, depth in ((4.2, 0), (11.7, 1), (17.2, 30)):
        label(axes, (x, STREAM - 0.55), f"depth {depth}", size=10, colour=GREY)
    _reading(axes, STREAM, 18.0, "the model's\nprediction", BLUE)
    arrow(axes, (11.7, STREAM - 0.95), (11.7, LENS), colour=RED, dashed=True)
    _reading(axes, LENS, 11.7, "what depth 1\nwould predict", RED)
    words = "the logit lens: the model's own last steps,\napplied to the stream at depth 1"
    label(axes, (11.2, LENS + 0.1), words, size=11, colour=RED, align="right")
    return axes


def _block(axes: Axes) -> None:
    """Draw block 0: two parts, each of which reads the stream and adds to it."""
    frame = Rectangle((4.9, 4.2), 6.0, 5.5, facecolor="none", edgecolor=GREY, linestyle=":")
    axes.add_patch(frame)
    label(axes, (7.9, 9.3), "block 0", size=11, colour=GREY)
    box(axes, (6.1, PARTS), "attention", width=2.4)
    _added(axes, 6.1, 7.55)
    box(axes, (9.1, PARTS), "MLP", width=1.6)
    _added(axes, 9.1, 10.15)
    label(axes, (5.9, 6.4), "reads", size=10, align="left")
    label(axes, (7.7, 6.4), "adds", size=10, colour=GREY, align="left")


def _added(axes: Axes, x: float, back: float) -> None:
    """Draw a part that reads the stream below it and adds to it a little further on."""
    reads = x - 0.35
    arrow(axes, (reads, STREAM + 0.1), (reads, PARTS - 0.55))
    axes.plot([back - 0.25, back], [PARTS, PARTS], color=GREY, linewidth=1.6)
    arrow(axes, (back, PARTS), (back, STREAM + 0.3), colour=GREY)
    axes.plot(back, STREAM, "o", markersize=15, color="white", markeredgecolor=GREY)
    label(axes, (back, STREAM), "+", size=13, bold=True)


def _reading(axes: Axes, y: float, start: float, result: str, colour: str) -> None:
    """Draw norm, unembedding and softmax from a place on, and what comes out."""
    if y == LENS:
        arrow(axes, (start, y), (start + 0.6, y), colour=colour, dashed=True)
        start += 0.6
    box(axes, (start + 0.95, y), "norm", width=1.9, edge=colour, size=11)
    arrow(axes, (start + 1.9, y), (start + 2.4, y), colour=colour)
    words = "unembedding,\nsoftmax"
    box(axes, (start + 4.1, y), words, width=3.4, height=1.4, edge=colour, size=11)
    arrow(axes, (start + 5.8, y), (start + 6.3, y), colour=colour)
    label(axes, (start + 6.45, y), result, size=10.5, colour=colour, align="left")
