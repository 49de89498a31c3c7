"""The routes from a repeat to the entropy, and which arrow each intervention cuts."""

from matplotlib.axes import Axes

from uncertainty.plotting.style import BLACK, ORANGE, RED

from .style import GREY, arrow, box, canvas, label

ALT = (
    "A graph from left to right. The passage stands earlier in the text; an arrow leads to the "
    "induction heads, and arrow A from there to the residual stream. From the stream one arrow "
    "leads straight to the logits and the entropy, with everything else that the model does, and "
    "arrow B leads to the neurons of the last layer. From these one arrow goes directly to the "
    "logits, and arrow C to the scale of the final norm, which acts on all logits. BOS ablation "
    "cuts A, a swap of activations cuts B, a frozen scale cuts C."
)
HEIGHT = 3.6  # of the lower row of boxes
CUTS = (
    "A: BOS ablation cuts it        "
    "B: a swap of activations cuts it        "
    "C: a frozen scale cuts it"
)


def draw() -> Axes:
    """Draw the boxes from the repeat on the left to the entropy on the right."""
    axes = canvas(27, 8.8)
    box(axes, (2.4, HEIGHT), "the passage\nstands earlier\nin the text", width=3.8, height=1.9)
    box(axes, (7.7, HEIGHT), "induction\nheads", width=3.2, height=1.5)
    box(axes, (12.7, HEIGHT), "residual\nstream", width=3.2, height=1.5)
    box(axes, (16.6, 7.3), "neurons of\nthe last layer", width=4.0, height=1.5)
    box(axes, (24.3, 7.3), "scale of the\nfinal norm", width=3.8, height=1.5, edge=ORANGE)
    box(axes, (24.3, HEIGHT), "logits,\nentropy", width=3.2, height=1.5)

    arrow(axes, (4.3, HEIGHT), (6.1, HEIGHT))
    _cut(axes, (9.3, HEIGHT), (11.1, HEIGHT), "A", (10.2, 4.2))
    _cut(axes, (13.3, 4.35), (15.4, 6.55), "B", (13.8, 5.9))
    _cut(axes, (18.6, 7.3), (22.4, 7.3), "C", (20.4, 7.9))
    arrow(axes, (24.3, 6.55), (24.3, 4.35), colour=ORANGE)
    arrow(axes, (17.8, 6.55), (22.7, 4.1))
    label(axes, (20.9, 5.8), "directly", size=11)
    arrow(axes, (14.3, HEIGHT), (22.7, HEIGHT), colour=GREY)
    label(axes, (18.5, 3.1), "everything else", size=11, colour=GREY)
    label(axes, (13.5, 0.9), CUTS, size=11, colour=RED)
    return axes


def _cut(
    axes: Axes,
    start: tuple[float, float],
    end: tuple[float, float],
    name: str,
    place: tuple[float, float],
) -> None:
    """Draw an arrow that an intervention cuts, with its letter and a red bar across it."""
    arrow(axes, start, end, colour=BLACK)
    label(axes, place, name, colour=RED, size=15, bold=True)
    x, y = (start[0] + end[0]) / 2, (start[1] + end[1]) / 2
    axes.plot([x - 0.15, x + 0.15], [y - 0.35, y + 0.35], color=RED, linewidth=2.5)
