"""Read what stands after a label: "Confidence (1-10): 8", "My certainty is 85 %"."""

from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import NamedTuple

from . import _confidence_vocabulary as vocabulary
from ._confidence_lines import Line, Statement, end_of_field, negates, rank_of_words
from ._confidence_numbers import (
    BARE,
    SEVERAL,
    Quantity,
    Scale,
    read_scale,
    scale_around,
    take_group,
)
from ._confidence_tokens import Token, quote
from ._confidence_values import (
    BOUND,
    CONDITION,
    NEGATED_NUMBER,
    NEITHER,
    OF_THE_OPPOSITE,
    OPENING,
    Reading,
    read_only_value,
    read_value,
    take_phrase,
)

_LONGEST_QUALIFIER = 25
_DENIALS = (OF_THE_OPPOSITE, CONDITION, NEGATED_NUMBER)
_JOINS = {"and", "&", "/", ",", "+", "with", "(", "|", "und", "et", "e", "y", "и", "i"}
_NO_VALUE_FOLLOWS = vocabulary.words("that in about on regarding dass que dans sur")
_SIGNS_BEFORE_VALUE = {"<", ">", "<=", ">=", "~", "[", "(", '"', "'", "-", "+-"}
_BEFORE_VALUE = (
    vocabulary.LEAD_IN
    | vocabulary.APPROXIMATIONS
    | vocabulary.BOUND_WORDS
    | vocabulary.HEDGES
    | vocabulary.NEGATIONS
    | {"than", "well"}
    | _SIGNS_BEFORE_VALUE
)
# How a label is joined to its value.
BY_COLON = "colon"
BY_WORD = "word"  # "is", "of", "at"
BY_NOTHING = "nothing"
BY_LINE_END = "line end"
# Which part comes first where one label stands for answer and confidence.
ANSWER_FIRST = "answer first"
CONFIDENCE_FIRST = "confidence first"


class _Joined(NamedTuple):
    """Where the value of a label begins, what joins them, and where the label ends."""

    value_start: int
    by: str
    label_end: int


class _Brackets(NamedTuple):
    """What the brackets after a noun hold: a scale, or what may be the value itself."""

    scale: Scale | None
    end: int
    value_start: int | None
    has_number: bool


class _Label(NamedTuple):
    """A label: its place, how it is joined to its value, and what it says about it."""

    start: int
    joined: _Joined
    scale: Scale | None
    problem: str | None
    rank: int
    joint: str | None


def labelled_statements(
    line: Line, next_line: Line | None, default_scale: int | None
) -> Iterator[Statement]:
    """Yield what the labels of a line state; a value may stand alone on the next line."""
    labels = find_labels(line)
    ends = [label.start for label in labels[1:]] + [len(line)]
    for label, end in zip(labels, ends):
        value = _ValueOfLabel(line, next_line, label, max(end, label.joined.value_start))
        reading = value.read(default_scale)
        if reading is not None:
            yield Statement(reading, line.rank(label.rank))


def label_scale(line: Line) -> tuple[Scale | None, str | None] | None:
    """Return the scale of a line that is a label and nothing else, and the problem with it."""
    labels = find_labels(line)
    if len(labels) != 1:
        return None
    [label] = labels
    if label.joined.by != BY_LINE_END or label.joint is not None:
        return None
    return label.scale, label.problem


@lru_cache(maxsize=64)
def find_labels(line: Line) -> tuple[_Label, ...]:
    """Return the labels of a line, kept because several readers ask for them."""
    labels = []
    place = 0
    while place < len(line):
        label = None
        if line.text_at(place) in vocabulary.NOUNS:
            label = _LabelMatcher(line, place).match()
        if label is not None:
            labels.append(label)
            place = max(label.joined.value_start - 1, place)
        place += 1
    return tuple(labels)


class _LabelMatcher:
    """Finds out whether a noun in a line is the label of a confidence."""

    def __init__(self, line: Line, noun: int):
        self.line = line
        self.noun = noun
        self.is_probability = line.text_at(noun) in vocabulary.PROBABILITY_NOUNS

    def match(self) -> _Label | None:
        line = self.line
        noun = self.noun
        # 1. the noun with what belongs to it: "confidence score (0-100)"
        place = noun + 1
        while line.text_at(place) in vocabulary.LABEL_SUFFIXES | {'"', "'", "%"}:
            place += 1
        if line.text_at(place) in vocabulary.OTHER_THINGS or self._is_another_thing():
            return None
        joint = self._joint(place)
        brackets = self._brackets(place + 2 if joint == CONFIDENCE_FIRST else place)

        # 2. what joins it to its value
        joined = self._find_value(brackets.end)
        is_joined = joined is not None
        if joined is None and brackets.value_start is not None:
            joined = _Joined(brackets.value_start, BY_NOTHING, brackets.end)
        if joined is None:
            return None
        scale = self._scale_in_words(noun + 1, joined.label_end) or self._scale_before()
        scale = scale or brackets.scale

        # 3. what it is a confidence in
        qualifier = {*line.texts(noun + 1, joined.label_end)}
        modifiers = self._modifiers()
        if not self._is_own(qualifier, joined.by):
            return None
        problem = self._denial(joined.by)
        if scale is None and brackets.has_number and is_joined:
            problem = BOUND
        if vocabulary.WRONGNESS & (qualifier | modifiers):
            problem = OF_THE_OPPOSITE
        rank = rank_of_words(modifiers | qualifier | line.opening_words(noun))
        return _Label(noun, joined, scale, problem, rank, joint)

    # ---- the noun

    def _is_another_thing(self) -> bool:
        """Return whether the noun is part of another one: "self-confidence"."""
        line = self.line
        noun = self.noun
        before = line.text_at(noun - 1)
        has_hyphen = before == "-" and line.is_glued(noun) and line.is_glued(noun - 1)
        return has_hyphen or before in vocabulary.NOT_OURS

    def _joint(self, after: int) -> str | None:
        """Return the order of a label that names answer and confidence, or None."""
        line = self.line
        place = self.noun - 1
        modifiers = vocabulary.MODIFIERS - {"answer"}
        while place > self.noun - 4 and line.text_at(place) in modifiers:
            place -= 1
        before_join = place
        while before_join > place - 2 and line.text_at(before_join) in _JOINS:
            before_join -= 1
        if before_join < place and line.text_at(before_join) in vocabulary.ANSWER_WORDS:
            return ANSWER_FIRST
        is_followed = line.text_at(after + 1) in vocabulary.ANSWER_WORDS
        return CONFIDENCE_FIRST if is_followed and line.text_at(after) in _JOINS else None

    def _modifiers(self) -> set[str]:
        """Return the words right before the noun that belong to the label."""
        words = set()
        place = self.noun - 1
        while place >= 0 and self.line.text_at(place) in _MODIFIERS:
            words.add(self.line.text_at(place))
            place -= 1
        return words

    # ---- the scale

    def _brackets(self, place: int) -> _Brackets:
        """Read the brackets after a noun: "(0-100)", "[scale: 1 to 5]"."""
        line = self.line
        scale = None
        value_start = None
        has_number = False
        while line.text_at(place) in OPENING:
            texts = line.texts(place + 1, place + _LONGEST_QUALIFIER)
            close = OPENING[line.text_at(place)]
            if close not in texts:
                break
            end = place + 1 + texts.index(close)
            inside = range(place + 1, end)
            found = read_scale(line, place + 1, end) or self._scale_in_words(place + 1, end)
            if found is not None:
                scale = found
            elif any(line.kind(i) in ("number", "odd") for i in inside):
                has_number = True
                value_start = place + 1
            elif take_phrase(line, place + 1):
                value_start = place + 1
            place = end + 1
        while line.text_at(place) in (")", '"', "'", "]"):
            place += 1
        return _Brackets(scale, place, value_start, has_number)

    def _scale_in_words(self, start: int, end: int) -> Scale | None:
        """Return the scale of "on a scale of 1 to 10" or "from 1 to 10" inside these tokens."""
        line = self.line
        whole = read_scale(line, start, end)
        if whole is not None:
            return whole
        for place in range(start, min(end, start + _LONGEST_QUALIFIER)):
            text = line.text_at(place)
            if text in vocabulary.SCALES:
                return scale_around(line, place)[2]
            if place > start and text not in ("from", ","):
                continue
            quantity = take_group(line, place + (text == ","))
            if quantity is None or quantity.problem != SEVERAL:
                continue
            scale = read_scale(line, place, quantity.end)
            if scale is not None:
                return scale
        return None

    def _scale_before(self) -> Scale | None:
        """Return the scale of "On a scale of 1 to 5, my confidence is 4"."""
        for place in range(self.line.sentence_start(self.noun), self.noun):
            if self.line.text_at(place) in vocabulary.SCALES:
                return scale_around(self.line, place)[2]
        return None

    # ---- from the noun to the value

    def _find_value(self, place: int) -> _Joined | None:
        """Return how the value is joined to the label that ends at a place; None without one."""
        line = self.line
        text = line.text_at(place)
        if place >= len(line):
            return _Joined(place, BY_LINE_END, place) if self._begins_clause() else None
        if text in (":", "="):
            is_last = place + 1 >= len(line)
            return _Joined(place + 1, BY_LINE_END if is_last else BY_COLON, place)
        if self._begins_value(place + 1):
            if text in ("->", "=>", "|") or (text == "-" and not line.is_glued(place + 1)):
                return _Joined(place + 1, BY_COLON, place)
            if text in vocabulary.SEPARATING_WORDS | {"would", "should"}:
                return _Joined(place + 1, BY_WORD, place)
        is_qualified = text in _NO_VALUE_FOLLOWS
        beyond = self._after_qualifier(place) if is_qualified or text in ("from", "out") else None
        if beyond is not None or is_qualified:
            return beyond
        if self._stands_directly(place):
            return _Joined(place, BY_NOTHING, place)
        if text in vocabulary.QUALIFIERS | {",", "("}:
            return self._after_qualifier(place)
        return None

    def _after_qualifier(self, place: int) -> _Joined | None:
        """Return what `_find_value` does, beyond words such as "in this answer".

        In "that the answer is 42 is 90 %" the last verb counts.
        """
        line = self.line
        is_clause = line.text_at(place) in ("that", "dass", "que")
        found = None
        for end in range(place + 1, min(place + _LONGEST_QUALIFIER, len(line))):
            text = line.text_at(end)
            is_odds = line.is_glued(end) and line.is_glued(end + 1)
            if text in (":", "=") and not (is_odds and line.kind(end + 1) == "number"):
                by = BY_COLON if end + 1 < len(line) else BY_LINE_END
                return _Joined(end + 1, by, end)
            if line.ends_sentence(end):
                break
            if text in vocabulary.SEPARATING_VERBS and self._begins_value(end + 1):
                found = _Joined(end + 1, BY_WORD, end)
                if not is_clause:
                    break
        return found

    def _stands_directly(self, place: int) -> bool:
        """Return whether a value follows the noun with nothing between: "Confidence 85%"."""
        quantity = self._quantity_ahead(place)
        if quantity is not None:
            names_scale = bool(vocabulary.SCALES & {*self.line.texts(place, place + 10)})
            is_exact = quantity.kind != BARE or quantity.value < 1
            return is_exact or names_scale or self._begins_clause()
        phrase = take_phrase(self.line, place)
        is_last = phrase is not None and phrase.end == len(self.line)
        return is_last and self._begins_clause()

    def _begins_clause(self) -> bool:
        """Return whether nothing but words of the label stands before the noun in its clause."""
        line = self.line
        place = self.noun - 1
        while line.text_at(place) in vocabulary.MODIFIERS | {'"', "'", "<"}:
            place -= 1
        before = line.text_at(place)
        is_joint = before in ("and", "&", "/")
        if is_joint and line.text_at(place - 1) in vocabulary.ANSWER_WORDS:
            return True
        return place < 0 or before in {*".,;([|-!:{?"}

    def _begins_value(self, place: int) -> bool:
        """Return whether a value begins within a few words."""
        if self._quantity_ahead(place) is not None:
            return True
        for start in range(place, place + 5):
            if take_phrase(self.line, start):
                return True
            if not self._may_precede_value(start):
                return False
        return False

    def _quantity_ahead(self, place: int) -> Quantity | None:
        for start in range(place, place + 6):
            quantity = take_group(self.line, start)
            if quantity is not None:
                return quantity
            if not self._may_precede_value(start):
                return None
        return None

    def _may_precede_value(self, place: int) -> bool:
        text = self.line.text_at(place)
        return text in _BEFORE_VALUE or text.endswith("n't")

    # ---- what the confidence is in

    def _is_own(self, qualifier: set[str], by: str) -> bool:
        """Return whether a label states a confidence in the answer, and not another one."""
        line = self.line
        start = line.sentence_start(self.noun)
        before = {*line.texts(max(self.noun - 5, start), self.noun)}
        is_about_answer = bool(vocabulary.CORRECTNESS & qualifier)
        if self.is_probability:
            if is_about_answer or "my" in before:
                return True
            if by == BY_WORD:
                return bool(vocabulary.RIGHTNESS & {*line.texts(start, self.noun + 12)})
            return self._begins_clause() and not vocabulary.QUALIFIERS & qualifier
        if by != BY_WORD:
            return True
        possessives = {word for word in before if word.endswith("'s")}
        someone_elses = possessives - vocabulary.OWN - {"it's", "that's", "here's", "there's"}
        if someone_elses or (vocabulary.OTHERS | vocabulary.REPORTED) & before:
            return False
        is_ours = (vocabulary.OWN | {"i", "i'd", "with"}) - {"the", "this", "a"} & before
        has_qualifier = {"in", "that", "about"} & qualifier
        refers = {"this", "it", "that"} & qualifier
        return bool(is_ours or is_about_answer or refers or not has_qualifier)

    def _denial(self, by: str) -> str | None:
        """Return why the words before the noun take its value back; None if they do not."""
        words = self.line.texts(self.line.sentence_start(self.noun), self.noun)
        if vocabulary.CONDITIONS & {*words}:
            return CONDITION
        return NEGATED_NUMBER if by == BY_WORD and negates(words) else None


_MODIFIERS = vocabulary.MODIFIERS | vocabulary.WRONGNESS


class _ValueOfLabel:
    """Reads the value of a label, on the same line or on the next one."""

    def __init__(self, line: Line, next_line: Line | None, label: _Label, end: int):
        self.line = line
        self.next_line = next_line
        self.label = label
        self.end = end

    def read(self, default_scale: int | None) -> Reading | None:
        """Return what the value says; None where it turns out that the noun is no label."""
        label = self.label
        if label.problem is not None:
            text = quote(self.line.tokens[label.start : self.end], self.line.text)
            is_denied = label.problem in _DENIALS
            return Reading(None, f"{label.problem}: {text}", is_denied=is_denied)
        if label.joined.by == BY_LINE_END:
            return self._read_next_line(default_scale)
        tokens = self.line.tokens[label.joined.value_start : self.end]
        tokens = tokens[: end_of_field(tokens)]
        if label.joint:
            return self._read_joint(tokens, self.line, default_scale)
        reading = read_value(tokens, self.line.text, scale=label.scale, default_scale=default_scale)
        is_sentence = label.joined.by in (BY_WORD, BY_NOTHING)
        return None if is_sentence and _is_unread(reading) else reading

    def _read_next_line(self, default_scale: int | None) -> Reading | None:
        """Read a value below its label; without a colon the label may be a mere heading."""
        has_colon = self.line.text_at(len(self.line) - 1) in (":", "=")
        following = self.next_line
        if following is None:
            return Reading(None, f"{NEITHER}: ''") if has_colon else None
        if self.label.joint:
            return self._read_joint(following.tokens, following, default_scale)
        reading = read_value(
            following.tokens, following.text, scale=self.label.scale, default_scale=default_scale
        )
        return reading if has_colon or not _is_unread(reading) else None

    def _read_joint(
        self, tokens: Sequence[Token], line: Line, default_scale: int | None
    ) -> Reading:
        """Read "7, 95%", "Paris (95%)" or "Paris 95%": an answer and the confidence in it."""
        fields = _fields(tokens)
        unread = Reading(None, f"{NEITHER}: {quote(tokens, line.text)}")
        if not fields:
            return unread
        is_last = self.label.joint == ANSWER_FIRST
        if len(fields) == 1:
            own = _confidence_in(fields[0])
        else:
            own = fields[-1] if is_last else fields[0]
        others = fields[:-1] if is_last else fields[1:]
        has_percent = any(token.text == "%" for field in others for token in field)
        if len(fields) > 2 and has_percent:
            return Reading(None, f"{SEVERAL}: {quote(tokens, line.text)}")
        reading = read_only_value(
            own, line.text, scale=self.label.scale, default_scale=default_scale
        )
        return reading or unread


def _is_unread(reading: Reading) -> bool:
    return (reading.problem or "").startswith(NEITHER)


def _fields(tokens: Sequence[Token]) -> list[list[Token]]:
    """Return the parts between commas, semicolons and bars, and spaced dashes and slashes."""
    fields: list[list[Token]] = [[]]
    next_tokens: list[Token | None] = [*tokens[1:], None]
    for token, next_token in zip(tokens, next_tokens):
        is_spaced = not token.is_glued and next_token is not None and not next_token.is_glued
        if token.text in (",", ";", "|") or (token.text in ("-", "/", "->") and is_spaced):
            fields.append([])
        else:
            fields[-1].append(token)
    return [field for field in fields if field]


def _confidence_in(tokens: Sequence[Token]) -> Sequence[Token]:
    """Return the tokens of the percentage in "Paris (95%)" and "Paris 95%"; none where unclear."""
    starts = [place for place, token in enumerate(tokens) if token.text in OPENING and place]
    if not starts and "%" in [token.text for token in tokens]:
        starts = [place for place, token in enumerate(tokens) if token.kind == "number" and place]
    if not starts:
        return []
    before = {token.text for token in tokens[: starts[-1]]}
    return [] if before & _UNCLEAR_BEFORE_CONFIDENCE else tokens[starts[-1] :]


_UNCLEAR_BEFORE_CONFIDENCE = (
    vocabulary.NEGATIONS
    | vocabulary.BOUND_WORDS
    | vocabulary.CONDITIONS
    | vocabulary.CONNECTORS
    | vocabulary.HEDGES
    | {"-", "~", "<", ">", "<=", ">="}
)
