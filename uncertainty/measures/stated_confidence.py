"""Read what a model says about its own confidence, without guessing."""

import re
from dataclasses import dataclass

# Rough readings of probability words: a convention in the manner of S. Kent (1964), not a property
# of any model.
PROBABILITY_WORDS = {
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
# 1. Where a confidence or an answer is stated.
_LABEL = re.compile(
    r"\b(?:confidence|probability|certainty)(?:\s+(?:score|level))?(?:\s*\([^)]*\))?"
    r"\s*(?:[:=]|\bis\b)\s*",
    re.I,
)
_LABEL_AT_LINE_START = re.compile(r"^\W*(?:\d+\.\s*)?" + _LABEL.pattern, re.I | re.M)
_ANSWER_LABEL = re.compile(r"\banswer\s*:[ \t]*", re.I)

# 2. Numbers. The groups of _VALUE are the number, what it is out of, and a per cent sign.
_NUMBER = r"(?<![\w.])[-+]?(?:\d+(?:[.,]\d+)?|\.\d+)"
_VALUE = re.compile(
    rf"({_NUMBER})\s*(?:(?:/|\bout of\b)\s*(\d+(?:\.\d+)?)|(%|\bper\s?cent\b))?", re.I
)
_APPROXIMATELY = (
    r"(?:about|around|approximately|roughly|nearly|maybe|perhaps|probably|~|\u2248)?\s*"
)
_NOT = r"(?:\bnot|n't)\s+(?:\w+\s+)?"
_NUMBER_ONLY = re.compile(rf"\W*{_APPROXIMATELY}{_VALUE.pattern}\W*", re.I)
_BEFORE_NUMBER = re.compile(rf"\W*?{_APPROXIMATELY}(?={_NUMBER})", re.I)
_SURE_BY_PERCENT = re.compile(
    rf"(?:{_NOT})?{_NUMBER}\s*(?:%|per\s?cent)\s+(?:\w+\s+)?"
    r"(?:confident|sure|certain|confidence|certainty)\b",
    re.I,
)

# 3. Numbers that are not the confidence itself.
_COPIED_TEMPLATE = re.compile(r"\[[^\]]*(?:\d\s*(?:-|to)\s*\d|\bnumber\b|\byour\b)[^\]]*\]", re.I)
_NEGATED_NUMBER = re.compile(rf"\W*{_NOT}\W*\d", re.I)
_BOUND = re.compile(
    r"\W*(?:[<>\u2264\u2265]|\b(?:(?:less|more|fewer) than|at (?:least|most)|"
    r"under|over|above|below|up to))\s*\d",
    re.I,
)
_OTHER_SCALE = re.compile(r"\bscale\b|\u00b1|\+/-", re.I)
_REST_OF_RANGE = re.compile(r"\s*(?:-|\u2013|\u2014|\bto\b|\bor\b|\band\b)\s*\d", re.I)

# 4. Words: the longest phrase first, so that "very likely" is not read as "likely".
_LONGEST_FIRST = sorted(PROBABILITY_WORDS, key=len, reverse=True)
_PROBABILITY_WORD = re.compile(rf"\b(?:{'|'.join(_LONGEST_FIRST)})\b", re.I)
_NEGATION = re.compile(
    r"\b(?:not|no|never|hardly|cannot|less|far from|anything but|neither|almost|nearly|wrong|"
    r"incorrect|uncertainty|to say)\b|n['\u2019]t\b",
    re.I,
)
_REFUSAL = re.compile(
    r"no[ _-]answer\W*$|no[ _-]answer\b(?=[.,;])|i (?:do not|don't) know|"
    r"i (?:cannot|can't|am unable to) answer",
    re.I,
)

# A confidence and no problem, or no confidence and the problem in words.
_Reading = tuple[float | None, str | None]


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

    The confidence is what follows the first "Confidence:" (or "probability", "certainty"), or a
    phrase such as "I am 90 % sure", or the whole completion when it is nothing but a number or a
    probability word. 85, 85 %, 0.85, 8.5/10, "85 out of 100" and "very likely" are understood. Of
    bare numbers, decimals up to 1 are probabilities and everything above 1 is a percentage.

    Numbers out of range, ranges and contradictory numbers give None and a ``problem``: guessing
    would put a number into the statistics that the model never stated.

    Args:
        scale: what the prompt asked for, 1 or 100. It settles a bare "1", which is 1 % on one scale
            and certainty on the other; without it such a reply is not read.

    Raises:
        ValueError: another scale.
    """
    if scale not in (None, 1, 100):
        raise ValueError(f"scale must be 1, 100 or None, got {scale!r}.")
    text = _without_markup(completion)
    answer, stated = _find_fields(text)
    if answer and _REFUSAL.match(answer.strip("[(<\"'")):
        return StatedConfidence(None, None, refused=True, problem="the model gave no answer")
    if stated is None:
        return StatedConfidence(answer, None, problem="no confidence stated")
    confidence, problem = _read_confidence(stated, scale)
    return StatedConfidence(answer, confidence, problem=problem)


def _without_markup(text: str) -> str:
    """Remove Markdown and code fences and replace typographic signs; line breaks stay."""
    plain = text.translate(str.maketrans("\u2019\uff05\u2212\u00a0", "'%- "))
    markup = r"\*\*|__|`+|^[ \t]*[#>*-]+[ \t]+"
    return re.sub(markup, "", plain, flags=re.M).strip()


def _find_fields(text: str) -> tuple[str | None, str | None]:
    """Return the answer's text and the text that states the confidence, each None if missing."""
    label = _LABEL_AT_LINE_START.search(text) or _LABEL.search(text)
    if label:
        before = text[: label.start()]
        after = text[label.end() :]
        answer_follows = not before.strip() and _ANSWER_LABEL.search(after)
        answer = _find_answer(after if answer_follows else before)
        return answer, after.split("\n")[0]
    if _NUMBER_ONLY.fullmatch(text) or text.strip(" .!").lower() in PROBABILITY_WORDS:
        return None, text
    sure = _SURE_BY_PERCENT.search(text)
    return _find_answer(text), sure.group() if sure else None


def _find_answer(text: str) -> str | None:
    label = _ANSWER_LABEL.search(text)
    answer = text[label.end() :] if label else text
    first_line = answer.strip().split("\n")[0]
    return first_line.strip(" \t\"'*_,;") or None


def _read_confidence(stated: str, scale: int | None) -> _Reading:
    if _COPIED_TEMPLATE.search(stated):
        return None, f"the template was copied: {stated!r}"
    if _NEGATED_NUMBER.match(stated):
        return None, f"a negated number: {stated!r}"
    if _BOUND.match(stated) or _OTHER_SCALE.search(stated):
        return None, f"a bound or a scale of its own: {stated!r}"
    readings = {_to_probability(value, scale) for value in _find_values(stated)}
    if not readings:
        return _read_words(stated)
    if None in readings:
        return None, f"ambiguous, 1 % or certainty: {stated!r}"
    if len(readings) > 1:
        return None, f"several numbers: {stated!r}"
    probability = readings.pop()
    if probability is None or not 0 <= probability <= 1:
        return None, f"out of range: {stated!r}"
    return probability, None


def _find_values(stated: str) -> list[re.Match[str]]:
    """Return the number that the text begins with, unless it opens a range; else all numbers."""
    opening = _BEFORE_NUMBER.match(stated)
    first = _VALUE.match(stated, opening.end()) if opening else None
    if first and not _REST_OF_RANGE.match(stated, first.end()):
        return [first]
    return list(_VALUE.finditer(stated))


def _to_probability(value: re.Match[str], scale: int | None) -> float | None:
    """Return a match of `_VALUE` as a probability, perhaps out of range; None when ambiguous."""
    digits, out_of, percent = value.groups()
    number = float(digits.replace(",", "."))
    if out_of:
        return number / float(out_of) if float(out_of) else float("inf")
    if percent or abs(number) > 1:
        return number / 100
    if not digits.isdigit() or number == 0 or scale == 1:
        return number
    return None if scale is None else number / scale


def _read_words(stated: str) -> _Reading:
    phrases = _PROBABILITY_WORD.findall(stated)
    readings = {PROBABILITY_WORDS[phrase.lower()] for phrase in phrases}
    if not readings:
        return None, f"neither a number nor a probability word: {stated!r}"
    if len(readings) > 1:
        return None, f"several probability words: {stated!r}"
    if _NEGATION.search(_PROBABILITY_WORD.sub("", stated)):
        return None, f"a negated probability word: {stated!r}"
    return readings.pop(), None
