"""Fold the code cells that only draw a figure, only build a control, or set the lesson up.

``python docs/folding.py``            fold and unfold the lessons' cells
``python docs/folding.py --check``    only say which notebooks would change

A folded cell shows its first line, a title that says what the code does, and its output.
JupyterLab, Colab and the site each have a mark of their own for it; a folded cell has all three.
Code that claims, checks, asserts or prints stays in sight, as does a cell whose
values a later open cell reads. An author folds a cell that only prepares by the tag "plumbing".
"""

import argparse
import ast
import symtable
import sys
from collections.abc import Iterable
from pathlib import Path

import nbformat

ROOT = Path(__file__).parent.parent
SHORTEST = 6  # lines; a shorter cell is read faster than it is opened
SITE = "hide-input"  # the tag by which the site folds a cell
PLUMBING = "plumbing"  # the tag by which an author folds a cell that only prepares
DRAWING = "Draw the figure (folded: open it to read the code)"
HELPER = "Say how to draw it (folded: open it to read the code)"
CONTROL = "Build the controls (folded: open it to read the code)"
SETUP = (
    "Set-up, the same in every lesson: in Colab it fetches the course, elsewhere it only imports"
)
PREPARING = "Prepare what follows (folded: open it to read the code)"
TITLES = {f"# @title {text}" for text in (DRAWING, HELPER, CONTROL, SETUP, PREPARING)}

DRAWS = {"show", "subplots", "plot", "axhline", "axvline", "scatter", "bar", "barh", "boxplot"}
DRAWS |= {"imshow", "hist", "fill_between", "errorbar", "legend", "set_xticks", "text"}
CONTROLS = {"interact", "interactive", "interactive_output", "VBox", "HBox", "Dropdown", "Text"}
CONTROLS |= {"Textarea", "IntSlider", "FloatSlider", "SelectionSlider", "ToggleButtons", "Button"}
# What a reader has to see, wherever in a cell it stands.
IN_SIGHT = {"check", "claim", "judge", "solution", "hint", "progress"}


def main(arguments: list[str] | None = None, *, root: Path = ROOT) -> int:
    """Fold what only draws, or with --check return 1 when a notebook would change."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true", help="write nothing")
    options = parser.parse_args(arguments)
    changed = refolded(root)
    if not changed:
        print("Every cell is folded or open as it should be.")
        return 0
    told = sorted(path.name for path in changed)
    print("\n".join(["to be folded anew:" if options.check else "folded anew:", *told]))
    if options.check:
        return 1
    for path, text in changed.items():
        path.write_text(text, encoding="utf-8")
    return 0


def refolded(root: Path) -> dict[Path, str]:
    """Return the notebooks whose cells are not folded as they should be, with their new text."""
    texts = {}
    for path in sorted((root / "notebooks").glob("[0-9][0-9]_*.ipynb")):
        notebook = nbformat.read(path, as_version=4)
        fold(notebook)
        text = f"{nbformat.writes(notebook)}\n"
        if text != path.read_text(encoding="utf-8"):
            texts[path] = text
    return texts


def fold(notebook: nbformat.NotebookNode) -> None:
    """Fold and unfold the notebook's code cells, in place."""
    cells = [cell for cell in notebook.cells if cell.cell_type == "code"]
    for cell in cells:
        mark(cell, None)
    for cell, title in zip(cells, titles_of([cell.source for cell in cells]), strict=True):
        tagged = PLUMBING in cell.metadata.get("tags", [])
        mark(cell, PREPARING if tagged and only_prepares(cell.source) else title)


def titles_of(sources: list[str]) -> list[str | None]:
    """Return the title of each cell that is to be folded, and None for the others.

    The last cells come first: whether one may be folded depends on what the cells after it read. A
    short cell that only draws is not folded, but it may read what a folded one made.
    """
    titles: list[str | None] = []
    read_later: set[str] = set()
    for source in reversed(sources):
        tree = ast.parse(source)
        title = None if bound_by(tree) & read_later else title_of(tree)
        if title is None:
            read_later = (read_later - bound_by(tree)) | read_by(source)
        titles.append(title if len(source.splitlines()) >= SHORTEST else None)
    return titles[::-1]


def title_of(tree: ast.Module) -> str | None:
    """Return the title under which a cell's code could be folded, or None if it has to be read."""
    called = calls_in(tree.body)
    at_once = calls_in(each for each in tree.body if not isinstance(each, ast.FunctionDef))
    if called >= {"find_spec", "use_course_style"}:
        return SETUP
    if supports_a_statement(tree) or "print" in at_once:
        return None
    if called & CONTROLS:
        return CONTROL
    if not called & DRAWS:
        return None
    return DRAWING if at_once & DRAWS else HELPER


def only_prepares(source: str) -> bool:
    """Whether a cell prints nothing and supports no statement of the text."""
    tree = ast.parse(source)
    return not supports_a_statement(tree) and "print" not in calls_in(tree.body)


def supports_a_statement(tree: ast.Module) -> bool:
    """Whether a cell claims, checks or asserts something."""
    asserts = any(isinstance(each, ast.Assert) for each in ast.walk(tree))
    return asserts or bool(calls_in(tree.body) & IN_SIGHT)


def calls_in(body: Iterable[ast.stmt]) -> set[str]:
    """Return the names of the functions and methods that are called."""
    calls = (node.func for part in body for node in ast.walk(part) if isinstance(node, ast.Call))
    return {getattr(func, "attr", getattr(func, "id", "")) for func in calls}


def bound_by(tree: ast.Module) -> set[str]:
    """Return the names that the cell's top level binds, its functions apart."""
    outside = [each for each in tree.body if not isinstance(each, ast.FunctionDef)]
    stored = (node for each in outside for node in ast.walk(each) if isinstance(node, ast.Name))
    return {node.id for node in stored if isinstance(node.ctx, ast.Store)}


def read_by(source: str) -> set[str]:
    """Return the names that the cell reads and does not bind itself."""
    cell = symtable.symtable(source, "cell", "exec")
    read = {name.get_name() for name in cell.get_symbols() if name.is_referenced()}
    bound = {name.get_name() for name in cell.get_symbols() if name.is_assigned()}
    tables = list(cell.get_children())
    while tables:
        table = tables.pop()
        read |= {name.get_name() for name in table.get_symbols() if name.is_global()}
        tables += table.get_children()
    return read - bound


def mark(cell: nbformat.NotebookNode, title: str | None) -> None:
    """Fold a code cell under this title, or open it when the title is None."""
    lines = cell.source.splitlines()
    if lines and lines[0] in TITLES:
        lines = lines[1:]
    for key in ("cellView", "jupyter"):
        cell.metadata.pop(key, None)
    tags = [tag for tag in cell.metadata.pop("tags", []) if tag != SITE]
    if title is not None:
        lines = [f"# @title {title}", *lines]
        tags.append(SITE)
        cell.metadata["cellView"] = "form"
        cell.metadata["jupyter"] = {"source_hidden": True}
    if tags:
        cell.metadata["tags"] = tags
    cell.source = "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
