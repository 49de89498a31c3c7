"""Write large files safely.

They are made in a temporary folder beside their place; a failing disk becomes one sentence.
"""

import errno
import os
import platform
import re
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from .errors import DiskTrouble

if sys.platform != "win32":
    import fcntl

OTHER_DISK_REMEDY = "set UNCERTAINTY_CACHE to a folder on another disk"
ONE_DAY = 24 * 60 * 60  # seconds
PREFIX = ".making-"


@contextmanager
def temporary_folder(parent: Path, *, bytes_needed: int) -> Iterator[Path]:
    """Make a temporary folder inside `parent`, which is removed afterwards whatever happens.

    It lies on the same file system as `parent`, so that its content can be renamed into place. What
    a killed process left behind in `parent` is removed first.

    Args:
        parent: made if it does not exist.
        bytes_needed: how much will be written; refused at once when it does not fit.

    Raises:
        DiskTrouble: the bytes do not fit, now or while writing, or the folder cannot be written.
    """
    try:
        parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:  # for example a USB stick that is not plugged in
        message = f"Cannot make the folder {parent} ({error.strerror}); {OTHER_DISK_REMEDY}."
        raise DiskTrouble(message) from None
    try:
        remove_abandoned_folders(parent)
        if shutil.disk_usage(parent).free < bytes_needed:
            raise OSError(errno.ENOSPC, "No space left on device")
        folder, lock = _make_locked_folder(parent)
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)
            _unlock(lock)
    except Exception as error:
        sentence = _disk_failure_message(error, parent, bytes_needed)
        if sentence is None:
            raise
        raise DiskTrouble(sentence) from None


def remove_abandoned_folders(parent: Path) -> None:
    """Delete the temporary folders of killed processes inside `parent`.

    A process locks its temporary folder, and the system unlocks it when the process ends, however
    it ends. A folder from another machine that shares the disk, or a system without such locks
    (Windows), leaves only its age to judge by: over a day, since no conversion takes that long.
    """
    folders: list[Path] = []
    with suppress(OSError):  # a folder that may not be read holds nothing of ours
        folders.extend(parent.glob(f"{PREFIX}*"))
    for folder in folders:
        with suppress(OSError):  # another process may be deleting it, or it may be another user's
            if folder.name.startswith(_own_prefix()) and sys.platform != "win32":
                lock = _lock(folder, wait=False)
                shutil.rmtree(folder, ignore_errors=True)
                _unlock(lock)
            elif time.time() - folder.stat().st_mtime > ONE_DAY:
                shutil.rmtree(folder, ignore_errors=True)


def _make_locked_folder(parent: Path) -> tuple[Path, int | None]:
    """Return a new folder that nobody else removes, and its lock, None where there are no locks."""
    while True:
        folder = Path(tempfile.mkdtemp(dir=parent, prefix=_own_prefix()))
        try:
            lock = _lock(folder, wait=True)
        except FileNotFoundError:
            continue  # another process took it for abandoned before it was locked
        except OSError:
            return folder, None
        if folder.exists():
            return folder, lock
        _unlock(lock)


def _own_prefix() -> str:
    """Return how the names of this machine's temporary folders begin."""
    machine = re.sub(r"\W", "_", platform.node()) or "unnamed"
    return f"{PREFIX}{machine}-"


def _lock(folder: Path, *, wait: bool) -> int | None:
    """Lock a folder until `_unlock` or the end of this process and of the pip that it started.

    Raises:
        OSError: it cannot be locked; `BlockingIOError` when another process has locked it.
    """
    if sys.platform == "win32":
        return None
    handle = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX if wait else fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(handle)
        raise
    os.set_inheritable(handle, True)
    return handle


def _unlock(lock: int | None) -> None:
    if lock is not None:
        os.close(lock)


def _disk_failure_message(error: Exception, folder: Path, bytes_needed: int) -> str | None:
    """Return one sentence for an error about the disk, None for any other error."""
    number = getattr(error, "errno", None)
    # safetensors' errors have no errno
    if number in (errno.ENOSPC, errno.EDQUOT) or "No space left" in str(error):
        needed = bytes_needed / 1e6
        free = shutil.disk_usage(folder).free / 1e6
        return (
            f"Not enough disk space in {folder}: {needed:.0f} MB are needed and {free:.0f} MB are "
            f"free; free some, or {OTHER_DISK_REMEDY}."
        )
    if isinstance(error, OSError) and number in (errno.EACCES, errno.EPERM, errno.EROFS):
        return (
            f"Cannot write to {folder} ({error.strerror}); make it writable, "
            f"or {OTHER_DISK_REMEDY}."
        )
    return None
