"""Checksums of a folder's files: they find a damaged file while another thread loads the folder."""

import json
import os
import zlib
from pathlib import Path

CHECKSUMS_FILE = "checksums.json"


def write_checksums(folder: Path) -> None:
    """Write the checksums of all files in a folder into one more file there."""
    checksums = {path.name: _checksum(path) for path in folder.iterdir()}
    (folder / CHECKSUMS_FILE).write_text(json.dumps(checksums, indent=1))


def find_damage(folder: Path) -> str | None:
    """Return in words what is wrong with a folder, None when its files are as they were written."""
    try:
        expected = json.loads((folder / CHECKSUMS_FILE).read_text())
        for file, checksum in expected.items():
            if _checksum(folder / file) != checksum:
                return f"{folder / file} is damaged"
    except OSError as error:
        return f"{error.filename} cannot be read ({error.strerror})"
    except ValueError:
        return f"{folder / CHECKSUMS_FILE} is damaged"
    return None


def is_intact(folder: Path) -> bool:
    """Return whether the folder exists, with all its files as they were written."""
    return os.path.exists(folder) and find_damage(folder) is None


def rename_unless_intact(*, new: Path, final: Path, damaged: Path) -> None:
    """Rename the folder `new` to `final`, unless another process has put an intact one there.

    Args:
        new: a folder with checksums.
        final: its place.
        damaged: where a damaged folder at `final` is moved to.
    """
    if is_intact(final):
        return
    if final.exists():
        os.rename(final, damaged)
    try:
        os.rename(new, final)
    except OSError:
        if not final.exists():  # else another process was quicker
            raise


def _checksum(path: Path) -> int:
    """Compute the CRC-32 of a file, which finds damage and costs half of what a sha256 does."""
    checksum = 0
    with open(path, "rb", buffering=0) as file:
        while chunk := file.read(1 << 24):  # large, so that the thread seldom waits for its turn
            checksum = zlib.crc32(chunk, checksum)
    return checksum
