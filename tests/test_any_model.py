"""No lesson knows one model's shape: each runs to its end on "tiny", a model of two blocks and random weights.

Only a claim's own `assert` may stop a cell, and nothing but further asserts may stand after it.
"""

import ast
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from uncertainty.loading.cache import cache_folder

ROOT = Path(__file__).parent.parent
CELLS = ROOT / "tests" / "lesson_cells.py"

# How many asserts fail on "tiny". Random weights have none of the effects that the lessons show; a new count
# is no fault in itself, but somebody should have looked at it.
FAILED_ASSERTS = {
    "00": 1,
    "01": 3,
    "02": 5,
    "03": 3,
    "04": 4,
    "05": 9,
    "06": 3,
    "07": 4,
    "08": 4,
    "09": 2,
    "10": 6,
    "11": 2,
    "12": 1,
    "13": 3,
    "14": 4,
    "15": 4,
    "16": 0,
    "17": 4,
    "18": 3,
    "19": 0,
}


@pytest.fixture(scope="module")
def cache(tmp_path_factory):
    """A cache of its own, with the corpora if they are on this machine."""
    folder = tmp_path_factory.mktemp("cache")
    corpora = cache_folder() / "corpora"
    if corpora.is_dir():
        shutil.copytree(corpora, folder / "corpora")
    return folder


def run_on_tiny(numbers: list[str], folder: Path, cache: Path) -> None:
    """Run lessons, each in its own folder in `folder`, as tests/lesson_cells.py says."""
    own = {
        "UNCERTAINTY_MODEL": "tiny",
        "UNCERTAINTY_CACHE": str(cache),
        "PYTHONPATH": str(ROOT),
        "TQDM_DISABLE": "1",
        "MPLBACKEND": "agg",
    }
    notebooks = [next((ROOT / "notebooks").glob(f"{number}_*.ipynb")) for number in numbers]
    subprocess.run(
        [sys.executable, CELLS, folder, *notebooks],
        cwd=folder,
        env={**os.environ, **own},
        timeout=1800,
        check=True,
    )


def is_a_claims_own(error: dict) -> bool:
    """Return whether an assert in the cell itself failed, with nothing but asserts after it."""
    if error["name"] != "AssertionError" or error["line"] is None:
        return False
    tree = ast.parse(error["source"])
    failed = [n for n in ast.walk(tree) if isinstance(n, ast.Assert) and spans(n, error["line"])]
    after = [statement for statement in tree.body if statement.lineno > error["line"]]
    return bool(failed) and all(isinstance(statement, ast.Assert) for statement in after)


def spans(node, line: int) -> bool:
    return node.lineno <= line <= node.end_lineno


def check_outcome(number: str, folder: Path) -> None:
    """Look at what one lesson left, which is nothing if it ended its process."""
    found = json.loads((folder / number / "outcome.json").read_text(encoding="utf-8"))
    assert found["stopped"] is None, found["stopped"]
    others = [
        f"cell {error['cell']}: {error['name']}: {error['text']}\n{error['source']}"
        for error in found["errors"]
        if not is_a_claims_own(error)
    ]
    assert not others, "\n\n".join(others)
    assert len(found["errors"]) == FAILED_ASSERTS[number]


def lessons(first: str, last: str) -> list[str]:
    return [number for number in FAILED_ASSERTS if first <= number <= last]


@pytest.fixture(scope="class")
def folder(request, tmp_path_factory, cache):
    """Where the lessons of a class left their outcomes: they run in processes that share what they import."""
    folder = tmp_path_factory.mktemp("lessons")
    run_on_tiny(request.cls.numbers, folder, cache)
    return folder


# Two of the lessons need the corpora, and all take too long for the quick tests. A class is what `--dist=loadscope`
# hands to one process, so there are several.
@pytest.mark.model
class TestLessonsOfTheOutput:
    numbers = lessons("00", "06")

    @pytest.mark.parametrize("number", numbers)
    def test_runs_to_its_end_on_another_model(self, number, folder):
        check_outcome(number, folder)


@pytest.mark.model
class TestLessonsOfTheLayers:
    numbers = lessons("07", "10")

    @pytest.mark.parametrize("number", numbers)
    def test_runs_to_its_end_on_another_model(self, number, folder):
        check_outcome(number, folder)


@pytest.mark.model
class TestLessonsOfTheNeurons:
    numbers = lessons("11", "15")

    @pytest.mark.parametrize("number", numbers)
    def test_runs_to_its_end_on_another_model(self, number, folder):
        check_outcome(number, folder)


@pytest.mark.model
class TestFurtherLessons:
    numbers = lessons("16", "19")

    @pytest.mark.parametrize("number", numbers)
    def test_runs_to_its_end_on_another_model(self, number, folder):
        check_outcome(number, folder)
