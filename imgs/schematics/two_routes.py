"""A neuron's two routes to the prediction: directly, and through the scale of the norm."""

from matplotlib.axes import Axes

from uncertainty.plotting.style import BLUE, ORANGE, RED

from .style import GREY, arrow, box, canvas, label

ALT = (
    "A neuron of the last layer adds its vector to the residual stream. From there two routes lead "
    "to the logits. Directly: the unembedding reads the vector, and some logits rise while others "
    "fall. Through the norm: the stream becomes longer or shorter, and all logits are divided by "
    "the new scale. Freezing the scale at its old value cuts the second route; what then remains "
    "is the direct effect."
)


def draw() -> Axes:
    """Draw the routes from left to right, the direct one above."""
    axes = canvas(26, 8.6)
    box(axes, (2.3, 4.5), "neuron's\nactivation\nmoves by δ", width=3.6, height=2.2)
    box(axes, (8.0, 4.5), "stream\nx + δ w", width=3.2, height=1.8)
    arrow(axes, (4.1, 4.5), (6.4, 4.5))
    label(axes, (5.25, 4.95), "δ w", size=11)

    box(axes, (14.2, 6.9), "unembedding reads\nδ w:  adds δ u", width=5.0, height=1.7, edge=BLUE)
    box(axes, (14.2, 2.1), "norm's scale\nσ becomes σ'", width=5.0, height=1.7, edge=ORANGE)
    arrow(axes, (9.6, 4.9), (11.7, 6.7), colour=BLUE)
    arrow(axes, (9.6, 4.1), (11.7, 2.3), colour=ORANGE)
    label(axes, (9.8, 6.6), "direct", colour=BLUE, bold=True)
    label(axes, (9.4, 2.4), "through\nthe norm", colour=ORANGE, bold=True)

    box(axes, (23.0, 4.5), "logits\n(σ z + δ u) / σ'", width=4.4, height=1.8)
    arrow(axes, (16.7, 6.7), (20.8, 4.9), colour=BLUE)
    arrow(axes, (16.7, 2.3), (20.8, 4.1), colour=ORANGE)
    label(axes, (19.2, 7.0), "some logits rise, others fall", size=11, colour=BLUE, align="left")
    label(
        axes,
        (19.2, 2.0),
        "all logits shrink or grow together",
        size=11,
        colour=ORANGE,
        align="left",
    )
    axes.plot([18.3, 19.1], [3.6, 2.7], color=RED, linewidth=3)
    axes.plot([18.3, 19.1], [2.7, 3.6], color=RED, linewidth=3)
    label(axes, (17.6, 0.75), "frozen scale: this route is cut", size=11, colour=RED)
    arrow(axes, (17.9, 1.1), (18.5, 2.5), colour=RED)
    label(axes, (0.5, 2.8), "w: what a step of 1 writes", size=10, colour=GREY, align="left")
    return axes
