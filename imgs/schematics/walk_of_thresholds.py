"""One walk along the thresholds: it ends at the first bound above the promised limit."""

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes

from uncertainty import risk_bound
from uncertainty.plotting.style import BLACK, BLUE, ORANGE, RED

from .style import GREY

ALT = (
    "Sixty answers in the order of their doubt, dots for right and crosses for wrong ones. Above "
    "them the upper bound of the risk, a line that starts behind the twelfth answer, a place "
    "chosen before grading. It falls while right answers are added and jumps at each wrong one. "
    "Where it first exceeds the promised limit, the walk ends. A little later "
    "the line, now grey, lies below the limit again: that part is not looked at."
)
WRONG = (23, 31, 38, 41, 44, 47, 57, 58, 59)  # their places, the surest answer first
START, LIMIT = 12, 0.2


def draw() -> Axes:
    """Draw the answers, the bound of each threshold and where the walk starts and ends."""
    wrong = np.zeros(60, bool)
    wrong[list(WRONG)] = True
    counts = np.arange(START, 61)
    bounds = np.array([risk_bound(int(wrong[:n].sum()), n) for n in counts])
    stop = counts[np.argmax(bounds > LIMIT)]
    figure, axes = plt.subplots(figsize=(10, 4))
    figure.subplots_adjust(left=0.08, right=0.98, bottom=0.15, top=0.97)
    axes.scatter(np.flatnonzero(~wrong) + 1, np.full(51, 0.02), 34, BLUE, label="right answer")
    axes.scatter(
        np.flatnonzero(wrong) + 1, np.full(9, 0.02), 44, RED, marker="X", label="wrong answer"
    )
    walked, later = counts <= stop, counts >= stop
    axes.step(counts[walked], bounds[walked], where="post", color=BLACK, label="upper bound")
    axes.step(counts[later], bounds[later], where="post", color="#AAAAAA", label="not looked at")
    axes.axhline(LIMIT, color=ORANGE, linestyle="--", label="promised limit")
    line = {"arrowstyle": "->", "color": BLACK}
    end = (stop, bounds[counts == stop][0])
    axes.annotate(
        "the first bound above the limit:\nthe walk ends", end, (19, 0.33), arrowprops=line
    )
    start = "the walk starts here: a place\nchosen before grading"
    axes.annotate(start, (START, bounds[0]), (1, 0.44), arrowprops=line)
    axes.set(xlabel="answers, from the smallest doubt to the largest", ylabel="risk")
    axes.set(xlim=(0, 61), ylim=(-0.02, 0.5))
    axes.spines[["top", "right"]].set_visible(False)
    axes.tick_params(colors=GREY)
    axes.legend(ncols=2, loc="upper right", fontsize=10.5, frameon=False)
    return axes
