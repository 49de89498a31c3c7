"""Where a norm follows the MLP, the length of its output disappears before it is added."""

from matplotlib.axes import Axes

from uncertainty.plotting.style import BLUE, ORANGE, RED

from .style import GREY, arrow, box, canvas, label

ALT = (
    "Two rows, each a residual stream that runs from left to right, with an MLP whose output "
    "weights were doubled. Like SmolLM2: the MLP writes a vector twice as long, and what is added "
    "to the stream is twice as long. Like Gemma: the vector twice as long passes a norm, and what "
    "is added is as long as before."
)


def draw() -> Axes:
    """Draw both architectures, one above the other."""
    axes = canvas(20, 9.6)
    _row(axes, 6.2, "like SmolLM2", norm=False)
    _row(axes, 1.4, "like Gemma", norm=True)
    return axes


def _row(axes: Axes, y: float, name: str, *, norm: bool) -> None:
    label(axes, (0.2, y + 2.6), name, align="left", bold=True, size=13)
    label(axes, (0.2, y - 0.55), "residual stream", align="left", size=10.5, colour=GREY)
    arrow(axes, (0.2, y), (19.6, y))
    box(axes, (5.2, y + 1.6), "MLP, output\nweights doubled", width=4.0, height=1.4, size=11)
    arrow(axes, (2.6, y), (3.2, y + 1.4), colour=GREY)
    arrow(axes, (7.2, y + 1.6), (10.4 if norm else 14.0, y + 1.6), colour=RED)
    label(axes, (8.8, y + 2.05), "twice as long", size=10.5, colour=RED)
    if norm:
        box(axes, (11.4, y + 1.6), "norm", width=2.0, height=1.2, edge=ORANGE, size=11)
        arrow(axes, (12.4, y + 1.6), (14.0, y + 1.6), colour=BLUE)
        label(axes, (14.2, y + 2.05), "as long as before", size=10.5, colour=BLUE)
    colour = BLUE if norm else RED
    arrow(axes, (14.0, y + 1.6), (15.0, y + 0.35), colour=colour)
    box(axes, (15.1, y), "+", width=0.8, height=0.7, size=13, fill="white")
    text = "nothing changes" if norm else "the logits change"
    label(axes, (17.7, y + 0.5), text, size=11, colour=colour)
