"""The token heat map as a figure."""

from collections.abc import Sequence
from typing import NamedTuple

import matplotlib.pyplot as plt
from matplotlib.figure import Figure

from ..measures.token_measures import token_measures
from .heatmap import doubt_colour
from .labels import printable, without_formulas

NARROWEST = 4  # characters: the probability below a token needs so much room


class PlacedToken(NamedTuple):
    """Where a token is drawn: its text, its first column, how many columns it takes, its line."""

    text: str
    column: int
    width: int
    line: int


def plot_tokens(generation, *, width: int = 70, title: str | None = None) -> Figure:
    """Draw the token heat map as a figure, for paper and for pages that drop HTML styles.

    Args:
        width: of a line, in characters.
    """
    probabilities = token_measures(generation)["probability"].tolist()
    return plot_shaded_tokens(
        generation.tokens,
        shades=[1 - probability for probability in probabilities],
        numbers=[f"{probability:.2f}" for probability in probabilities],
        width=width,
        title=title,
    )


def plot_shaded_tokens(
    tokens: Sequence[str],
    *,
    shades: Sequence[float],
    numbers: Sequence[str],
    width: int = 70,
    title: str | None = None,
) -> Figure:
    """Draw tokens in boxes with a shade and a number each.

    Args:
        shades: between 0 (white) and 1 (orange).
        numbers: what stands below each token, four characters or so.
        width: of a line, in characters.

    Raises:
        ValueError: another number of shades or numbers than tokens.
    """
    if not len(tokens) == len(shades) == len(numbers):
        raise ValueError(
            "need a shade and a number for each token, got "
            f"{len(tokens)} tokens, {len(shades)} shades and {len(numbers)} numbers."
        )
    placed = _break_into_lines(tokens, width)
    lines = placed[-1].line + 1 if placed else 1
    room_for_title = 0.5 if title else 0.1
    figure, axes = plt.subplots(figsize=(0.125 * width, 0.62 * lines + room_for_title))
    for token, shade, number in zip(placed, shades, numbers):
        box = plt.Rectangle(
            (token.column, -token.line - 0.45),
            token.width,
            0.9,
            facecolor=doubt_colour(shade),
            edgecolor="#bbbbbb",
            linewidth=0.6,
        )
        axes.add_patch(box)
        centre = token.column + token.width / 2
        axes.text(
            centre,
            -token.line + 0.14,
            token.text,
            ha="center",
            va="center",
            family="monospace",
            fontsize=12,
        )
        axes.text(
            centre,
            -token.line - 0.26,
            number,
            ha="center",
            va="center",
            fontsize=8,
            color="#333333",
        )
    axes.set_xlim(0, width)
    axes.set_ylim(-lines + 0.5, 0.5)
    axes.axis("off")
    if title:
        axes.set_title(title, loc="left")
    return figure


def _break_into_lines(labels: Sequence[str], width: int) -> list[PlacedToken]:
    """Place the tokens one after the other, in lines of ``width`` characters."""
    placed = []
    column = 0
    line = 0
    for label in labels:
        text = without_formulas(printable(label))
        size = max(len(text), NARROWEST)
        if column and column + size > width:
            column = 0
            line += 1
        placed.append(PlacedToken(text, column, size, line))
        column += size
    return placed
