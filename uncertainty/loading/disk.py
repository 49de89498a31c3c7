"""Write large files safely.

They are made in a temporary folder beside their place; a failing disk becomes one sentence.
"""

import errno
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from .errors import DiskTrouble

OTHER_DISK_REMEDY = "set UNCERTAINTY_CACHE to a folder on another disk"
ONE_DAY = 24 * 60 * 60  # seconds


@contextmanager
def temporary_folder(parent: Path, *, bytes_needed: int) -> Iterator[Path]:
    """Make a temporary folder inside `parent`, which is removed afterwards whatever happens.

    It lies on the same file system as `parent`, so that its content can be renamed into place.

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
        _remove_abandoned_folders(parent)
        if shutil.disk_usage(parent).free < bytes_needed:
            raise OSError(errno.ENOSPC, "No space left on device")
        with tempfile.TemporaryDirectory(
            dir=parent, prefix=".making-", ignore_cleanup_errors=True
        ) as folder:
            yield Path(folder)
    except Exception as error:
        sentence = _disk_failure_message(error, parent, bytes_needed)
        if sentence is None:
            raise
        raise DiskTrouble(sentence) from None


def _remove_abandoned_folders(parent: Path) -> None:
    """Delete the folders of processes killed over a day ago; no conversion takes that long."""
    for folder in parent.glob(".making-*"):
        with suppress(FileNotFoundError):  # another process may be deleting it too
            age = time.time() - folder.stat().st_mtime
            if age > ONE_DAY:
                shutil.rmtree(folder, ignore_errors=True)


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
