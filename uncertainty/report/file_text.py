"""The text of a questions file, or a sentence about why it is none."""

from pathlib import Path

from .refusals import ReportRefused

SAVE_AS_CSV = 'save it as "CSV UTF-8 (comma delimited)" and give that file'
# What a file begins with, and what it therefore is.
SIGNATURES = {
    b"PK\x03\x04": "an Excel or LibreOffice workbook (or a zip archive)",
    b"\xd0\xcf\x11\xe0": "an Excel workbook of the old kind",
    b"%PDF": "a PDF",
    b"\x1f\x8b": "a compressed file",
}
UTF_16_MARKS = (b"\xff\xfe", b"\xfe\xff")


class QuestionsFault(ReportRefused):
    """A questions file that cannot be used; every fault is told by its line."""


def read_text(path: Path) -> str:
    """Return the text of a UTF-8 file, with or without a byte order mark.

    Raises:
        QuestionsFault: no such file, no text, or text in another encoding; the message says what to
            do.
    """
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise QuestionsFault(f"{path} cannot be read: {error.strerror}.") from None
    for signature, kind in SIGNATURES.items():
        if raw.startswith(signature):
            raise QuestionsFault(f"{path} is {kind}, not a text file: {SAVE_AS_CSV}.")
    if raw.startswith(UTF_16_MARKS):
        raise QuestionsFault(f'{path} is text in UTF-16 ("Unicode text"): {SAVE_AS_CSV}.')
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise QuestionsFault(
            f"{path}, line {line}: the byte 0x{raw[error.start]:02x} is not UTF-8, so the file has "
            f"another encoding: {SAVE_AS_CSV}."
        ) from None
    if "\0" in text:
        line = text.count("\n", 0, text.index("\0")) + 1
        raise QuestionsFault(f"{path}, line {line}: a NUL character; this is not a text file.")
    if not text.strip():
        raise QuestionsFault(f"{path} is empty.")
    return text
