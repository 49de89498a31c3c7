"""One prediction, two endings: entropy belongs to the prediction, surprisal to the token."""

from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

from uncertainty.plotting.style import BLUE, RED

from .style import GREY, arrow, box, canvas, label

ALT = (
    "From left to right: the words The capital of France is; the prediction that the model makes "
    "from them, three bars: Paris 0.8, Rome 0.1, a third town 0.1, with one entropy, 0.64 nats; "
    "and two texts that go on from there. The right one goes on with Paris, surprisal 0.22 nats; "
    "the wrong one goes on with Rome, surprisal 2.30 nats."
)
PREDICTED = (("Paris", 0.8, BLUE), ("Rome", 0.1, RED), ("a third town", 0.1, GREY))
ENDINGS = ((5.5, "Paris", "0.22", "right", BLUE), (1.7, "Rome", "2.30", "wrong", RED))


def draw() -> Axes:
    """Draw the words, the prediction, and the two tokens that may stand behind it."""
    axes = canvas(22, 7.6)
    label(axes, (2.5, 7.1), "the words before", bold=True)
    label(axes, (10.0, 7.1), "the prediction", bold=True)
    label(axes, (18.2, 7.1), "the token that stands there", bold=True)
    box(axes, (2.5, 3.6), "The capital\nof France is", width=3.8, height=1.7)
    arrow(axes, (4.6, 3.6), (6.0, 3.6))
    box(axes, (10.0, 3.6), "", width=7.6, height=5.6, fill="white", edge=GREY)
    for row, (town, share, colour) in enumerate(PREDICTED):
        height = 5.5 - 1.1 * row
        label(axes, (9.0, height), town, align="right")
        corner = (9.2, height - 0.3)
        axes.add_patch(Rectangle(corner, 2.6 * share, 0.6, facecolor=colour, edgecolor="none"))
        label(axes, (9.4 + 2.6 * share, height), f"{share}", align="left")
    label(axes, (10.0, 1.6), "entropy 0.64 nats, one for both texts", size=11)
    for height, town, surprisal, verdict, colour in ENDINGS:
        arrow(axes, (14.0, 3.6 + 0.15 * (height - 3.6)), (15.4, height), colour=colour)
        text = f"{town} ({verdict})\nsurprisal {surprisal} nats"
        box(axes, (18.2, height), text, width=5.2, height=1.7, fill="white", edge=colour)
    return axes
