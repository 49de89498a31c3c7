"""The file of a sealed claim: JSON that a person can read, and that no call here ever loses."""

import json
import warnings
from pathlib import Path

from ..loading.cache import write_atomically

KEYS = {"claim", "held_out", "sha256", "sealed", "practice", "outcome"}
ADVICE = "It is left as it is; name another file, or put back a copy of the old one."


def kept_record(path: Path) -> dict:
    """Return what a seal's file holds.

    Raises:
        ValueError: a file that is no seal, or a damaged one; it is left as it is.
        FileNotFoundError: there is no such file.
    """
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise ValueError(f"{path} cannot be read as a seal ({error}). {ADVICE}") from error
    if not isinstance(record, dict) or not record.keys() >= KEYS:
        raise ValueError(f"{path} is no seal: it lacks some of {sorted(KEYS)}. {ADVICE}")
    return record


def keep_record(path: Path, record: dict) -> None:
    """Write a seal's file in one step; where that fails, a warning holds its text.

    An outcome that stands in the file already stays.
    """
    if path.exists():
        record = record | {"outcome": kept_record(path)["outcome"] or record["outcome"]}
    text = json.dumps(record, indent=1, ensure_ascii=False, allow_nan=False)
    try:
        write_atomically(path, f"{text}\n")
    except OSError as error:
        warnings.warn(
            f"{path} cannot be written ({error}). Copy this text into a file of that name, "
            f"or it is lost when Python ends:\n{text}",
            stacklevel=3,
        )
