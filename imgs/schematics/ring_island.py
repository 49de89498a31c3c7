"""Ring Island: who sets the home, and which word sets how many houses are possible."""

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes

from uncertainty import KnownLanguage
from uncertainty.plotting.style import BLACK, BLUE, ORANGE

ALT = (
    "A sentence as four boxes, BOS, Balo, shops, house. An arrow from the islander to the house "
    "says: home, which the reader knows or not. An arrow from the verb to the house says: reach, "
    "which sets the entropy. Beside it three rings of 32 houses. Balo's home is a blue square, and "
    "from it on, clockwise, 2, 4 and 16 houses are in reach, in orange."
)
ARROW = {"arrowstyle": "-|>", "linewidth": 1.3, "color": BLACK}


def draw() -> Axes:
    """Draw the sentence and three rings, for works, shops and walks."""
    language = KnownLanguage()
    figure, places = plt.subplots(1, 4, figsize=(11, 3.1), width_ratios=[1.6, 1, 1, 1])
    figure.subplots_adjust(left=0.01, right=0.99, bottom=0.03, top=0.97, wspace=0.05)
    _sentence(places[0])
    for axes, which in zip(places[1:], (1, 2, 4)):
        _ring(axes, language, language.contexts[which])
    return places[0]


def _sentence(axes: Axes) -> None:
    frame = {"boxstyle": "round,pad=0.35", "facecolor": "white", "edgecolor": BLUE}
    for x, word in enumerate(("BOS", "Balo", "shops", "house")):
        axes.text(x, 0.5, word, ha="center", va="center", fontsize=12, bbox=frame)
    above, below = ({"connectionstyle": f"arc3,rad={bend}"} for bend in (-0.45, 0.6))
    axes.annotate("", (2.9, 0.6), (1, 0.6), arrowprops=ARROW | above)
    axes.annotate("", (2.9, 0.4), (2, 0.4), arrowprops=ARROW | below)
    axes.text(1.95, 0.92, "home (known or not)", ha="center", fontsize=11)
    axes.text(2.3, 0.1, "reach (the entropy)", ha="center", fontsize=11)
    axes.set(xlim=(-0.4, 3.5), ylim=(0, 1.05))
    axes.axis("off")


def _ring(axes: Axes, language: KnownLanguage, context) -> None:
    p = language.house_probabilities(context).numpy()
    angle = np.pi / 2 - 2 * np.pi * np.arange(32) / 32
    x, y = np.cos(angle), np.sin(angle)
    axes.plot(x, y, "o", color="#CCCCCC", markersize=9)
    axes.plot(x[p > 0], y[p > 0], "o", color=ORANGE, markersize=11)
    axes.plot(x[context.home], y[context.home], "s", color=BLUE, markersize=11)
    text = f"{context.verb}\n{(p > 0).sum()} houses"
    axes.text(0, 0, text, ha="center", va="center", fontsize=12)
    axes.set(aspect="equal", xlim=(-1.2, 1.2), ylim=(-1.2, 1.2))
    axes.axis("off")
