"""A `LensTrace` as a figure for paper and as a table to hover over.

Both show the top tokens, shaded by entropy.
"""

from collections.abc import Sequence
from html import escape

import matplotlib.pyplot as plt
from matplotlib.figure import Figure
from torch import Tensor

from ..generation.tokens import token_labels
from ..lens.logit_lens import LensTrace
from .heatmap import doubt_colour
from .labels import alternatives_html, short_label, without_formulas


def lens_figure(
    tokenizer,
    input_ids: Tensor | Sequence[int],
    trace: LensTrace,
    *,
    every: int = 3,
    first: int = 1,
    probabilities: bool = False,
) -> Figure:
    """Draw a grid of top tokens, depth by token read, coloured by entropy; return the figure.

    Args:
        input_ids: ``(tokens,)`` the token ids that were read, one for each column of the trace.
        every: number of depths from row to row; the last depth is always shown.
        first: the position of the first column (position 0 is unlike all others: it is an attention
            sink).
        probabilities: whether to print each token's probability under it.

    Raises:
        ValueError: nothing to show.
    """
    depths = _shown_depths(trace, every, first)
    entropy = trace.entropy[depths, first:].numpy()  # (rows, columns)
    top_tokens = trace.top_token[depths, first:]
    largest = trace.top_probabilities[depths, first:, 0]
    rows, columns = entropy.shape
    height = 0.48 if probabilities else 0.42
    figure, axes = plt.subplots(figsize=(max(5, 1.1 * columns + 1.8), height * rows + 1.4))

    # 1. the colours
    image = axes.imshow(entropy, cmap="cividis_r", aspect="auto", origin="lower", vmin=0)
    figure.colorbar(image, label="entropy (nats)")

    # 2. a token in each cell, white on dark ones
    dark = entropy > 0.55 * entropy.max()
    for row in range(rows):
        for column, label in enumerate(_figure_labels(tokenizer, top_tokens[row])):
            colour = "white" if dark[row, column] else "black"
            if probabilities:
                label = f"{label}\n{largest[row, column]:.2f}"
            axes.text(column, row, label, ha="center", va="center", fontsize=10, color=colour)

    # 3. the axes
    axes.set_xticks(range(columns), _figure_labels(tokenizer, input_ids[first:]))
    axes.set_yticks(range(rows), [str(depth) for depth in depths])
    axes.set_xlabel("token read")
    axes.set_ylabel(f"depth (0: embedding, {depths[-1]}: the model)")
    axes.set_title("What each depth would say next", loc="left")
    axes.grid(False)
    return figure


def lens_table(
    tokenizer,
    input_ids: Tensor | Sequence[int],
    trace: LensTrace,
    *,
    every: int = 2,
    first: int = 1,
) -> str:
    """Return the same grid as HTML, the model on top; it needs no script.

    Hovering over a cell tells its entropy and its likeliest tokens. Keep some of them:
    ``logit_lens(..., top=5)``. Arguments and errors are those of `lens_figure`.
    """
    depths = _shown_depths(trace, every, first)
    largest_entropy = max(trace.entropy[:, first:].max().item(), 1e-9)
    head = [
        f'<th scope="col">{escape(short_label(label))}</th>'
        for label in token_labels(tokenizer, input_ids[first:])
    ]
    rows = []
    for depth in reversed(depths):
        cells = [
            _cell_html(tokenizer, trace, depth, position, largest_entropy)
            for position in range(first, trace.entropy.shape[1])
        ]
        rows.append(f'<tr><th scope="row">{depth}</th>{"".join(cells)}</tr>')
    return (
        '<table style="border-collapse:collapse;font-size:90%">'
        "<caption>Top token at each depth (rows) after each token read (columns); "
        "the darker, the higher the entropy.</caption>"
        f'<tr><th scope="col">depth</th>{"".join(head)}</tr>{"".join(rows)}</table>'
    )


def _cell_html(
    tokenizer, trace: LensTrace, depth: int, position: int, largest_entropy: float
) -> str:
    """Return one cell of the table: the top token on its shade, with a description."""
    labels = token_labels(tokenizer, trace.top_tokens[depth, position])
    probabilities = trace.top_probabilities[depth, position].tolist()
    entropy = trace.entropy[depth, position].item()
    description = (
        f"depth {depth}: entropy {entropy:.2f} nats&#10;"
        f"{alternatives_html(zip(labels, probabilities))}"
    )
    return (
        f'<td tabindex="0" title="{description}" '
        f'style="background-color:{doubt_colour(entropy / largest_entropy)};color:#111;'
        'border:1px solid #ccc;padding:1px 6px;text-align:center;cursor:help">'
        f"{escape(short_label(labels[0]))}</td>"
    )


def _shown_depths(trace: LensTrace, every: int, first: int) -> list[int]:
    """Return each ``every``-th depth and the last one; ValueError when there is nothing to show."""
    depths, tokens = trace.entropy.shape
    if not 0 <= first < tokens or every < 1:
        raise ValueError(
            f"nothing to show: {tokens} tokens from position {first}, every {every} depths."
        )
    last = depths - 1
    return [*range(0, last, every), last]


def _figure_labels(tokenizer, token_ids: Tensor | Sequence[int]) -> list[str]:
    """Return short labels that matplotlib prints as they are."""
    labels = token_labels(tokenizer, token_ids)
    return [without_formulas(short_label(label)) for label in labels]
