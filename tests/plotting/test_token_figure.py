"""token_figure.py: every token is drawn once with its shade and its number."""

import matplotlib.pyplot as plt
import pytest
from matplotlib.colors import to_hex

from uncertainty import plot_shaded_tokens
from uncertainty.plotting.heatmap import doubt_colour


def test_tokens_numbers_and_shades_are_drawn_in_lines():
    tokens = [" one", " two", "three and four"]
    figure = plot_shaded_tokens(
        tokens, shades=[0, 0.5, 1], numbers=["-1.0", "+0.0", "+1.0"], width=10, title="WRONG"
    )
    [axes] = figure.axes
    texts = [text.get_text() for text in axes.texts]
    boxes = [(to_hex(box.get_facecolor()), box.get_y()) for box in axes.patches]
    plt.close(figure)
    assert [text.strip("\u00b7\u2423 ") for text in texts[::2]] == ["one", "two", "three and four"]
    assert texts[1::2] == ["-1.0", "+0.0", "+1.0"] and axes.get_title(loc="left") == "WRONG"
    assert [colour for colour, _ in boxes] == [doubt_colour(shade) for shade in (0, 0.5, 1)]
    assert boxes[0][1] == boxes[1][1] > boxes[2][1]


def test_every_token_needs_a_shade_and_a_number():
    with pytest.raises(ValueError, match="2 tokens, 1 shades and 2 numbers"):
        plot_shaded_tokens(["a", "b"], shades=[0.1], numbers=["1", "2"])
