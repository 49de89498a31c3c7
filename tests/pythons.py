"""Run the tests on every Python that the course supports and this machine has.

``python tests/pythons.py``                        the tests that need no model, on each Python
``python tests/pythons.py 3.13 --lessons``         on 3.13, and every lesson as well
``python tests/pythons.py --lessons notebooks/00_start_here.ipynb``

An interpreter is looked for on PATH, in pyenv's folder, under Windows' ``py`` and, at last, in the
one that runs this. Each gets an environment in build/pythons, which is kept for the next time. pip
is used as it is configured: on Linux it may bring a torch with several GB of CUDA for each Python,
unless it is told of an index or a folder with CPU builds (PIP_EXTRA_INDEX_URL, PIP_FIND_LINKS).

The table of the last run is kept in build/pythons.md. The exit status is 1 when anything failed, or
when there was nothing to run; a Python that is not here is only named.
"""

import argparse
import os
import platform
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple
from xml.etree import ElementTree

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "build" / "pythons"
TABLE = ROOT / "build" / "pythons.md"
VERSIONS = ("3.11", "3.12", "3.13", "3.14")
VERSION_OF_PYTHON = "import ensurepip, sys, venv; print('%d.%d' % sys.version_info[:2])"
VERSION_OF_TORCH = "import torch; print(torch.__version__)"


class Row(NamedTuple):
    """What one Python made of one thing that was run; `problem` if there is nothing to count."""

    python: str
    run: str
    torch: str = ""
    passed: int | None = None
    failed: int | None = None
    skipped: int | None = None
    seconds: float | None = None
    problem: str = ""
    is_failure: bool = False


class Counts(NamedTuple):
    """How many tests passed, failed (or could not start) and were skipped."""

    passed: int
    failed: int
    skipped: int


def main(arguments: list[str] | None = None) -> int:
    """Run what the command line asks for, print and keep the table, and return the exit status."""
    options = _parser().parse_args(arguments)
    rows: list[Row] = []
    for version in options.versions or VERSIONS:
        rows.extend(_test_version(version, options.lessons, options.workers))
    table = render(rows)
    TABLE.parent.mkdir(exist_ok=True)
    TABLE.write_text(f"{table}\n\n{_when_and_where()}\n", encoding="utf-8")
    print(f"\n{table}\n\nKept in {TABLE.relative_to(ROOT)}.")
    was_tested = any(row.passed is not None for row in rows)
    return 1 if any(row.is_failure for row in rows) or not was_tested else 0


def find_python(version: str) -> list[str] | None:
    """Return the command of an interpreter of this version that can make environments, if any."""
    for command in _candidates(version):
        if _is_usable(command, version):
            return command
    return None


def read_counts(report: Path) -> Counts:
    """Return the counts of a JUnit report, as ``pytest --junitxml`` writes it."""
    suites = list(ElementTree.parse(report).getroot().iter("testsuite"))

    def total(attribute: str) -> int:
        return sum(int(suite.get(attribute, 0)) for suite in suites)

    failed = total("failures") + total("errors")
    skipped = total("skipped")
    return Counts(total("tests") - failed - skipped, failed, skipped)


def render(rows: list[Row]) -> str:
    """Return the rows as a Markdown table."""
    lines = ["| Python | torch | run | passed | failed | skipped | seconds |"]
    lines.append("|---|---|---|---|---|---|---|")
    for row in rows:
        if row.passed is None:
            cells = [row.python, row.torch, row.run, row.problem, "", "", ""]
        else:
            counts = [f"{count}" for count in (row.passed, row.failed, row.skipped)]
            cells = [row.python, row.torch, row.run, *counts, f"{row.seconds:.0f}"]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description="Run the tests on every Python of this machine.")
    parser.add_argument(
        "versions", nargs="*", metavar="VERSION", help=f"such as 3.12; default: {VERSIONS}"
    )
    parser.add_argument(
        "--lessons", nargs="*", metavar="NOTEBOOK", help="run these lessons, too; default: all"
    )
    parser.add_argument("--workers", default="2", help="processes at once; default: 2")
    return parser


def _candidates(version: str) -> Iterator[list[str]]:
    """Yield commands that may be a Python of this version, such as ``["/usr/bin/python3.12"]``."""
    if sys.platform == "win32":
        yield ["py", f"-{version}"]
    for place in os.get_exec_path():
        yield [str(Path(place) / f"python{version}")]
    pyenv = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv")
    python = "python.exe" if sys.platform == "win32" else "bin/python"
    installed = (pyenv / "versions").glob(f"{version}.*")
    for folder in sorted(installed, key=_numbers_in_name, reverse=True):
        yield [str(folder / python)]
    yield [sys.executable]


def _numbers_in_name(path: Path) -> list[int]:
    return [int(number) for number in re.findall(r"\d+", path.name)]


def _is_usable(command: list[str], version: str) -> bool:
    """Return whether a command starts a Python of this version that has venv and ensurepip.

    Debian packs them apart; and pyenv's command for a version that is not switched on only fails.
    """
    run_code = [*command, "-c", VERSION_OF_PYTHON]
    try:
        run = subprocess.run(run_code, capture_output=True, text=True, timeout=60)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return run.returncode == 0 and run.stdout.strip() == version


def _test_version(version: str, lessons: list[str] | None, workers: str) -> Iterator[Row]:
    """Yield a row for the tests and, unless `lessons` is None, one for the lessons."""
    command = find_python(version)
    if command is None:
        yield Row(version, "", problem="not on this machine, or without venv")
        return
    print(f"Python {version}: {' '.join(command)}", flush=True)
    try:
        python = _environment(version, command)
    except subprocess.CalledProcessError:
        yield Row(version, "", problem="installing failed", is_failure=True)
        return
    yield _run_pytest(python, version, "tests", ["-n", workers, "-m", "not model", "tests"])
    if lessons is None:
        return
    prefetch = subprocess.run([python, "-m", "uncertainty", "prefetch"], cwd=ROOT)
    if prefetch.returncode:
        yield Row(version, "lessons", problem="no model", is_failure=True)
        return
    yield _run_pytest(python, version, "lessons", ["-n", workers, *(lessons or ["notebooks"])])


def _environment(version: str, command: list[str]) -> str:
    """Return the interpreter of this version's environment, made or brought up to date if need be.

    Raises:
        subprocess.CalledProcessError: making it or installing the course failed.
    """
    folder = FOLDER / version
    python = str(folder / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python"))
    if not Path(python).exists():
        subprocess.run([*command, "-m", "venv", "--clear", str(folder)], check=True)
    wanted = _what_is_installed_from()
    installed = folder / "installed.txt"
    if not installed.exists() or installed.read_text(encoding="utf-8") != wanted:
        install = [python, "-m", "pip", "install", "--quiet", "--constraint", "constraints.txt"]
        subprocess.run([*install, "--editable", ".[all]"], cwd=ROOT, check=True)
        installed.write_text(wanted, encoding="utf-8")
    return python


def _what_is_installed_from() -> str:
    files = ("pyproject.toml", "constraints.txt")
    return "".join((ROOT / file).read_text(encoding="utf-8") for file in files)


def _run_pytest(python: str, version: str, run: str, arguments: list[str]) -> Row:
    report = FOLDER / f"{version}-{run}.xml"
    report.unlink(missing_ok=True)
    torch = subprocess.run([python, "-c", VERSION_OF_TORCH], capture_output=True, text=True)
    started = time.perf_counter()
    pytest = [python, "-m", "pytest", "-q", f"--junitxml={report}", *arguments]
    status = subprocess.run(pytest, cwd=ROOT).returncode
    seconds = time.perf_counter() - started
    if not report.exists():
        return Row(version, run, problem=f"pytest stopped with status {status}", is_failure=True)
    counts = read_counts(report)
    is_failure = status != 0
    return Row(version, run, torch.stdout.strip(), *counts, seconds, is_failure=is_failure)


def _when_and_where() -> str:
    return f"{time.strftime('%Y-%m-%d %H:%M')}, {platform.system()} {platform.machine()}"


if __name__ == "__main__":
    sys.exit(main())
