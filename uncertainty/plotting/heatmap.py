"""The token heat map: what a `Generation` shows of itself in a notebook.

Three cues give the same information, so that nobody depends on colour: the shade (one hue, light to
dark), the printed probability under each token, and the description that hovering or a screen
reader gives.
"""

from collections.abc import Iterable
from html import escape

from ..generation.tokens import top_alternatives
from ..measures.entropy_bounds import entropy_bounds
from ..measures.token_measures import token_measures
from .labels import NEWLINE_MARK, alternatives_html

# From white to orange as (red, green, blue): dark text stays readable on all of it.
SURE = (255, 255, 255)
UNSURE = (230, 130, 20)


def doubt_colour(doubt: float) -> str:
    """Return the shade for a doubt between 0 and 1, as #rrggbb."""
    share = min(max(doubt, 0.0), 1.0)
    channels = [round(a + (b - a) * share) for a, b in zip(SURE, UNSURE)]
    return "#" + "".join(f"{channel:02x}" for channel in channels)


def token_heatmap_html(generation) -> str:
    """Return the heat map of a `Generation` as HTML that needs no script and no style sheet."""
    if len(generation) == 0:
        return "<p>An empty answer: the model ended it before writing a token.</p>"
    measures = token_measures(generation)
    tokens = zip(
        generation.tokens,
        measures["probability"].tolist(),
        _entropies_in_words(generation, measures),
        top_alternatives(generation),
    )
    return tokens_html(tokens, legend=heatmap_legend(generation.finish_reason))


def tokens_html(
    tokens: Iterable[tuple[str, float, str, Iterable[tuple[str, float]]]], *, legend: str
) -> str:
    """Return the heat map of tokens that were measured before.

    Args:
        tokens: for each its label, its probability, its entropy in words ("entropy 0.52 nats"), and
            the likeliest tokens at its place with their probabilities.
        legend: HTML that stands below the map; empty where `heatmap_legend` is elsewhere on the
            page.
    """
    cells = [_token_html(*token) for token in tokens]
    return (
        '<div role="list" aria-label="Token heat map of the answer" style="line-height:2.9em">'
        f"{''.join(cells)}</div>{legend}"
    )


def entropy_words(nats: float) -> str:
    """Return an entropy as the heat map's descriptions say it."""
    return f"entropy {nats:.2f} nats"


def entropy_range_words(lower: float, upper: float) -> str:
    """Return the bounds of an entropy that is not known, as the heat map's descriptions say it."""
    return f"entropy {lower:.2f} to {upper:.2f} nats"


def _entropies_in_words(generation, measures) -> list[str]:
    """Return each step's entropy in words; of a server's answer, which hides it, its bounds."""
    if "entropy" in measures:
        return [entropy_words(nats) for nats in measures["entropy"].tolist()]
    if generation.vocabulary_size is None:
        return ["entropy unknown"] * len(generation)
    bounds = zip(*(bound.tolist() for bound in entropy_bounds(generation)))
    return [entropy_range_words(lower, upper) for lower, upper in bounds]


def _token_html(
    label: str, probability: float, entropy: str, alternatives: Iterable[tuple[str, float]]
) -> str:
    """Return one token: its shade, its probability, and the description with its alternatives."""
    description = (
        f"{escape(repr(label))}: probability {probability:.3f}, {entropy}. "
        f"Likeliest:&#10;{alternatives_html(alternatives)}"
    )
    text = escape(label).replace("\n", NEWLINE_MARK).replace(" ", "\u00a0")
    line_break = "<br>" if "\n" in label else ""
    return (
        f'<span role="listitem" tabindex="0" title="{description}" aria-label="{description}" '
        f'style="display:inline-block;background-color:{doubt_colour(1 - probability)};color:#111;'
        "border:1px solid #ccc;border-radius:3px;margin:0 1px;padding:0 2px;line-height:1.25em;"
        f'text-align:center;cursor:help">{text}'
        '<span aria-hidden="true" style="display:block;font-size:70%;color:#333">'
        f"{probability:.2f}</span></span>{line_break}"
    )


def heatmap_legend(finish_reason: str) -> str:
    """Return the line below a heat map, which explains shades and numbers.

    Args:
        finish_reason: as of a `Generation`; "length" is told.
    """
    shades = []
    for doubt in (0, 0.25, 0.5, 0.75, 1):
        style = f"background-color:{doubt_colour(doubt)};border:1px solid #ccc"
        shades.append(f'<span style="{style}">&nbsp;&nbsp;</span>')
    ending = ". Cut off at max_new_tokens" if finish_reason == "length" else ""
    return (
        f'<p style="font-size:80%">sure {"".join(shades)} unsure. '
        "The number is the probability of the token; "
        f"hover for the alternatives{ending}.</p>"
    )
