"""Where the course keeps what it need not fetch or compute twice, and how it writes there."""

import os
import tempfile
from pathlib import Path

import platformdirs


def cache_folder() -> Path:
    """Return the folder named by the environment variable UNCERTAINTY_CACHE.

    Without that variable it is this system's usual place for caches.
    """
    chosen = os.environ.get("UNCERTAINTY_CACHE")
    if chosen:
        return Path(chosen).expanduser()
    return platformdirs.user_cache_path("llm-uncertainty-course")


def write_atomically(path: Path, text: str) -> None:
    """Write a small text file so that a reader sees the old content or the new, never a mixture."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile("w", encoding="utf-8", dir=path.parent, delete=False) as aside:
        aside.write(text)
    os.replace(aside.name, path)
