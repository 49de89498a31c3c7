"""Values with their intervals."""

from .style import BLACK, BLUE


def plot_intervals(axes, intervals: dict, reference: float | None = 0.5, plain: tuple = ()) -> None:
    """A dot and its interval (value, low, high) per name, the first on top; names in ``plain`` (baselines) are black squares."""
    for height, (name, (value, low, high)) in enumerate(intervals.items()):
        colour, marker = (BLACK, "s") if name in plain else (BLUE, "o")
        axes.plot([low, high], [-height, -height], "-", color=colour)
        axes.plot(value, -height, marker, color=colour, markersize=7)
    if reference is not None:
        axes.axvline(reference, color=BLACK, linestyle=":")
    axes.set_yticks(range(0, -len(intervals), -1), list(intervals))
