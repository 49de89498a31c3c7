"""Read what a model says about its own confidence, without guessing."""

import re
from dataclasses import dataclass

# Rough readings of probability words, a convention in the manner of S. Kent (1964), not a property of any model.
WORDS = {
    "almost certainly not": 0.05,
    "almost certainly": 0.95,
    "extremely high": 0.95,
    "extremely low": 0.05,
    "extremely unlikely": 0.05,
    "almost no chance": 0.02,
    "very unlikely": 0.1,
    "highly unlikely": 0.1,
    "almost certain": 0.95,
    "extremely likely": 0.95,
    "very likely": 0.9,
    "highly likely": 0.9,
    "very good chance": 0.8,
    "very high": 0.9,
    "very low": 0.1,
    "very confident": 0.9,
    "very sure": 0.9,
    "not confident": 0.2,
    "not sure": 0.3,
    "unlikely": 0.2,
    "improbable": 0.2,
    "uncertain": 0.4,
    "unsure": 0.4,
    "probably not": 0.25,
    "little chance": 0.1,
    "likely": 0.7,
    "probable": 0.7,
    "probably": 0.7,
    "better than even": 0.6,
    "about even": 0.5,
    "toss-up": 0.5,
    "impossible": 0.0,
    "completely certain": 1.0,
    "certain": 0.98,
    "certainly": 0.98,
    "high": 0.8,
    "medium": 0.5,
    "moderate": 0.5,
    "low": 0.2,
    "confident": 0.8,
    "sure": 0.9,
}
_LABEL = re.compile(
    r"\b(?:confidence|probability|certainty)(?:\s+(?:score|level))?(?:\s*\([^)]*\))?"
    r"\s*(?:[:=]|\bis\b)\s*",
    re.I,
)
_OWN_LINE = re.compile(r"^\W*(?:\d+\.\s*)?" + _LABEL.pattern, re.I | re.M)
_ANSWER = re.compile(r"\banswer\s*:[ \t]*", re.I)
_NUMBER = r"(?<![\w.])[-+]?(?:\d+(?:[.,]\d+)?|\.\d+)"
_VALUE = re.compile(
    rf"({_NUMBER})\s*(?:(?:/|\bout of\b)\s*(\d+(?:\.\d+)?)|(%|\bper\s?cent\b))?", re.I
)
_HEDGE = r"(?:about|around|approximately|roughly|nearly|maybe|perhaps|probably|~|\u2248)?\s*"
_NOT = r"(?:\bnot|n't)\s+(?:\w+\s+)?"
_PHRASE = re.compile(rf"\b(?:{'|'.join(sorted(WORDS, key=len, reverse=True))})\b", re.I)
_TWIST = re.compile(
    r"\b(?:not|no|never|hardly|cannot|less|far from|anything but|neither|almost|nearly|wrong|incorrect|"
    r"uncertainty|to say)\b|n['\u2019]t\b",
    re.I,
)
_BOUND = re.compile(
    r"\W*(?:[<>\u2264\u2265]|\b(?:(?:less|more|fewer) than|at (?:least|most)|under|over|above|below|up to))"
    r"\s*\d",
    re.I,
)
_OWN_SCALE = re.compile(r"\bscale\b|\u00b1|\+/-", re.I)
_RANGE = re.compile(r"\s*(?:-|\u2013|\u2014|\bto\b|\bor\b|\band\b)\s*\d", re.I)
_SPOKEN = re.compile(
    rf"(?:{_NOT})?{_NUMBER}\s*(?:%|per\s?cent)\s+(?:\w+\s+)?"
    r"(?:confident|sure|certain|confidence|certainty)\b",
    re.I,
)
_REFUSAL = re.compile(
    r"no[ _-]answer\W*$|no[ _-]answer\b(?=[.,;])|i (?:do not|don't) know|"
    r"i (?:cannot|can't|am unable to) answer",
    re.I,
)


@dataclass(frozen=True)
class StatedConfidence:
    """What a completion says about itself.

    Attributes:
        answer: the answer's text, or None.
        confidence: in [0, 1], or None when none could be read.
        refused: the model said NO ANSWER (or that it does not know): an outcome of its own, neither right nor wrong.
        problem: why ``confidence`` is None, in words; None when it was read.
    """

    answer: str | None
    confidence: float | None
    refused: bool = False
    problem: str | None = None


def parse_confidence(completion: str, scale: int | None = None) -> StatedConfidence:
    """Read answer and confidence out of a completion (never out of prompt + completion: the prompt names the format).

    The confidence is what follows the first "Confidence:" (or "probability", "certainty"), or a phrase such as
    "I am 90 % sure", or the whole completion when it is nothing but a number or a probability word. 85, 85 %, 0.85,
    8.5/10, "85 out of 100" and "very likely" are understood. Of bare numbers, decimals up to 1 are probabilities and
    everything above 1 is a percentage. Numbers out of range, ranges and contradictory numbers give None and a
    ``problem``: guessing would put a number into the statistics that the model never stated.

    Args:
        scale: what the prompt asked for, 1 or 100. It settles a bare "1", which is 1 % on one scale and certainty on
            the other; without it such a reply is not read.

    Raises:
        ValueError: another scale.
    """
    if scale not in (None, 1, 100):
        raise ValueError(f"scale must be 1, 100 or None, got {scale!r}.")
    text = _plain(completion)
    answer, stated = _fields(text)
    if answer and _REFUSAL.match(answer.strip("[(<\"'")):
        return StatedConfidence(None, None, refused=True, problem="the model gave no answer")
    if stated is None:
        return StatedConfidence(answer, None, problem="no confidence stated")
    confidence, problem = _read_value(stated, scale)
    return StatedConfidence(answer, confidence, problem=problem)


def _plain(text: str) -> str:
    """Markdown, code fences and typographic per cent signs away; line breaks stay."""
    text = (
        text.replace("\u2019", "'")
        .replace("\uff05", "%")
        .replace("\u2212", "-")
        .replace("\u00a0", " ")
    )
    return re.sub(r"\*\*|__|`+|^[ \t]*[#>*-]+[ \t]+", "", text, flags=re.M).strip()


def _fields(text: str) -> tuple[str | None, str | None]:
    """The answer's text and the text that states the confidence; None for what is not there."""
    label = _OWN_LINE.search(text) or _LABEL.search(text)
    if label:
        before, after = text[: label.start()], text[label.end() :]
        return _answer(
            before if before.strip() or not _ANSWER.search(after) else after
        ), after.split("\n")[0]
    if (
        re.fullmatch(rf"\W*{_HEDGE}{_VALUE.pattern}\W*", text, re.I)
        or text.strip(" .!").lower() in WORDS
    ):
        return None, text
    spoken = _SPOKEN.search(text)
    return _answer(text), spoken.group() if spoken else None


def _answer(text: str) -> str | None:
    marker = _ANSWER.search(text)
    lines = (text[marker.end() :] if marker else text).strip().split("\n")
    return lines[0].strip(" \t\"'*_,;") or None


def _read_value(stated: str, scale: int | None) -> tuple[float | None, str | None]:
    if re.search(r"\[[^\]]*(?:\d\s*(?:-|to)\s*\d|\bnumber\b|\byour\b)[^\]]*\]", stated, re.I):
        return None, f"the template was copied: {stated!r}"
    if re.match(rf"\W*{_NOT}\W*\d", stated, re.I):
        return None, f"a negated number: {stated!r}"
    if _BOUND.match(stated) or _OWN_SCALE.search(stated):
        return None, f"a bound or a scale of its own: {stated!r}"
    opening = re.match(rf"\W*?{_HEDGE}(?={_NUMBER})", stated, re.I)
    first = _VALUE.match(stated, opening.end()) if opening else None
    values = (
        [first]
        if first and not _RANGE.match(stated, first.end())
        else list(_VALUE.finditer(stated))
    )
    numbers = {_to_probability(*value.groups(), scale) for value in values}
    if not numbers:
        return _read_words(stated)
    if None in numbers:
        return None, f"ambiguous, 1 % or certainty: {stated!r}"
    if len(numbers) > 1:
        return None, f"several numbers: {stated!r}"
    number = numbers.pop()
    return (number, None) if 0 <= number <= 1 else (None, f"out of range: {stated!r}")


def _to_probability(
    number: str, whole: str | None, percent: str | None, scale: int | None
) -> float | None:
    value = float(number.replace(",", "."))
    if whole:
        return value / float(whole) if float(whole) else float("inf")
    if percent or abs(value) > 1:
        return value / 100
    if not number.isdigit() or value == 0 or scale == 1:
        return value
    return None if scale is None else value / scale


def _read_words(stated: str) -> tuple[float | None, str | None]:
    found = {WORDS[phrase.lower()] for phrase in _PHRASE.findall(stated)}
    if not found:
        return None, f"neither a number nor a probability word: {stated!r}"
    if len(found) > 1:
        return None, f"several probability words: {stated!r}"
    if _TWIST.search(_PHRASE.sub("", stated)):
        return None, f"a negated probability word: {stated!r}"
    return found.pop(), None
