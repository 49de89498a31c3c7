"""Vectors that have as much in the least-read direction as a neuron has."""

import numpy as np
from matplotlib.axes import Axes

from uncertainty.plotting.style import BLUE, GREEN, ORANGE

from .style import GREY, arrow, canvas, label

ALT = (
    "Three dimensions: two axes that are read span the floor, and the least-read one stands "
    "upright. Beside a neuron's vector w stand three other vectors with the same upright part; "
    "their tips and that of w lie on a circle."
)
# Where the drawing puts the two axes of the floor: seen from above at an angle, so that a circle
# parallel to the floor becomes an ellipse that lies level.
FLOOR = np.array([[0.82, -0.2], [-0.57, -0.29]])
ORIGIN = (5.8, 3.6)


def draw() -> Axes:
    """Draw w and three other vectors with the same upright part."""
    axes = canvas(12.5, 10.2)
    radius, height = 3.4, 3.6
    for end in ((5.2, 0, 0), (0, 5.2, 0), (0, 0, 5.9)):
        arrow(axes, ORIGIN, _place(end), colour=GREY)
    label(axes, (9.7, 2.1), "read", size=11, colour=GREY)
    label(axes, (2.3, 1.5), "read", size=11, colour=GREY)
    label(axes, (ORIGIN[0], 9.9), "hardly read", size=11, colour=GREY)
    angles = np.linspace(0, 2 * np.pi, 120)
    ring = [_place((radius * np.cos(t), radius * np.sin(t), height)) for t in angles]
    axes.plot(*zip(*ring), color=GREEN, linestyle="--", linewidth=1.3)
    axes.plot([ORIGIN[0]] * 2, [ORIGIN[1], ORIGIN[1] + height], color=ORANGE, linewidth=5)
    for turn in (1.2, 2.9, 5.0):
        tip = _place((radius * np.cos(turn), radius * np.sin(turn), height))
        arrow(axes, ORIGIN, tip, colour=GREEN, dashed=True)
    tip = _place((radius * np.cos(0.1), radius * np.sin(0.1), height))
    arrow(axes, ORIGIN, tip, colour=BLUE)
    label(axes, (tip[0] + 0.2, tip[1] - 0.45), "w", colour=BLUE, align="left")
    label(axes, (5.8, 0.7), "w and three vectors of equal rho", bold=True)
    return axes


def _place(point: tuple[float, float, float]) -> tuple[float, float]:
    """Where a point of the three dimensions, (two on the floor, height), lies in the drawing."""
    x, y = np.array(point[:2]) @ FLOOR
    return ORIGIN[0] + x, ORIGIN[1] + y + point[2]
