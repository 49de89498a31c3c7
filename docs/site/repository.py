"""The repository's address, which pyproject.toml holds once."""

import tomllib
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
REPOSITORY = PROJECT["urls"]["Repository"]
BRANCH = "main"


def address_of(path: str) -> str:
    """Return where a file or folder of the repository can be read, by its path from the root."""
    kind = "tree" if (ROOT / path).is_dir() else "blob"
    return f"{REPOSITORY}/{kind}/{BRANCH}/{path}"
