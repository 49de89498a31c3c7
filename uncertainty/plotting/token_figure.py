"""The token heat map as a figure."""

import matplotlib.pyplot as plt

from ..measures.token_measures import token_measures
from .heatmap import doubt_colour


def plot_tokens(generation, *, width: int = 70, title: str | None = None):
    """The token heat map as a figure, for paper and for pages that drop HTML styles; returns the figure."""
    probabilities = token_measures(generation)["probability"].tolist()
    placed, lines = _flow(generation.tokens, width)
    figure, axes = plt.subplots(figsize=(0.125 * width, 0.62 * lines + (0.5 if title else 0.1)))
    for (label, column, line), p in zip(placed, probabilities):
        box = dict(facecolor=doubt_colour(1 - p), edgecolor="#bbbbbb", linewidth=0.6)
        axes.add_patch(plt.Rectangle((column, -line - 0.45), max(len(label), 4), 0.9, **box))
        centre = column + max(len(label), 4) / 2
        axes.text(
            centre, -line + 0.14, label, ha="center", va="center", family="monospace", fontsize=12
        )
        axes.text(
            centre, -line - 0.26, f"{p:.2f}", ha="center", va="center", fontsize=8, color="#333333"
        )
    axes.set(xlim=(0, width), ylim=(-lines + 0.5, 0.5))
    axes.axis("off")
    if title:
        axes.set_title(title, loc="left")
    return figure


def _flow(labels: list[str], width: int) -> tuple[list[tuple[str, int, int]], int]:
    """Where each token goes: (text, column, line), broken into lines of `width` characters."""
    placed, column, line = [], 0, 0
    for label in labels:
        shown = "".join(
            c if c.isprintable() else "\u23ce" if c == "\n" else "\u00b7" for c in label
        ).replace("$", r"\$")
        size = max(len(shown), 4)
        if column and column + size > width:
            column, line = 0, line + 1
        placed.append((shown, column, line))
        column += size
    return placed, line + 1
