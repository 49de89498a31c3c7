"""Three depths: which tokens are the candidates, how many, and how many of them stay."""

from itertools import pairwise

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

from uncertainty.plotting.style import BLUE, GREEN, RED

from .style import GREY, arrow, canvas, label

ALT = (
    "Three groups of five bars, the probabilities of the next tokens Paris, Lyon, Rome, Nice and "
    "Bonn at three depths. The candidates, the fewest tokens that hold 60 % of the probability, "
    "are filled; the others are outlines. At the first depth Paris and Lyon are candidates and the "
    "entropy is 1.42. At the second Paris, Rome and Nice are, and the entropy is 1.60: the model "
    "expands, and one token of four is in both sets. At the third only Paris is, and the entropy "
    "is 0.78: the model prunes, and one token of three is in both sets."
)
TOKENS = ("Paris", "Lyon", "Rome", "Nice", "Bonn")
DEPTHS = np.array(
    [[0.4, 0.3, 0.1, 0.1, 0.1], [0.25, 0.15, 0.21, 0.21, 0.18], [0.8, 0.05, 0.05, 0.05, 0.05]]
)
NAMES = ("one depth", "the next", "the one after")
MASS = 0.6
LEFT, STEP, WIDTH, FLOOR, SCALE = 1.0, 1.25, 0.85, 2.0, 4.4
GROUP = 9.3  # centimetres from one depth to the next


def draw() -> Axes:
    """Draw the bars of each depth, and below what changes from one depth to the next."""
    axes = canvas(26, 8.9)
    for depth, p in enumerate(DEPTHS):
        _draw_depth(axes, p, left=LEFT + GROUP * depth, name=NAMES[depth])
    for depth, (one, other) in enumerate(pairwise(DEPTHS)):
        _draw_step(axes, one, other, middle=LEFT + GROUP * (depth + 1) - 1.5)
    return axes


def _candidates(p: np.ndarray) -> np.ndarray:
    """Return which tokens are in the smallest set that holds the mass."""
    order = np.argsort(-p, kind="stable")
    count = int(np.searchsorted(p[order].cumsum(), MASS)) + 1
    members = np.zeros(len(p), bool)
    members[order[:count]] = True
    return members


def _entropy(p: np.ndarray) -> float:
    return float(-(p * np.log(p)).sum())


def _draw_depth(axes: Axes, p: np.ndarray, *, left: float, name: str) -> None:
    """Draw one prediction; the candidates are filled, the others are outlines."""
    middle = left + 2 * STEP + WIDTH / 2
    label(axes, (middle, 8.3), name, bold=True)
    label(axes, (middle, 7.6), f"entropy {_entropy(p):.2f}", size=11, colour=BLUE)
    for place, (token, height, is_candidate) in enumerate(zip(TOKENS, p, _candidates(p))):
        x = left + place * STEP
        look = {"facecolor": BLUE, "alpha": 0.8} if is_candidate else {"facecolor": "none"}
        axes.add_patch(Rectangle((x, FLOOR), WIDTH, SCALE * height, edgecolor=BLUE, **look))
        label(axes, (x + WIDTH / 2, FLOOR + SCALE * height + 0.3), f"{height:.2f}", size=9)
        label(axes, (x + WIDTH / 2, FLOOR - 0.4), token, size=10)
    axes.plot([left - 0.2, left + 4 * STEP + WIDTH + 0.2], [FLOOR, FLOOR], color=GREY, linewidth=1)
    number = int(_candidates(p).sum())
    text = f"{number} candidate{'s' if number > 1 else ''}"
    label(axes, (middle, FLOOR - 1.2), text, size=11, colour=BLUE)


def _draw_step(axes: Axes, one: np.ndarray, other: np.ndarray, *, middle: float) -> None:
    """Draw what happens between two depths: the step of the entropy, and the overlap."""
    change = _entropy(other) - _entropy(one)
    name, colour = ("expands", GREEN) if change > 0 else ("prunes", RED)
    label(axes, (middle, 5.9), name, colour=colour, bold=True)
    label(axes, (middle, 5.3), f"step {change:+.2f}", size=10, colour=colour)
    arrow(axes, (middle - 1.0, 4.7), (middle + 1.0, 4.7), colour=colour)
    a, b = _candidates(one), _candidates(other)
    label(axes, (middle, 4.0), f"in both sets:\n{(a & b).sum()} of {(a | b).sum()}", size=10)
