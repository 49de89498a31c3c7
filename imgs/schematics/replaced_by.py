"""One neuron, two replacements: by its mean, and by zero. The arrows tell who is moved where."""

from matplotlib.axes import Axes

from uncertainty.plotting.style import BLACK, BLUE, ORANGE

from .style import GREY, arrow, canvas, label

ALT = (
    "Two rows with the same nine tokens as dots on a line of activations: seven near zero, two far "
    "to the right. Above, each activation is replaced by the mean, a dotted line: seven tokens are "
    "moved a little to the right and become surer, two are moved far to the left and become less "
    "sure, and the moves add up to zero. Below, the dotted line is at 0 and each is replaced by "
    "zero: three are moved a little to the right, six to the left, and on average the neuron is "
    "lowered, so the model becomes less sure."
)
ACTIVATIONS = (-1.6, -0.9, -0.4, 0.5, 0.9, 1.2, 1.5, 7.0, 9.8)
MEAN = sum(ACTIVATIONS) / len(ACTIVATIONS)


def draw() -> Axes:
    """Draw the mean above, zero below."""
    axes = canvas(26, 12.3)
    label(
        axes,
        (13, 11.8),
        "A neuron that makes the model surer when it is high, at nine tokens",
        bold=True,
    )
    _draw_row(axes, 7.1, MEAN, "replaced by its mean", "all moves\nadd up to 0", mark="mean")
    _draw_row(axes, 1.1, 0.0, "replaced by zero", "on average\nlowered", mark="0")
    axes.plot([5.6, 7.0], [5.75, 5.75], color=ORANGE, linestyle="--", linewidth=2)
    label(axes, (7.2, 5.75), "raised: the model is surer", size=11, colour=ORANGE, align="left")
    axes.plot([13.6, 15.0], [5.75, 5.75], color=BLUE, linewidth=2)
    label(axes, (15.2, 5.75), "lowered: less sure", size=11, colour=BLUE, align="left")
    return axes


def _draw_row(axes: Axes, base: float, value: float, title: str, total: str, *, mark: str) -> None:
    """Draw the tokens one under the other, each with its way to the value."""

    def place(activation: float) -> float:
        return 7.6 + 1.25 * activation

    label(axes, (0.3, base + 2.4), title, align="left", bold=True)
    raised = sum(activation < value for activation in ACTIVATIONS)
    counts = f"{raised} raised,\n{len(ACTIVATIONS) - raised} lowered"
    label(axes, (0.3, base + 1.3), counts, align="left")
    label(axes, (25.8, base + 1.9), total, align="right")
    arrow(axes, (5.0, base), (21.2, base), colour=GREY)
    label(axes, (21.3, base), "activation", size=10, colour=GREY, align="left")
    axes.plot([place(value)] * 2, [base, base + 4.1], color=BLACK, linestyle=":", linewidth=1.6)
    label(axes, (place(value), base - 0.55), mark, size=11, bold=True)
    for step, activation in enumerate(ACTIVATIONS):
        y = base + 0.45 + 0.42 * step
        is_raised = activation < value
        colour = ORANGE if is_raised else BLUE
        arrow(axes, (place(activation), y), (place(value), y), colour=colour, dashed=is_raised)
        axes.plot(place(activation), y, "o", color=colour, markersize=6)
