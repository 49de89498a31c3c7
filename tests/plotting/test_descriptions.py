"""What a reader who cannot see a figure is told, read from the page that is shown, not from a notebook's metadata."""

from pathlib import Path

import matplotlib
import nbformat
import pytest
from bs4 import BeautifulSoup
from lesson_client import LessonClient
from matplotlib import pyplot as plt
from nbconvert import HTMLExporter, LatexExporter

from uncertainty.plotting import style

matplotlib.use("Agg")

LESSONS = sorted((Path(__file__).parents[2] / "notebooks").glob("[0-9][0-9]_*.ipynb"))
# Quotes, signs that HTML gives a meaning to, and a line break.
HARD_TO_QUOTE = 'p < 0.5 & q > 1: "sure",\nsays the model\'s <b>head</b>'


def pictures_of_outputs(notebook):
    """The images among the outputs of the page that `make lessons` would write."""
    page, _ = HTMLExporter().from_notebook_node(notebook)
    return BeautifulSoup(page, "html.parser").select(".jp-OutputArea img")


def described_figures(notebook):
    """What the figures of a notebook show, as nbval compares it."""
    return [
        "".join(output.data["text/plain"])
        for cell in notebook.cells
        for output in cell.get("outputs", [])
        if "image/png" in output.get("data", {})
    ]


@pytest.fixture
def shown(monkeypatch):
    """A notebook with one figure as `show` displays it."""
    outputs = []

    def keep(data, *, metadata, raw):
        outputs.append(nbformat.v4.new_output("display_data", data, metadata=metadata))

    monkeypatch.setattr(style, "display", keep)
    figure, _ = plt.subplots(figsize=(14, 2))
    style.show(figure, HARD_TO_QUOTE)
    return nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(outputs=outputs)])


def test_a_page_shows_the_figure_once_with_its_description(shown):
    [picture] = pictures_of_outputs(shown)
    assert picture["alt"] == HARD_TO_QUOTE
    [output] = shown.cells[0].outputs
    assert picture["src"] == f"data:image/png;base64,{output.data['image/png']}"


def test_a_figure_is_never_wider_than_the_page(shown):
    [picture] = pictures_of_outputs(shown)
    assert "max-width:100%" in picture["style"]


def test_an_export_without_html_still_shows_the_figure_once(shown):
    document, resources = LatexExporter().from_notebook_node(shown)
    assert document.count(r"\includegraphics") == 1
    assert [picture[:4] for picture in resources["outputs"].values()] == [b"\x89PNG"]


@pytest.mark.parametrize("path", LESSONS, ids=lambda path: path.name[:2])
def test_a_lessons_page_describes_every_figure(path):
    lesson = nbformat.read(path, as_version=4)
    figures = described_figures(lesson)
    alts = [picture.get("alt") for picture in pictures_of_outputs(lesson)]
    assert alts == figures and len(figures) >= 1
    for alt in alts:
        assert len(alt.split()) >= 4, alt


WIDGET = """
import matplotlib.pyplot as plt
from ipywidgets import interact
from uncertainty.plotting.style import show

def draw(power):
    figure, axes = plt.subplots(figsize=(3, 2))
    axes.plot([x**power for x in range(9)])
    show(figure, f"x to the power {power}")

draw(2)
interact(draw, power=(1, 5));
"""


def test_the_figure_of_a_widget_has_its_description_too():
    """A widget keeps its picture in its own state, not among the outputs of the cell."""
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(WIDGET)])
    LessonClient(notebook, kernel_name="python3", timeout=120).execute()
    assert [picture["alt"] for picture in pictures_of_outputs(notebook)] == ["x to the power 2"]
    widgets = notebook.metadata.widgets["application/vnd.jupyter.widget-state+json"]["state"]
    [output] = [
        output for widget in widgets.values() for output in widget["state"].get("outputs", ())
    ]
    picture = BeautifulSoup(output["data"]["text/html"], "html.parser").img
    assert picture["alt"] == "x to the power 3"
