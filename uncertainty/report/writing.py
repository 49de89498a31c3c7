"""Where a report is written: beside nothing that is not a report, and never by half."""

import json
import os
from pathlib import Path

from ..loading.cache import write_atomically
from .refusals import ReportRefused

FORMAT = "llm-uncertainty-course report"
GENERATOR = f'<meta name="generator" content="{FORMAT}">'
MOST_CHARACTERS = 4000  # in which a page of ours says that it is one


class Paths:
    """The two files of a report: the page, and the numbers beside it."""

    def __init__(self, page: str | Path):
        """Check that both can be written.

        Raises:
            ReportRefused: another ending than .html, no such folder, or a file that is there and is
                no report.
        """
        self.page = Path(page).expanduser()
        self.numbers = self.page.with_suffix(".json")
        if self.page.suffix.lower() != ".html":
            raise ReportRefused(f"the name of the report must end in .html, got {str(page)!r}.")
        if not self.page.parent.is_dir():
            raise ReportRefused(
                f"there is no folder {self.page.parent} for the report: make it first."
            )
        if not os.access(self.page.parent, os.W_OK):
            raise ReportRefused(f"the folder {self.page.parent} cannot be written.")
        for path, is_ours in ((self.page, _is_our_page), (self.numbers, _is_our_json)):
            if path.exists() and not is_ours(path):
                raise ReportRefused(
                    f"{path} is there already and is no report of ours, so it stays: choose "
                    "another name with --out."
                )

    def write(self, *, page: str, numbers: str) -> None:
        """Write both files, each whole or not at all.

        Raises:
            ReportRefused: the disk is full, or the folder can no longer be written.
        """
        for path, text in ((self.numbers, numbers), (self.page, page)):
            try:
                write_atomically(path, text)
                path.chmod(0o644)  # a temporary file is its owner's only
            except OSError as error:
                raise ReportRefused(
                    f"{path} cannot be written ({error.strerror or error}): make room, or choose "
                    "another place with --out. The answers are kept."
                ) from error


def _is_our_page(path: Path) -> bool:
    return GENERATOR in _beginning(path)


def _is_our_json(path: Path) -> bool:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return isinstance(content, dict) and content.get("format") == FORMAT


def _beginning(path: Path) -> str:
    try:
        with path.open(encoding="utf-8", errors="replace") as file:
            return file.read(MOST_CHARACTERS)
    except OSError:
        return ""
