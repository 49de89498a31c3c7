"""Two effects on two sides of a bar, and the interval of their difference."""

from matplotlib.axes import Axes

from uncertainty.plotting.style import BLACK, BLUE, ORANGE

from .style import GREY, canvas, label

ALT = (
    "Two number lines. On the upper one a bar stands at 0.10. The effect on one model is 0.11, "
    "with an interval from 0.05 to 0.17, to the right of the bar: it shows. The effect on another "
    "model is 0.09, with an interval from 0.03 to 0.15, to the left of the bar: it is weak. On the "
    "lower line the difference of the two effects is 0.02, with an interval from -0.06 to 0.10, "
    "which includes 0."
)
ZERO = 8.0  # centimetres from the left where both lines have their 0
UNIT = 40.0  # centimetres for an effect of 1


def draw() -> Axes:
    """Draw both lines, one above the other."""
    axes = canvas(20, 9.4)
    _line(axes, 5.4, "effect", 0.0, 0.2)
    _interval(axes, 7.7, (0.11, 0.05, 0.17), BLUE, "o", "one model: shows")
    _interval(axes, 6.5, (0.09, 0.03, 0.15), ORANGE, "s", "another model: weak")
    bar = ZERO + 0.10 * UNIT
    axes.plot([bar] * 2, [5.4, 8.4], color=BLACK, linewidth=1.6, linestyle="--")
    label(axes, (bar, 8.75), "bar 0.10", size=11)
    _line(axes, 1.2, "difference", -0.1, 0.2)
    _interval(axes, 2.4, (0.02, -0.065, 0.105), BLACK, "D", "")
    axes.plot([ZERO] * 2, [1.2, 3.2], color=GREY, linewidth=1.6, linestyle=":")
    label(axes, (ZERO, 3.55), "no difference", size=11, colour=GREY)
    return axes


def _line(axes: Axes, y: float, name: str, first: float, last: float) -> None:
    """Draw a number line with its name and a mark at every tenth."""
    axes.plot([ZERO + first * UNIT, ZERO + last * UNIT], [y, y], color=GREY, linewidth=1.4)
    label(axes, (0.2, y), name, align="left", bold=True)
    for tenth in range(round(first * 10), round(last * 10) + 1):
        x = ZERO + tenth / 10 * UNIT
        axes.plot([x, x], [y - 0.12, y + 0.12], color=GREY, linewidth=1.4)
        label(axes, (x, y - 0.5), f"{tenth / 10:.1f}", size=10.5, colour=GREY)


def _interval(
    axes: Axes,
    y: float,
    figures: tuple[float, float, float],
    colour: str,
    marker: str,
    name: str,
) -> None:
    """Draw a value with its interval, and its name on the left."""
    value, low, high = (ZERO + figure * UNIT for figure in figures)
    axes.plot([low, high], [y, y], color=colour, linewidth=2.2)
    axes.plot(value, y, marker, color=colour, markersize=8)
    label(axes, (0.2, y), name, align="left", size=11, colour=colour)
