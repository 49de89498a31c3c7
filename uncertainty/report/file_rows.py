"""The rows of a questions file, CSV or JSON lines, each with the number of its line."""

import csv
import io
import json
from typing import Any, NamedTuple

COLUMNS = ("question", "answers", "category")
NEEDED = ("question", "answers")
OTHER_SEPARATORS = {"\t": "tabs", ";": "semicolons"}
CSV_REMEDIES = {
    "unexpected end of data": "a quotation mark is opened here and never closed",
    "expected after": (
        "text follows a closing quotation mark; write a quotation mark inside a text twice "
        '("") and put quotation marks around the whole text'
    ),
}


class Row(NamedTuple):
    """One question as the file has it: the number of its line, and its values by column."""

    line: int
    values: dict[str, Any]


class Rows(NamedTuple):
    """What a file holds: its rows, the columns that are not used, and the faults of its lines."""

    rows: list[Row]
    unused_columns: list[str]
    faults: list[tuple[int, str]]


def csv_rows(text: str) -> Rows:
    """Return the rows of a CSV text with a header.

    A row that spans several lines has the number of its first line. Lines with nothing on them are
    skipped.
    """
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    rows: list[Row] = []
    faults: list[tuple[int, str]] = []
    header: list[str] | None = None
    while True:
        line = reader.line_num + 1
        try:
            cells = next(reader)
        except StopIteration:
            break
        except csv.Error as error:
            faults.append((line, _csv_sentence(str(error))))
            break
        if not any(cell.strip() for cell in cells):
            continue
        if header is None:
            header = [cell.strip().lower() for cell in cells]
            faults += [(line, fault) for fault in _header_faults(header)]
            if faults:
                break
        elif len(cells) != len(header):
            faults.append((line, _width_sentence(len(cells), len(header))))
        else:
            rows.append(Row(line, dict(zip(header, cells))))
    return Rows(rows, [name for name in header or [] if name not in COLUMNS], faults)


def json_rows(text: str) -> Rows:
    """Return the rows of a text with one JSON object a line; empty lines are skipped."""
    rows: list[Row] = []
    faults: list[tuple[int, str]] = []
    unused: dict[str, None] = {}
    for line, written in enumerate(text.replace("\r\n", "\n").split("\n"), start=1):
        if not written.strip():
            continue
        try:
            values = json.loads(written)
        except (ValueError, RecursionError) as error:
            reason = getattr(error, "msg", "nested too deeply")
            faults.append((line, f"not JSON ({reason}); write one object a line"))
            continue
        if not isinstance(values, dict):
            kind = type(values).__name__
            faults.append((line, f'not an object {{"question": ..., "answers": [...]}}: {kind}'))
            continue
        values = {key.strip().lower(): value for key, value in values.items()}
        missing = [name for name in NEEDED if name not in values]
        if missing:
            faults.append((line, _missing_sentence(missing, list(values))))
            continue
        unused |= dict.fromkeys(name for name in values if name not in COLUMNS)
        rows.append(Row(line, values))
    return Rows(rows, list(unused), faults)


def _header_faults(header: list[str]) -> list[str]:
    for separator, name in OTHER_SEPARATORS.items():
        if len(header) == 1 and separator in header[0]:
            return [f"the columns are separated by {name}; separate them by commas"]
    repeated = [name for name in dict.fromkeys(header) if header.count(name) > 1]
    if repeated:
        return [f"the column {repeated[0]!r} is there {header.count(repeated[0])} times"]
    missing = [name for name in NEEDED if name not in header]
    return [_missing_sentence(missing, header)] if missing else []


def _missing_sentence(missing: list[str], found: list[str]) -> str:
    names = " and ".join(repr(name) for name in missing)
    noun = "column" if len(missing) == 1 else "columns"
    there = ", ".join(repr(name) for name in found) or "nothing"
    verb = "is" if len(missing) == 1 else "are"
    return f"the {noun} {names} {verb} missing; rename columns, or add them. Found {there}"


def _width_sentence(cells: int, columns: int) -> str:
    noun = "cell" if cells == 1 else "cells"
    return (
        f"{cells} {noun} where the header has {columns}; put quotation marks around a text that "
        "contains a comma"
    )


def _csv_sentence(error: str) -> str:
    for sign, sentence in CSV_REMEDIES.items():
        if sign in error:
            return sentence
    return f"not CSV ({error})"
