"""Run lessons and keep their outputs in the notebooks: ``python tests/refresh_outputs.py notebooks/03_*.ipynb``.

A lesson that fails is left as it was. What changes from machine to machine is not kept: widget state, timings,
versions, progress bars.
"""

import sys
import time
from pathlib import Path

import nbformat
from nbclient import NotebookClient


def refresh(path: Path) -> float:
    """Run one notebook in its own folder and write it back; returns the seconds it took."""
    notebook = nbformat.read(path, as_version=4)
    started = time.perf_counter()
    place = {"metadata": {"path": path.parent}}
    NotebookClient(
        notebook, timeout=900, kernel_name="python3", coalesce_streams=True, resources=place
    ).execute()
    for cell in notebook.cells:
        cell.metadata.pop("execution", None)
        if cell.cell_type == "code":
            cell.outputs = [output for output in cell.outputs if output.get("name") != "stderr"]
    notebook.metadata = {
        "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
        "language_info": {"name": "python"},
    }
    aside = path.with_suffix(".aside")
    nbformat.write(notebook, aside)
    aside.replace(path)
    return time.perf_counter() - started


if __name__ == "__main__":
    for name in sys.argv[1:]:
        print(f"{name}: {refresh(Path(name)):.0f} s", flush=True)
