"""Tokens as people can read them: labels, and the heat map that a `Generation` shows itself as.

Three carriers say the same thing, so that nobody depends on colour: the shade (one hue, light to dark), the printed
probability under each token, and the description that hovering or a screen reader gives.
"""

from html import escape

from ..generation.tokens import top_alternatives
from ..measures.token_measures import token_measures

SURE, UNSURE = (
    (255, 255, 255),
    (230, 130, 20),
)  # white to orange: dark text stays readable on all of it


def doubt_colour(doubt: float) -> str:
    """The shade for a doubt between 0 and 1, as #rrggbb."""
    share = min(max(doubt, 0.0), 1.0)
    return "#" + "".join(f"{round(a + (b - a) * share):02x}" for a, b in zip(SURE, UNSURE))


def token_heatmap_html(generation) -> str:
    """The heat map of a `Generation` as HTML that needs no script and no style sheet."""
    if len(generation.token_ids) == 0:
        return "<p>An empty answer: the model ended it before writing a token.</p>"
    measures = token_measures(generation)
    cells = zip(
        generation.tokens,
        measures["probability"].tolist(),
        measures["entropy"].tolist(),
        top_alternatives(generation),
    )
    return (
        f'<div role="list" aria-label="Token heat map of the answer" style="line-height:2.9em">'
        f"{''.join(_token_html(*cell) for cell in cells)}</div>{_legend(generation.finish_reason)}"
    )


def _token_html(
    label: str, probability: float, entropy: float, alternatives: list[tuple[str, float]]
) -> str:
    others = "&#10;".join(f"{p:.3f}  {escape(repr(name))}" for name, p in alternatives)
    story = f"{escape(repr(label))}: probability {probability:.3f}, entropy {entropy:.2f} nats. Likeliest:&#10;{others}"
    shown = escape(label).replace("\n", "\u23ce").replace(" ", "\u00a0")
    return (
        f'<span role="listitem" tabindex="0" title="{story}" aria-label="{story}" style="display:inline-block;'
        f"background-color:{doubt_colour(1 - probability)};color:#111;border:1px solid #ccc;border-radius:3px;"
        f'margin:0 1px;padding:0 2px;line-height:1.25em;text-align:center;cursor:help">{shown}'
        f'<span aria-hidden="true" style="display:block;font-size:70%;color:#333">{probability:.2f}</span></span>'
        + ("<br>" if "\n" in label else "")
    )


def _legend(finish_reason: str) -> str:
    shades = "".join(
        f'<span style="background-color:{doubt_colour(i / 4)};border:1px solid #ccc">&nbsp;&nbsp;</span>'
        for i in range(5)
    )
    ending = ". Cut off at max_new_tokens" if finish_reason == "length" else ""
    return (
        f'<p style="font-size:80%">sure {shades} unsure. The number is the probability of the token; '
        f"hover for the alternatives{ending}.</p>"
    )
