"""A control direction that resembles a neuron's pattern as much as word frequency does."""

import numpy as np
from matplotlib.axes import Axes

from uncertainty.plotting.style import BLACK, BLUE, GREEN, ORANGE

from .style import GREY, arrow, box, canvas, label

ALT = (
    "Two drawings of the same three axes: v, the frequency direction, to the right, a second one "
    "upwards, and a third one towards the reader. The neuron's pattern u is an arrow between v and "
    "the upward axis, (0.6, 0.8, 0), with a cosine of 0.6 to v. Left, a random direction points "
    "along the third axis: its cosine with u is 0, so almost nothing can go through it. Right, the "
    "direction d, (0, 0.75, 0.66), leans from the upward axis towards the reader: its cosine with "
    "u is 0.6, as that of v, and its cosine with v is 0. Two arcs, from u to v and from u to d, "
    "are both marked 0.6."
)
Vector = tuple[float, float, float]
LENGTH = 4.6
AXES = ((1.0, 0.0), (0.0, 1.0), (-0.62, -0.42))  # how v, r and g lie on the page
V, U, D, RANDOM = (1.0, 0.0, 0.0), (0.6, 0.8, 0.0), (0.0, 0.75, 0.66), (0.0, 0.0, 1.0)


def draw() -> Axes:
    """Draw the random direction on the left, and the one of equal cosine on the right."""
    axes = canvas(26, 10.6)
    for x, title, direction, name, colour in (
        (4.9, "a random direction", RANDOM, "random", ORANGE),
        (17.4, "a direction of equal cosine", D, "d", GREEN),
    ):
        _draw_axes(axes, x)
        label(axes, (x + 1.6, 10.0), title, bold=True, colour=colour)
        end = _place(x, direction)
        arrow(axes, _place(x, (0, 0, 0)), end, colour=colour)
        beside = (end[0] + 0.5, end[1] - 0.35) if name == "random" else (end[0] - 0.6, end[1])
        side = "left" if name == "random" else "center"
        label(axes, beside, name, bold=True, colour=colour, align=side)
        _draw_angle(axes, x, U, V, BLUE)
        if name == "d":
            _draw_angle(axes, x, U, D, GREEN)
    box(axes, (6.5, 0.75), "cosine with u: 0   with v: 0", width=6.6, edge=ORANGE)
    box(axes, (19.0, 0.75), "cosine with u: 0.6   with v: 0", width=6.6, edge=GREEN)
    label(axes, (12.6, 6.6), "as near to u\nas v is ...", size=11, colour=GREEN)
    label(axes, (12.6, 4.7), "... and nothing\nof v in it", size=11, colour=GREEN)
    return axes


def _draw_axes(axes: Axes, x: float) -> None:
    start = _place(x, (0, 0, 0))
    arrow(axes, start, _place(x, (0, 1.12, 0)), colour=GREY, dashed=True)
    arrow(axes, start, _place(x, (0, 0, 1.12)), colour=GREY, dashed=True)
    arrow(axes, start, _place(x, (1.12, 0, 0)), colour=BLUE)
    arrow(axes, start, _place(x, U), colour=BLACK)
    right, top = _place(x, (1.12, 0, 0)), _place(x, U)
    label(axes, (right[0] + 0.3, right[1]), "v", bold=True, colour=BLUE, align="left")
    told = "u, the neuron's pattern"
    label(axes, (top[0] + 0.25, top[1] + 0.25), told, size=11, align="left")


def _draw_angle(axes: Axes, x: float, first: Vector, second: Vector, colour: str) -> None:
    """Draw an arc between two directions, with the cosine 0.6 on it."""
    share = np.linspace(0, 1, 30)[:, None]
    between = (1 - share) * np.array(first) + share * np.array(second)
    between *= 0.45 / np.linalg.norm(between, axis=1, keepdims=True)
    points = np.array([_place(x, tuple(point)) for point in between])
    axes.plot(*points.T, color=colour, linewidth=1.4)
    place = 24 if second == D else 15  # beside the upward axis, not on it
    middle, start = points[place], np.array(_place(x, (0, 0, 0)))
    away = (middle - start) / np.linalg.norm(middle - start)
    label(axes, tuple(middle + 0.45 * away), "0.6", size=11, colour=colour)


def _place(x: float, vector: Vector) -> tuple[float, float]:
    """Return where a vector of three numbers ends on the page, drawn from (x, 4)."""
    across = sum(part * axis[0] for part, axis in zip(vector, AXES))
    upwards = sum(part * axis[1] for part, axis in zip(vector, AXES))
    return x + LENGTH * across, 3.9 + LENGTH * upwards
