"""The token heat map: what a reader, a screen reader and a careless token get."""

import re

import matplotlib
import pytest
import torch
from matplotlib import pyplot as plt

from uncertainty import Generation, generate, load_model
from uncertainty.plotting.heatmap import SURE, doubt_colour, token_heatmap_html
from uncertainty.plotting.token_figure import plot_tokens

matplotlib.use("Agg")


class Words:
    """A tokenizer of a few awkward tokens."""

    stored = ("\u0120Paris", "<script>", "\u00e2\u0122", "\u2581Rome", "\n", "\"&'")
    spoken = (" Paris", "<script>", "\ufffd", "Rome", "\n", "\"&'")

    def decode(self, ids, **_):
        return "".join(self.spoken[i] for i in ids if i < len(self.spoken))

    def convert_ids_to_tokens(self, i):
        return self.stored[i] if i < len(self.stored) else None


def made(ids):
    logits = torch.randn(len(ids), 7, generator=torch.Generator().manual_seed(0))
    return Generation("?", "", torch.tensor(ids), logits, torch.tensor([0]), "length", Words())


def test_colour_runs_from_white_to_orange():
    assert doubt_colour(0) == "#ffffff" == "#" + "".join(f"{c:02x}" for c in SURE)
    shades = [sum(int(doubt_colour(d)[i : i + 2], 16) for i in (1, 3, 5)) for d in (0, 0.3, 0.6, 1)]
    assert shades == sorted(shades, reverse=True) and doubt_colour(7) == doubt_colour(1)


def test_html_is_escaped_described_and_complete():
    html = token_heatmap_html(made([0, 1, 5, 4]))
    assert "<script>" not in html and html.count('role="listitem"') == 4 and "Cut off" in html
    assert html.count("title=") == html.count("aria-label=") - 1 == 4 and html.count("<br>") == 1
    shown = [float(p) for p in re.findall(r"display:block[^>]*>([0-9.]+)<", html)]
    g = made([0, 1, 5, 4])
    assert shown == pytest.approx(g.logits.softmax(-1)[range(4), g.token_ids].tolist(), abs=0.005)


def test_the_tiny_model_shows_itself_both_ways():
    answer = generate(*load_model("tiny"), "Hello", max_new_tokens=30)
    assert answer._repr_html_().count("listitem") == len(answer)
    figure = plot_tokens(answer, width=20, title="tokens")
    assert len(figure.axes[0].patches) == len(answer)
    figure.canvas.draw()
    plt.close(figure)
