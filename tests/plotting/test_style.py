"""The look of figures, and what a reader who cannot see them gets."""

import base64

import matplotlib
import pytest
from matplotlib import pyplot as plt

from uncertainty.plotting import style

matplotlib.use("Agg")


def test_a_figure_needs_a_description():
    figure, _ = plt.subplots()
    with pytest.raises(ValueError, match="alt="):
        style.show(figure, " ")
    plt.close(figure)


def test_a_figure_is_shown_once_with_its_description(monkeypatch):
    shown = []
    monkeypatch.setattr(style, "display", lambda data, **options: shown.append((data, options)))
    figure, _ = plt.subplots()
    style.show(figure, "an empty frame")
    [(data, options)] = shown
    assert base64.b64decode(data["image/png"]).startswith(b"\x89PNG")
    assert data["text/plain"] == options["metadata"]["image/png"]["alt"] == "an empty frame"
    assert not plt.fignum_exists(figure.number)


def test_every_colour_has_a_line_style_of_its_own():
    assert len(set(style.COLOURS)) == len({str(line) for line in style.LINE_STYLES}) == 7
