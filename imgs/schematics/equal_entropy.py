"""At equal entropy: a plain difference of means beside the difference bin by bin."""

from matplotlib.axes import Axes

from uncertainty.plotting.style import BLACK, BLUE, ORANGE

from .style import GREY, arrow, box, canvas, label

ALT = (
    "A neuron's activation against the entropy, with two bins: sure to the left, unsure to the "
    "right. In the sure bin lie two positions read once, with a mean of 3.0, and eight of the "
    "repeat, with a mean of 3.4. In the unsure bin lie eight read once, with a mean of -1.0, and "
    "two of the repeat, with a mean of -0.6. To the right, the plain means are 2.6 on the repeat "
    "and -0.2 read once, 2.8 apart. At equal entropy the positions read once, counted as often as "
    "the repeat fills each bin, have a mean of 2.2, and only 0.4 is left."
)
# (left edge, right edge, activations read once, activations on the repeat), made up
BINS = (
    (2.2, 7.6, (2.6, 3.4), (3.1, 3.8, 3.3, 3.0, 3.7, 3.5, 3.2, 3.6)),
    (7.6, 13.0, (-0.6, -1.3, -1.0, -0.7, -1.4, -1.1, -0.8, -1.1), (-0.3, -0.9)),
)


def draw() -> Axes:
    """Draw the positions in two bins on the left, and the two comparisons on the right."""
    axes = canvas(27, 10.4)
    _draw_bins(axes)
    told = "Eight of ten positions are sure on the repeat,\nand two of ten in the text read once."
    label(axes, (20.6, 1.6), told, size=11, colour=GREY)
    _draw_comparison(axes, 17.9, "plain means", ("2.6", "-0.2", "2.8 apart"))
    _draw_comparison(axes, 23.4, "at equal entropy", ("2.6", "2.2", "0.4 is left"))
    return axes


def _height(activation: float) -> float:
    """Return where an activation lies on the canvas."""
    return 4.2 + 1.15 * activation


def _draw_bins(axes: Axes) -> None:
    arrow(axes, (2.2, 1.9), (13.4, 1.9), colour=GREY)
    arrow(axes, (2.2, 1.9), (2.2, 9.4), colour=GREY)
    label(axes, (7.6, 0.6), "entropy", size=11, colour=GREY)
    label(axes, (2.2, 9.8), "activation", size=11, colour=GREY)
    axes.plot([7.6, 7.6], [1.9, 9.0], color=GREY, linewidth=1.2, linestyle=":")
    for (left, right, once, twice), name in zip(BINS, ("sure", "unsure")):
        label(axes, ((left + right) / 2, 1.35), name, bold=True)
        for values, colour, mark, style, start in (
            (once, ORANGE, "s", "--", left + 0.35),
            (twice, BLUE, "o", "-", left + 0.55),
        ):
            step = 3.7 / len(values)
            x = [start + step * (place + 0.4) for place in range(len(values))]
            axes.plot(x, [_height(v) for v in values], mark, color=colour, markersize=6, alpha=0.6)
            mean = sum(values) / len(values)
            ends = [left + 0.2, right - 0.2]
            axes.plot(ends, [_height(mean)] * 2, color=colour, linewidth=2.2, linestyle=style)
            above = 0.4 if colour == BLUE else -0.4
            place = (right - 0.65, _height(mean) + above)
            label(axes, place, f"{mean:.1f}", colour=colour, bold=True)
    axes.plot(3.0, 5.6, "o", color=BLUE, markersize=6)
    label(axes, (3.3, 5.6), "on the repeat", size=11, colour=BLUE, align="left")
    axes.plot(3.0, 4.9, "s", color=ORANGE, markersize=6)
    label(axes, (3.3, 4.9), "read once", size=11, colour=ORANGE, align="left")


def _draw_comparison(axes: Axes, x: float, title: str, numbers: tuple[str, str, str]) -> None:
    repeat, once, left = numbers
    label(axes, (x, 9.3), title, bold=True)
    box(axes, (x, 7.8), f"repeat {repeat}", width=4.4, edge=BLUE, fill="white")
    box(axes, (x, 5.9), f"read once {once}", width=4.4, edge=ORANGE, fill="white")
    arrow(axes, (x, 5.2), (x, 4.0))
    label(axes, (x, 3.4), left, size=14, colour=BLACK, bold=True)
