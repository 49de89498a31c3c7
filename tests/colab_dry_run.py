"""Would installing the course in Colab replace anything that is there?

Run it inside an environment with colab_versions.txt. It prints what pip would install, and fails
when that is more than the course itself and the readers of what it fetches.
"""

import json
import re
import subprocess
import sys
from pathlib import Path

EXPECTED = {"llm-uncertainty-course", "gguf", "mwparserfromhell"}
HERE = Path(__file__).parent


def preinstalled() -> set[str]:
    """Return the names of the packages that Colab has."""
    lines = (HERE / "colab_versions.txt").read_text().splitlines()
    pinned = [line for line in lines if not line.startswith("#")]
    return {line.split("=")[0].replace("_", "-") for line in pinned}


def would_install(source: str) -> set[str]:
    """Return the names that ``pip install source`` would add or replace."""
    install = [sys.executable, "-m", "pip", "install"]
    options = ["--quiet", "--dry-run", "--report", "-"]
    run = subprocess.run([*install, *options, source], check=True, capture_output=True, text=True)
    names = [item["metadata"]["name"] for item in json.loads(run.stdout)["install"]]
    return {re.sub(r"[-_.]+", "-", name).lower() for name in names}


if __name__ == "__main__":
    names = would_install(f"{HERE.parent}[gguf]")
    print("would install:", ", ".join(sorted(names)))
    replaced = names & preinstalled()
    if replaced or not names >= EXPECTED:
        sys.exit(f"would replace what Colab has: {', '.join(sorted(replaced))}")
