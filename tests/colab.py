"""Run lessons as Colab would: each notebook alone, with Colab's versions, fetching the course itself.

``python tests/colab.py``                        every lesson, on the Python that runs this
``python tests/colab.py 00 08 --python 3.13``    two lessons, on Colab's Python

The environment lies in build/colab and is kept. It has what colab_versions.txt lists, and before
each lesson the course is removed from it. The lesson is copied into an empty folder, `google.colab`
is imported before its first cell, and UNCERTAINTY_SRC names this checkout's wheel, which the set-up
cell has to install. Model and texts are fetched into a cache of its own, and kept there.

On Linux, pip may know Colab's torch only with several GB of CUDA. Then the version of
constraints.txt is taken, if there is a CPU build of it, and the table says so; --cuda takes Colab's.

The table is kept in build/colab.md. The exit status is 1 when the environment cannot be made, when
a set-up cell does not install the course, or on an error that is no claim's own assert. (A claim
may fail elsewhere: what it says was measured with other versions.)
"""

import argparse
import json
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

from colab_dry_run import EXPECTED
from own_asserts import is_a_claims_own
from pythons import find_python

TESTS = Path(__file__).resolve().parent
ROOT = TESTS.parent
FOLDER = ROOT / "build" / "colab"
TABLE = ROOT / "build" / "colab.md"
VERSIONS = TESTS / "colab_versions.txt"
FAKE = TESTS / "fake_colab"
THIS_PYTHON = f"{sys.version_info.major}.{sys.version_info.minor}"
SOURCE_OF_COURSE = (
    "from importlib.metadata import distribution as d;"
    "print(d('llm-uncertainty-course').read_text('direct_url.json'))"
)
INSTALLED = "import sys; from importlib.metadata import version; print(version(sys.argv[1]))"


class ColabError(Exception):
    """The environment could not be made; the message says why."""


class Row(NamedTuple):
    """What came of one lesson: `problem` is the first error, or empty."""

    lesson: str
    cells: int = 0
    seconds: float = 0.0
    result: str = "runs"
    problem: str = ""
    is_failure: bool = False


def main(arguments: list[str] | None = None) -> int:
    """Run what the command line asks for, print and keep the table, and return the exit status."""
    options = _parser().parse_args(arguments)
    try:
        lessons = find_lessons(options.lessons)
        python, about = make_environment(options.python, cuda=options.cuda)
        wheel = build_wheel(python)
    except (ColabError, subprocess.CalledProcessError) as error:
        print(error, file=sys.stderr)
        return 1
    rows: list[Row] = []
    for lesson in lessons:
        rows.append(run_lesson(lesson, python, wheel))
        print(render(rows[-1:]).splitlines()[-1], flush=True)
        TABLE.write_text(f"{render(rows)}\n\n{about}\n", encoding="utf-8")
    print(f"\n{render(rows)}\n\n{about}\n\nKept in {TABLE.relative_to(ROOT)}.")
    return int(any(row.is_failure for row in rows))


def find_lessons(names: list[str]) -> list[Path]:
    """Return the notebooks with these numbers or files, in this order; all of them for no names.

    Raises:
        ColabError: there is no such lesson, or there are several.
    """
    if not names:
        return sorted((ROOT / "notebooks").glob("[0-9][0-9]_*.ipynb"))
    found = []
    for name in names:
        start = Path(name).name.removesuffix(".ipynb")
        matches = [path for path in find_lessons([]) if path.name.startswith(start)]
        if len(matches) != 1:
            raise ColabError(f"there are {len(matches)} lessons {name!r}; give a number such as 08")
        found += matches
    return found


def make_environment(version: str, *, cuda: bool) -> tuple[str, str]:
    """Return the interpreter of the environment, made if need be, and a line that describes it.

    Raises:
        ColabError: this Python is not here, or no torch for it without CUDA.
        subprocess.CalledProcessError: installing failed.
    """
    folder = FOLDER / version
    python = str(folder / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python"))
    wanted = read_versions()
    made_from = folder / "made_from.json"
    if not made_from.exists() or json.loads(made_from.read_text("utf-8"))["wanted"] != wanted:
        command = find_python(version)
        if command is None:
            raise ColabError(f"Python {version} is not on this machine, or has no venv")
        subprocess.run([*command, "-m", "venv", "--clear", str(folder)], check=True)
        torch = wanted["torch"] if cuda else choose_torch(python, wanted["torch"])
        installed = wanted | {"torch": torch}
        _pip(python, "install", *(f"{name}=={number}" for name, number in installed.items()))
        kept = json.dumps({"wanted": wanted, "torch": torch})
        made_from.write_text(kept, encoding="utf-8")
    return python, describe(python, version, wanted)


def read_versions() -> dict[str, str]:
    """Return the versions of colab_versions.txt."""
    lines = VERSIONS.read_text(encoding="utf-8").splitlines()
    return dict(line.split("==") for line in lines if line and not line.startswith("#"))


def choose_torch(python: str, colabs: str) -> str:
    """Return Colab's version of torch, or ours, whichever pip has without CUDA.

    Raises:
        ColabError: it has neither.
    """
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").split()
    ours = dict(line.split("==") for line in lines)["torch"]
    for version in (colabs, ours):
        if _has_build_without_cuda(python, version):
            return version
    raise ColabError(
        f"pip has no torch {colabs} or {ours} without CUDA for this Python; name an index or a "
        f"folder that has one (PIP_EXTRA_INDEX_URL, PIP_FIND_LINKS), or pass --cuda"
    )


def _has_build_without_cuda(python: str, version: str) -> bool:
    options = ["--dry-run", "--quiet", "--no-deps", "--report", "-"]
    try:
        report = _pip(python, "install", *options, f"torch=={version}", capture_output=True)
    except subprocess.CalledProcessError:
        return False
    text = report.stdout[report.stdout.index("{") :]  # pip's warnings come first
    [torch] = json.loads(text)["install"]
    needs = torch["metadata"].get("requires_dist", [])
    return sys.platform != "linux" or not any(n.startswith(("nvidia", "cuda")) for n in needs)


def describe(python: str, version: str, wanted: dict[str, str]) -> str:
    """Return a line with the versions, and what they are in Colab where that differs."""
    parts = [f"Python {version}"]
    for name in ("torch", "transformers", "numpy", "ipython", "ipywidgets"):
        run = subprocess.run([python, "-c", INSTALLED, name], capture_output=True, text=True)
        found = run.stdout.strip()
        other = "" if found == wanted[name] else f" (Colab: {wanted[name]})"
        parts.append(f"{name} {found}{other}")
    when = time.strftime("%Y-%m-%d %H:%M")
    return f"{', '.join(parts)}; {when}, {platform.system()} {platform.machine()}"


def build_wheel(python: str) -> Path:
    """Return this checkout's wheel, built anew."""
    folder = FOLDER / "wheel"
    shutil.rmtree(folder, ignore_errors=True)
    _pip(python, "wheel", "--quiet", "--no-deps", "--wheel-dir", str(folder), str(ROOT))
    [wheel] = folder.glob("*.whl")
    return wheel


def run_lesson(lesson: Path, python: str, wheel: Path) -> Row:
    """Run a lesson alone in an environment that does not have the course."""
    _pip(python, "uninstall", "--quiet", "--yes", *sorted(EXPECTED), capture_output=True)
    own = {
        "PYTHONPATH": str(FAKE),
        "UNCERTAINTY_SRC": f"{wheel}[gguf]",
        "UNCERTAINTY_CACHE": str(FOLDER / "cache"),
        "JUPYTER_PREFER_ENV_PATH": "1",
    }
    with tempfile.TemporaryDirectory(prefix="colab-", ignore_cleanup_errors=True) as folder:
        content, outcome = Path(folder, "content"), Path(folder, "outcome.json")
        content.mkdir()
        alone = shutil.copy(lesson, content)
        command = [python, str(TESTS / "colab_lesson.py"), alone, str(content), str(outcome)]
        run = subprocess.run(command, cwd=content, env=_environment() | own)
        if run.returncode:
            return Row(lesson.name, result="fails", problem="could not start", is_failure=True)
        found = json.loads(outcome.read_text(encoding="utf-8"))
    asked = subprocess.run([python, "-c", SOURCE_OF_COURSE], capture_output=True, text=True)
    return judge(lesson.name, found, was_installed=wheel.name in asked.stdout)


def judge(lesson: str, outcome: dict, *, was_installed: bool) -> Row:
    """Return the row of a lesson, from what colab_lesson.py wrote."""
    errors = outcome["errors"]
    others = [error for error in errors if not is_a_claims_own(error)]
    first = "".join(_in_a_line(error) for error in (others or errors)[:1])
    row = Row(lesson, outcome["cells"], outcome["seconds"], problem=first)
    if others or outcome["stopped"]:
        return row._replace(
            result="fails", problem=first or _short(outcome["stopped"]), is_failure=True
        )
    if not was_installed:
        problem = "the set-up cell did not install the course"
        return row._replace(result="fails", problem=problem, is_failure=True)
    if errors:
        return row._replace(result=f"runs, {len(errors)} of its own asserts fail")
    return row


def _in_a_line(error: dict) -> str:
    return _short(f"cell {error['cell']}: {error['name']}: {error['text']}")


def _short(text: str) -> str:
    """Return a text in one line that does not break a table."""
    return " ".join(text.split())[:200].replace("|", "\\|")


def render(rows: list[Row]) -> str:
    """Return the rows as a Markdown table."""
    lines = ["| lesson | cells | seconds | result | first error |", "|---|---|---|---|---|"]
    for row in rows:
        cells = (row.lesson, row.cells, f"{row.seconds:.0f}", row.result, row.problem)
        lines.append(f"| {' | '.join(map(str, cells))} |")
    return "\n".join(lines)


def _pip(python: str, *arguments: str, **options) -> subprocess.CompletedProcess:
    command = [python, "-m", "pip", *arguments]
    return subprocess.run(command, check=True, text=True, env=_environment(), **options)


def _environment() -> dict[str, str]:
    """Return this process's variables without those that would bring in other code or versions."""
    return {k: v for k, v in os.environ.items() if k not in ("PYTHONPATH", "PIP_CONSTRAINT")}


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description="Run lessons as Colab would.")
    parser.add_argument("lessons", nargs="*", metavar="LESSON", help="such as 08; default: all")
    parser.add_argument("--python", default=THIS_PYTHON, help="its version; default: this one's")
    parser.add_argument("--cuda", action="store_true", help="take Colab's torch even with CUDA")
    return parser


if __name__ == "__main__":
    sys.exit(main())
