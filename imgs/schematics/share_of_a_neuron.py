"""How much of a neuron lies in the least-read directions, and the vectors that have as much."""

import numpy as np
from matplotlib.axes import Axes

from uncertainty.plotting.style import BLUE, GREEN, ORANGE

from .style import GREY, arrow, canvas, label

ALT = (
    "Left, a plane: the directions that are read run to the right, the least-read ones upwards. A "
    "neuron's vector w of length 5 points up and to the right. Its part along the least-read "
    "directions is 3 long, so rho is 3 divided by 5, or 0.6. Right, the same in three dimensions: "
    "two axes that are read span the floor, and the least-read one stands upright. Beside w stand "
    "three other vectors with the same upright part; their tips and that of w lie on a circle."
)
# Where the drawing puts the two axes of the floor: seen from above at an angle, so that a circle
# parallel to the floor becomes an ellipse that lies level.
FLOOR = np.array([[0.82, -0.2], [-0.57, -0.29]])


def draw() -> Axes:
    """Draw the share on the left, vectors of equal share on the right."""
    axes = canvas(25, 10.2)
    _draw_share(axes, (1.8, 2.0), 1.55)
    _draw_equal(axes, (18.3, 3.6))
    return axes


def _draw_share(axes: Axes, origin: tuple[float, float], unit: float) -> None:
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


def _place(origin: tuple[float, float], point: tuple[float, float, float]) -> tuple[float, float]:
    """Where a point of the three dimensions, (two on the floor, height), lies in the drawing."""
    x, y = np.array(point[:2]) @ FLOOR
    return origin[0] + x, origin[1] + y + point[2]


def _draw_equal(axes: Axes, origin: tuple[float, float]) -> None:
    radius, height = 3.4, 3.6
    for end in ((5.2, 0, 0), (0, 5.2, 0), (0, 0, 5.9)):
        arrow(axes, origin, _place(origin, end), colour=GREY)
    label(axes, (22.2, 2.1), "read", size=11, colour=GREY)
    label(axes, (14.8, 1.5), "read", size=11, colour=GREY)
    label(axes, (origin[0], 9.9), "hardly read", size=11, colour=GREY)
    angles = np.linspace(0, 2 * np.pi, 120)
    ring = [_place(origin, (radius * np.cos(t), radius * np.sin(t), height)) for t in angles]
    axes.plot(*zip(*ring), color=GREEN, linestyle="--", linewidth=1.3)
    axes.plot([origin[0]] * 2, [origin[1], origin[1] + height], color=ORANGE, linewidth=5)
    for turn in (1.2, 2.9, 5.0):
        tip = _place(origin, (radius * np.cos(turn), radius * np.sin(turn), height))
        arrow(axes, origin, tip, colour=GREEN, dashed=True)
    tip = _place(origin, (radius * np.cos(0.1), radius * np.sin(0.1), height))
    arrow(axes, origin, tip, colour=BLUE)
    label(axes, (tip[0] + 0.2, tip[1] - 0.45), "w", colour=BLUE, align="left")
    label(axes, (18.3, 0.7), "w and three other vectors", bold=True)
