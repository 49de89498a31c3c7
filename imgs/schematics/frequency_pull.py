"""Two ways to become unsure: towards the middle of all tokens, or towards the frequent ones."""

from matplotlib.axes import Axes

from uncertainty.plotting.style import BLACK, BLUE, GREEN, ORANGE

from .style import GREY, arrow, box, canvas, label

ALT = (
    "A triangle whose corners are three tokens: the, Paris and zinc. A point inside is a "
    "prediction. The sure prediction lies near the corner Paris. The unigram lies near the corner "
    "the, a shuffled list near the corner zinc, and equal probabilities in the middle. One arrow "
    "leads from the sure prediction to the middle: it becomes flat, and comes nearer to the "
    "unigram and to the shuffled list. Another arrow leads to the unigram: the fallback. It comes "
    "nearer to the unigram, and less so to the shuffled list. To the right a table asks whether "
    "the prediction comes nearer to the unigram, and to a shuffled list. Flat: yes and yes. "
    "Fallback: yes and less. A fallback shows only in the difference between the two columns."
)
CORNERS = {"the": (1.6, 1.2), "Paris": (6.8, 9.2), "zinc": (12.0, 1.2)}
POINTS = {
    "sure": (0.05, 0.90, 0.05),
    "unigram": (0.80, 0.15, 0.05),
    "shuffled": (0.05, 0.15, 0.80),
    "middle": (1 / 3, 1 / 3, 1 / 3),
}


def draw() -> Axes:
    """Draw the triangle on the left, and what each way brings nearer on the right."""
    axes = canvas(25, 10.4)
    corners = [*CORNERS.values()]
    axes.fill(*zip(*corners), facecolor="#F7F7F7", edgecolor=BLACK, linewidth=1.4)
    label(axes, (0.8, 0.7), '"the"', bold=True)
    label(axes, (6.8, 9.75), '"Paris"', bold=True)
    label(axes, (12.8, 0.7), '"zinc"', bold=True)

    sure, unigram, shuffled, middle = (_place(shares) for shares in POINTS.values())
    for place, colour in ((sure, BLACK), (unigram, BLUE), (shuffled, ORANGE), (middle, GREY)):
        axes.plot(*place, "o", color=colour, markersize=11)
    label(axes, (7.5, 8.45), "sure prediction", size=11, align="left")
    label(axes, (2.85, 1.65), "unigram", size=11, colour=BLUE, align="left")
    label(axes, (10.3, 1.65), "shuffled list", size=11, colour=ORANGE, align="right")
    label(axes, (6.8, 3.25), "all equally likely", size=11, colour=GREY)
    arrow(axes, (6.8, 8.1), (6.8, 4.2), colour=GREEN)
    arrow(axes, (6.55, 8.1), (2.95, 2.55), colour=BLUE)
    label(axes, (7.0, 6.2), "flat", colour=GREEN, align="left", bold=True)
    label(axes, (4.1, 5.8), "fallback", colour=BLUE, align="right", bold=True)

    label(axes, (19.4, 8.5), "Does the prediction come nearer to", size=12)
    label(axes, (18.9, 7.4), "the unigram?", colour=BLUE, bold=True)
    label(axes, (22.6, 7.4), "a shuffled list?", colour=ORANGE, bold=True)
    rows = (("flat", 5.8, GREEN, "yes"), ("fallback", 3.7, BLUE, "less"))
    for name, y, colour, other in rows:
        label(axes, (15.4, y), name, colour=colour, bold=True)
        box(axes, (18.9, y), "yes", width=2.6, edge=BLUE)
        box(axes, (22.6, y), other, width=2.6, edge=ORANGE)
    told = "A fallback shows only in the difference\nbetween the two columns."
    label(axes, (19.4, 1.8), told, size=11)
    return axes


def _place(shares: tuple[float, float, float]) -> tuple[float, float]:
    """Return where three probabilities lie: the corners' places, weighted by them."""
    weighted = [(share * x, share * y) for share, (x, y) in zip(shares, CORNERS.values())]
    return sum(x for x, _ in weighted), sum(y for _, y in weighted)
