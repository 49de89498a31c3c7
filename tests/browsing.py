"""Pages opened in Chromium by the scripts of tests/browser."""

import shutil
import subprocess
from pathlib import Path

import pytest

BROWSER = Path(__file__).parent / "browser"
CHROMIUMS = ["chromium", "chromium-browser", "google-chrome", "chrome"]


def browse(script, *arguments) -> str:
    """What a script of tests/browser prints about pages in Chromium."""
    node = shutil.which("node")
    chromium = next(filter(None, map(shutil.which, CHROMIUMS)), None)
    if not node or not chromium:
        pytest.skip("needs node and chromium")
    if not (BROWSER / "node_modules" / "axe-core").is_dir():
        pytest.skip("needs npm packages: npm ci --prefix tests/browser")
    command = [node, BROWSER / script, chromium, *arguments]
    return subprocess.run(
        command, check=True, stdout=subprocess.PIPE, text=True, timeout=7200
    ).stdout
