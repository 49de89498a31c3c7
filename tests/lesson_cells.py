"""Run the code cells of notebooks one after the other, past every error, and say what came of them.

``python tests/lesson_cells.py folder lesson.ipynb another.ipynb``

Each notebook runs in IPython's shell and in a process of its own, as a notebook does but without a
kernel, in ``folder/NN`` (the number that its name begins with). A lesson that stops by itself
(`LessonStopsError`) ends there. ``folder/NN/outcome.json`` holds

- ``errors``, in the order of the cells: ``cell`` (counted from 1), ``source``, ``name`` and ``text``
  of the exception, and ``line``: the line of the cell that raised it, or None where it was raised in
  what the cell called;
- ``claims``: what `uncertainty.claim` judged;
- ``stopped``: the sentence with which the lesson stopped, or None.
"""

import contextlib
import json
import multiprocessing
import os
import sys
import traceback
from pathlib import Path

import nbformat
from IPython.core.displaypub import CapturingDisplayPublisher
from IPython.core.interactiveshell import InteractiveShell

# What takes seconds to import and is the same for every lesson: it is imported once, where processes can be forked.
IMPORTED_ONCE = [
    "IPython",
    "ipywidgets",
    "matplotlib.pyplot",
    "scipy.stats",
    "sklearn.linear_model",
    "torch",
    "transformers.models.llama.modeling_llama",
]
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


def run_notebook(notebook: str, folder: Path) -> None:
    """Run one notebook in a folder and write its outcome there."""
    cells = nbformat.read(notebook, as_version=4).cells
    sources = [cell.source for cell in cells if cell.cell_type == "code"]
    os.chdir(folder)
    with open(os.devnull, "w") as nowhere, contextlib.redirect_stdout(nowhere):
        outcome = run_cells(sources)
    Path("outcome.json").write_text(json.dumps(outcome), encoding="utf-8")


def main(folder: str, *notebooks: str) -> None:
    """Run the notebooks; one that ends its process leaves no outcome, and the next one runs."""
    can_fork = "forkserver" in multiprocessing.get_all_start_methods()
    processes = multiprocessing.get_context("forkserver" if can_fork else "spawn")
    if can_fork:
        processes.set_forkserver_preload(IMPORTED_ONCE)
    for notebook in notebooks:
        own_folder = Path(folder).resolve() / Path(notebook).name[:2]
        own_folder.mkdir()
        arguments = (str(Path(notebook).resolve()), own_folder)
        process = processes.Process(target=run_notebook, args=arguments)
        process.start()
        process.join()


if __name__ == "__main__":
    main(*sys.argv[1:])
