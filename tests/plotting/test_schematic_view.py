"""Schematics: each is drawn by its module, described, and shown with its description."""

from pathlib import Path
from unittest.mock import patch

import matplotlib
import pytest
from bs4 import BeautifulSoup

from uncertainty.plotting.schematic_view import FILES, schematic_description, show_schematic

matplotlib.use("Agg")

ROOT = Path(__file__).parents[2]
NAMES = sorted(path.stem for path in FILES.glob("*.svg"))


def test_each_drawing_has_its_module_and_both_files():
    modules = {path.stem for path in (ROOT / "imgs" / "schematics").glob("*.py")} - {"style"}
    assert set(NAMES) == modules == {path.stem for path in FILES.glob("*.png")}


@pytest.mark.parametrize("name", NAMES)
def test_the_description_is_the_modules(name):
    source = (ROOT / "imgs" / "schematics" / f"{name}.py").read_text(encoding="utf-8")
    told = schematic_description(name)
    assert len(told.split()) >= 15
    assert " ".join(told.split())[:20] in " ".join(source.split())


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
