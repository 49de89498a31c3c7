"""Run lessons and keep their outputs in the notebooks.

``python tests/refresh_outputs.py notebooks/03_*.ipynb``

Everything is asked anew: neither the cache nor what is recorded in the package is used. After all
lessons have run, their answers replace the record (`uncertainty/course/recorded_answers`); a run of
some lessons only adds tasks that it lacks, since lessons share its files.

A lesson that fails is left as it was, and so is the record. What changes from machine to machine is
not kept: widget state, timings, versions, progress bars, warnings.
"""

import os
import sys
import tempfile
import time
from pathlib import Path

import nbformat
from lesson_client import LessonClient

from uncertainty.course.lessons import LESSONS
from uncertainty.course.recorded import add_to_record, replace_record

METADATA = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}


def refresh(path: Path) -> float:
    """Run one notebook in its own folder, write it back, and return the seconds it took."""
    notebook = nbformat.read(path, as_version=4)
    client = LessonClient(
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


def refresh_all(paths: list[Path]) -> None:
    """Run these lessons, ask everything anew, and replace the record if they are all there are."""
    os.environ["TQDM_DISABLE"] = "1"  # in a notebook a progress bar is a widget, kept as an output
    with tempfile.TemporaryDirectory() as answers:
        os.environ["UNCERTAINTY_RECORD"] = answers
        for path in paths:
            print(f"{path}: {refresh(path):.0f} s", flush=True)
        if {path.name for path in paths} >= {lesson.file for lesson in LESSONS}:
            print("recorded anew:", ", ".join(replace_record(Path(answers))) or "no difference")
        else:
            print("added to the record:", ", ".join(add_to_record(Path(answers))) or "nothing")


if __name__ == "__main__":
    refresh_all([Path(name) for name in sys.argv[1:]])
