"""Read what a model says about its own confidence, without guessing.

The text is read by a small grammar, one file for each idea: ``_confidence_tokens`` cuts it into
numbers, words and signs; ``_confidence_numbers`` reads quantities, ranges and scales;
``_confidence_values`` reads a value and what is said about it; ``_confidence_statements`` finds the
labels and sentences that state one; ``_confidence_fields`` reads JSON, XML and tables. Which of
several statements counts is decided here.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

from .._thinking import separate_thinking
from ._confidence_answers import find_answer, is_refusal, names_final_answer
from ._confidence_fields import BARRIER, read_json, read_tables, tags_to_lines
from ._confidence_lines import EXPLANATION, FINAL, PARTIAL, Line, Statement
from ._confidence_numbers import TOLERANCE
from ._confidence_statements import statements_in
from ._confidence_values import DISAGREE, WORD_AND_NUMBER, Reading, read_only_value
from .probability_words import PROBABILITY_WORDS

__all__ = ["PROBABILITY_WORDS", "StatedConfidence", "parse_confidence"]

NOTHING_STATED = "no confidence stated"
_MOST_STATEMENTS = 100

_LINE_BREAK = re.compile("\r\n|[\n\r\u2028\u2029\u0085\v\f]")
_FENCE = re.compile(r"\s{0,9}(?:```|~~~)\s?[\w-]{0,20}\s{0,9}")
_RULE = re.compile(r"[\s=_*~-]+")  # a line under a heading, or between two parts
_CUT_OFF_FIELD = re.compile(r"[\"']\s{0,9}:\s{0,9}[\"']?[\d.]{1,30}\s{0,9}\Z")
_NEXT_TURN = re.compile(r"\s{0,9}\W{0,4}(?:question|q|user|human|frage|pregunta)\W{0,4}:", re.I)


@dataclass(frozen=True)
class StatedConfidence:
    """What a completion says about itself.

    Attributes:
        answer: the answer's text, or None.
        confidence: in [0, 1], or None when none could be read.
        refused: the model said NO ANSWER (or that it does not know): an outcome of its own, neither
            right nor wrong.
        problem: why ``confidence`` is None, in words; None when it was read.
    """

    answer: str | None
    confidence: float | None
    refused: bool = False
    problem: str | None = None


def parse_confidence(completion: str, scale: int | None = None) -> StatedConfidence:
    """Read the answer and the confidence that a completion states.

    Pass the completion alone, never prompt + completion: the prompt names the format, too.

    A statement is a label with its value ("Confidence: 85", "My certainty is 85 %", a field of
    JSON, an XML tag, a column of a table; also in German, French, Italian, Spanish, Portuguese,
    Russian and Polish), a sentence such as "I am 90 % sure" or "there is a 90 % chance that this is
    right", or the whole completion when it is nothing but a number or a probability word. Thinking
    blocks are not read.

    85, 85 %, 0.85, 8.5/10, "85 out of 100", "ninety percent" and "very likely" are understood. Of
    bare numbers, decimals up to 1 are probabilities and everything above 1 is a percentage, unless
    the reply states a scale: "Confidence (1-10): 8" is 0.8, the number over the highest.

    What is negated, conditional, bounded ("at least 90 %"), a range, out of range or contradictory
    gives None and a ``problem``: guessing would put a number into the statistics that the model
    never stated. Of several statements those called final, revised or overall count; others must
    agree. The time grows in proportion to the length of the text.

    Args:
        scale: what the prompt asked for, 1 or 100. It settles a bare "1", which is 1 % on one scale
            and certainty on the other; without it such a reply is not read.

    Raises:
        ValueError: another scale.
    """
    if scale not in (None, 1, 100):
        raise ValueError(f"scale must be 1, 100 or None, got {scale!r}.")
    separated = separate_thinking(completion)
    if separated.answer is None:
        return StatedConfidence(None, None, problem=separated.problem)
    if "{" in separated.answer and _CUT_OFF_FIELD.search(separated.answer):
        return StatedConfidence(None, None, problem="the JSON is cut off in a number")
    return _read(separated.answer, scale)


def _read(text: str, scale: int | None) -> StatedConfidence:
    """Read a completion without thinking."""
    # 1. structured replies, and the lines of the rest
    in_json = read_json(text, scale)
    lines = _lines(tags_to_lines(in_json.rest))
    in_tables, table_lines, table_answer = read_tables(lines, scale)
    statements = in_json.statements + in_tables

    # 2. statements in lines
    outside = [line for number, line in enumerate(lines) if number not in table_lines]
    statements += islice(_statements(outside, scale), _MOST_STATEMENTS)

    # 3. the answer, and what counts
    answer = (
        in_json.answer
        or table_answer
        or find_answer([line for line in outside if BARRIER not in line.written])
    )
    if answer and is_refusal(answer):
        return StatedConfidence(None, None, refused=True, problem="the model gave no answer")
    if not statements:
        whole = _whole_value(outside, scale) or Reading(None, NOTHING_STATED)
        is_answer = whole.confidence is None
        return StatedConfidence(
            answer if is_answer else None, whole.confidence, problem=whole.problem
        )
    reading = _resolve(statements)
    return StatedConfidence(answer, reading.confidence, problem=reading.problem)


def _lines(text: str) -> list[Line]:
    """Return the lines up to the next turn of the conversation, without fences and empty lines."""
    lines: list[Line] = []
    for written in _LINE_BREAK.split(text):
        if not written.strip() or _FENCE.fullmatch(written) or _RULE.fullmatch(written):
            continue
        if lines and _NEXT_TURN.match(written):
            break
        lines.append(Line(written))
    return lines


def _statements(lines: list[Line], scale: int | None) -> Iterator[Statement]:
    """Yield the statements of all lines; under a final answer they are final."""
    next_lines: list[Line | None] = [*lines[1:], None]
    is_under_final_answer = False
    for line, next_line in zip(lines, next_lines):
        names_final = names_final_answer(line)
        if names_final is not None:
            is_under_final_answer = names_final
        for statement in statements_in(line, next_line, scale):
            is_final = is_under_final_answer and statement.rank > EXPLANATION
            yield Statement(statement.reading, FINAL if is_final else statement.rank)


def _resolve(statements: list[Statement]) -> Reading:
    """Return what several statements say together.

    What is denied states nothing. A final statement replaces those before it; those after it, and
    all others, must agree.
    """
    stated = [one for one in statements if not one.reading.is_denied]
    if not stated:
        return statements[0].reading
    ranks = [one.rank for one in stated]
    highest = max(ranks)
    if highest == PARTIAL:
        return Reading(None, "only the confidence of a step or a draft is stated")
    if highest == FINAL:
        first_final = ranks.index(FINAL)
        counting = [one for one in stated[first_final:] if one.rank > EXPLANATION]
    else:
        counting = [one for one in stated if one.rank == highest]
    return _agree([one.reading for one in counting])


def _agree(readings: list[Reading]) -> Reading:
    """Return what all readings say, or the problem that they differ."""
    problems = [reading for reading in readings if reading.confidence is None]
    if problems:
        return problems[0]
    numbers = [reading.confidence for reading in readings if not reading.is_word]
    words = [reading.confidence for reading in readings if reading.is_word]
    values = [value for value in numbers or words if value is not None]
    if max(values) - min(values) > TOLERANCE:
        listed = ", ".join(f"{value:g}" for value in dict.fromkeys(values))
        return Reading(None, f"several confidences that differ: {listed}")
    if any(abs(word - values[0]) > WORD_AND_NUMBER for word in words if word is not None):
        return Reading(None, DISAGREE)
    return Reading(values[0])


def _whole_value(lines: list[Line], scale: int | None) -> Reading | None:
    """Read a completion that is nothing but a value: "85%"."""
    if len(lines) != 1 or len(lines[0].tokens) > 12:
        return None
    [line] = lines
    is_spelled_number = not any(token.kind != "word" for token in line.tokens)
    if any(token.text in ("=", "*") for token in line.tokens):
        return None  # "15 + 6 = 21"
    reading = read_only_value(line.tokens, line.text, default_scale=scale)
    if reading is None or (is_spelled_number and reading.problem):
        return None
    return reading
