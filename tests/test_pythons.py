"""pythons.py: it finds interpreters, keeps environments, and its table and exit status tell what happened."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
import pythons
from pythons import Counts, Row, find_python, main, read_counts, render

needs_shell = pytest.mark.skipif(os.name == "nt", reason="the fake interpreters are shell scripts")
NO_SHIM = "echo 'pyenv: command not found' >&2; exit 127"


@pytest.fixture
def machine(monkeypatch, tmp_path):
    """A machine with two empty folders on PATH, an empty pyenv, and a Python 3.9 that runs the script."""
    folders = [tmp_path / "shims", tmp_path / "bin"]
    monkeypatch.setenv("PATH", os.pathsep.join(map(str, folders)))
    monkeypatch.setenv("PYENV_ROOT", str(tmp_path / "pyenv"))
    monkeypatch.setattr(sys, "executable", interpreter(tmp_path / "running", says="3.9"))
    return tmp_path


def interpreter(path, *, says=None, runs=None):
    """A shell script in place of Python: it prints the version that it `says`, or `runs` a line."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{runs or f'echo {says}'}\n")
    path.chmod(0o755)
    return str(path)


@needs_shell
def test_a_python_on_path_is_found_behind_a_shim_that_fails(machine):
    interpreter(machine / "shims" / "python3.12", runs=NO_SHIM)
    good = interpreter(machine / "bin" / "python3.12", says="3.12")
    assert find_python("3.12") == [good]


@needs_shell
def test_pyenvs_newest_is_found(machine):
    interpreter(machine / "shims" / "python3.12", runs=NO_SHIM)
    for version in ("3.12.1", "3.12.10", "3.12.9", "3.1.2"):
        interpreter(machine / "pyenv" / "versions" / version / "bin" / "python", says="3.12")
    assert find_python("3.12") == [str(machine / "pyenv" / "versions" / "3.12.10" / "bin/python")]


@needs_shell
@pytest.mark.parametrize(
    "wrong", [{"says": "3.11"}, {"runs": "echo 3.12; exit 1"}, {"runs": NO_SHIM}]
)
def test_a_python_that_will_not_do_is_not_taken(machine, wrong):
    interpreter(machine / "bin" / "python3.12", **wrong)
    assert find_python("3.12") is None
    assert find_python("3.9") == [sys.executable]


def test_this_python_is_asked_for_what_an_environment_needs():
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    run = subprocess.run(
        [sys.executable, "-c", pythons.VERSION_OF_PYTHON], capture_output=True, text=True
    )
    assert run.stdout.strip() == version and find_python(version) is not None


def test_on_windows_the_launcher_is_asked_first(machine, monkeypatch):
    monkeypatch.setattr(sys, "platform", "win32")
    (machine / "pyenv" / "versions" / "3.12.4").mkdir(parents=True)
    candidates = list(pythons._candidates("3.12"))
    assert candidates[0] == ["py", "-3.12"]
    assert candidates[-2] == [str(machine / "pyenv" / "versions" / "3.12.4" / "python.exe")]


def test_an_environment_is_made_once_and_installed_again_when_the_list_changed(
    monkeypatch, tmp_path
):
    calls = []
    made = tmp_path / "pythons" / "3.12" / "bin" / "python"

    def run(command, **_):
        calls.append(command[1:4])
        made.parent.mkdir(parents=True, exist_ok=True)
        made.touch()

    monkeypatch.setattr(subprocess, "run", run)
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setattr(pythons, "FOLDER", tmp_path / "pythons")
    monkeypatch.setattr(pythons, "ROOT", tmp_path)
    (tmp_path / "pyproject.toml").write_text("a")
    (tmp_path / "constraints.txt").write_text("b")
    make, install = ["-m", "venv", "--clear"], ["-m", "pip", "install"]
    assert pythons._environment("3.12", ["python3.12"]) == str(made)
    assert calls == [make, install]
    pythons._environment("3.12", ["python3.12"])
    assert calls == [make, install]
    (tmp_path / "constraints.txt").write_text("c")
    pythons._environment("3.12", ["python3.12"])
    assert calls == [make, install, install]


def test_counts_are_pytests(tmp_path):
    (tmp_path / "test_some.py").write_text(
        "import pytest\n"
        "@pytest.fixture\ndef broken(): raise ValueError\n"
        "def test_1(): pass\ndef test_2(): pass\ndef test_3(): pass\n"
        "def test_4(): assert False\ndef test_5(broken): pass\n"
        "def test_6(): pytest.skip()\n"
    )
    options = ["-q", "-p", "no:cacheprovider", "-c", os.devnull, "--junitxml=report.xml"]
    run = subprocess.run([sys.executable, "-m", "pytest", *options, "."], cwd=tmp_path)
    assert run.returncode == 1
    assert read_counts(tmp_path / "report.xml") == Counts(passed=3, failed=2, skipped=1)


def test_the_table_has_a_row_for_each_run():
    rows = [
        Row("3.12", "tests", "2.13.0", 9, 2, 1, 61.7, is_failure=True),
        Row("3.14", "", problem="not on this machine"),
    ]
    assert render(rows).splitlines() == [
        "| Python | torch | run | passed | failed | skipped | seconds |",
        "|---|---|---|---|---|---|---|",
        "| 3.12 | 2.13.0 | tests | 9 | 2 | 1 | 62 |",
        "| 3.14 |  |  | not on this machine |  |  |  |",
    ]


PASSED = Row("3.12", "tests", "2.13.0", 9, 0, 1, 60)
FAILED = Row("3.13", "tests", "2.13.0", 9, 1, 0, 60, is_failure=True)
BROKEN = Row("3.13", "", problem="installing failed", is_failure=True)
MISSING = Row("3.14", "", problem="not on this machine")


@pytest.mark.parametrize(
    "rows, status",
    [
        ([PASSED], 0),
        ([PASSED, MISSING], 0),
        ([PASSED, FAILED], 1),
        ([PASSED, BROKEN], 1),
        ([MISSING], 1),
    ],
)
def test_the_exit_status_and_the_kept_table(monkeypatch, tmp_path, capsys, rows, status):
    monkeypatch.setattr(pythons, "ROOT", tmp_path)
    monkeypatch.setattr(pythons, "TABLE", tmp_path / "build" / "pythons.md")
    monkeypatch.setattr(pythons, "_test_version", lambda version, *_: [rows[int(version)]])
    assert main([str(number) for number in range(len(rows))]) == status
    assert render(rows) in capsys.readouterr().out
    assert (tmp_path / "build" / "pythons.md").read_text().startswith(render(rows) + "\n")


@pytest.mark.parametrize(
    "arguments, expected",
    [
        ([], [("tests", "tests")]),
        (["--lessons"], [("tests", "tests"), ("lessons", "notebooks")]),
        (["--lessons", "one.ipynb"], [("tests", "tests"), ("lessons", "one.ipynb")]),
    ],
)
def test_the_lessons_run_when_they_are_asked_for(monkeypatch, tmp_path, arguments, expected):
    runs = []

    def run_pytest(python, version, run, arguments):
        runs.append((run, arguments[-1]))
        return PASSED

    monkeypatch.setattr(pythons, "ROOT", tmp_path)
    monkeypatch.setattr(pythons, "TABLE", tmp_path / "build" / "pythons.md")
    monkeypatch.setattr(pythons, "find_python", lambda version: ["python3.12"])
    monkeypatch.setattr(pythons, "_environment", lambda version, command: "python")
    monkeypatch.setattr(pythons, "_run_pytest", run_pytest)
    monkeypatch.setattr(
        subprocess, "run", lambda command, **_: subprocess.CompletedProcess(command, 0)
    )
    assert main(["3.12", *arguments]) == 0 and runs == expected


def test_a_pytest_that_stops_early_is_a_failure(monkeypatch, tmp_path):
    def run(command, **_):
        return subprocess.CompletedProcess(command, 4, stdout="2.13.0\n")

    monkeypatch.setattr(pythons, "FOLDER", tmp_path)
    monkeypatch.setattr(subprocess, "run", run)
    (tmp_path / "3.12-tests.xml").write_text("<testsuites/>")  # of an earlier run
    row = pythons._run_pytest("python", "3.12", "tests", ["tests"])
    assert row.is_failure and row.passed is None and "4" in row.problem


def test_every_python_that_is_declared_is_tried():
    declared = (Path(__file__).parent.parent / "pyproject.toml").read_text(encoding="utf-8")
    for minor in range(10, 20):
        if f'"Programming Language :: Python :: 3.{minor}"' in declared:
            assert f"3.{minor}" in pythons.VERSIONS
