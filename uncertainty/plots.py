"""The look of every figure: large enough for the last row, colours that colour-blind eyes tell apart, never colour alone."""

from base64 import b64encode
from io import BytesIO

import matplotlib.pyplot as plt
from cycler import cycler
from IPython.display import display

from .heatmap import doubt_colour
from .token_uncertainty import token_measures

# Okabe and Ito's colours, each with a line style of its own, so that a grey print still tells them apart.
BLUE, ORANGE, GREEN, PINK, SKY, RED, BLACK = "#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00", "#222222"
STYLES = (cycler(color=[BLUE, ORANGE, GREEN, PINK, SKY, RED, BLACK])
          + cycler(linestyle=["-", "--", "-.", ":", (0, (5, 1)), (0, (1, 1)), (0, (3, 1, 1, 1))]))


def use_course_style() -> None:
    """Set matplotlib's defaults for the lessons."""
    plt.rcParams.update({
        "figure.figsize": (7, 3.6), "figure.dpi": 90, "figure.constrained_layout.use": True, "font.size": 12,
        "axes.prop_cycle": STYLES, "axes.spines.top": False, "axes.spines.right": False, "axes.grid": True,
        "grid.alpha": 0.3, "axes.axisbelow": True, "legend.frameon": False, "lines.linewidth": 2, "lines.markersize": 6,
    })


def show(figure, alt: str) -> None:
    """Display a figure with a description for those who cannot see it, and close it.

    Raises:
        ValueError: the description is empty.
    """
    if not alt.strip():
        raise ValueError("say in a sentence what the figure shows: show(figure, alt='...').")
    picture = BytesIO()
    figure.savefig(picture, format="png")
    plt.close(figure)
    image = b64encode(picture.getvalue()).decode()
    display({"image/png": image, "text/plain": alt}, metadata={"image/png": {"alt": alt}}, raw=True)


def plot_intervals(axes, intervals: dict, reference: float | None = 0.5, plain: tuple = ()) -> None:
    """A dot and its interval (value, low, high) per name, the first on top; names in ``plain`` (baselines) are black squares."""
    for height, (name, (value, low, high)) in enumerate(intervals.items()):
        colour, marker = (BLACK, "s") if name in plain else (BLUE, "o")
        axes.plot([low, high], [-height, -height], "-", color=colour)
        axes.plot(value, -height, marker, color=colour, markersize=7)
    if reference is not None:
        axes.axvline(reference, color=BLACK, linestyle=":")
    axes.set_yticks(range(0, -len(intervals), -1), list(intervals))


def plot_tokens(generation, *, width: int = 70, title: str | None = None):
    """The token heat map as a figure, for paper and for pages that drop HTML styles; returns the figure."""
    probabilities = token_measures(generation)["probability"].tolist()
    placed, lines = _flow(generation.tokens, width)
    figure, axes = plt.subplots(figsize=(0.125 * width, 0.62 * lines + (0.5 if title else 0.1)))
    for (label, column, line), p in zip(placed, probabilities):
        box = dict(facecolor=doubt_colour(1 - p), edgecolor="#bbbbbb", linewidth=0.6)
        axes.add_patch(plt.Rectangle((column, -line - 0.45), max(len(label), 4), 0.9, **box))
        centre = column + max(len(label), 4) / 2
        axes.text(centre, -line + 0.14, label, ha="center", va="center", family="monospace", fontsize=12)
        axes.text(centre, -line - 0.26, f"{p:.2f}", ha="center", va="center", fontsize=8, color="#333333")
    axes.set(xlim=(0, width), ylim=(-lines + 0.5, 0.5))
    axes.axis("off")
    if title:
        axes.set_title(title, loc="left")
    return figure


def _flow(labels: list[str], width: int) -> tuple[list[tuple[str, int, int]], int]:
    """Where each token goes: (text, column, line), broken into lines of `width` characters."""
    placed, column, line = [], 0, 0
    for label in labels:
        shown = "".join(c if c.isprintable() else "\u23ce" if c == "\n" else "\u00b7" for c in label).replace("$", r"\$")
        size = max(len(shown), 4)
        if column and column + size > width:
            column, line = 0, line + 1
        placed.append((shown, column, line))
        column += size
    return placed, line + 1
