"""Run lessons and keep their outputs in the notebooks.

``python tests/refresh_outputs.py notebooks/03_*.ipynb``

A lesson that fails is left as it was. What changes from machine to machine is not kept: widget
state, timings, versions, progress bars, warnings.
"""

import os
import sys
import time
from pathlib import Path

import nbformat
from nbclient import NotebookClient

METADATA = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}


def refresh(path: Path) -> float:
    """Run one notebook in its own folder, write it back, and return the seconds it took."""
    notebook = nbformat.read(path, as_version=4)
    client = NotebookClient(
        notebook,
        timeout=900,
        kernel_name="python3",
        coalesce_streams=True,
        resources={"metadata": {"path": path.parent}},
    )
    started = time.perf_counter()
    client.execute()
    for cell in notebook.cells:
        cell.metadata.pop("execution", None)
        if cell.cell_type == "code":
            cell.outputs = [output for output in cell.outputs if output.get("name") != "stderr"]
    notebook.metadata = METADATA
    aside = path.with_suffix(".aside")
    nbformat.write(notebook, aside)
    aside.replace(path)
    return time.perf_counter() - started


if __name__ == "__main__":
    os.environ["TQDM_DISABLE"] = "1"  # in a notebook a progress bar is a widget, kept as an output
    for name in sys.argv[1:]:
        print(f"{name}: {refresh(Path(name)):.0f} s", flush=True)
