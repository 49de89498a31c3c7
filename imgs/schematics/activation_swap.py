"""The swap: a neuron gets, token by token, the activation that it has where nothing repeats."""

from matplotlib.axes import Axes

from uncertainty.plotting.style import BLUE, GREEN, ORANGE, RED

from .style import GREY, arrow, box, canvas, label, token_row

ALT = (
    "Two rows of tokens. The upper one holds the passage S twice, the lower one another passage of "
    "the same text and then S. Below each token of the last passage stands the activation of a "
    "neuron at that token. Arrows lead from the activations of the lower row up to those of the "
    "upper row: only this neuron gets the values that it has at the same tokens, at the same "
    "positions, read once. The residual stream from everything else stays that of the upper row, "
    "and the entropy there is computed anew."
)
PASSAGE = ("the", "harbour", "was", "closed")
OTHER = ("ships", "sailed", "at", "dawn")
REPEAT = ("1.9", "2.3", "1.2", "1.8")  # made up, like the tokens
ONCE = ("-2.0", "-2.6", "-1.9", "-2.4")
WIDTH = 2.0


def draw() -> Axes:
    """Draw the row with the repeat above, the row without it below, and the swap between them."""
    axes = canvas(27, 9.4)
    for y, name, before, colour in (
        (7.6, "twice", PASSAGE, ORANGE),
        (1.6, "same text", OTHER, GREEN),
    ):
        label(axes, (2.7, y + 0.45), name, align="right", bold=True)
        token_row(axes, (3.0, y), before, fills=[colour] * 4, width=WIDTH, height=0.95, size=11)
        token_row(axes, (11.0, y), PASSAGE, fills=[ORANGE] * 4, width=WIDTH, height=0.95, size=11)
    for place, (repeat, once) in enumerate(zip(REPEAT, ONCE)):
        x = 11.0 + WIDTH * (place + 0.5)
        box(axes, (x, 6.6), repeat, width=1.5, height=0.8, fill="white", edge=RED, size=11)
        axes.plot([x - 0.6, x + 0.6], [6.4, 6.8], color=RED, linewidth=1.6)
        box(axes, (x, 3.5), once, width=1.5, height=0.8, fill="white", edge=BLUE, size=11)
        arrow(axes, (x, 3.95), (x, 6.15), colour=BLUE)
    label(axes, (10.7, 6.6), "one neuron's activations", size=11, colour=GREY, align="right")
    label(axes, (10.7, 3.5), "the same neuron, read once", size=11, colour=GREY, align="right")
    label(axes, (10.7, 5.05), "swap", colour=BLUE, align="right", bold=True)
    box(axes, (23.4, 6.6), "entropy of the\nrow above, anew", width=4.9, height=1.6)
    arrow(axes, (19.1, 6.6), (20.9, 6.6))
    label(axes, (23.4, 4.7), "everything else stays\nas it is on the repeat", size=11, colour=GREY)
    return axes
