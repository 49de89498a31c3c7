"""Run the lessons on another model and keep what became of their claims, for the ledger's columns.

``python docs/ledger/other_models.py gemma3-270m``          every lesson
``python docs/ledger/other_models.py gemma3-270m 03 07``    some of them; what the others gave stays

Each lesson runs in a process of its own, past its failing asserts, and its result is written before
the next one starts. Answers go through the usual cache, so a run that was cut off goes on where it
stopped. What is kept lies in uncertainty/course/claims_by_model.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from uncertainty.course.ledger import CLAIMS_BY_MODEL, FIGURES

ROOT = Path(__file__).resolve().parent.parent.parent
CELLS = ROOT / "tests" / "lesson_cells.py"


def main(arguments: list[str] | None = None) -> None:
    """Run what the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("model", help="a name that `load_model` takes")
    parser.add_argument("lessons", nargs="*", metavar="NN", help="default: all that state claims")
    options = parser.parse_args(arguments)
    for path in sorted(ROOT.glob("notebooks/[0-9][0-9]_*.ipynb")):
        number = path.name[:2]
        if options.lessons and number not in options.lessons:
            continue
        started = time.perf_counter()
        outcome = run(path, options.model)
        keep(options.model, path.stem[3:], outcome)
        told = outcome["stopped"] or f"{len(outcome['claims'])} claims"
        print(f"{number}: {told}, {time.perf_counter() - started:.0f} s", flush=True)


def run(path: Path, model: str) -> dict:
    """Run one lesson on a model and return its outcome, as tests/lesson_cells.py tells it.

    Raises:
        RuntimeError: an error that is no failing assert.
    """
    own = {"UNCERTAINTY_MODEL": model, "PYTHONPATH": str(ROOT), "TQDM_DISABLE": "1"}
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, CELLS, folder, path]
        environment = {**os.environ, **own, "MPLBACKEND": "agg"}
        subprocess.run(command, cwd=folder, env=environment, check=True)
        told = Path(folder) / path.name[:2] / "outcome.json"
        outcome = json.loads(told.read_text(encoding="utf-8"))
    faults = [error for error in outcome["errors"] if error["name"] != "AssertionError"]
    if faults:
        raise RuntimeError(f"{path.name}, cell {faults[0]['cell']}: {faults[0]['text']}")
    return outcome


def keep(model: str, name: str, outcome: dict) -> None:
    """Put one lesson's claims into the model's file; it is replaced at once or not at all."""
    path = CLAIMS_BY_MODEL / f"{model}.json"
    kept = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    claims = {claim["key"]: {name: claim[name] for name in FIGURES} for claim in outcome["claims"]}
    kept[name] = {"claims": claims, "stopped": outcome["stopped"]}
    aside = path.with_suffix(".aside")
    text = json.dumps(dict(sorted(kept.items())), indent=1, ensure_ascii=False)
    aside.write_text(f"{text}\n", encoding="utf-8")
    aside.replace(path)


if __name__ == "__main__":
    main()
