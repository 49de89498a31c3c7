"""Evidence as a Dirichlet distribution: much or little of it, evenly spread or not."""

import numpy as np
from matplotlib.axes import Axes

from uncertainty.plotting.style import BLACK, BLUE

from .style import GREY, canvas, label

ALT = (
    "Four triangles in two rows. A dot in a triangle is one possible vector of probabilities for "
    "three candidates A, B and C; a corner means certainty of one of them. Upper row, epistemic "
    "low, much evidence: left, aleatoric high, A and B alike, a tight patch of dots half-way "
    "between A and B; right, aleatoric low, A leads, a tight patch at corner A. Lower row, "
    "epistemic high, little evidence: left, aleatoric high, a cloud over its lower half; "
    "right, aleatoric low, a wide cloud that leans towards A."
)
# row, column: middle of the triangle; logits of A, B and C; what is known
PANELS = (
    ((6.2, 7.7), (20, 20, 0), '"I know several answers"'),
    ((14.6, 7.7), (20, 0, 0), '"I know"'),
    ((6.2, 1.6), (2, 2, 0), '"I do not know"'),
    ((14.6, 1.6), (2, 0, 0), '"I am not sure, but I would say A"'),
)
SIDE = 4.0  # centimetres
CORNERS = SIDE * np.array([[-0.5, 0], [0.5, 0], [0, 3**0.5 / 2]])


def draw() -> Axes:
    """Draw 150 vectors from Dirichlet(evidence + 1) in each of the four triangles."""
    axes = canvas(20, 13.4)
    label(axes, (6.2, 12.9), "aleatoric high: A and B alike", bold=True)
    label(axes, (14.6, 12.9), "aleatoric low: A leads", bold=True)
    label(axes, (1.6, 9.4), "epistemic\nlow:\nmuch\nevidence", bold=True)
    label(axes, (1.6, 3.3), "epistemic\nhigh:\nlittle\nevidence", bold=True)
    generator = np.random.default_rng(0)
    for middle, logits, meaning in PANELS:
        _triangle(axes, np.array(middle), generator.dirichlet(np.array(logits) + 1.0, 150))
        label(axes, (middle[0], middle[1] + 4.15), meaning, size=11)
        words = "logits " + ", ".join(map(str, logits))
        label(axes, (middle[0] + 0.2, middle[1] - 0.85), words, size=10, colour=GREY)
    return axes


def _triangle(axes: Axes, middle: np.ndarray, vectors: np.ndarray) -> None:
    """Draw the triangle around the middle of its base, with a dot for each vector."""
    outline = middle + CORNERS[[0, 1, 2, 0]]
    axes.plot(*outline.T, color=BLACK, linewidth=1.2)
    places = middle + vectors @ CORNERS
    axes.plot(*places.T, ".", color=BLUE, markersize=3.5, alpha=0.6, linestyle="none")
    for name, corner, shift in zip("ABC", CORNERS, ((-0.35, -0.1), (0.35, -0.1), (0.45, 0.0))):
        label(axes, tuple(middle + corner + shift), name, size=11)
