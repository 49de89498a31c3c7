"""The page of a report, made from its numbers alone; nothing on it comes from elsewhere."""

from pathlib import Path
from typing import Any

import jinja2
from markupsafe import Markup

from ..course.machine_check import rounded_duration
from ..plotting.heatmap import entropy_range_words, entropy_words, heatmap_legend, tokens_html
from .figures import (
    draw_both,
    draw_leaderboard,
    draw_neurons,
    draw_profile,
    draw_reliability,
    draw_risk,
    picture,
)
from .summary import interval_words
from .writing import GENERATOR

TEMPLATES = Path(__file__).with_name("templates")


def report_page(data: dict[str, Any]) -> str:
    """Return the page of one model."""
    return (
        _environment()
        .get_template("report.html")
        .render(data=data, pictures=_pictures(data["sections"]), **data)
    )


def comparison_page(data: dict[str, Any]) -> str:
    """Return the page of two models side by side."""
    drawn = {"both": picture(draw_both, data)} if data["left_out"] is None else {}
    return _environment().get_template("comparison.html").render(data=data, pictures=drawn, **data)


def _pictures(sections: dict[str, dict]) -> dict:
    drawers = {
        "leaderboard": draw_leaderboard,
        "calibration": draw_reliability,
        "threshold": draw_risk,
        "lens": draw_profile,
        "neurons": draw_neurons,
    }
    drawn = {}
    for name, draw in drawers.items():
        part = sections[name]
        if part["left_out"] is None and _has_figure(name, part):
            drawn[name] = picture(draw, part)
    return drawn


def _has_figure(name: str, part: dict) -> bool:
    if name == "neurons":
        return any(row["share"] is not None for row in part["rows"])
    if name == "lens":
        return bool(part["entropy"])
    return True


def _environment() -> jinja2.Environment:
    """Return the templates' environment: every text is escaped, a misspelt name is an error."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals.update(
        generator=Markup(GENERATOR), heatmap=_heatmap, legend=Markup(heatmap_legend("stop"))
    )
    environment.filters.update(
        interval=interval_words, number=_number, gigabytes=_gigabytes, duration=rounded_duration
    )
    return environment


def _heatmap(answer: dict) -> Markup:
    """Return the heat map of one answer; `tokens_html` escapes its labels."""
    tokens = [
        (
            token["text"],
            token["probability"],
            _entropy_in_words(token["entropy"]),
            token["alternatives"],
        )
        for token in answer["tokens"]
    ]
    return Markup(tokens_html(tokens, legend=""))


def _entropy_in_words(nats: float | list[float] | None) -> str:
    """Return an entropy in words, or its two bounds where a server hides it."""
    if nats is None:
        return "entropy unknown"
    return entropy_range_words(*nats) if isinstance(nats, list) else entropy_words(nats)


def _number(value: float | None, digits: int = 2) -> str:
    return "not defined" if value is None else f"{value:.{digits}f}"


def _gigabytes(size: float | None) -> str:
    return "not known" if size is None else f"{size / 1e9:.1f} GB"
