"""colab.py: lessons are run alone, with google.colab imported, and the table and exit status tell what happened."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import colab
import nbformat
import pytest
from colab import Row, find_lessons, judge, main, render

ROOT = Path(__file__).parent.parent
CELLS = [
    "import sys, os; assert 'google.colab' in sys.modules and os.listdir() == ['alone.ipynb']",
    "import importlib.util; assert importlib.util.find_spec('uncertainty') is None",
    "x = 1\n\nassert x == 2",
    "def f():\n    assert False\n\nf()",
    "{}['x']",
    "x =",
    "assert x == 1",
]


@pytest.fixture(scope="module")
def outcome(tmp_path_factory):
    """What colab_lesson.py wrote about CELLS, run with the stand-in for google.colab."""
    folder = tmp_path_factory.mktemp("colab")
    cells = [nbformat.v4.new_code_cell(source) for source in CELLS]
    content = folder / "content"
    content.mkdir()
    nbformat.write(nbformat.v4.new_notebook(cells=cells), content / "alone.ipynb")
    # The course is installed here, or on PYTHONPATH; in Colab it is not.
    hide = folder / "hide" / "sitecustomize.py"
    hide.parent.mkdir()
    hide.write_text(
        "import sys\nfrom importlib import machinery\nfind = machinery.PathFinder.find_spec\n"
        "machinery.PathFinder.find_spec = staticmethod("
        "lambda name, *rest: None if name == 'uncertainty' else find(name, *rest))\n"
        "sys.meta_path[:] = [f for f in sys.meta_path if 'editable' not in repr(f)]\n"
    )
    own = {"PYTHONPATH": os.pathsep.join([str(colab.FAKE), str(hide.parent)])}
    command = [sys.executable, colab.TESTS / "colab_lesson.py", content / "alone.ipynb", content]
    subprocess.run(
        [*command, folder / "outcome.json"], check=True, env={**os.environ, **own}, cwd=content
    )
    return json.loads((folder / "outcome.json").read_text(encoding="utf-8"))


def test_colab_is_there_before_the_first_cell_and_every_error_is_kept(outcome):
    assert outcome["cells"] == len(CELLS) and outcome["stopped"] is None
    found = [(error["cell"], error["name"], error["line"]) for error in outcome["errors"]]
    assert found[0] == (3, "AssertionError", 3)
    assert [cell for cell, *_ in found] == [3, 4, 5, 6] and found[2] == (5, "KeyError", 1)
    assert [error["source"] for error in outcome["errors"]] == CELLS[2:6]


def test_an_error_that_is_no_claims_own_is_a_failure(outcome):
    row = judge("x", outcome, was_installed=True)
    assert row.is_failure and row.problem.startswith("cell 4: AssertionError")
    own = outcome | {"errors": outcome["errors"][:1]}
    assert not judge("x", own, was_installed=True).is_failure
    assert judge("x", own, was_installed=True).result == "runs, 1 of its own asserts fail"


@pytest.mark.parametrize(
    "stopped, was_installed, says",
    [
        (None, True, ""),
        (None, False, "the set-up cell did not install the course"),
        ("DeadKernelError:\nit | died", True, "DeadKernelError: it \\| died"),
    ],
)
def test_a_lesson_without_errors_may_still_fail(stopped, was_installed, says):
    row = judge(
        "x",
        {"cells": 3, "seconds": 1.4, "errors": [], "stopped": stopped},
        was_installed=was_installed,
    )
    assert (row.problem, row.is_failure) == (says, bool(says))


@pytest.mark.parametrize("fails, status", [(False, 0), (True, 1)])
def test_the_exit_status_and_the_kept_table(monkeypatch, tmp_path, capsys, fails, status):
    row = Row("00_start_here.ipynb", 17, 21.6, "runs", "", fails)
    monkeypatch.setattr(colab, "ROOT", tmp_path)
    monkeypatch.setattr(colab, "TABLE", tmp_path / "colab.md")
    monkeypatch.setattr(colab, "find_lessons", lambda names: names)
    monkeypatch.setattr(colab, "make_environment", lambda *_, **__: ("python", "Python 3.13"))
    monkeypatch.setattr(colab, "build_wheel", lambda _: "wheel")
    monkeypatch.setattr(colab, "run_lesson", lambda lesson, *_: row._replace(is_failure=fails))
    assert main(["00"]) == status
    kept = (tmp_path / "colab.md").read_text()
    assert kept == f"{render([row])}\n\nPython 3.13\n" and kept.strip() in capsys.readouterr().out
    assert "| 00_start_here.ipynb | 17 | 22 | runs |  |" in kept


def test_lessons_are_found_by_number_and_by_file():
    assert [path.name[:2] for path in find_lessons(["08", "notebooks/00_start_here.ipynb"])] == [
        "08",
        "00",
    ]
    assert len(find_lessons([])) == len(list((ROOT / "notebooks").glob("[0-9]*.ipynb")))
    with pytest.raises(colab.ColabError, match="0 lessons '99'"):
        find_lessons(["99"])


CPU, CUDA = "2.13.0", "2.11.0"


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere pip's torch has no CUDA")
@pytest.mark.parametrize(
    "needs, chosen",
    [
        ({CUDA: ["filelock"], CPU: ["filelock"]}, CUDA),
        ({CUDA: ["nvidia-cublas==13"], CPU: ["filelock"]}, CPU),
        ({CPU: []}, CPU),
        ({CUDA: ["cuda-toolkit"]}, None),
    ],
)
def test_a_torch_with_cuda_is_not_taken(monkeypatch, needs, chosen):
    def pip(python, *arguments, **_):
        version = arguments[-1].split("==")[1]
        if version not in needs:
            raise subprocess.CalledProcessError(1, "pip")
        report = {"install": [{"metadata": {"requires_dist": needs[version]}}]}
        return subprocess.CompletedProcess([], 0, stdout=f"WARNING: x\n{json.dumps(report)}")

    monkeypatch.setattr(colab, "_pip", pip)
    if chosen:
        assert colab.choose_torch("python", CUDA) == chosen
    else:
        with pytest.raises(colab.ColabError, match=r"no torch 2\.11\.0 or 2\.13\.0 without CUDA"):
            colab.choose_torch("python", CUDA)


def test_a_python_that_is_not_here_ends_the_command(monkeypatch, tmp_path, capsys):
    monkeypatch.setattr(colab, "FOLDER", tmp_path)
    assert main(["00", "--python", "2.0"]) == 1
    assert "Python 2.0 is not on this machine" in capsys.readouterr().err
    shutil.rmtree(tmp_path)
