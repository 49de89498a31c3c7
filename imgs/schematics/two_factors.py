"""Four questions, two causes: a spread-out prediction looks the same whichever cause it has."""

from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

from uncertainty.plotting.style import BLUE, ORANGE, RED

from .style import GREY, arrow, box, canvas, label

ALT = (
    "A table of four questions with sketched predictions as bars. Columns: one right answer, many "
    "right answers. Rows: a subject that the model knows, a subject that does not exist. The "
    "capital of France has one tall bar. A city in France and the capital of Drulvania have many "
    "low bars: these two look alike and have different causes. A city in Drulvania has a question "
    "mark instead of bars."
)
PEAKED = (0.9, 0.08, 0.06, 0.04, 0.04, 0.03)
SPREAD = (0.34, 0.3, 0.26, 0.24, 0.22, 0.2)
CELLS = (
    (7.0, 5.4, "the capital of France", PEAKED, BLUE),
    (15.0, 5.4, "a city in France", SPREAD, ORANGE),
    (7.0, 1.4, "the capital of Drulvania", SPREAD, RED),
    (15.0, 1.4, "a city in Drulvania", (), GREY),
)


def draw() -> Axes:
    """Draw the table, with the two questions that look alike joined by an arrow."""
    axes = canvas(20, 10.2)
    label(axes, (7.0, 9.6), "one right answer", bold=True)
    label(axes, (15.0, 9.6), "many right answers", bold=True)
    label(axes, (1.4, 7.0), "the model\nknows\nthe subject", bold=True)
    label(axes, (1.4, 3.0), "the subject\ndoes not\nexist", bold=True)
    for x, y, text, shares, colour in CELLS:
        box(axes, (x, y + 1.75), "", width=7.0, height=3.6, fill="white", edge=colour)
        label(axes, (x, y + 3.1), text, size=11.5)
        _bars(axes, x - 2.4, y + 0.2, shares, colour)
        if not shares:  # the lesson asks the reader to predict it
            label(axes, (x, y + 1.3), "?", size=28, colour=colour)
    arrow(axes, (10.4, 4.6), (11.6, 5.6), colour=GREY)
    arrow(axes, (11.6, 5.6), (10.4, 4.6), colour=GREY)
    label(axes, (11.0, 0.6), "the two at the arrow look alike, for different reasons", size=11)
    return axes


def _bars(axes: Axes, left: float, bottom: float, shares: tuple, colour: str) -> None:
    for place, share in enumerate(shares):
        corner = (left + 0.85 * place, bottom)
        axes.add_patch(Rectangle(corner, 0.6, 2.6 * share, facecolor=colour, edgecolor="none"))
