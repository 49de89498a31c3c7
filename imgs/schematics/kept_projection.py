"""What a frequency direction is, and what it means to keep the logits' projection on it."""

from matplotlib.axes import Axes

from uncertainty.plotting.style import BLACK, BLUE, GREEN, ORANGE, RED

from .style import GREY, arrow, canvas, label

ALT = (
    "Left, the frequency direction v as bars, one for each of five tokens: tall upwards for the "
    "most frequent, less for the next, and downwards for the rare ones. Right, a plane: v runs to "
    "the right, every other direction upwards. Silencing a neuron moves the logits from z to z "
    "prime, to the left and down. Giving back what was lost along v leads from z prime to the "
    "right, to z double prime, which lies straight below z. The change that remains, from z to z "
    "double prime, did not go through v."
)
TOKENS = (("the", 2.6), ("of", 1.7), ("city", 0.2), ("harbour", -1.5), ("zinc", -2.2))


def draw() -> Axes:
    """Draw the direction as bars on the left, and the plane of the ablation on the right."""
    axes = canvas(26, 10.4)
    _draw_direction(axes)
    _draw_plane(axes)
    return axes


def _draw_direction(axes: Axes) -> None:
    label(axes, (5.2, 9.7), "the frequency direction v", bold=True, colour=BLUE)
    axes.plot([1.0, 9.6], [5.0, 5.0], color=BLACK, linewidth=1.2)
    for place, (token, height) in enumerate(TOKENS):
        x = 2.0 + 1.65 * place
        axes.bar(x, height, width=0.95, bottom=5.0, color=BLUE if height > 0 else ORANGE)
        label(axes, (x, 4.5 if height > 0 else 5.5), token, size=11)
    label(axes, (6.9, 7.9), "a step along v raises\nfrequent tokens ...", size=11, align="center")
    label(axes, (3.4, 2.9), "... and lowers\nrare ones", size=11)
    label(axes, (5.2, 1.2), "opposite to v: the other way round", size=11, colour=GREY)


def _draw_plane(axes: Axes) -> None:
    clean, ablated, kept = (21.0, 7.9), (15.6, 4.0), (21.0, 4.0)
    arrow(axes, (12.2, 1.9), (25.2, 1.9), colour=BLUE)
    label(axes, (18.6, 1.2), "along v: how far the logits lean towards frequent tokens", size=11)
    arrow(axes, (12.2, 1.9), (12.2, 9.6), colour=GREY)
    label(axes, (12.5, 9.7), "all other directions", size=11, colour=GREY, align="left")
    for (x, y), name, way in (
        (clean, "z   the model as it is", 0.55),
        (ablated, "z'   neuron silenced", -0.55),
        (kept, "z''   part along v kept", -0.55),
    ):
        axes.plot(x, y, "o", color=BLACK, markersize=10)
        label(axes, (x - 0.1, y + way), name, size=11)
    arrow(axes, (20.75, 7.7), (15.85, 4.2), colour=BLACK)
    label(axes, (16.9, 6.7), "silence", bold=True)
    arrow(axes, (15.9, 4.0), (20.7, 4.0), colour=GREEN)
    label(axes, (18.2, 4.45), "give back", colour=GREEN, bold=True)
    arrow(axes, (21.0, 7.6), (21.0, 4.3), colour=RED, dashed=True)
    label(
        axes, (21.3, 5.9), "this change\ndid not go\nthrough v", size=11, colour=RED, align="left"
    )
