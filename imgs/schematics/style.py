"""The one style of the schematics: a white canvas in centimetres, boxes, arrows, rows of tokens."""

from collections.abc import Sequence

import matplotlib.pyplot as plt
from matplotlib.axes import Axes
from matplotlib.patches import FancyBboxPatch

from uncertainty.plotting.style import BLACK, BLUE

PALE = "#EAF3F9"  # the fill of a box that is not meant to stand out
GREY = "#777777"
TEXT = 12  # points; small print is 10, a title 14


def canvas(width: float, height: float) -> Axes:
    """Return an empty drawing area: x runs to `width`, y to `height`, one unit is a centimetre."""
    _, axes = plt.subplots(figsize=(width / 2.54, height / 2.54), layout="none")
    axes.set_position((0, 0, 1, 1))
    axes.set(xlim=(0, width), ylim=(0, height))
    axes.axis("off")
    return axes


def box(
    axes: Axes,
    middle: tuple[float, float],
    text: str,
    *,
    width: float = 3.0,
    height: float = 1.1,
    fill: str = PALE,
    edge: str = BLUE,
    size: float = TEXT,
    bold: bool = False,
) -> None:
    """Draw a round-cornered box with a text in its middle."""
    x, y = middle
    corner = (x - width / 2, y - height / 2)
    shape = "round,pad=0,rounding_size=0.18"
    patch = FancyBboxPatch(
        corner, width, height, boxstyle=shape, facecolor=fill, edgecolor=edge, linewidth=1.4
    )
    axes.add_patch(patch)
    label(axes, middle, text, size=size, bold=bold)


def label(
    axes: Axes,
    place: tuple[float, float],
    text: str,
    *,
    size: float = TEXT,
    colour: str = BLACK,
    align: str = "center",
    bold: bool = False,
) -> None:
    """Write a text; `align` is "left", "center" or "right"."""
    weight = "bold" if bold else "normal"
    axes.text(*place, text, ha=align, va="center", fontsize=size, color=colour, weight=weight)


def arrow(
    axes: Axes,
    start: tuple[float, float],
    end: tuple[float, float],
    *,
    colour: str = BLACK,
    dashed: bool = False,
    bend: float = 0.0,
) -> None:
    """Draw an arrow from one place to another; `bend` curves it, positive to its right."""
    style = {
        "arrowstyle": "-|>",
        "mutation_scale": 14,
        "color": colour,
        "linewidth": 1.6,
        "linestyle": "--" if dashed else "-",
        "shrinkA": 0,
        "shrinkB": 0,
        "connectionstyle": f"arc3,rad={bend}",
    }
    axes.annotate("", end, start, arrowprops=style)


def token_row(
    axes: Axes,
    corner: tuple[float, float],
    tokens: Sequence[str],
    *,
    fills: Sequence[str] | None = None,
    width: float = 1.5,
    height: float = 0.8,
    size: float = TEXT,
) -> None:
    """Draw tokens side by side as boxes that touch, from the lower left corner on."""
    for place, token in enumerate(tokens):
        middle = (corner[0] + (place + 0.5) * width, corner[1] + height / 2)
        fill = fills[place] if fills else PALE
        box(axes, middle, token, width=width, height=height, fill=fill, size=size)
