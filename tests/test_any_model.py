"""No lesson knows one model's shape: each runs to its end on "tiny", a model of two blocks and random weights.

Only a claim's own `assert` may stop a cell, and nothing but further asserts may stand after it.
"""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from own_asserts import is_a_claims_own

from uncertainty.course.lessons import LESSONS, lesson_number
from uncertainty.loading.cache import cache_folder

ROOT = Path(__file__).parent.parent
CELLS = ROOT / "tests" / "lesson_cells.py"

# How many asserts fail on "tiny". Random weights have none of the effects that the lessons show; a new count
# is no fault in itself, but somebody should have looked at it.
FAILED_ASSERTS = {
    "start_here": 1,
    "generation_with_scores": 3,
    "verbalised_confidence": 5,
    "token_uncertainty": 3,
    "logtoku": 0,
    "logtoku_on_trial": 4,
    "is_it_any_good": 7,
    "answer_only_when_sure": 3,
    "asking_again": 2,
    "judging_itself": 2,
    "logit_lens": 2,
    "lens_on_trial": 2,
    "residual_trajectories": 3,
    "entropy_lens": 2,
    "last_layer_geometry": 3,
    "entropy_neurons": 1,
    "entropy_neurons_at_work": 1,
    "who_writes_there": 3,
    "doubt_and_frequency": 1,
    "token_frequency_neurons": 2,
    "neurons_and_answers": 1,
    "induction": 5,
    "hedging": 3,
    "hedge_on_trial": 1,
    "trajectory_geometry": 0,
    "decisions_through_depth": 3,
    "prompt_or_model": 2,
    "wrong_fact": 3,
    "profiles_compared": 1,
    "any_model": 0,
    "which_conclusions": 0,
    "doubt_direction": 8,
    "known_truth": 0,
    "guarantee": 2,
    "sets_and_limits": 3,
    "capstone": 3,
}


@pytest.fixture(scope="module")
def cache(tmp_path_factory):
    """A cache of its own, with the corpora if they are on this machine."""
    folder = tmp_path_factory.mktemp("cache")
    corpora = cache_folder() / "corpora"
    if corpora.is_dir():
        shutil.copytree(corpora, folder / "corpora")
    return folder


def file_of(name: str) -> str:
    return f"{lesson_number(name)}_{name}.ipynb"


def run_on_tiny(notebooks: list[Path], folder: Path, cache: Path) -> None:
    """Run notebooks, each in its own folder in `folder`, as tests/lesson_cells.py says."""
    own = {
        "UNCERTAINTY_MODEL": "tiny",
        "UNCERTAINTY_CACHE": str(cache),
        "PYTHONPATH": str(ROOT),
        "TQDM_DISABLE": "1",
        "MPLBACKEND": "agg",
    }
    subprocess.run(
        [sys.executable, CELLS, folder, *notebooks],
        cwd=folder,
        env={**os.environ, **own},
        timeout=1800,
        check=True,
    )


def outcome(folder: Path) -> dict:
    return json.loads((folder / "outcome.json").read_text(encoding="utf-8"))


def check_outcome(name: str, folder: Path) -> None:
    """Look at what one lesson left, which is nothing if it ended its process."""
    found = outcome(folder / lesson_number(name))
    assert found["stopped"] is None, found["stopped"]
    others = [
        f"cell {error['cell']}: {error['name']}: {error['text']}\n{error['source']}"
        for error in found["errors"]
        if not is_a_claims_own(error)
    ]
    assert not others, "\n\n".join(others)
    assert len(found["errors"]) == FAILED_ASSERTS[name]


def quarter(which: int) -> list[str]:
    """Every fourth lesson: long ones and short ones."""
    return list(FAILED_ASSERTS)[which::4]


@pytest.fixture(scope="class")
def folder(request, tmp_path_factory, cache):
    """Where the lessons of a class left their outcomes: they run in processes that share what they import."""
    folder = tmp_path_factory.mktemp("lessons")
    notebooks = [ROOT / "notebooks" / file_of(name) for name in request.cls.names]
    run_on_tiny(notebooks, folder, cache)
    return folder


# Two of the lessons need the corpora, and all take too long for the quick tests. A class is what `--dist=loadscope`
# hands to one process, so there are several.
@pytest.mark.model
class TestFirstQuarter:
    names = quarter(0)

    @pytest.mark.parametrize("name", names)
    def test_runs_to_its_end_on_another_model(self, name, folder):
        check_outcome(name, folder)


@pytest.mark.model
class TestSecondQuarter:
    names = quarter(1)

    @pytest.mark.parametrize("name", names)
    def test_runs_to_its_end_on_another_model(self, name, folder):
        check_outcome(name, folder)


@pytest.mark.model
class TestThirdQuarter:
    names = quarter(2)

    @pytest.mark.parametrize("name", names)
    def test_runs_to_its_end_on_another_model(self, name, folder):
        check_outcome(name, folder)


@pytest.mark.model
class TestFourthQuarter:
    names = quarter(3)

    @pytest.mark.parametrize("name", names)
    def test_runs_to_its_end_on_another_model(self, name, folder):
        check_outcome(name, folder)


def test_every_lesson_is_run():
    assert set(FAILED_ASSERTS) == {lesson.name for lesson in LESSONS}


KINDS = {
    "x = 1\nassert x == 2\nassert x == 3": True,
    "for x in (1, 2):\n    assert x == 1": True,
    "assert 1 == 2\nx = 1": False,
    "[][0]": False,
    "def f():\n    assert False\nf()\nx = 1": False,
    "import torch\ntorch.testing.assert_close(1.0, 2.0)": False,
    "raise AssertionError": False,
    "x =": False,
}


def test_what_counts_as_a_claims_own_assert_and_that_every_notebook_is_run(tmp_path):
    cells = [nbformat.v4.new_code_cell(source) for source in [*KINDS, "assert True"]]
    notebooks = [tmp_path / name for name in ("00_dies.ipynb", "01_kinds.ipynb")]
    dies = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("import os; os._exit(3)")])
    nbformat.write(dies, notebooks[0])
    nbformat.write(nbformat.v4.new_notebook(cells=cells), notebooks[1])
    run_on_tiny(notebooks, tmp_path, tmp_path / "cache")
    assert not (tmp_path / "00" / "outcome.json").exists()
    errors = outcome(tmp_path / "01")["errors"]
    assert [error["source"] for error in errors] == list(KINDS)
    assert [is_a_claims_own(error) for error in errors] == list(KINDS.values())
