"""JupyterLab in a real browser: a lesson runs, its exercise fails and passes, a control changes a picture,
and axe-core finds no violation of WCAG 2.2 A or AA in what the lesson shows.

tests/browser/lab.mjs does it. UNCERTAINTY_BROWSER_LESSONS, names with blanks between them, says which of the lessons that
it knows are run; without it only the first, the quickest. What is missing is named in the reason for which a test is skipped.
"""

import importlib.util
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
DRIVER = ROOT / "tests" / "browser" / "lab.mjs"
LESSONS = ("start_here", "is_it_any_good", "logit_lens", "guarantee")
CHOSEN = os.environ.get("UNCERTAINTY_BROWSER_LESSONS", "start_here").split()
STEPS = (
    "open:",
    "ran all cells without an error",
    "wrong answer to",
    "right answer to",
    "control moved, picture changed",
    "accessible: axe-core finds nothing",
    "no error on the console, no request outside of 127.0.0.1",
)


def missing(environment=os.environ) -> str:
    """Return what a run needs and this machine lacks, with how to install it; or an empty text."""
    chromium = environment.get("CHROMIUM", "/usr/bin/chromium")
    path = environment.get("PATH", os.defpath)
    needed = {
        "node (from nodejs.org or the system's packages)": shutil.which("node", path=path),
        f"{chromium} (apt-get install chromium, or name one: CHROMIUM)": shutil.which(chromium),
        "playwright-core and axe-core (npm ci --prefix tests/browser)": (
            DRIVER.parent / "node_modules" / "axe-core"
        ).is_dir(),
        "jupyterlab (python -m pip install jupyterlab)": importlib.util.find_spec("jupyterlab"),
    }
    return "; ".join(name for name, found in needed.items() if not found)


def run(lesson: str, **own) -> subprocess.CompletedProcess:
    """Run the driver on a lesson with this Python and this checkout."""
    environment = {**os.environ, "PYTHON": sys.executable, "PYTHONPATH": str(ROOT), **own}
    return subprocess.run(
        ["node", DRIVER, lesson], env=environment, capture_output=True, text=True, timeout=2400
    )


@pytest.mark.browser
@pytest.mark.model
@pytest.mark.parametrize("lesson", LESSONS)
def test_a_lesson_in_a_real_browser(lesson):
    if lesson not in CHOSEN:
        pytest.skip(f"UNCERTAINTY_BROWSER_LESSONS does not name {lesson}")
    if missing():
        pytest.skip(f"missing: {missing()}")
    done = run(lesson)
    assert done.returncode == 0, done.stdout + done.stderr
    lines = [line.split(" s ", 1)[1] for line in done.stdout.splitlines()]
    assert len(lines) == len(STEPS)
    assert all(line.startswith(step) for line, step in zip(lines, STEPS)), done.stdout


def test_what_is_missing_is_named(tmp_path, monkeypatch):
    monkeypatch.setattr(sys.modules[__name__], "DRIVER", tmp_path / "lab.mjs")
    text = missing({"CHROMIUM": str(tmp_path / "chromium"), "PATH": ""})
    for part in ("node (", "apt-get install chromium", "npm ci --prefix tests/browser"):
        assert part in text


def test_the_lessons_to_run_are_known():
    assert set(CHOSEN) <= set(LESSONS)
    driver = DRIVER.read_text(encoding="utf-8")
    assert all(f"  {lesson}: {{ exercise:" in driver for lesson in LESSONS)
