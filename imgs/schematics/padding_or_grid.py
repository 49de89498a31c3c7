"""Two profiles of unequal length: filled up with zeros, or stretched to a common grid."""

import numpy as np
from matplotlib.axes import Axes

from uncertainty.plotting.style import BLUE, GREEN, ORANGE, RED

from .style import GREY, PALE, arrow, box, canvas, label

ALT = (
    "Two profiles of entropy, one of a network with four blocks and one of a network with eight. "
    "On the left the short one is filled up with zeros: the columns that hold zeros tell which "
    "network it is, whatever the entropies are. On the right both are stretched to five columns "
    "that run from the first depth to the last: there is no column of zeros."
)
SHORT = np.array([5.0, 4.6, 4.8, 3.9, 2.4])
LONG = np.array([5.1, 4.9, 4.5, 4.7, 4.6, 4.2, 3.6, 3.0, 2.1])
ZERO = "#F6D9CF"  # the fill of a box that was filled up


def draw() -> Axes:
    """Draw the profiles above, what each choice makes of them below."""
    axes = canvas(26, 9.4)
    label(axes, (13, 9.0), "entropy at each depth", size=11, colour=GREY)
    _draw_row(axes, SHORT, left=8.6, y=8.1, name="4 blocks")
    _draw_row(axes, LONG, left=8.6, y=7.1, name="8 blocks")
    arrow(axes, (9.5, 6.5), (7.2, 5.7))
    arrow(axes, (16.5, 6.5), (18.8, 5.7))

    label(axes, (6.6, 5.2), "filled up with zeros", bold=True)
    padded = np.pad(SHORT, (0, len(LONG) - len(SHORT)))
    _draw_row(axes, padded, left=2.6, y=4.3, name="4 blocks")
    _draw_row(axes, LONG, left=2.6, y=3.3, name="8 blocks")
    label(axes, (8.6, 2.3), "these columns tell the network,", size=11, colour=RED)
    label(axes, (8.6, 1.7), "whatever it computes", size=11, colour=RED)

    label(axes, (20.2, 5.2), "a common grid", bold=True)
    for profile, y, name in ((SHORT, 4.3, "4 blocks"), (LONG, 3.3, "8 blocks")):
        depths = np.linspace(0, 1, len(profile))
        on_grid = np.interp(np.linspace(0, 1, 5), depths, profile)
        _draw_row(axes, on_grid, left=18.0, y=y, name=name, edge=GREEN)
    label(axes, (18.4, 2.3), "first\ndepth", size=10, colour=GREY)
    label(axes, (22.0, 2.3), "last\ndepth", size=10, colour=GREY)
    label(axes, (20.2, 1.1), "no column of zeros", size=11, colour=GREEN)
    return axes


def _draw_row(
    axes: Axes, profile: np.ndarray, *, left: float, y: float, name: str, edge: str = BLUE
) -> None:
    """Draw the numbers of a profile side by side; zeros stand out."""
    label(axes, (left - 0.2, y), name, size=11, align="right")
    for place, value in enumerate(profile):
        middle = (left + 0.45 + 0.9 * place, y)
        is_filled = value == 0
        text = "0" if is_filled else f"{value:.1f}"
        fill = ZERO if is_filled else PALE
        rim = ORANGE if is_filled else edge
        box(axes, middle, text, width=0.88, height=0.8, fill=fill, edge=rim, size=10)
