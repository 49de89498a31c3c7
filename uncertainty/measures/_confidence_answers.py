"""Find the answer that stands beside a stated confidence."""

import re
from itertools import islice

from . import _confidence_vocabulary as vocabulary
from ._confidence_labels import ANSWER_FIRST, BY_COLON, BY_LINE_END, find_labels, label_scale
from ._confidence_lines import Line
from ._confidence_tokens import folded

_MARKUP = re.compile(r"\*\*|__|`+|^[ \t]*[#>*-]+[ \t]+")
_ANSWER_LABEL = re.compile(
    r"\b(final\s{1,3}|revised\s{1,3}|corrected\s{1,3})?"
    r"(?:answer|antwort|réponse|risposta|respuesta|resposta|ответ|odpowiedź|答案|回答)"
    r"[\"']?\s{0,3}[:：][ \t]*",
    re.I,
)
_MOST_ANSWERS_IN_A_LINE = 10
_NOUN_WITHOUT_COLON = re.compile(rf"\b(?:{'|'.join(vocabulary.NOUNS)})\b[^:：]*$", re.I)
_BETWEEN_FIELDS = re.compile(r"[,;|](?=\s)|\s[-–—/]\s|\s\(")
_END_OF_CLAUSE = re.compile(r"[.,;(\[|](?=[^.,;(\[|]*$)|\s[-–—]\s(?!.*\s[-–—]\s)")
_AROUND = " \t\"'*_,;"
_REFUSAL = re.compile(
    r"no[ _-]answer\W*$|no[ _-]answer\b(?=[.,;])"
    r"|(?:i (?:do not|don't) know|i (?:cannot|can't|am unable to) answer)"
    r"(?!\s(?:for sure|for certain|exactly|precisely))(?!.*\bbut\b)"
    r"|ich weiß (?:es )?nicht|je ne sais pas|no lo sé|non lo so|não sei|nie wiem|я? ?не знаю",
    re.I,
)


def is_refusal(answer: str) -> bool:
    """Return whether an answer says that there is none."""
    return _REFUSAL.match(answer.strip("[(<\"' ")) is not None


def names_final_answer(line: Line) -> bool | None:
    """Return whether a line labels its answer as final; None where it labels no answer."""
    label = _ANSWER_LABEL.search(line.written)
    return bool(label[1]) if label else None


def find_answer(lines: list[Line]) -> str | None:
    """Return the text after the answer's label, or else the first line, without a confidence.

    Of several answers the last that is called final counts; others must be the same.
    """
    labelled = _labelled_answers(lines)
    final = [answer for is_final, answer in labelled if is_final]
    answers = final[-1:] or list(dict.fromkeys(answer for _, answer in labelled))
    if answers:
        return answers[0] if len(answers) == 1 else None
    return _first_text(lines)


def _labelled_answers(lines: list[Line]) -> list[tuple[bool, str]]:
    """Return every answer after a label, and whether the label calls it final."""
    labelled = []
    next_lines: list[Line | None] = [*lines[1:], None]
    for line, next_line in zip(lines, next_lines):
        below = _without_confidence(next_line, _plain(next_line)) if next_line else None
        joint = _joint_answer(line, next_line)
        if joint is not None:
            labelled.append((True, joint))
            continue
        if folded(_plain(line)).strip(" :") in vocabulary.ANSWER_WORDS and below:
            labelled.append((False, below))
            continue
        text = _plain(line)
        for label in islice(_ANSWER_LABEL.finditer(text), _MOST_ANSWERS_IN_A_LINE):
            if _NOUN_WITHOUT_COLON.search(text[max(label.start() - 60, 0) : label.start()]):
                continue  # "Confidence in this answer: 85"
            answer = _without_confidence(line, text[label.end() :]) or below
            if answer:
                labelled.append((bool(label[1]), answer))
    return labelled


def _joint_answer(line: Line, next_line: Line | None) -> str | None:
    """Return the answer of "Answer and confidence: 7, 95%"."""
    labels = [label for label in find_labels(line) if label.joint]
    if not labels:
        return None
    _, _, text = _plain(line).replace("：", ":").partition(":")
    if not text.strip() and next_line is not None:
        text = _plain(next_line)
    fields = list(_BETWEEN_FIELDS.finditer(text))
    if not fields:
        return _stripped(text)
    if labels[0].joint == ANSWER_FIRST:
        return _stripped(text[: fields[-1].start()])
    return _stripped(text[fields[0].end() :])


def _first_text(lines: list[Line]) -> str | None:
    """Return the first line that says something beside the confidence."""
    is_value = False  # of a label on the line before
    for line in lines:
        text = None if is_value else _without_confidence(line, _plain(line))
        if text is not None:
            return text
        is_value = label_scale(line) is not None
    return None


def _without_confidence(line: Line, text: str) -> str | None:
    """Return the text before the confidence's label, or all of it without a label.

    In a sentence ("Paris, and my confidence is 90 %") the label's whole clause is left out.
    """
    labels = find_labels(line)
    if not labels:
        return _stripped(text)
    noun = line.tokens[labels[0].start]
    found = re.search(rf"\b{re.escape(line.text[noun.start : noun.end])}\b", text)
    if found is None:
        return _stripped(text)
    before = text[: found.start()]
    if labels[0].joined.by not in (BY_COLON, BY_LINE_END):
        end = _END_OF_CLAUSE.search(before)
        return _stripped(before[: end.start() + (end[0] == ".")]) if end else None
    words = before.split(" ")
    while words and (not words[-1] or folded(words[-1].strip("\"'(<")) in vocabulary.MODIFIERS):
        words.pop()
    return _stripped(" ".join(words).rstrip(" |([{-–—\"',"))


def _plain(line: Line) -> str:
    """Return a line without Markdown, with plain apostrophes."""
    written = line.written.replace("’", "'").replace("\u00a0", " ")
    return _MARKUP.sub("", written).strip()


def _stripped(text: str) -> str | None:
    return text.strip(_AROUND) or None
