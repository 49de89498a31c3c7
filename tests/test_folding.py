"""Cells that only draw or only build a control are folded, and nothing that has to be read is."""

import importlib.util
import json
from pathlib import Path

import nbformat
import pytest

ROOT = Path(__file__).parent.parent
specification = importlib.util.spec_from_file_location("folding", ROOT / "docs" / "folding.py")
folding = importlib.util.module_from_spec(specification)
specification.loader.exec_module(folding)

DRAWING = """figure, axes = plt.subplots()
for kind in kinds:
    axes.plot(values[kind], label=kind)
axes.set(xlabel="layer")
axes.legend()
show(figure, "A line.")"""
CONTROL = """def look(layer=3):
    print(layer)



interact(look, layer=(0, 9));"""
HELPER = """def draw(axes, values):
    axes.plot(values)
    axes.set(
        xlabel="layer",
        ylabel="nats",
    )"""
SETUP = """import importlib.util

if importlib.util.find_spec("uncertainty") is None:
    print("fetching")

from uncertainty import use_course_style
use_course_style()"""


def titles(*sources):
    return folding.titles_of(list(sources))


@pytest.mark.parametrize(
    ("source", "title"),
    [
        (DRAWING, folding.DRAWING),
        (CONTROL, folding.CONTROL),
        (HELPER, folding.HELPER),
        (SETUP, folding.SETUP),
    ],
)
def test_what_only_draws_builds_or_sets_up_is_folded(source, title):
    assert titles(source) == [title]


@pytest.mark.parametrize(
    "line",
    [
        "print(values)",
        "assert values",
        "draw = check(draw)",
        'claim("higher", values, controls)',
        'judge("higher", values)',
    ],
)
def test_a_cell_that_prints_or_supports_a_statement_stays_open(line):
    assert titles(f"{DRAWING}\n{line}") == [None]


def test_a_cell_of_five_lines_stays_open_and_one_of_six_does_not():
    lines = ["figure, axes = plt.subplots()", *["axes.plot(values)"] * 3, "show(figure, 'Lines.')"]
    assert titles("\n".join(lines)) == [None]
    assert titles("\n".join([*lines, "plt.close(figure)"])) == [folding.DRAWING]


def test_a_cell_that_computes_for_an_open_one_stays_open():
    computes = f"steps = changes(values)\n{DRAWING}"
    assert titles(computes, "steps.mean()") == [None, None]
    assert titles(computes, "def mean():\n    return steps.mean()") == [None, None]
    assert titles(computes, "steps = others\nsteps.mean()") == [folding.DRAWING, None]
    assert titles(computes, "def mean(steps):\n    return steps.mean()") == [folding.DRAWING, None]


def test_a_folded_cell_may_compute_for_another_folded_one():
    computes = f"steps = changes(values)\n{DRAWING}"
    assert titles(computes, f"{DRAWING}\naxes.plot(steps)") == [folding.DRAWING] * 2


def test_an_import_or_a_function_may_be_read_by_an_open_cell():
    assert titles(f"import numpy as np\n{HELPER}", "draw(axes, np.ones(3))")[0] == folding.HELPER


def test_folding_twice_is_folding_once_and_unfolding_gives_the_cell_back():
    cells = [nbformat.v4.new_code_cell(DRAWING, metadata={"tags": ["slide"]})]
    notebook = nbformat.v4.new_notebook(cells=cells)
    folding.fold(notebook)
    once = nbformat.writes(notebook)
    folding.fold(notebook)
    assert nbformat.writes(notebook) == once
    [cell] = notebook.cells
    assert cell.metadata.jupyter == {"source_hidden": True} and cell.metadata.cellView == "form"
    assert cell.metadata.tags == ["slide", "hide-input"]
    folding.mark(cell, None)
    assert cell.source == DRAWING and cell.metadata == {"tags": ["slide"]}


def test_an_author_folds_what_only_prepares_and_nothing_that_prints():
    cells = [
        nbformat.v4.new_code_cell(source, metadata={"tags": ["plumbing"]})
        for source in ("texts = read(names)", "texts = read(names)\nprint(len(texts))")
    ]
    folding.fold(nbformat.v4.new_notebook(cells=cells))
    assert [cell.source.startswith("# @title Prepare") for cell in cells] == [True, False]


def test_every_lesson_is_folded(capsys):
    assert folding.main(["--check"]) == 0, capsys.readouterr().out


def test_a_cell_that_should_be_folded_is_found_and_folded(tmp_path, capsys):
    (tmp_path / "notebooks").mkdir()
    file = tmp_path / "notebooks" / "01_pears.ipynb"
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(DRAWING)])
    nbformat.write(notebook, file)
    before = file.read_bytes()
    assert folding.main(["--check"], root=tmp_path) == 1
    assert "01_pears.ipynb" in capsys.readouterr().out and file.read_bytes() == before
    assert folding.main([], root=tmp_path) == 0
    [cell] = json.loads(file.read_text(encoding="utf-8"))["cells"]
    assert cell["source"][0].startswith("# @title Draw")
    assert folding.main(["--check"], root=tmp_path) == 0
