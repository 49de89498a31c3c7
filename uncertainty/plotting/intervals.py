"""Values with their intervals."""

from .style import BLACK, BLUE


def plot_intervals(axes, intervals: dict, reference: float | None = 0.5, plain: tuple = ()) -> None:
    """Draw a dot and its interval for each name, the first on top.

    Args:
        axes: of matplotlib.
        intervals: name -> (value, low, high).
        reference: where to draw a dotted vertical line; None for no line.
        plain: names drawn as black squares, the baselines.
    """
    for row, (name, (value, low, high)) in enumerate(intervals.items()):
        is_plain = name in plain
        colour = BLACK if is_plain else BLUE
        marker = "s" if is_plain else "o"
        axes.plot([low, high], [-row, -row], "-", color=colour)
        axes.plot(value, -row, marker, color=colour, markersize=7)
    if reference is not None:
        axes.axvline(reference, color=BLACK, linestyle=":")
    axes.set_yticks(range(0, -len(intervals), -1), list(intervals))
