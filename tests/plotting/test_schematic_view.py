"""Schematics: each is drawn by its module, described, and shown with its description."""

import importlib
import re
from io import StringIO
from pathlib import Path
from unittest.mock import patch

import matplotlib
import matplotlib.pyplot as plt
import pytest
from bs4 import BeautifulSoup

from uncertainty.plotting.schematic_view import FILES, schematic_description, show_schematic

matplotlib.use("Agg")

ROOT = Path(__file__).parents[2]
NAMES = sorted(path.stem for path in FILES.glob("*.svg"))


def test_each_drawing_has_its_module_and_both_files():
    modules = {path.stem for path in (ROOT / "imgs" / "schematics").glob("*.py")} - {"style"}
    assert set(NAMES) == modules == {path.stem for path in FILES.glob("*.png")}


def written(svg):
    """The texts of a drawing, whose letters are outlines: matplotlib writes each as a comment."""
    return re.findall(r"<!-- (.+?) -->", svg, re.S)


@pytest.mark.parametrize("name", NAMES)
def test_the_files_are_what_the_module_draws_and_says(name, monkeypatch):
    monkeypatch.syspath_prepend(ROOT / "imgs")
    module = importlib.import_module(f"schematics.{name}")
    assert schematic_description(name) == module.ALT and len(module.ALT.split()) >= 15
    drawn = StringIO()
    with matplotlib.rc_context({"svg.fonttype": "path", "font.size": 12}):
        figure = module.draw().figure
        figure.savefig(drawn, format="svg")
    plt.close(figure)
    kept = (FILES / f"{name}.svg").read_text(encoding="utf-8")
    assert len(written(kept)) >= 3, "run `python imgs/draw_schematics.py`"
    assert written(drawn.getvalue()) == written(kept), "run `python imgs/draw_schematics.py`"


@pytest.mark.parametrize("name", NAMES)
def test_a_drawing_is_small_and_asks_for_nothing_outside(name):
    svg = (FILES / f"{name}.svg").read_text(encoding="utf-8")
    assert len(svg) < 150_000
    assert "<script" not in svg and 'href="http' not in svg


def test_it_is_shown_with_its_description():
    with patch("uncertainty.plotting.schematic_view.display") as display:
        show_schematic("generation_steps")
    bundle = display.call_args.args[0]
    image = BeautifulSoup(bundle["text/html"], "html.parser").img
    assert image["alt"] == bundle["text/plain"] == schematic_description("generation_steps")
    assert image["src"].startswith("data:image/svg+xml;base64,")


def test_an_unknown_name_lists_the_known_ones():
    with pytest.raises(ValueError, match=r"no schematic called 'x'; there are: .*generation_steps"):
        show_schematic("x")
