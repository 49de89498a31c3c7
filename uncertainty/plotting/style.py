"""The look of every figure: large enough for the last row, colours that colour-blind eyes tell apart, never colour alone."""

from base64 import b64encode
from io import BytesIO

import matplotlib.pyplot as plt
from cycler import cycler
from IPython.display import display

# Okabe and Ito's colours, each with a line style of its own, so that a grey print still tells them apart.
BLUE, ORANGE, GREEN, PINK, SKY, RED, BLACK = (
    "#0072B2",
    "#E69F00",
    "#009E73",
    "#CC79A7",
    "#56B4E9",
    "#D55E00",
    "#222222",
)
STYLES = cycler(color=[BLUE, ORANGE, GREEN, PINK, SKY, RED, BLACK]) + cycler(
    linestyle=["-", "--", "-.", ":", (0, (5, 1)), (0, (1, 1)), (0, (3, 1, 1, 1))]
)


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


def show(figure, alt: str) -> None:
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
    display({"image/png": image, "text/plain": alt}, metadata={"image/png": {"alt": alt}}, raw=True)
