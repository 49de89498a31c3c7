"""The look of every figure.

Letters are large enough for the last row, the colours can be told apart by colour-blind eyes, and
nothing depends on colour alone.
"""

from base64 import b64encode
from io import BytesIO

import matplotlib.pyplot as plt
from cycler import cycler
from IPython.display import display
from matplotlib.figure import Figure

# The palette of Okabe and Ito.
BLUE = "#0072B2"
ORANGE = "#E69F00"
GREEN = "#009E73"
PINK = "#CC79A7"
SKY = "#56B4E9"
RED = "#D55E00"
BLACK = "#222222"

# Each colour has a line style of its own, so that a grey print still tells them apart.
COLOURS = [BLUE, ORANGE, GREEN, PINK, SKY, RED, BLACK]
LINE_STYLES = ["-", "--", "-.", ":", (0, (5, 1)), (0, (1, 1)), (0, (3, 1, 1, 1))]
STYLES = cycler(color=COLOURS) + cycler(linestyle=LINE_STYLES)


def use_course_style() -> None:
    """Set matplotlib's defaults for the lessons."""
    plt.rcParams.update(
        {
            "figure.figsize": (7, 3.6),
            "figure.dpi": 90,
            "figure.constrained_layout.use": True,
            "font.size": 12,
            "axes.prop_cycle": STYLES,
            "axes.spines.top": False,
            "axes.spines.right": False,
            "axes.grid": True,
            "grid.alpha": 0.3,
            "axes.axisbelow": True,
            "legend.frameon": False,
            "lines.linewidth": 2,
            "lines.markersize": 6,
        }
    )


def show(figure: Figure, alt: str) -> None:
    """Display a figure with a description for those who cannot see it, and close it.

    Raises:
        ValueError: the description is empty.
    """
    if not alt.strip():
        raise ValueError("say in a sentence what the figure shows: show(figure, alt='...').")
    picture = BytesIO()
    figure.savefig(picture, format="png")
    plt.close(figure)
    image = b64encode(picture.getvalue()).decode()
    description = {"image/png": {"alt": alt}}
    display({"image/png": image, "text/plain": alt}, metadata=description, raw=True)
