"""Run the code cells of a notebook one after the other, past every error, and say what came of them.

``python tests/lesson_cells.py lesson.ipynb outcome.json``

It runs them in IPython's shell and in one process, as a notebook does but without a kernel. A lesson
that stops by itself (`LessonStopsError`) ends there. The JSON file holds

- ``errors``, in the order of the cells: ``cell`` (counted from 1), ``source``, ``name`` and ``text``
  of the exception, and ``line``: the line of the cell that raised it, or None where it was raised in
  what the cell called;
- ``claims``: what `uncertainty.claim` judged;
- ``stopped``: the sentence with which the lesson stopped, or None.
"""

import json
import sys
import traceback
from pathlib import Path

import nbformat
from IPython.core.displaypub import CapturingDisplayPublisher
from IPython.core.interactiveshell import InteractiveShell

CLAIM = "application/vnd.uncertainty.claim+json"  # as in uncertainty.course.claims


class Shown(CapturingDisplayPublisher):
    """What the cells displayed; a progress bar that clears its line takes nothing away."""

    def clear_output(self, *_, **__) -> None:
        """Keep everything."""


def run_cells(sources: list[str]) -> dict:
    """Run the cells and return the errors that stopped some of them, and the claims."""
    shell = InteractiveShell.instance()
    shell.display_pub = Shown()
    errors, stopped = [], None
    for number, source in enumerate(sources, start=1):
        outcome = shell.run_cell(source, store_history=True)
        error = outcome.error_in_exec or outcome.error_before_exec
        if type(error).__name__ == "LessonStopsError":
            stopped = str(error)
            break
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
    shown = [output["data"] for output in shell.display_pub.outputs]
    claims = [data[CLAIM] for data in shown if CLAIM in data]
    return {"errors": errors, "claims": claims, "stopped": stopped}


def line_of_the_cell(error: BaseException, number: int) -> int | None:
    """Return the line of this cell at which the error was raised, None where it was elsewhere."""
    frames = traceback.extract_tb(error.__traceback__)
    if frames and frames[-1].filename.startswith(f"<ipython-input-{number}-"):
        return frames[-1].lineno
    return None


def main(notebook: str, outcome: str) -> None:
    cells = nbformat.read(notebook, as_version=4).cells
    sources = [cell.source for cell in cells if cell.cell_type == "code"]
    Path(outcome).write_text(json.dumps(run_cells(sources)), encoding="utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
