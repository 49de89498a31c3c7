"""A `LensTrace` to look at: a figure for paper, and a table to hover over. Both show the top token on a shade of entropy."""

from html import escape

import matplotlib.pyplot as plt
import numpy as np

from ..generation.tokens import token_labels
from ..lens.logit_lens import LensTrace
from .heatmap import doubt_colour


def lens_figure(trace: LensTrace, tokenizer, read, *, every: int = 3, first: int = 1):
    """Every so many depths (the last always) as a grid of top tokens, coloured by entropy; returns the figure.

    Args:
        read: the token ids that were read, one a column; the first column starts at position ``first`` (position 0 is unlike
            all others: much attention is parked there).
    """
    depths = _shown(trace, every, first)
    entropy, top = trace.entropy[depths, first:].numpy(), trace.top_token[depths, first:]
    figure, axes = plt.subplots(
        figsize=(max(5, 1.1 * entropy.shape[1] + 1.8), 0.42 * len(depths) + 1.4)
    )
    picture = axes.imshow(entropy, cmap="cividis_r", aspect="auto", origin="lower", vmin=0)
    for row, tokens in enumerate(top):
        for column, label in enumerate(token_labels(tokenizer, tokens)):
            colour = "white" if entropy[row, column] > 0.55 * entropy.max() else "black"
            axes.text(
                column, row, _plain(label), ha="center", va="center", fontsize=10, color=colour
            )
    axes.set_xticks(
        range(entropy.shape[1]), [_plain(label) for label in token_labels(tokenizer, read[first:])]
    )
    axes.set_yticks(range(len(depths)), depths)
    axes.set(
        xlabel="token read", ylabel=f"depth (0: embedding, {len(trace.entropy) - 1}: the model)"
    )
    axes.set_title("What each depth would say next", loc="left")
    axes.grid(False)
    figure.colorbar(picture, label="entropy (nats)")
    return figure


def lens_table(trace: LensTrace, tokenizer, read, *, every: int = 2, first: int = 1) -> str:
    """The same as HTML, the model on top; hovering over a cell tells its entropy and likeliest tokens. Needs no script.

    Keep some of the likeliest tokens: ``logit_lens(..., top=5)``.
    """
    depths, most = (
        _shown(trace, every, first)[::-1],
        max(trace.entropy[:, first:].max().item(), 1e-9),
    )
    head = "".join(
        f'<th scope="col">{escape(_short(label))}</th>'
        for label in token_labels(tokenizer, read[first:])
    )
    rows = [
        f'<tr><th scope="row">{depth}</th>{"".join(_cells(trace, tokenizer, depth, first, most))}</tr>'
        for depth in depths
    ]
    return (
        f'<table style="border-collapse:collapse;font-size:90%"><caption>Top token at each depth (rows) after each token '
        f'read (columns); the darker, the higher the entropy.</caption><tr><th scope="col">depth</th>{head}</tr>'
        f"{''.join(rows)}</table>"
    )


def _cells(trace: LensTrace, tokenizer, depth: int, first: int, most: float):
    for place in range(first, trace.entropy.shape[1]):
        labels = token_labels(tokenizer, trace.top_tokens[depth, place])
        entropy = trace.entropy[depth, place].item()
        likeliest = zip(labels, trace.top_probabilities[depth, place].tolist())
        others = "&#10;".join(f"{p:.3f}  {escape(repr(label))}" for label, p in likeliest)
        story = f"depth {depth}: entropy {entropy:.2f} nats&#10;{others}"
        yield (
            f'<td tabindex="0" title="{story}" style="background-color:{doubt_colour(entropy / most)};color:#111;border:1px solid '
            f'#ccc;padding:1px 6px;text-align:center;cursor:help">{escape(_short(labels[0]))}</td>'
        )


def _shown(trace: LensTrace, every: int, first: int) -> list[int]:
    if not 0 <= first < trace.entropy.shape[1] or every < 1:
        raise ValueError(
            f"nothing to show: {trace.entropy.shape[1]} tokens from position {first}, every {every} depths."
        )
    last = len(trace.entropy) - 1
    return sorted({*np.arange(0, last + 1, every).tolist(), last})


def _short(label: str) -> str:
    shown = "".join(
        c if c.isprintable() else "\u23ce" if c == "\n" else "\u00b7" for c in label
    ).strip()
    return (shown[:11] + "\u2026" if len(shown) > 12 else shown) or "(space)"


def _plain(label: str) -> str:
    return _short(label).replace("$", r"\$")  # matplotlib would read a formula
