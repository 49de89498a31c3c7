"""Questions files: the good ones are read, and of the bad ones every fault is told by its line."""

import json

import pytest

from uncertainty import load_questions, make_report
from uncertainty.report.file_text import SAVE_AS_CSV, QuestionsFault
from uncertainty.report.questions_file import (
    course_questions,
    listed_questions,
    read_questions,
)

GOOD = 'question,answers,category\nCapital of France?,Paris,places\n"Two, and two?",4|four,\n'


def written(tmp_path, content, name="q.csv"):
    path = tmp_path / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def fault(path):
    with pytest.raises(QuestionsFault) as caught:
        read_questions(path)
    return str(caught.value)


def test_a_csv_file_is_read(tmp_path):
    questions = read_questions(written(tmp_path, GOOD))
    assert questions.source == "q.csv" and questions.unused_columns == ()
    assert [(q.id, q.question, q.answers, q.category) for q in questions.questions] == [
        ("line 2", "Capital of France?", ("Paris",), "places"),
        ("line 3", "Two, and two?", ("4", "four"), ""),
    ]


@pytest.mark.parametrize(
    "change",
    [
        lambda raw: b"\xef\xbb\xbf" + raw,
        lambda raw: raw.replace(b"\n", b"\r\n"),
        lambda raw: raw.replace(b"\n", b"\r"),
        lambda raw: b"\xef\xbb\xbf" + raw.replace(b"\n", b"\r\n").rstrip(),
        lambda raw: raw.replace(b"question,answers", b" Question , ANSWERS"),
        lambda raw: raw + b"\n\n ,,\n",
    ],
    ids=["BOM", "CRLF", "CR", "BOM and CRLF, no end", "other case", "empty lines"],
)
def test_harmless_differences_change_nothing(tmp_path, change):
    plain = read_questions(written(tmp_path, GOOD))
    other = read_questions(written(tmp_path, change(GOOD.encode())))
    assert other.questions == plain.questions


def test_a_jsonl_file_is_read(tmp_path):
    lines = [
        {"question": "Capital of France?\u2028(a line separator)", "answers": "Paris | paris"},
        {"question": "2+2?", "answers": ["4", " four "], "category": "sums", "note": "x"},
    ]
    text = "\r\n\r\n".join(json.dumps(line, ensure_ascii=False) for line in lines)
    questions = read_questions(written(tmp_path, text, "q.jsonl"))
    assert [(q.id, q.answers, q.category) for q in questions.questions] == [
        ("line 1", ("Paris", "paris"), ""),
        ("line 3", ("4", "four"), "sums"),
    ]
    assert questions.unused_columns == ("note",)


def test_a_text_with_line_breaks_has_the_number_of_its_first_line(tmp_path):
    text = 'question,answers\n"one\ntwo\nthree?",1\nfour?,\n'
    assert fault(written(tmp_path, text)).splitlines()[1] == (
        "  line 5: no answer; write at least one, several separated by |."
    )


LINE_FAULTS = {
    "empty question": (
        "question,answers\n ,Paris\n",
        "line 2: the question is empty.",
    ),
    "no answer": (
        "question,answers\na?, | \n",
        "line 2: no answer; write at least one, several separated by |.",
    ),
    "duplicate": (
        "question,answers\nWho is it?,A\nb?,B\nwho  is IT?,C\n",
        "line 4: the question of line 2 again.",
    ),
    "missing column": (
        "question,answer\na?,b\n",
        "line 1: the column 'answers' is missing; rename columns, or add them. Found 'question', 'answer'.",
    ),
    "two missing columns": (
        "What is it?,Paris\na?,b\n",
        "line 1: the columns 'question' and 'answers' are missing; rename columns, or add them. "
        "Found 'what is it?', 'paris'.",
    ),
    "a column twice": (
        "question,answers,answers\na?,b,c\n",
        "line 1: the column 'answers' is there 2 times.",
    ),
    "too many cells": (
        "question,answers\nTwo, and two?,4\n",
        "line 2: 3 cells where the header has 2; put quotation marks around a text that contains a "
        "comma.",
    ),
    "too few cells": (
        "question,answers\nTwo?\n",
        "line 2: 1 cell where the header has 2; put quotation marks around a text that contains a "
        "comma.",
    ),
    "open quotation mark": (
        'question,answers\na?,b\n"c?,d\ne?,f\n',
        "line 3: a quotation mark is opened here and never closed.",
    ),
    "text after a quotation mark": (
        'question,answers\n"Who said "yes"?",Tom\n',
        "line 2: text follows a closing quotation mark; write a quotation mark inside a text twice "
        '("") and put quotation marks around the whole text.',
    ),
    "tabs in a csv": (
        "question\tanswers\na?\tb\n",
        "line 1: the columns are separated by tabs; separate them by commas.",
    ),
    "semicolons": (
        "question;answers\na?;b\n",
        "line 1: the columns are separated by semicolons; separate them by commas.",
    ),
}


@pytest.mark.parametrize("name", LINE_FAULTS)
def test_each_fault_of_a_line_is_told(tmp_path, name):
    text, sentence = LINE_FAULTS[name]
    path = written(tmp_path, text)
    assert fault(path) == f"{path} has 1 fault, so nothing was asked.\n  {sentence}"


JSON_FAULTS = {
    '{"question": "a?", "answers": ["b"]': "not JSON (Expecting ',' delimiter); write one object a line.",
    '["a?", "b"]': 'not an object {"question": ..., "answers": [...]}: list.',
    '{"question": "a?", "answer": "b"}': "the column 'answers' is missing; rename columns, or add them. Found 'question', 'answer'.",
    '{"question": 5, "answers": "b"}': "the question must be text, got 5.",
    '{"question": "a?", "answers": [1]}': "the answers must be a text or a list of texts, got [1].",
    '{"question": "a?", "answers": null}': "the answers must be a text or a list of texts, got None.",
    '{"question": "a?", "answers": []}': "no answer; write at least one, several separated by |.",
    '{"question": "a?", "answers": "b", "category": 3}': "the category must be text, got 3.",
}


@pytest.mark.parametrize("line", JSON_FAULTS)
def test_each_fault_of_a_json_line_is_told(tmp_path, line):
    path = written(tmp_path, f'{{"question": "z?", "answers": "y"}}\n{line}\n', "q.jsonl")
    assert fault(path) == (
        f"{path} has 1 fault, so nothing was asked.\n  line 2: {JSON_FAULTS[line]}"
    )


FILE_FAULTS = {
    "q.xlsx": (b"PK\x03\x04rest", f"is an Excel workbook: {SAVE_AS_CSV}."),
    "q.tsv": (b"question\tanswers\n", f"separates its columns by tabs: {SAVE_AS_CSV}."),
    "q.json": (b"[]", "must hold one JSON object a line, and its name must end in .jsonl."),
    "renamed.csv": (
        b"PK\x03\x04rest",
        f"is an Excel or LibreOffice workbook (or a zip archive), not a text file: {SAVE_AS_CSV}.",
    ),
    "old.csv": (
        b"\xd0\xcf\x11\xe0\xa1\xb1",
        f"is an Excel workbook of the old kind, not a text file: {SAVE_AS_CSV}.",
    ),
    "unicode.csv": (
        "question,answers\n".encode("utf-16"),
        f'is text in UTF-16 ("Unicode text"): {SAVE_AS_CSV}.',
    ),
    "empty.csv": (b"\xef\xbb\xbf \r\n", "is empty."),
    "header.csv": (b"question,answers\n", "has no question."),
}


@pytest.mark.parametrize("name", FILE_FAULTS)
def test_a_file_of_another_kind_is_told(tmp_path, name):
    content, sentence = FILE_FAULTS[name]
    path = written(tmp_path, content, name)
    assert fault(path) == f"{path} {sentence}"


def test_another_ending_is_told(tmp_path):
    path = written(tmp_path, GOOD, "q.txt")
    assert fault(path) == f"the name of {path} must end in .csv or .jsonl."


def test_another_encoding_is_told_by_its_line(tmp_path):
    path = written(tmp_path, "question,answers\na?,b\nCafé?,c\n".encode("latin-1"))
    assert fault(path) == (
        f"{path}, line 3: the byte 0xe9 is not UTF-8, so the file has another encoding: "
        f"{SAVE_AS_CSV}."
    )


def test_a_nul_is_told_by_its_line(tmp_path):
    path = written(tmp_path, b"question,answers\na?,b\0\n")
    assert fault(path) == f"{path}, line 2: a NUL character; this is not a text file."


def test_a_file_that_is_not_there_is_told(tmp_path):
    path = tmp_path / "none.csv"
    assert fault(path) == f"{path} cannot be read: No such file or directory."
    assert fault(tmp_path) == f"the name of {tmp_path} must end in .csv or .jsonl."


def test_all_faults_are_told_at_once_and_many_are_counted(tmp_path):
    path = written(tmp_path, "question,answers\n" + "a?,b\n,c\n" * 15)
    lines = fault(path).splitlines()
    assert lines[0] == f"{path} has 29 faults, so nothing was asked."
    assert lines[1] == "  line 3: the question is empty."
    assert lines[2] == "  line 4: the question of line 2 again."
    assert len(lines) == 22 and lines[-1] == "  and 9 more."


def test_nothing_is_loaded_before_the_file_is_right(tmp_path, monkeypatch):
    from uncertainty.report import reports

    monkeypatch.setattr(reports, "load_model", lambda *_: pytest.fail("it was loaded"))
    with pytest.raises(QuestionsFault, match=r"line 2: the question is empty\."):
        make_report("tiny", questions=written(tmp_path, "question,answers\n,b\n"))


def test_a_list_is_checked_like_a_file():
    rows = [
        {"question": "a?", "answers": ["b"]},
        {"question": "A?", "answers": "c"},
        {"question": ""},
        5,
    ]
    with pytest.raises(QuestionsFault) as caught:
        listed_questions(rows)
    assert str(caught.value).splitlines() == [
        "the list of questions has 3 faults, so nothing was asked.",
        "  item 2: the question of item 1 again.",
        "  item 3: 'answers' missing.",
        "  item 4: a question must be a dict or a Question, got 5.",
    ]


def test_the_courses_questions_can_be_listed():
    some = load_questions("unique")[:3]
    assert [q.answers for q in listed_questions(some).questions] == [q.answers for q in some]
    assert len(course_questions().questions) == len(load_questions("unique")) > 400
