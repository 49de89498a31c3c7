"""Run one notebook as Colab does, past every error, and say what came of it.

``python colab_lesson.py lesson.ipynb folder outcome.json``

It needs nbclient and the kernel of the environment that runs it. The notebook runs in the folder,
whose kernel has imported `google.colab` before the first cell (PYTHONPATH names the stand-in).
``outcome.json`` holds

- ``cells``: how many code cells there are, and ``seconds``: what they took together;
- ``errors``: `cell` (counted from 1), `source`, `name`, `text`, and `line` of the cell that raised
  the exception, or None where it was raised in what the cell called;
- ``stopped``: why the notebook did not come to its end, or None.
"""

import json
import os
import sys
import time
from pathlib import Path

import nbformat
from lesson_client import LessonClient

TIMEOUT = 1800  # seconds for a cell

# IPython runs these files before the first cell. The second keeps what an error's message does not
# tell in the same words in every version of IPython: the line.
STARTUP = {
    "00-colab.py": "import google.colab\n",
    "01-errors.py": """
def _keep(result, _path={path!r}, _cells=[]):
    import json, traceback
    if not result.info.store_history:
        return
    _cells.append(result)
    error = result.error_in_exec or result.error_before_exec
    if error is None:
        return
    frames = traceback.extract_tb(error.__traceback__)
    in_cell = frames and "ipykernel_" in frames[-1].filename
    kept = dict(cell=len(_cells), source=result.info.raw_cell, name=type(error).__name__,
                text=str(error), line=frames[-1].lineno if in_cell else None)
    with open(_path, "a", encoding="utf-8") as file:
        file.write(json.dumps(kept) + "\\n")


get_ipython().events.register("post_run_cell", _keep)
""",
}


def run(notebook: Path, folder: Path, private: Path) -> dict:
    """Run a notebook and return its outcome.

    Args:
        notebook: the file.
        folder: where its kernel runs; nothing but the notebook has to be there.
        private: an empty folder for IPython's settings and what the kernel keeps.
    """
    errors = private / "errors.jsonl"
    startup = private / "profile_default" / "startup"
    startup.mkdir(parents=True)
    for name, code in STARTUP.items():
        code = code.replace("{path!r}", repr(str(errors)))
        startup.joinpath(name).write_text(code, encoding="utf-8")
    os.environ["IPYTHONDIR"] = str(private)
    content = nbformat.read(notebook, as_version=4)
    resources = {"metadata": {"path": str(folder)}}
    client = LessonClient(
        content, timeout=TIMEOUT, kernel_name="python3", resources=resources, allow_errors=True
    )
    started, stopped = time.perf_counter(), None
    try:
        client.execute()
    except Exception as error:  # a kernel that died, a cell that took too long
        stopped = f"{type(error).__name__}: {error}"
    lines = errors.read_text(encoding="utf-8").splitlines() if errors.exists() else []
    return {
        "cells": sum(cell.cell_type == "code" for cell in content.cells),
        "seconds": time.perf_counter() - started,
        "errors": [json.loads(line) for line in lines],
        "stopped": stopped,
    }


if __name__ == "__main__":
    notebook, folder, outcome = map(Path, sys.argv[1:])
    private = outcome.parent / "ipython"
    found = run(notebook, folder, private)
    outcome.write_text(json.dumps(found), encoding="utf-8")
