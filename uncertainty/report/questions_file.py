"""Somebody's own questions: read from a file, and refused as a whole while a line is wrong."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from ..data.questions import Question, load_questions
from .file_rows import COLUMNS, NEEDED, Row, csv_rows, json_rows
from .file_text import SAVE_AS_CSV, QuestionsFault, read_text

READERS = {".csv": csv_rows, ".jsonl": json_rows}
OTHER_KINDS = {
    ".tsv": f"separates its columns by tabs: {SAVE_AS_CSV}",
    ".xlsx": f"is an Excel workbook: {SAVE_AS_CSV}",
    ".xls": f"is an Excel workbook: {SAVE_AS_CSV}",
    ".ods": f"is a LibreOffice workbook: {SAVE_AS_CSV}",
    ".json": "must hold one JSON object a line, and its name must end in .jsonl",
}
MOST_SHOWN = 20  # faults
NO_CATEGORY = ""


@dataclass(frozen=True)
class QuestionSet:
    """Questions with right answers, and where they come from.

    The ``id`` of a question that was read from a file is its line: "line 7".
    """

    source: str
    questions: tuple[Question, ...]
    unused_columns: tuple[str, ...] = ()


def course_questions() -> QuestionSet:
    """Return the course's questions that have one right answer."""
    questions = tuple(load_questions("unique"))
    return QuestionSet(f"the course's {len(questions)} questions", questions)


def read_questions(path: str | Path) -> QuestionSet:
    """Return the questions of a ``.csv`` or ``.jsonl`` file in UTF-8.

    Columns: ``question``; ``answers``, several separated by "|" (in JSON a list, too); and
    optionally ``category``. Others are not used.

    Raises:
        QuestionsFault: anything that is wrong, each fault by the number of its line.
    """
    path = Path(path).expanduser()
    suffix = path.suffix.lower()
    if suffix in OTHER_KINDS and path.exists():
        raise QuestionsFault(f"{path} {OTHER_KINDS[suffix]}.")
    if suffix not in READERS and path.exists():
        raise QuestionsFault(f"the name of {path} must end in .csv or .jsonl.")
    rows, unused_columns, faults = READERS[suffix](read_text(path))
    return _checked(str(path), path.name, rows, unused_columns, faults, "line")


def listed_questions(items: Sequence[Question] | Sequence[dict]) -> QuestionSet:
    """Return questions that were given as a list: of `Question`, or of dicts with the columns.

    Raises:
        QuestionsFault: anything that is wrong, each fault by the number of its item.
    """
    rows = []
    faults = []
    unused: dict[str, None] = {}
    for number, item in enumerate(items, start=1):
        values = asdict(item) if isinstance(item, Question) else item
        if not isinstance(values, dict):
            faults.append((number, f"a question must be a dict or a Question, got {item!r}"))
        elif not {*NEEDED} <= values.keys():
            missing = [name for name in NEEDED if name not in values]
            faults.append((number, f"{' and '.join(map(repr, missing))} missing"))
        else:
            listed = values["answers"]
            answers = list(listed) if isinstance(listed, tuple) else listed
            rows.append(Row(number, values | {"answers": answers}))
            if not isinstance(item, Question):
                unused |= dict.fromkeys(name for name in values if name not in COLUMNS)
    return _checked("the list of questions", "a list of questions", rows, [*unused], faults, "item")


def _checked(
    place: str,
    source: str,
    rows: list[Row],
    unused_columns: list[str],
    faults: list[tuple[int, str]],
    unit: str,
) -> QuestionSet:
    """Return the questions of the rows; QuestionsFault with all faults if there is one."""
    questions = []
    first_lines: dict[str, int] = {}
    for row in rows:
        fault = _row_fault(row, first_lines, unit)
        if fault is None:
            questions.append(_question(row, unit))
        else:
            faults.append((row.line, fault))
    if faults:
        raise QuestionsFault(_all_faults(place, sorted(faults), unit))
    if not questions:
        raise QuestionsFault(f"{place} has no question.")
    return QuestionSet(source, tuple(questions), tuple(unused_columns))


def _row_fault(row: Row, first_lines: dict[str, int], unit: str) -> str | None:
    """Return what is wrong with a row; a question that is there already is wrong, too."""
    question = row.values["question"]
    if not isinstance(question, str):
        return f"the question must be text, got {question!r}"
    if not question.strip():
        return "the question is empty"
    answers = row.values["answers"]
    if not isinstance(answers, str) and not _is_list_of_texts(answers):
        return f"the answers must be a text or a list of texts, got {answers!r}"
    if not _answers(answers):
        return "no answer; write at least one, several separated by |"
    category = row.values.get("category")
    if category is not None and not isinstance(category, str):
        return f"the category must be text, got {category!r}"
    key = " ".join(question.casefold().split())
    first = first_lines.setdefault(key, row.line)
    if first != row.line:
        return f"the question of {unit} {first} again"
    return None


def _is_list_of_texts(answers: Any) -> bool:
    return isinstance(answers, list) and all(isinstance(answer, str) for answer in answers)


def _answers(written: str | list[str]) -> tuple[str, ...]:
    parts = written.split("|") if isinstance(written, str) else written
    stripped = [part.strip() for part in parts]
    return tuple(dict.fromkeys(part for part in stripped if part))


def _question(row: Row, unit: str) -> Question:
    return Question(
        id=f"{unit} {row.line}",
        kind="unique",
        category=(row.values.get("category") or NO_CATEGORY).strip(),
        question=row.values["question"].strip(),
        answers=_answers(row.values["answers"]),
    )


def _all_faults(place: str, faults: list[tuple[int, str]], unit: str) -> str:
    count = "1 fault" if len(faults) == 1 else f"{len(faults)} faults"
    lines = [f"{place} has {count}, so nothing was asked."]
    lines += [f"  {unit} {line}: {fault}." for line, fault in faults[:MOST_SHOWN]]
    hidden = len(faults) - MOST_SHOWN
    if hidden > 0:
        lines.append(f"  and {hidden} more.")
    return "\n".join(lines)
