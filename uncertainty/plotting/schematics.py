"""Schematics: drawings of an idea, without data."""

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from .style import BLACK, BLUE, GREEN, ORANGE, RED, SKY

FILLS = [ORANGE, SKY, GREEN, "#CCCCCC"]  # one for each different passage

# The causal graph: a name, its place, and its text.
NODES = {
    "repeat": (0.0, 0.5, "the passage\nstands earlier\nin the text"),
    "heads": (1.0, 0.5, "induction\nheads\n(layers 17-23)"),
    "stream": (2.0, 0.5, "residual\nstream"),
    "neurons": (3.0, 0.95, "neurons of\nthe last layer"),
    "scale": (4.0, 0.95, "scale of the\nfinal norm"),
    "logits": (5.0, 0.5, "logits,\nentropy"),
}
EDGES = [
    ("repeat", "heads", ""),
    ("heads", "stream", "A"),
    ("stream", "neurons", "B"),
    ("neurons", "scale", "C"),
    ("scale", "logits", ""),
    ("neurons", "logits", "direct"),
    ("stream", "logits", "everything else"),
]


def causal_graph() -> Figure:
    """Draw the ways from a repeat to the entropy, and which arrow each intervention cuts.

    BOS ablation cuts A, a swap of activations cuts B, a frozen scale of the final norm cuts C.
    """
    figure, axes = plt.subplots(figsize=(11, 3.6))
    for start, end, name in EDGES:
        _draw_arrow(axes, start, end, name)
    for x, y, text in NODES.values():
        axes.text(
            x,
            y,
            text,
            ha="center",
            va="center",
            fontsize=11,
            bbox={"boxstyle": "round,pad=0.45", "facecolor": "white", "edgecolor": BLUE},
        )
    legend = (
        "A: BOS ablation cuts it     B: a swap of activations cuts it     C: a frozen scale cuts it"
    )
    axes.text(2.5, 0.02, legend, ha="center", fontsize=11, color=RED)
    axes.set(xlim=(-0.5, 5.5), ylim=(-0.05, 1.2))
    axes.axis("off")
    return figure


def draw_passage_rows(axes: Axes, rows: Mapping[str, Sequence[str]]) -> None:
    """Draw rows of tokens as boxes, one box a passage; equal passages have equal colours.

    Args:
        axes: of matplotlib.
        rows: the row's name -> what it holds, in order. A first box called "BOS" is narrow.
    """
    colour_of: dict[str, str] = {}
    for number, (name, passages) in enumerate(rows.items()):
        x = 0.0
        for passage in passages:
            width = 0.35 if passage == "BOS" else 2.0
            if passage not in colour_of:
                colour_of[passage] = FILLS[len(colour_of) % len(FILLS)]
            fill = "white" if passage == "BOS" else colour_of[passage]
            axes.barh(-number, width, left=x, height=0.62, color=fill, edgecolor=BLACK, alpha=0.75)
            axes.text(x + width / 2, -number, passage, ha="center", va="center", fontsize=11)
            x += width
        axes.text(-0.1, -number, name, ha="right", va="center", fontsize=12)
    axes.set(xlim=(-1.6, 4.6), ylim=(-len(rows) + 0.4, 0.6))
    axes.axis("off")


def _draw_arrow(axes: Axes, start: str, end: str, name: str) -> None:
    x0, y0, _ = NODES[start]
    x1, y1, _ = NODES[end]
    arrow = {"arrowstyle": "-|>", "color": BLACK, "shrinkA": 42, "shrinkB": 42, "linewidth": 1.5}
    axes.annotate("", (x1, y1), (x0, y0), arrowprops=arrow)
    is_cut = len(name) == 1
    axes.text(
        (x0 + x1) / 2,
        (y0 + y1) / 2 + (0.05 if is_cut else -0.1),
        name,
        ha="center",
        fontsize=14 if is_cut else 10,
        weight="bold" if is_cut else "normal",
        color=RED if is_cut else BLACK,
    )
