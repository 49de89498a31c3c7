"""Which exercises were solved on this computer: a small file beside the models."""

import contextlib
import json
from pathlib import Path

from ...loading.cache import cache_folder, write_atomically


def solved_exercises() -> set[str]:
    """Return the names of the exercises solved so far; none when the file is missing or damaged."""
    try:
        names = json.loads(_progress_file().read_text(encoding="utf-8"))
        return {name for name in names if isinstance(name, str)}
    except (OSError, ValueError, TypeError):
        return set()


def remember_solved(name: str) -> None:
    """Add an exercise to those that were solved, where the folder can be written."""
    names = sorted(solved_exercises() | {name})
    with contextlib.suppress(OSError):  # a read-only home must not keep anyone from learning
        write_atomically(_progress_file(), json.dumps(names))


def _progress_file() -> Path:
    return cache_folder() / "progress.json"
