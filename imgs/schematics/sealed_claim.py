"""A claim's way: tried on one half, written down, sealed, and judged once on the other half."""

from matplotlib.axes import Axes

from uncertainty.plotting.style import ORANGE, RED

from .style import GREY, arrow, box, canvas, label

ALT = (
    "The questions are split into a practice half above and a held-out half below. From the "
    "practice half a loop leads through try, look and change, as often as one likes. From there an "
    "arrow leads to a written claim with measure, baseline, control and cut-off, then to the seal, "
    "a fingerprint of the claim and of the ids of the held-out questions. Only the seal leads to "
    "the opening of the held-out half, which happens once and gives the verdict. An arrow back "
    "from the verdict to the claim is crossed out."
)


def draw() -> Axes:
    """Draw the practice half above, the held-out half below, the seal between them."""
    axes = canvas(22, 7.8)
    box(axes, (2.2, 3.8), "graded\nquestions", width=2.9, height=1.5)
    box(axes, (6.2, 5.6), "practice half", width=3.2)
    box(axes, (6.2, 1.6), "held-out half", width=3.2, fill="#EEEEEE", edge=GREY)
    arrow(axes, (3.7, 4.2), (4.55, 5.4))
    arrow(axes, (3.7, 3.4), (4.55, 1.8))
    # 1. above: try, then write down and seal
    label(axes, (6.2, 7.4), "try, look, change: as often as you like", size=11, colour=GREY)
    arrow(axes, (7.2, 6.2), (5.2, 6.2), colour=GREY, bend=0.5)
    box(axes, (11.6, 5.6), "claim: measure,\nbaseline, control,\ncut-off", width=4.3, height=2.1)
    arrow(axes, (7.85, 5.6), (9.4, 5.6))
    box(axes, (17.1, 5.6), "seal\n3f9a07...", width=2.9, height=1.5, edge=ORANGE, bold=True)
    arrow(axes, (13.8, 5.6), (15.6, 5.6))
    # 2. below: open once, judge
    box(axes, (17.1, 1.6), "verdict", width=2.9)
    arrow(axes, (7.85, 1.6), (15.6, 1.6), colour=ORANGE)
    label(axes, (11.6, 1.15), "opened once", size=11)
    arrow(axes, (17.1, 4.8), (17.1, 2.2), colour=ORANGE)
    label(axes, (17.4, 3.5), "same claim?\nnot opened yet?", size=11, align="left")
    arrow(axes, (15.9, 2.2), (12.4, 4.5), colour=RED, dashed=True)
    label(axes, (14.2, 3.35), "×", size=24, colour=RED, bold=True)
    label(axes, (10.4, 3.1), "no way back:\nthe claim stays", size=11, colour=RED)
    return axes
