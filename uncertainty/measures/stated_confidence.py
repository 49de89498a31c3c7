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
from ._confidence_fields import BARRIER, read_json, read_tables, tags_to_lines
from ._confidence_numbers import TOLERANCE
from ._confidence_statements import FINAL, PARTIAL, WEAK, Line, Statement, statements_in
from ._confidence_values import Reading, read_only_value
from ._confidence_vocabulary import CONFIDENCE_NOUNS, PROBABILITY_NOUNS
from .probability_words import PROBABILITY_WORDS

__all__ = ["PROBABILITY_WORDS", "StatedConfidence", "parse_confidence"]

NOTHING_STATED = "no confidence stated"
_MOST_STATEMENTS = 100
_MOST_ANSWERS_IN_A_LINE = 10
_WORD_AND_NUMBER = 0.3

_LINE_BREAK = re.compile("\r\n|[\n\r\u2028\u2029\u0085\v\f]")
_FENCE = re.compile(r"\s{0,9}(?:```|~~~)\s?[\w-]{0,20}\s{0,9}")
_RULE = re.compile(r"[\s=_*~-]+")  # a line under a heading, or between two parts
_NEXT_TURN = re.compile(r"\s{0,9}\W{0,4}(?:question|q|user|human|frage|pregunta)\W{0,4}:", re.I)
_MARKUP = re.compile(r"\*\*|__|`+|^[ \t]*[#>*-]+[ \t]+", re.M)
_ANSWER_LABEL = re.compile(
    r"\b(final\s{1,3}|revised\s{1,3}|corrected\s{1,3})?"
    r"(?:answer|antwort|r\u00e9ponse|risposta|respuesta|resposta|\u043e\u0442\u0432\u0435\u0442|"
    r"odpowied\u017a|\u7b54\u6848|\u56de\u7b54)\s{0,3}[:\uff1a][ \t]*",
    re.I,
)
_JOINT_LABEL = re.compile(
    r"[^:\n]{0,30}\banswer\s{0,3}(?:and|&|/|,)[^:\n]{0,30}\bconfidence[^:\n]{0,40}:[ \t]*(.*)", re.I
)
_CONFIDENCE_LABEL = re.compile(
    r"(?:\b(?:final|overall|my|revised|updated|level of|niveau de|nivel de)\s)?"
    rf"\b(?:(?:{'|'.join(CONFIDENCE_NOUNS)})\b[^:=\n]{{0,60}}(?:[:=\uff1a]|\bis\b|\d)"
    rf"|(?:{'|'.join(PROBABILITY_NOUNS)})\b[^:=\n]{{0,60}}[:=\uff1a])",
    re.I,
)
_REFUSAL = re.compile(
    r"no[ _-]answer\W*$|no[ _-]answer\b(?=[.,;])"
    r"|(?:i (?:do not|don't) know|i (?:cannot|can't|am unable to) answer)"
    r"(?!\s(?:for sure|for certain|exactly|precisely))(?!.*\bbut\b)"
    r"|ich wei\u00df (?:es )?nicht|je ne sais pas|no lo s\u00e9|non lo so|n\u00e3o sei|nie wiem"
    r"|\u044f? ?\u043d\u0435 \u0437\u043d\u0430\u044e",
    re.I,
)


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
    answer = in_json.answer or table_answer or _find_answer(outside)
    if answer and _REFUSAL.match(answer.strip("[(<\"' ")):
        return StatedConfidence(None, None, refused=True, problem="the model gave no answer")
    if not statements:
        return _whole_value(outside, scale) or StatedConfidence(
            answer, None, problem=NOTHING_STATED
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
        label = _ANSWER_LABEL.search(line.written)
        if label:
            is_under_final_answer = bool(label[1])
        for statement in statements_in(line, next_line, scale):
            is_final = is_under_final_answer and statement.rank > WEAK
            yield Statement(
                statement.reading,
                FINAL if is_final else statement.rank,
                statement.is_probability,
            )


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
        counting = [one for one in stated[first_final:] if one.rank > WEAK]
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
    if any(abs(word - values[0]) > _WORD_AND_NUMBER for word in words if word is not None):
        return Reading(None, "a word and a number that disagree")
    return Reading(values[0])


def _whole_value(lines: list[Line], scale: int | None) -> StatedConfidence | None:
    """Read a completion that is nothing but a value: "85%"."""
    if len(lines) != 1 or len(lines[0].tokens) > 12:
        return None
    [line] = lines
    is_spelled_number = not any(token.kind != "word" for token in line.tokens)
    reading = read_only_value(line.tokens, line.text, default_scale=scale)
    if reading is None or (is_spelled_number and reading.problem):
        return None
    return StatedConfidence(None, reading.confidence, problem=reading.problem)


def _find_answer(lines: list[Line]) -> str | None:
    """Return the text after the answer's label, or else the first line, without a confidence."""
    written = [_plain(line.written) for line in lines if BARRIER not in line.written]
    joint = [match for text in written for match in [_JOINT_LABEL.match(text)] if match]
    if joint:
        return _stripped(re.split(r"[,;|(]\s", joint[0][1])[0])
    labelled: list[tuple[bool, str]] = []
    for place, text in enumerate(written):
        for label in islice(_ANSWER_LABEL.finditer(text), _MOST_ANSWERS_IN_A_LINE):
            following = written[place + 1 : place + 2]
            answer = _up_to_confidence(text[label.end() :]) or _up_to_confidence("".join(following))
            if answer:
                labelled.append((bool(label[1]), answer))
    final = [answer for is_final, answer in labelled if is_final]
    answers = final[-1:] or [answer for _, answer in labelled]
    if not answers:
        others = [_up_to_confidence(text) for text in written]
        return next((text for text in others if text), None)
    return answers[0] if len(set(answers)) == 1 else None


def _plain(line: str) -> str:
    """Return a line without Markdown, with plain apostrophes."""
    return _MARKUP.sub("", line.replace("\u2019", "'").replace("\u00a0", " ")).strip()


def _up_to_confidence(text: str) -> str | None:
    label = _CONFIDENCE_LABEL.search(text)
    return _stripped(text[: label.start()] if label else text)


def _stripped(text: str) -> str | None:
    return text.strip(" \t\"'*_,;|([") or None
