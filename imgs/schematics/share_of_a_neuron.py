"""How much of a neuron lies in the least-read directions."""

from matplotlib.axes import Axes

from uncertainty.plotting.style import BLUE, ORANGE

from .style import GREY, arrow, canvas, label

ALT = (
    "A plane: the directions that are read run to the right, the least-read ones upwards. A "
    "neuron's vector w of length 5 points up and to the right. Its part along the least-read "
    "directions is 3 long, so rho is 3 divided by 5, or 0.6."
)


def draw() -> Axes:
    """Draw the share of one neuron in a plane."""
    axes = canvas(12.5, 10.2)
    origin, unit = (1.8, 2.0), 1.55
    left, bottom = origin
    tip = (left + 4 * unit, bottom + 3 * unit)
    arrow(axes, origin, (left + 8.4, bottom), colour=GREY)
    arrow(axes, origin, (left, bottom + 6.4), colour=GREY)
    label(axes, (left + 4.2, bottom - 0.6), "read by the unembedding", size=11, colour=GREY)
    label(axes, (left, bottom + 6.8), "hardly read", size=11, colour=GREY)
    axes.plot([left, tip[0]], [tip[1], tip[1]], color=ORANGE, linestyle=":", linewidth=1.3)
    axes.plot([left, left], [bottom, tip[1]], color=ORANGE, linewidth=5, solid_capstyle="butt")
    arrow(axes, origin, tip, colour=BLUE)
    label(axes, (tip[0] + 0.2, tip[1] + 0.3), "w, length 5", colour=BLUE, align="left")
    label(axes, (left + 0.35, bottom + 3.6), "part 3", colour=ORANGE, align="left")
    label(axes, (left + 5.2, bottom + 6.8), "rho = 3 / 5 = 0.6", bold=True)
    return axes
