"""Run the code cells of a notebook one after the other, past every error, and say what stopped them.

``python tests/lesson_cells.py lesson.ipynb errors.json``

It runs them in IPython's shell and in one process, as a notebook does but without a kernel. The JSON
file holds a list of the errors, in the order of the cells: ``cell`` (counted from 1), ``source``,
``name`` and ``text`` of the exception, and ``line``: the line of the cell that raised it, or None
where it was raised in what the cell called.
"""

import json
import sys
import traceback
from pathlib import Path

import nbformat
from IPython.core.interactiveshell import InteractiveShell


def run_cells(sources: list[str]) -> list[dict]:
    """Run the cells and return the errors that stopped some of them."""
    shell = InteractiveShell.instance()
    errors = []
    for number, source in enumerate(sources, start=1):
        outcome = shell.run_cell(source, store_history=True)
        error = outcome.error_in_exec or outcome.error_before_exec
        if error is not None:
            errors.append(
                {
                    "cell": number,
                    "source": source,
                    "name": type(error).__name__,
                    "text": str(error),
                    "line": line_of_the_cell(error, number),
                }
            )
    return errors


def line_of_the_cell(error: BaseException, number: int) -> int | None:
    """Return the line of this cell at which the error was raised, None where it was elsewhere."""
    frames = traceback.extract_tb(error.__traceback__)
    if frames and frames[-1].filename.startswith(f"<ipython-input-{number}-"):
        return frames[-1].lineno
    return None


def main(notebook: str, errors: str) -> None:
    cells = nbformat.read(notebook, as_version=4).cells
    sources = [cell.source for cell in cells if cell.cell_type == "code"]
    Path(errors).write_text(json.dumps(run_cells(sources)), encoding="utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
