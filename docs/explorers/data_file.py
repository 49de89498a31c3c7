"""A file of data that a page can load from anywhere, a USB stick included."""

import json
import math
from pathlib import Path

FOLDER = Path(__file__).parent / "data"
LARGEST = 300_000  # bytes; a page must open at once on a phone


def data_text(value: dict) -> str:
    """Return a script that sets the one variable DATA.

    A page opened as a file may not fetch JSON, but it may load a script. Each entry of the first
    level, and each item of a list there, has a line of its own, so that a change is easy to see.

    Raises:
        ValueError: a number that is not finite.
    """
    entries = [f"{_as_json(key)}: {_in_lines(entry)}" for key, entry in value.items()]
    body = ",\n".join(entries)
    return f"const DATA = {{\n{body}\n}};\n"


def read_data(path: Path) -> dict:
    """Return what `data_text` wrote to a file."""
    text = path.read_text(encoding="utf-8")
    return json.loads(text.removeprefix("const DATA = ").rstrip().removesuffix(";"))


def write_data(name: str, value: dict, folder: Path = FOLDER) -> str:
    """Write data/NAME.js and return a line that says so.

    Raises:
        ValueError: more than `LARGEST` bytes, or a number that is not finite.
    """
    written = data_text(value).encode()
    if len(written) > LARGEST:
        raise ValueError(f"{name}.js would have {len(written)} bytes, more than {LARGEST}.")
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}.js"
    path.write_bytes(written)
    return f"data/{name}.js: {len(written):,} bytes"


def significant(value: float, digits: int = 4) -> float:
    """Return a number rounded to so many significant digits."""
    if value == 0 or not math.isfinite(value):
        return value
    return round(value, digits - 1 - math.floor(math.log10(abs(value))))


def _in_lines(entry) -> str:
    if isinstance(entry, list) and entry and isinstance(entry[0], list | dict):
        items = ",\n".join(_as_json(item) for item in entry)
        return f"[\n{items}\n]"
    return _as_json(entry)


def _as_json(value) -> str:
    return json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
