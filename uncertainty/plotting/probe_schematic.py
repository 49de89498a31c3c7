"""Schematic of a probe: which states it reads, and which answers it may learn from."""

import matplotlib.pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from .style import BLACK, BLUE, GREEN, ORANGE, SKY

TOKENS = ("...", "answer:", "The", "capital", "is", "Lima")
PROMPT = 2  # of the tokens above belong to the prompt
ROWS = 4  # depths that are drawn
CHOSEN = 2
FOLDS = 5
INNER = 3  # folds inside, for the choice


def probe_schematic() -> Figure:
    """Draw the states that a probe reads, and the folds it is chosen, fitted and judged on."""
    figure, (states, folds) = plt.subplots(1, 2, figsize=(11, 3.8), width_ratios=[5, 6])
    _draw_states(states)
    _draw_folds(folds)
    for axes in (states, folds):
        axes.axis("off")
    return figure


def _draw_states(axes: Axes) -> None:
    """Tokens as columns, depths as rows; the probe reads one row of the answer."""
    for column, token in enumerate(TOKENS):
        is_answer = column >= PROMPT
        axes.text(column, -0.75, token, ha="center", va="center", fontsize=11)
        for row in range(ROWS):
            read = is_answer and row == CHOSEN
            colour = ORANGE if read else ("#DDEAF3" if is_answer else "#EEEEEE")
            corner = (column - 0.4, row - 0.32)
            box = plt.Rectangle(corner, 0.8, 0.64, facecolor=colour, edgecolor=BLACK)
            axes.add_patch(box)
    axes.text(-0.7, 0, "depth 0", ha="right", va="center", fontsize=11)
    axes.text(-0.7, CHOSEN, "depth l", ha="right", va="center", fontsize=11)
    middle = (PROMPT + len(TOKENS) - 1) / 2
    arrow = {"arrowstyle": "-|>", "color": BLACK, "linewidth": 1.5}
    axes.annotate("", (middle, ROWS + 0.25), (middle, CHOSEN + 0.35), arrowprops=arrow)
    axes.text(
        middle,
        ROWS + 0.65,
        "mean of the row, then  w · x + b",
        ha="center",
        va="center",
        fontsize=12,
        bbox={"boxstyle": "round,pad=0.35", "facecolor": "white", "edgecolor": BLUE},
    )
    axes.text(0.5, -1.3, "prompt", ha="center", fontsize=11, color="#555555")
    axes.text(middle, -1.3, "answer", ha="center", fontsize=11, color="#555555")
    axes.set(xlim=(-2.1, len(TOKENS) - 0.4), ylim=(-1.6, ROWS + 1.2))


def _draw_folds(axes: Axes) -> None:
    """One row a fold, and below them how the part to learn from is divided again."""
    for fold in range(FOLDS):
        y = FOLDS - fold
        for part in range(FOLDS):
            text = "judge" if part == fold else "learn"
            colour = GREEN if part == fold else SKY
            axes.barh(y, 0.94, left=part, height=0.5, color=colour, edgecolor=BLACK)
            axes.text(part + 0.47, y, text, ha="center", va="center", fontsize=10)
        axes.text(-0.15, y, f"fold {fold}", ha="right", va="center", fontsize=11)
    width = (FOLDS - 1) / INNER
    for part in range(INNER):
        left = 1 + part * width
        axes.barh(-0.5, width - 0.06, left=left, height=0.5, color="#D5EBF8", edgecolor=BLUE)
        text = "choose depth"
        axes.text(left + width / 2 - 0.03, -0.5, text, ha="center", va="center", fontsize=9)
    axes.plot([1, 1, FOLDS - 0.06, FOLDS - 0.06], [0.1, 0.25, 0.25, 0.1], color=BLUE)
    axes.text(-0.15, -0.5, "what fold 0\nlearns from", ha="right", va="center", fontsize=11)
    axes.set(xlim=(-1.5, FOLDS), ylim=(-1.0, FOLDS + 0.6))
