"""The same blocks, with another question's attention output in the place of the own one."""

from matplotlib.axes import Axes

from uncertainty.plotting.style import GREEN

from .attention_replaced import replaced_row
from .style import canvas

ALT = (
    "A thick line, the stream at the last token of the question about the meat of a pig, runs from "
    "left to right. At a plus sign the attention output of three blocks would be added to it, but "
    "the question's own output is crossed out. The output of another question, on the capital of "
    "Japan, is added in its place, and we ask whether the probability of Tokyo rises."
)


def draw() -> Axes:
    """Draw one row: another question's output is added to the stream."""
    axes = canvas(27, 3.5)
    asked = "p(Tokyo):\ndoes it rise?"
    put = 'its output at\n"capital of Japan?"'
    replaced_row(axes, 1.1, "another's in its place", put=put, colour=GREEN, asked=asked)
    return axes
