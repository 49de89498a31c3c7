"""Read sentences that state a confidence: "I am 90 % sure", "a 90 % chance that this is right"."""

from collections.abc import Iterator

from . import _confidence_vocabulary as vocabulary
from ._confidence_lines import (
    EXPLANATION,
    ORDINARY,
    Line,
    Statement,
    end_of_field,
    negates,
    rank_of_words,
)
from ._confidence_numbers import BARE, Quantity, take_group
from ._confidence_tokens import quote
from ._confidence_values import (
    BOUND,
    CONDITION,
    HEDGE,
    NEGATED_NUMBER,
    OF_THE_OPPOSITE,
    Reading,
    read_value,
    take_phrase,
)

REPORTED = "a number that is asked or reported"
NOT_OF_THE_ANSWER = "a number that is not said of the answer"
_LONGEST_QUOTE = 30

_ADVERBS = vocabulary.words(
    "very quite pretty fairly absolutely totally completely fully that still also only personally "
    "honestly currently now really reasonably much mir"
)
_VAGUE = vocabulary.APPROXIMATIONS | vocabulary.BOUND_WORDS
_NEAR_NUMBER = (
    _VAGUE
    | vocabulary.HEDGES
    | {"than", "well", "at", "a", "<", ">", "<=", ">=", "only", "be", "to"}
)
_BETWEEN_SUBJECT_AND_NUMBER = (
    _VAGUE
    | vocabulary.HEDGES
    | vocabulary.LINKS_TO_NUMBER
    | _ADVERBS
    | {"~", "<", ">", "<=", ">=", "-", "than"}
) - {"a", "the"}
_BEFORE_NOUN = vocabulary.words("with at have mit avec con tenho com tengo ho")


def spoken_statements(line: Line, default_scale: int | None) -> Iterator[Statement]:
    """Yield the statements in the sentences of a line."""
    place = 0
    while place < len(line):
        quantity = take_group(line, place)
        if quantity is None:
            place += 1
            continue
        reading = _SpokenNumber(line, place, quantity).read(default_scale)
        if reading is not None:
            yield Statement(reading, line.rank(_rank(line, place)))
        place = max(quantity.end, place + 1)
    yield from _graded_confidence(line)


def _rank(line: Line, place: int) -> int:
    """Return the rank of a spoken number; "because I am 90 % sure of the date" is a reason."""
    start = line.sentence_start(place)
    if start > 0 and {"because", "since", "as"} & {*line.texts(start, place)}:
        return EXPLANATION
    return rank_of_words(line.opening_words(place))


def _graded_confidence(line: Line) -> Iterator[Statement]:
    """Yield "(high confidence)" and a line "High confidence."."""
    for noun in range(1, len(line)):
        ends_there = line.text_at(noun + 1) in ("", ".", ")", "]")
        if line.text_at(noun) not in vocabulary.CONFIDENCE_NOUNS or not ends_there:
            continue
        for start in range(max(noun - 3, 0), noun):
            phrase = take_phrase(line, start)
            is_in_brackets = start > 0 and line.text_at(start - 1) in ("(", "[")
            is_whole_line = start == 0 and noun + 2 >= len(line)
            if phrase and phrase.end == noun and (is_in_brackets or is_whole_line):
                yield Statement(Reading(phrase.value, is_word=True), line.rank(ORDINARY))


class _SpokenNumber:
    """A number in a sentence, and whether the sentence states it as the confidence."""

    def __init__(self, line: Line, start: int, quantity: Quantity):
        self.line = line
        self.start = start
        self.quantity = quantity

    def read(self, default_scale: int | None) -> Reading | None:
        """Return what the sentence states; None where its number is no confidence at all."""
        # 1. "sure", "confidence" or "chance" beside the number make it one
        is_vague = self.quantity.kind == BARE and not 0 < self.quantity.value < 1
        is_own = self._is_own()
        if is_own is None or (is_vague and self.quantity.problem is None):
            return None

        # 2. the sentence may deny it, or bound it
        problem = self._denial(is_own) or self._bound()
        end = self.quantity.end + end_of_field(self.line.tokens[self.quantity.end :])
        if problem is not None:
            first = self._first_word()
            last = min(end, first + _LONGEST_QUOTE, self.line.sentence_end(self.quantity.end))
            text = quote(self.line.tokens[first:last], self.line.text)
            is_denied = problem not in (REPORTED, BOUND, HEDGE)
            return Reading(None, f"{problem}: {text}", is_denied=is_denied)

        # 3. what follows may say another thing
        tokens = self.line.tokens[self.start : end]
        return read_value(tokens, self.line.text, default_scale=default_scale)

    def _is_own(self) -> bool | None:
        """Return whether the number is said of the answer; None where it is no confidence."""
        line = self.line
        after = self.quantity.end
        while line.text_at(after) in _ADVERBS:
            after += 1
        if line.text_at(after) in vocabulary.ADJECTIVES:
            return self._has_own_subject(self.start)
        link = self.start - 1
        while line.text_at(link) in _VAGUE:
            link -= 1
        follows_link = line.text_at(link) in vocabulary.LINKS_TO_NUMBER  # "sûr à 90 %"
        if follows_link and line.text_at(link - 1) in vocabulary.ADJECTIVES:
            return self._has_own_subject(link - 1)
        noun = after + (line.text_at(after) in ("de", "di", "of"))
        return self._noun_is_own(noun) if line.text_at(noun) in vocabulary.NOUNS else None

    def _has_own_subject(self, place: int) -> bool:
        """Return whether "I am" or nothing stands before "90 % sure"."""
        line = self.line
        place -= 1
        while line.text_at(place) in _BETWEEN_SUBJECT_AND_NUMBER:
            place -= 1
        before = line.text_at(place)
        if place < 0 or line.kind(place) == "sign":
            return True
        if before in ("would", "i'd", "i'll") and line.text_at(place + 1) == "say":
            return before != "would" or line.text_at(place - 1) == "i"
        return before in vocabulary.SUBJECTS | vocabulary.CLAUSE_STARTS | {"and", "so"}

    def _noun_is_own(self, noun: int) -> bool | None:
        """Return whether "90 % confidence" is said of the answer; None where it is another thing.

        A probability must be that of being right.
        """
        line = self.line
        if line.text_at(noun + 1) in vocabulary.OTHER_THINGS | {"level", "levels"}:
            return None
        if line.text_at(noun) in vocabulary.PROBABILITY_NOUNS:
            sentence = {*line.texts(noun, line.sentence_end(noun))}
            if vocabulary.WRONGNESS & sentence:
                return False
            return True if vocabulary.RIGHTNESS & sentence else None
        place = self.start - 1
        while line.text_at(place) in _VAGUE | {"a", "an", "than", "the"}:
            place -= 1
        is_said = place < 0 or line.kind(place) == "sign" or line.text_at(place) in _BEFORE_NOUN
        return True if is_said else None

    def _denial(self, is_own: bool) -> str | None:
        """Return why the sentence does not say its number of the answer; None if it does."""
        line = self.line
        end = line.sentence_end(self.quantity.end)
        clause = line.texts(line.clause_start(self.start), self.start)
        before = {*line.texts(line.sentence_start(self.start, across_colon=True), self.start)}
        after = {*line.texts(self.quantity.end, end)}
        if vocabulary.REPORTED & before or line.text_at(end) == "?":
            return REPORTED
        if negates(clause):
            return NEGATED_NUMBER
        if vocabulary.CONDITIONS & (before | after):
            return CONDITION
        ends = [place for place in range(self.quantity.end, end) if self._begins_clause(place)]
        if vocabulary.WRONGNESS & {*line.texts(self.quantity.end, ends[0] if ends else end)}:
            return OF_THE_OPPOSITE
        return None if is_own else NOT_OF_THE_ANSWER

    def _begins_clause(self, place: int) -> bool:
        return self.line.text_at(place) in vocabulary.CLAUSE_STARTS

    def _bound(self) -> str | None:
        """Return the problem with words such as "at least" or "maybe" before the number."""
        line = self.line
        place = self.start - 1
        while place > self.start - 5 and line.text_at(place) in _NEAR_NUMBER:
            text = line.text_at(place)
            if text in vocabulary.BOUND_WORDS or text in ("<", ">", "<=", ">="):
                return BOUND
            place -= 1
        clause = {*line.texts(line.clause_start(self.start), self.start)}
        return HEDGE if vocabulary.HEDGES & clause else None

    def _first_word(self) -> int:
        """Return where the words that belong to the number begin, for a message."""
        line = self.line
        start = self.start
        while start > max(self.start - 4, 0) and line.kind(start - 1) == "word":
            start -= 1
            if line.text_at(start) in vocabulary.NEGATIONS or line.text_at(start).endswith("n't"):
                break
        return start
