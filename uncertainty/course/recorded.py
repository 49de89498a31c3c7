"""What the default model answered for the lessons, as it came with the package.

Each file of `RECORD` holds one task: JSON lines, compressed. The first line tells task and
settings, each further line one item: its key, what was asked, and the result. The lines are sorted
and carry no date, so the same answers make the same file.
"""

import gzip
import json
import os
import tempfile
import warnings
import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path

RECORD = Path(__file__).with_name("recorded_answers")
SUFFIX = ".jsonl.gz"


def recorded_results(name: str) -> dict[str, object]:
    """Return the recorded results of one task by their items' keys; none where there is no file.

    A file that cannot be read gives a warning, and none of its results.
    """
    path = RECORD / f"{name}{SUFFIX}"
    if not path.exists():
        return {}
    try:
        _, *entries = read_record(path)
        return {entry["item"]: entry["result"] for entry in entries}
    except (OSError, EOFError, zlib.error, ValueError, KeyError, TypeError) as error:
        warnings.warn(
            f"the recorded answers in {path} cannot be read ({error}), so the model is asked. "
            "Install the package again to have them back.",
            stacklevel=3,
        )
        return {}


def read_record(path: Path) -> list[dict]:
    """Return the lines of one file: task and settings, then the items."""
    text = gzip.decompress(path.read_bytes()).decode()
    return [json.loads(line) for line in text.splitlines()]


def replace_record(results_folder: Path, record: Path = RECORD) -> list[str]:
    """Make the files of a results folder the record, in place of all that was recorded before.

    The folder is one that `cached_results` filled while UNCERTAINTY_RECORD named it. Each file is
    written beside its place and then renamed, so that nobody reads half of it; a file whose content
    is the same stays as it is.

    Returns:
        The names of the files that were written or removed.

    Raises:
        ValueError: a folder without results.
    """
    texts = {_record_name(path): _record_text(path) for path in results_folder.glob("*.jsonl")}
    if not texts:
        raise ValueError(f"{results_folder} holds no results, so the record stays as it is.")
    changed = _write_record(texts, record)
    for path in record.glob(f"*{SUFFIX}"):
        if path.name not in texts:
            path.unlink()
            changed.append(path.name)
    return changed


def add_to_record(results_folder: Path, record: Path = RECORD) -> list[str]:
    """Add the files of a results folder whose task or settings the record lacks; the rest stays.

    Returns:
        The names of the files that were added.
    """
    paths = {_record_name(path): path for path in results_folder.glob("*.jsonl")}
    new = {name: path for name, path in paths.items() if not (record / name).exists()}
    return _write_record({name: _record_text(path) for name, path in new.items()}, record)


def result_lines(header: dict, entries: Iterable[dict]) -> str:
    """Return a header and entries as lines of JSON."""
    return "".join(f"{json.dumps(line)}\n" for line in [header, *entries])


def file_lines(path: Path) -> Iterator[dict]:
    """Yield what the lines of a results file hold; a line that a kill cut short is left out."""
    for line in path.read_bytes().splitlines():
        try:
            value = json.loads(line)
        except ValueError:
            continue
        if isinstance(value, dict):
            yield value


def _write_record(texts: dict[str, str], record: Path) -> list[str]:
    """Write the files whose content differs from what is there, and return their names."""
    record.mkdir(parents=True, exist_ok=True)
    changed = []
    for name, text in sorted(texts.items()):
        path = record / name
        if not _holds(path, text):
            _write_atomically(path, gzip.compress(text.encode(), compresslevel=9, mtime=0))
            changed.append(name)
    return changed


def _record_name(path: Path) -> str:
    """Return the record's name for a results file, whose last part tells code and versions."""
    return path.stem.rpartition("-")[0] + SUFFIX


def _record_text(path: Path) -> str:
    lines = list(file_lines(path))
    header = next(line for line in lines if "item" not in line)
    entries = {line["item"]: line for line in reversed(lines) if "item" in line}
    return result_lines(header, [entries[key] for key in sorted(entries)])


def _holds(path: Path, text: str) -> bool:
    try:
        return gzip.decompress(path.read_bytes()).decode() == text
    except (OSError, EOFError, zlib.error, ValueError):
        return False


def _write_atomically(path: Path, content: bytes) -> None:
    with tempfile.NamedTemporaryFile(dir=path.parent, suffix=".aside", delete=False) as aside:
        aside.write(content)
    os.chmod(aside.name, 0o644)  # a temporary file is its owner's only
    os.replace(aside.name, path)
