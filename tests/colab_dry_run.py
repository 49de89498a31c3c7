"""Would installing the course in Colab replace anything that is there? Run inside an environment with colab_versions.txt.

Prints what pip would install, and fails when that is more than the course itself and the reader of its model file.
"""

import json
import re
import subprocess
import sys
from pathlib import Path

EXPECTED = {"llm-uncertainty-course", "gguf"}


def would_install(source: str) -> set[str]:
    """Names that ``pip install source`` would add or replace."""
    command = [
        sys.executable,
        "-m",
        "pip",
        "install",
        "--quiet",
        "--dry-run",
        "--report",
        "-",
        source,
    ]
    report = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    return {re.sub(r"[-_.]+", "-", item["metadata"]["name"]).lower() for item in report["install"]}


if __name__ == "__main__":
    there = {
        re.split("=", line)[0].replace("_", "-")
        for line in (Path(__file__).parent / "colab_versions.txt").read_text().splitlines()
        if not line.startswith("#")
    }
    names = would_install(f"{Path(__file__).parent.parent}[gguf]")
    print("would install:", ", ".join(sorted(names)))
    replaced = names & there
    if replaced or not names >= EXPECTED:
        sys.exit(f"would replace what Colab has: {', '.join(sorted(replaced))}")
