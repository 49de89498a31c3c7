"""What the four measures of a token read from one distribution over the next token."""

from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

from uncertainty.plotting.style import BLUE, GREEN, ORANGE, RED

from .style import GREY, arrow, canvas, label

ALT = (
    "Seven bars, the probabilities of seven possible next tokens, from high to low. The first bar "
    "is the favourite: its height is max p. The gap between the first bar and the second, the "
    "runner-up, is the margin. The third bar is the token that was written: its height is p, and "
    "minus its logarithm is the surprisal. A bracket over all bars says that the entropy reads the "
    "whole distribution."
)
TOKENS = (" Paris", " Lyon", " Rome", " a", " the", " in", "...")
HEIGHTS = (4.2, 2.6, 1.7, 0.9, 0.6, 0.4, 0.3)  # centimetres, for bars that stand for probabilities
FIRST, STEP, WIDTH, FLOOR = 3.0, 2.1, 1.2, 1.6
WRITTEN = 2


def draw() -> Axes:
    """Draw the bars and what each measure reads from them."""
    axes = canvas(18.2, 8.2)
    for place, (token, height) in enumerate(zip(TOKENS, HEIGHTS)):
        colour = ORANGE if place == WRITTEN else BLUE
        corner = (_middle(place) - WIDTH / 2, FLOOR)
        axes.add_patch(Rectangle(corner, WIDTH, height, facecolor=colour, alpha=0.75))
        label(axes, (_middle(place), FLOOR - 0.45), token, size=11)
    axes.plot([1.6, 17.4], [FLOOR, FLOOR], color=GREY, linewidth=1)
    _favourite_and_margin(axes)
    _written_token(axes)
    _entropy_bracket(axes)
    return axes


def _middle(place: int) -> float:
    return FIRST + place * STEP


def _favourite_and_margin(axes: Axes) -> None:
    """Mark the height of the first bar, and the gap to the second one."""
    left = _middle(0) - WIDTH / 2 - 0.3
    arrow(axes, (left, FLOOR), (left, FLOOR + HEIGHTS[0]), colour=BLUE)
    label(axes, (left - 0.2, FLOOR + 2.1), "max p", colour=BLUE, align="right", bold=True)
    top, second = FLOOR + HEIGHTS[0], FLOOR + HEIGHTS[1]
    axes.plot([_middle(0), _middle(1) + 0.9], [top, top], color=GREEN, linestyle=":", linewidth=1.4)
    arrow(axes, (_middle(1), second), (_middle(1), top), colour=GREEN)
    label(axes, (_middle(1) + 0.25, top - 0.7), "margin", colour=GREEN, align="left", bold=True)


def _written_token(axes: Axes) -> None:
    """Mark the token that was written, with its probability."""
    place = (_middle(WRITTEN) + WIDTH / 2, FLOOR + HEIGHTS[WRITTEN] - 0.15)
    start = (_middle(4) - 0.55, FLOOR + 2.5)
    arrow(axes, start, place, colour=RED)
    text = "the written token:\np, and surprisal -log p"
    label(axes, (start[0] + 0.15, start[1] + 0.3), text, colour=RED, align="left", bold=True)


def _entropy_bracket(axes: Axes) -> None:
    """Draw a bracket over all bars."""
    low, high = _middle(0) - WIDTH / 2, _middle(6) + WIDTH / 2
    axes.plot([low, low, high, high], [6.5, 6.9, 6.9, 6.5], color=GREY, linewidth=1.6)
    label(axes, ((low + high) / 2, 7.5), "entropy reads all of them", colour=GREY, bold=True)
    label(axes, ((low + high) / 2, 0.4), "possible next tokens", size=11, colour=GREY)
