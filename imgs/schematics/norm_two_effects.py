"""A vector that the unembedding does not see still flattens the prediction, through the norm."""

import numpy as np
from matplotlib.axes import Axes

from uncertainty.plotting.style import BLACK, BLUE, ORANGE, RED

from .style import GREY, arrow, canvas, label

ALT = (
    "A plane whose horizontal axis the unembedding reads and whose vertical axis it does not. The "
    "stream is an arrow to the right. The norm brings every stream to the same length, a circle. A "
    "neuron adds an arrow straight up. The sum points up and to the right, and brought back to the "
    "circle its horizontal part is shorter than before. On the right, the probabilities of three "
    "tokens: before, one stands out; after, they are more alike, in the same order."
)
TOKENS = ("Paris", "Lyon", "Rome")
READ = np.array([1.5, 0.4, -1.9])  # what each token reads of one step to the right
STREAM = (1.0, 0.25)
NEURON = (0.0, 1.6)
ORIGIN = (2.2, 2.4)
RADIUS = 3.0 / np.sqrt(2)  # centimetres a unit; the norm leaves a length of sqrt(2)


def _normed(vector: tuple[float, float]) -> np.ndarray:
    """Divide by the root mean square, as the final norm does."""
    return np.array(vector) / np.sqrt(np.mean(np.square(vector)))


def draw() -> Axes:
    """Draw the plane on the left, the two predictions on the right."""
    axes = canvas(25, 10.6)
    before = _normed(STREAM)
    after = _normed((STREAM[0] + NEURON[0], STREAM[1] + NEURON[1]))
    _draw_plane(axes, before, after)
    _draw_bars(axes, 15.6, before[0], "before the neuron", BLUE)
    _draw_bars(axes, 20.6, after[0], "with the neuron", ORANGE)
    label(axes, (19.3, 1.3), "flatter, and the order is kept", bold=True)
    return axes


def _place(vector, scale: float = RADIUS) -> tuple[float, float]:
    return ORIGIN[0] + scale * vector[0], ORIGIN[1] + scale * vector[1]


def _draw_plane(axes: Axes, before: np.ndarray, after: np.ndarray) -> None:
    angles = np.linspace(0, np.pi / 2, 80)
    x, y = _place((np.sqrt(2) * np.cos(angles), np.sqrt(2) * np.sin(angles)))
    axes.plot(x, y, color=GREY, linestyle="--", linewidth=1.3)
    arrow(axes, ORIGIN, (10.6, ORIGIN[1]), colour=GREY)
    arrow(axes, ORIGIN, (ORIGIN[0], 10.2), colour=GREY)
    label(axes, (10.7, 1.9), "read by the unembedding", size=11, colour=GREY, align="right")
    axes.text(1.7, 6.4, "not read", rotation=90, ha="center", va="center", fontsize=11, color=GREY)

    stream = _place(STREAM, 4.2)
    moved = _place((STREAM[0] + NEURON[0], STREAM[1] + NEURON[1]), 4.2)
    arrow(axes, ORIGIN, stream, colour=BLUE)
    label(axes, (stream[0] + 0.3, stream[1] + 0.1), "stream x", colour=BLUE, align="left")
    arrow(axes, stream, moved, colour=RED)
    label(
        axes,
        (moved[0] + 0.3, 6.6),
        "the neuron adds w,\nno logit sees it",
        colour=RED,
        align="left",
    )
    arrow(axes, ORIGIN, moved, colour=ORANGE)
    label(axes, (moved[0] + 0.3, moved[1]), "x + w", colour=ORANGE, align="left")
    for vector, colour, y in ((before, BLUE, 1.0), (after, ORANGE, 0.4)):
        at = _place(vector)
        axes.plot(*at, "o", color=colour, markersize=8)
        axes.plot([at[0], at[0]], [at[1], y], color=colour, linestyle=":", linewidth=1.3)
        axes.plot([ORIGIN[0], at[0]], [y, y], color=colour, linewidth=4, solid_capstyle="butt")
    label(axes, (5.5, 0.7), "what is left of x to read, after the norm", size=10, align="left")
    label(
        axes, (2.5, 9.4), "the norm brings\nall to one length", size=10, colour=GREY, align="left"
    )
    arrow(axes, (3.2, 8.8), (3.2, 5.3), colour=GREY)


def _draw_bars(axes: Axes, left: float, read: float, title: str, colour: str) -> None:
    """Draw the probabilities of the tokens as bars."""
    powers = np.exp(READ * read)
    base, height = 3.0, 5.0
    for place, (token, p) in enumerate(zip(TOKENS, powers / powers.sum())):
        x = left + 1.35 * place
        axes.bar(x, height * p, width=1.0, bottom=base, color=colour, edgecolor=BLACK)
        label(axes, (x, base - 0.45), token, size=11)
        label(axes, (x, base + height * p + 0.35), f"{p:.2f}", size=11)
    label(axes, (left + 1.35, 8.9), title, colour=colour, bold=True)
