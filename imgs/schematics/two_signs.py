"""What a neuron can do to a prediction: two signs, four cases."""

from math import log

from matplotlib.axes import Axes

from uncertainty.plotting.style import BLUE, GREEN, ORANGE

from .style import GREY, arrow, canvas, label

ALT = (
    "Left, bars for three tokens, the, Paris and zinc: the list of word frequencies has 0.80, "
    "0.15 and 0.05, a prediction with the neuron silenced 0.20, 0.70 and 0.10. An arrow leads "
    "from it to each of two rows on the right: four predictions with the neuron active, in two "
    "rows and two columns. It raises the entropy in the upper row and lowers it in the lower one; "
    "it goes towards the list on the left and away from it on the right. Probability that leaves "
    "Paris for the raises the entropy and goes towards the list: the paper calls this hedging. If "
    "it leaves for zinc, the entropy rises, too, but the prediction goes away from the list."
)
TOKENS = ("the", "Paris", "zinc")
LIST, BEFORE = (0.80, 0.15, 0.05), (0.20, 0.70, 0.10)
WITH = {  # with the neuron: (row, column)
    (0, 0): (0.35, 0.50, 0.15),
    (0, 1): (0.15, 0.60, 0.25),
    (1, 0): (0.24, 0.74, 0.02),
    (1, 1): (0.10, 0.85, 0.05),
}


def draw() -> Axes:
    """Draw the list and the clean prediction on the left, the four cases on the right."""
    axes = canvas(26, 12.4)
    label(axes, (3.2, 11.6), "the list", bold=True, colour=BLUE)
    _bars(axes, (1.2, 7.7), LIST, colour=BLUE)
    label(axes, (3.2, 5.9), "neuron silenced", bold=True)
    _bars(axes, (1.2, 2.0), BEFORE, colour=GREY)
    label(axes, (3.2, 0.55), _told(BEFORE), size=11)
    for end in (8.3, 3.4):
        arrow(axes, (5.7, 3.4), (7.7, end), colour=GREY)
    for column, title in enumerate(("towards the list", "away from the list")):
        label(axes, (13.4 + 7.6 * column, 11.9), title, bold=True)
    for row, title in enumerate(("raises\nthe entropy", "lowers\nthe entropy")):
        label(axes, (9.5, 9.0 - 5.7 * row), title, bold=True)
    for (row, column), shares in WITH.items():
        x, y = 11.4 + 7.6 * column, 7.7 - 5.7 * row
        hedge = row == column == 0
        _bars(axes, (x, y), shares, colour=GREEN if hedge else ORANGE, before=BEFORE)
        label(axes, (x + 2.0, y - 1.2), _told(shares), size=11)
        if hedge:
            label(axes, (x + 2.9, y + 2.9), '"hedging"', colour=GREEN, bold=True, align="left")
    return axes


def _bars(
    axes: Axes,
    corner: tuple[float, float],
    shares: tuple[float, ...],
    *,
    colour: str,
    before: tuple[float, ...] | None = None,
) -> None:
    """Draw three bars, and as outlines what they were before."""
    x, y = corner
    axes.plot([x, x + 4.0], [y, y], color=GREY, linewidth=1.2)
    for place, (token, share) in enumerate(zip(TOKENS, shares)):
        middle = x + 0.7 + 1.3 * place
        axes.bar(middle, 3.4 * share, width=0.85, bottom=y, color=colour)
        if before:
            axes.bar(
                middle,
                3.4 * before[place],
                width=0.85,
                bottom=y,
                facecolor="none",
                edgecolor=GREY,
                linestyle="--",
            )
        label(axes, (middle, y - 0.45), token, size=11)


def _told(shares: tuple[float, ...]) -> str:
    entropy = -sum(p * log(p) for p in shares)
    distance = sum(f * log(f / p) for f, p in zip(LIST, shares))
    return f"entropy {entropy:.2f}, distance {distance:.2f}"
