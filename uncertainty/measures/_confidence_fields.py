"""Read the shapes in which replies are structured: JSON, XML tags, tables."""

import json
import re
from collections.abc import Iterator
from typing import NamedTuple

from . import _confidence_vocabulary as vocabulary
from ._confidence_labels import label_scale
from ._confidence_lines import FINAL, ORDINARY, PARTIAL, Line, Statement
from ._confidence_numbers import Scale, Tokens, read_scale
from ._confidence_statements import statements_in
from ._confidence_tokens import folded, one_spelling
from ._confidence_values import Reading, read_value

# ---- JSON

_MOST_TRIES = 20  # to read JSON; each takes a time in proportion to the text
_DEEPEST = 20
_STEP_KEYS = {
    "steps",
    "step",
    "alternatives",
    "candidates",
    "draft",
    "drafts",
    "reasoning",
    "others",
}
_STEP_KEYS |= {"subquestions", "hypotheses", "options", "choices"}


class JsonPart(NamedTuple):
    """What JSON says: its statements, its answer, and the text without it."""

    statements: list[Statement]
    answer: str | None
    rest: str


class _Pairs(list):
    """The pairs of a JSON object, with keys that occur twice."""


class _Literal(str):
    """A JSON number, true, false or null as it was written."""


def read_json(text: str, default_scale: int | None) -> JsonPart:
    """Read the JSON objects in a text. A number stays as it is written: "1" is not "1.0"."""
    decoder = json.JSONDecoder(
        object_pairs_hook=_Pairs,
        parse_float=_Literal,
        parse_int=_Literal,
        parse_constant=_Literal,
    )
    statements: list[Statement] = []
    answers: list[str] = []
    rest = []
    position = 0
    tries = 0
    start = text.find("{")
    while start >= 0 and tries < _MOST_TRIES:
        tries += 1
        try:
            value, end = decoder.raw_decode(text, start)
        except (ValueError, RecursionError):
            start = text.find("{", start + 1)
            continue
        found = list(_fields_of(value, default_scale, depth=0, is_step=False))
        if value:
            statements += found
            answers += _answers_of(value, depth=0)
            rest.append(text[position:start])
            position = end
        start = text.find("{", end)
    answer = answers[0] if len(set(answers)) == 1 else None
    outside = [part for part in [*rest, text[position:]] if part.strip(" \t\r\n[],;")]
    return JsonPart(statements, answer, "\n".join(outside))


def _fields_of(
    value: object, default_scale: int | None, *, depth: int, is_step: bool
) -> Iterator[Statement]:
    """Yield the statements of a JSON value and of what it holds."""
    if depth > _DEEPEST:
        return
    if isinstance(value, _Pairs):
        for key, inner in value:
            label = label_scale(Line(key))
            if label is None:
                below_step = is_step or folded(key) in _STEP_KEYS
                yield from _fields_of(inner, default_scale, depth=depth + 1, is_step=below_step)
                continue
            statement = _json_statement(key, inner, value, default_scale)
            yield Statement(statement.reading, PARTIAL) if is_step else statement
    elif isinstance(value, list):
        for inner in value:
            yield from _fields_of(inner, default_scale, depth=depth + 1, is_step=is_step)


def _json_statement(key: str, value: object, pairs: _Pairs, default_scale: int | None) -> Statement:
    """Return what a field such as ``"confidence": 0.85`` states."""
    if isinstance(value, _Pairs):
        inner = [item for name, item in value if folded(name) in _VALUE_KEYS]
        pairs = value
        value = inner[0] if len(inner) == 1 else None
    if not isinstance(value, str) or str(value) in ("true", "false", "null"):
        return Statement(Reading(None, f"neither a number nor a probability word: {key!r}"))
    if "\n" in value:
        value = " ".join(value.split("\n"))
    scale, problem = _json_scale(pairs)
    if problem is not None:
        return Statement(Reading(None, problem))
    written = Line(f"{one_spelling(key)}: {value}")
    found = [] if scale else list(statements_in(written, None, default_scale))
    if len(found) == 1:
        return found[0]
    line = Line(str(value))
    reading = read_value(line.tokens, line.text, scale=scale, default_scale=default_scale)
    return Statement(reading)


_VALUE_KEYS = {"value", "score", "level", "confidence", "probability", "percentage", "percent"}


def _json_scale(pairs: _Pairs) -> tuple[Scale | None, str | None]:
    """Return the scale that another field of the object states: ``"scale": "1-10"``."""
    for key, value in pairs:
        words = set(folded(one_spelling(key)).split())
        if not words & {"scale", "max", "maximum", "range", "unit"} or not isinstance(value, str):
            continue
        tokens = Tokens(Line(value).tokens)
        scale = read_scale(tokens, 0, len(tokens))
        if scale is None and len(tokens) == 1 and tokens.kind(0) == "number":
            scale = Scale(0, tokens.tokens[0].value)
        if scale is None or scale.highest <= 0:
            return None, f"a bound or a scale of its own: {value!r}"
        return scale, None
    return None, None


def _answers_of(value: object, depth: int) -> list[str]:
    """Return the texts of the answer fields of a JSON value, the outermost first."""
    if depth > _DEEPEST or not isinstance(value, list):
        return []
    if not isinstance(value, _Pairs):
        return [answer for inner in value for answer in _answers_of(inner, depth + 1)]
    own = [
        ("final" in folded(key), str(inner))
        for key, inner in value
        if isinstance(inner, str) and vocabulary.ANSWER_WORDS & {*folded(one_spelling(key)).split()}
    ]
    final = [answer for is_final, answer in own if is_final]
    outermost = final or [answer for _, answer in own]
    return outermost or [answer for _, inner in value for answer in _answers_of(inner, depth + 1)]


# ---- XML and HTML

_XML_TAG = re.compile(r"<(/?)([^\W\d][\w-]{0,40})((?:\s[^<>]{0,200})?)/?>")
_XML_VALUE = re.compile(r"""\b(?:value|score|level)\s?=\s?["']([^"'<>]{1,40})["']""")
_CONFIDENCE_ATTRIBUTE = re.compile(
    r"""\b(confidence|probability|certainty)\s?=\s?["']?([^"'<>\s]{1,20})"""
)
_NEW_LINES = {"br", "p", "div", "li", "ul", "ol", "tr", "table", "thead", "tbody", "h1", "h2", "h3"}
_FIELD_TAGS = vocabulary.NOUNS | vocabulary.ANSWER_WORDS | vocabulary.EXPLANATIONS
BARRIER = "\u241e"  # a line of its own after a field: what follows is no value of the field


def tags_to_lines(text: str) -> str:
    """Write XML fields as lines, "<confidence>85</confidence>" as "confidence: 85"."""
    return _XML_TAG.sub(_tag_as_text, text)


def _tag_as_text(tag: re.Match[str]) -> str:
    closes, name, attributes = tag.groups()
    lower = name.lower()
    if lower in _NEW_LINES:
        return "\n"
    if lower in ("td", "th"):
        return "" if closes else " | "
    words = one_spelling(name.replace("-", " "))
    if not _FIELD_TAGS & {*folded(words).split()}:
        attribute = _CONFIDENCE_ATTRIBUTE.search(attributes)
        return f"\n{attribute[1]}: {attribute[2]}\n" if attribute else " "
    if closes:
        return f"\n{BARRIER}\n"
    value = _XML_VALUE.search(attributes)
    attribute = _CONFIDENCE_ATTRIBUTE.search(attributes)
    inside = f" {value[1]}" if value else ""
    stated = f"\n{attribute[1]}: {attribute[2]}\n" if attribute else ""
    return f"{stated}\n{words}:{inside} "


# ---- tables

_SEPARATOR_CELL = re.compile(r"\s*:?-{1,}:?\s*")
_WIDE_SPACE = re.compile(r"\t| {2,}")


class _Row(NamedTuple):
    number: int  # of its line
    cells: list[str]


def read_tables(
    lines: list[Line], default_scale: int | None
) -> tuple[list[Statement], set[int], str | None]:
    """Return what tables state, the numbers of their lines, and the answer in the first of them."""
    statements: list[Statement] = []
    used: set[int] = set()
    answer = None
    for table, has_bars in _tables(lines):
        found, own_answer = _read_table(table, default_scale, has_bars=has_bars)
        if found:
            statements += found
            used |= {row.number for row in table}
            answer = answer or own_answer
    return statements, used, answer


def _tables(lines: list[Line]) -> Iterator[tuple[list[_Row], bool]]:
    """Yield the blocks of lines that are cut into cells in one way, and whether bars cut them."""
    for split in (_cells_by_bars, _cells_by_space, _cells_by_commas):
        has_bars = split is _cells_by_bars
        block: list[_Row] = []
        for number, line in enumerate(lines):
            cells = split(line.written)
            if cells is not None:
                block.append(_Row(number, cells))
            elif block:
                yield block, has_bars
                block = []
        if block:
            yield block, has_bars


def _cells_by_bars(line: str) -> list[str] | None:
    if "|" not in line or line.count("|") > 50:
        return None
    return line.strip().removeprefix("|").removesuffix("|").split("|")


def _cells_by_space(line: str) -> list[str] | None:
    cells = _WIDE_SPACE.split(line.strip())
    return cells if 2 <= len(cells) <= 20 else None


def _cells_by_commas(line: str) -> list[str] | None:
    delimiter = ";" if ";" in line else ","
    cells = line.strip().split(delimiter)
    return cells if 2 <= len(cells) <= 20 else None


def _read_table(
    table: list[_Row], default_scale: int | None, *, has_bars: bool
) -> tuple[list[Statement], str | None]:
    rows = [row.cells for row in table if not all(map(_SEPARATOR_CELL.fullmatch, row.cells))]
    if not rows:
        return [], None
    header = [Line(cell) for cell in rows[0]]
    labels = [label_scale(cell) for cell in header]
    columns = [column for column, label in enumerate(labels) if label is not None]
    has_value_beside = len(header) == 2 and columns == [0] and _is_value(rows[0][1])
    if columns and not has_value_beside:
        return _read_columns(rows, columns, labels, default_scale)
    return _read_pairs(rows, default_scale) if has_bars else ([], None)


def _is_value(cell: str) -> bool:
    line = Line(cell)
    return bool(line.tokens) and not (read_value(line.tokens, line.text).problem or "").startswith(
        "neither"
    )


def _read_columns(
    rows: list[list[str]],
    columns: list[int],
    labels: list[tuple[Scale | None, str | None] | None],
    default_scale: int | None,
) -> tuple[list[Statement], str | None]:
    """Read the columns under the labels, one statement for each row."""
    statements = []
    for row in rows[1:]:
        if len(row) != len(rows[0]):
            problem = "a table whose rows differ in length"
            statements.append(Statement(Reading(None, problem)))
            continue
        is_final = bool(vocabulary.FINAL_WORDS & {token.text for token in Line(row[0]).tokens})
        for column in columns:
            scale, problem_of_scale = labels[column] or (None, None)
            line = Line(row[column])
            reading = read_value(line.tokens, line.text, scale=scale, default_scale=default_scale)
            if problem_of_scale is not None:
                reading = Reading(None, problem_of_scale)
            statements.append(Statement(reading, FINAL if is_final else ORDINARY))
    answer_columns = [
        column
        for column, cell in enumerate(rows[0])
        if vocabulary.ANSWER_WORDS & {token.text for token in Line(cell).tokens}
    ]
    has_answer = answer_columns and len(rows) == 2 and len(rows[1]) == len(rows[0])
    return statements, rows[1][answer_columns[0]].strip() if has_answer else None


def _read_pairs(
    rows: list[list[str]], default_scale: int | None
) -> tuple[list[Statement], str | None]:
    """Read rows of a name and a value: "| Confidence | 85% |"."""
    statements: list[Statement] = []
    answer = None
    for row in rows:
        if len(row) != 2:
            continue
        name = Line(row[0])
        if label_scale(name) is not None:
            line = Line(f"{name.text}: {row[1].strip()}")
            statements += statements_in(line, None, default_scale)
        elif vocabulary.ANSWER_WORDS & {token.text for token in name.tokens}:
            answer = answer or row[1].strip() or None
    return statements, answer
