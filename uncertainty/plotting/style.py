"""The look of every figure.

Letters are large enough for the last row, the colours can be told apart by colour-blind eyes, and
nothing depends on colour alone.
"""

from base64 import b64encode
from html import escape
from io import BytesIO

import matplotlib.pyplot as plt
from cycler import cycler
from IPython.display import display
from matplotlib.figure import Figure

from .page_style import mend_page

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
    """Set matplotlib's defaults for the lessons, and mend what JupyterLab's page lacks."""
    mend_page()
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

    The figure is an HTML image with the description as its ``alt`` text, which JupyterLab, Colab,
    VS Code, nbconvert and site builders prefer to a bare PNG, and none of them shows both. The PNG
    beside it is for what cannot show HTML, such as an export to PDF.

    Raises:
        ValueError: the description is empty.
    """
    if not alt.strip():
        raise ValueError("say in a sentence what the figure shows: show(figure, alt='...').")
    picture = BytesIO()
    figure.savefig(picture, format="png")
    plt.close(figure)
    png = b64encode(picture.getvalue()).decode()
    bundle = {"text/html": _image_html(png, alt), "image/png": png, "text/plain": alt}
    display(bundle, metadata={"image/png": {"alt": alt}}, raw=True)


def _image_html(png: str, alt: str) -> str:
    """Return a base64 PNG as an HTML image that is never wider than the page."""
    return (
        f'<img alt="{escape(alt)}" style="max-width:100%;height:auto" '
        f'src="data:image/png;base64,{png}">'
    )
