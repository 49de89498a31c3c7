"""Read the value that stands after a label, and refuse where it is not plainly stated."""

from collections.abc import Sequence
from typing import NamedTuple

from . import _confidence_vocabulary as vocabulary
from ._confidence_numbers import (
    BARE,
    FRACTION,
    PERCENT,
    SEVERAL,
    TOLERANCE,
    Quantity,
    Scale,
    Tokens,
    counts_something,
    on_scale,
    read_scale,
    scale_around,
    take_group,
    to_probability,
)
from ._confidence_tokens import Token, quote
from .probability_words import PROBABILITY_WORDS, WORDS_IN_OTHER_LANGUAGES

OPENING = {"(": ")", "[": "]", "{": "}", "<": ">"}
_QUOTES = {'"', "'", "*", "|", ":", "=", "!"}
_TEMPLATE_WORDS = {"number", "your", "insert", "value", "here", "confidence", "percentage", "xx"}
_STARS = {"\U0001f31f", "\U0001f320"}
_EMOJI = {chr(code) for code in range(0x1F300, 0x1FB00)} | {*"\u2705\u2714\u2713\u2611"}
_EMOJI -= _STARS  # a row of stars is a value
_SAFE_AFTER_NUMBER = {*".,;:!)]}\"'|-(<[>/=*&", "...", "..", "->", "~", "?", "+", "+-", "=>"}
_MOST_TOKENS = 80  # of a value and what is said about it; what follows is a remark
WORD_AND_NUMBER = 0.3  # "high (90 %)" agrees, "low (90 %)" does not
NEITHER = "neither a number nor a probability word"
OF_THE_OPPOSITE = "the probability of being wrong"
BOUND = "a bound or a scale of its own"
CONDITION = "a condition"
HEDGE = "a hedge"
NEGATED_NUMBER = "a negated number"
NEGATED_WORD = "a negated probability word"
DISAGREE = "a word and a number that disagree"


class Reading(NamedTuple):
    """What a statement says: a confidence, or the problem in words.

    ``is_denied`` says that the number is negated or conditional, so that nothing is stated.
    """

    confidence: float | None
    problem: str | None = None
    is_word: bool = False
    is_denied: bool = False


class _Phrase(NamedTuple):
    """A probability word or phrase, and the place after it."""

    value: float
    end: int


def read_value(
    tokens: Sequence[Token],
    line: str,
    *,
    scale: Scale | None = None,
    default_scale: int | None = None,
) -> Reading:
    """Read the tokens after a label. ``scale`` is what the label says, default_scale the prompt."""
    value = _Value(tokens[:_MOST_TOKENS], scale, default_scale)
    reading = value.read()
    if reading.problem is None:
        return reading
    return reading._replace(problem=f"{reading.problem}: {quote(value.whole, line)}")


def read_only_value(
    tokens: Sequence[Token],
    line: str,
    *,
    scale: Scale | None = None,
    default_scale: int | None = None,
) -> Reading | None:
    """Read tokens that are a value and nothing else; None where there is something else."""
    value = _Value(tokens, scale, default_scale)
    if len(tokens) > _MOST_TOKENS or not value.is_nothing_else(0, len(tokens)):
        return None
    return read_value(tokens, line, scale=scale, default_scale=default_scale)


def take_phrase(tokens: Tokens, place: int) -> _Phrase | None:
    """Return the longest probability phrase that begins at a place."""
    for length in (3, 2, 1):
        words = tokens.texts(place, place + length)
        phrase = " ".join(words).replace("toss - up", "toss-up")
        value = _PHRASES.get(phrase)
        if value is not None and len(words) == length:
            return _Phrase(value, place + length)
    return None


_PHRASES = WORDS_IN_OTHER_LANGUAGES | PROBABILITY_WORDS


class _Value:
    """The tokens after a label, and how they are read."""

    def __init__(self, tokens: Sequence[Token], scale: Scale | None, default_scale: int | None):
        self.whole = list(tokens)
        self.tokens = Tokens(self.whole)
        self.scale = scale
        self.default_scale = default_scale

    def read(self) -> Reading:
        # 1. what is no value at all, and a scale in words
        if self._is_template():
            return Reading(None, "the template was copied")
        if not self._set_scale_aside():
            return Reading(None, BOUND)

        # 2. from the label to the value
        start, problem = self._skip_lead_in()
        if problem is not None:
            is_denied = problem in (NEGATED_NUMBER, NEGATED_WORD, CONDITION)
            return Reading(None, problem, is_denied=is_denied)

        # 3. the value, and what is said about it
        phrase = take_phrase(self.tokens, start)
        if phrase is not None:
            return self._read_phrase(start, phrase)
        quantity = take_group(self.tokens, start)
        if quantity is not None:
            return self._read_number(quantity)
        return Reading(None, NEITHER)

    # ---- before the value

    def _is_template(self) -> bool:
        """Return whether the value is a placeholder in brackets: "[a number from 0 to 100]"."""
        tokens = self.tokens
        close = OPENING.get(tokens.text_at(0))
        texts = tokens.texts(1, len(tokens))
        if close is None or close not in texts:
            return False
        end = texts.index(close) + 1
        if _TEMPLATE_WORDS & set(texts[: end - 1]):
            return True
        quantity = take_group(tokens, 1)
        return quantity is not None and quantity.problem == SEVERAL and quantity.end == end

    def _set_scale_aside(self) -> bool:
        """Take "on a scale of 1 to 10" out of the tokens; return False for one of another form."""
        places = [i for i in range(len(self.tokens)) if self.tokens.text_at(i) in vocabulary.SCALES]
        if not places:
            return True
        place = places[0]
        start, end, scale = scale_around(self.tokens, place)
        if scale is None:
            return False
        self.scale = scale
        self.tokens = Tokens([*self.tokens.tokens[:start], *self.tokens.tokens[end:]])
        return True

    def _skip_lead_in(self) -> tuple[int, str | None]:
        """Return the place of the value, and the problem with the words before it."""
        tokens = self.tokens
        place = 0
        bound = None
        denial = None
        while place < len(tokens):
            text = tokens.text_at(place)
            if take_phrase(tokens, place) and not denial:
                break
            if take_group(tokens, place):
                break
            if text in vocabulary.NEGATIONS or text.endswith("n't"):
                denial = "negated"
            elif text in vocabulary.CONDITIONS:
                denial = denial or "condition"
            elif text in vocabulary.BOUND_WORDS or text in ("<", ">", "<=", ">=", "=>", "=<", "+-"):
                if not self._is_bracketed(place):
                    bound = BOUND
            elif text in vocabulary.HEDGES:
                bound = bound or HEDGE
            elif text == "-" and tokens.is_glued(place + 1):
                return place, "out of range" if tokens.kind(place + 1) == "number" else NEITHER
            elif text not in self._may_lead_in() | _EMOJI and not self._is_abbreviation(place):
                break
            place += 1
        if denial == "condition":
            return place, CONDITION
        if denial:
            is_number = take_group(tokens, place) is not None
            is_word = take_phrase(tokens, place) is not None
            if is_number:
                return place, NEGATED_NUMBER
            return place, NEGATED_WORD if is_word else NEITHER
        has_value = take_group(tokens, place) or take_phrase(tokens, place)
        return place, bound if has_value else None

    def _is_abbreviation(self, place: int) -> bool:
        """Return whether this is the stop of "ca." or the sign of "+85"."""
        before = self.tokens.text_at(place - 1)
        is_stop = self.tokens.text_at(place) == "." and before in vocabulary.APPROXIMATIONS
        is_plus = self.tokens.text_at(place) == "+" and self.tokens.is_glued(place + 1)
        return is_stop or is_plus

    def _may_lead_in(self) -> frozenset[str]:
        return vocabulary.LEAD_IN | vocabulary.APPROXIMATIONS | _QUOTES | {*OPENING, "~", "-", "->"}

    def _is_bracketed(self, place: int) -> bool:
        """Return whether "<" and ">" enclose the value, as in "<85>"."""
        return self.tokens.text_at(place) == "<" and ">" in self.tokens.texts(place, place + 4)

    # ---- numbers

    def _probability(self, quantity: Quantity) -> Reading:
        """Return a quantity as a probability, on the scale that holds here."""
        if quantity.problem:
            return Reading(None, quantity.problem)
        if self.scale is not None:
            on_its_scale = on_scale(quantity, self.scale)
            if on_its_scale is None:
                return Reading(None, "out of range, or ambiguous on its scale")
            probability: float | None = on_its_scale
        else:
            probability = to_probability(quantity, self.default_scale)
        if probability is None:
            return Reading(None, "ambiguous, 1 % or certainty")
        if not 0 <= probability <= 1:
            return Reading(None, "out of range")
        return Reading(probability)

    def _read_number(self, quantity: Quantity) -> Reading:
        quantity, problem = self._with_scale_in_brackets(quantity)
        problem = problem or self._problem_right_after(quantity)
        if problem is not None:
            return Reading(None, problem)
        reading = self._probability(quantity)
        if reading.confidence is None:
            return reading
        return self._compare_with_rest(reading, quantity.end, is_bare=quantity.kind == BARE)

    def _with_scale_in_brackets(self, quantity: Quantity) -> tuple[Quantity, str | None]:
        """Take the scale in "8 (out of 10)" or "8 [1-10]"."""
        tokens = self.tokens
        end = self._end_of_brackets(quantity.end)
        if end is None:
            return quantity, None
        scale = read_scale(tokens, quantity.end + 1, end - 1)
        words = set(tokens.texts(quantity.end + 1, end - 1))
        if scale is None:
            is_legend = quantity.kind == BARE and words & {
                "=",
                "max",
                "maximum",
                "highest",
                "scale",
            }
            return quantity, BOUND if is_legend else None
        self.scale = self.scale or scale
        return quantity._replace(end=end), None

    def _end_of_brackets(self, place: int) -> int | None:
        """Return the place after the bracket that closes the one at a place, if any does."""
        close = OPENING.get(self.tokens.text_at(place))
        texts = self.tokens.texts(place, len(self.tokens))
        if close is None or close not in texts:
            return None
        return place + texts.index(close) + 1

    def _problem_right_after(self, quantity: Quantity) -> str | None:
        """Return what the tokens right after a number make of it: a bound, a question, a count."""
        tokens = self.tokens
        place = quantity.end
        text = tokens.text_at(place)
        following = tokens.text_at(place + 1)
        while text and text in "\"')]}*|>":
            place += 1
            text = tokens.text_at(place)
            following = tokens.text_at(place + 1)
        if text == "or" and following == "so":
            return None
        joins = text in ("or", "and", "oder", "und", "ou", "o") or text in (",", "-")
        is_bound = following in vocabulary.BOUND_WORDS and (joins or text == "at")
        is_at_least = text == "at" and following in ("least", "most")
        is_bound_word = text in vocabulary.BOUND_WORDS and text not in ("in", "more", "within")
        if text in ("+", "+-", "±") or is_bound or is_at_least or is_bound_word:
            return BOUND
        if text == "-" and place + 1 == len(tokens):
            return BOUND  # a range that breaks off
        if text == "?":
            return "a question"
        if tokens.kind(place) == "sign" and text not in _SAFE_AFTER_NUMBER:
            return "a number that can be read in several ways or in none"
        if quantity.kind == PERCENT and following in vocabulary.OTHER_THINGS:
            return "an interval or a threshold"
        if text in vocabulary.WRONGNESS:
            return OF_THE_OPPOSITE
        if counts_something(tokens, quantity):
            return "a number of something"
        return None

    def _compare_with_rest(self, reading: Reading, start: int, *, is_bare: bool) -> Reading:
        """Return the reading, unless something after it says another thing.

        Until a remark begins ("because", "(", a new sentence) every other percentage counts as a
        second statement; in a remark only what corrects ("no, 60") does.
        """
        tokens = self.tokens
        is_remark = False
        is_correction = False
        only_connectives = True
        place = start
        while place < len(tokens):
            text = tokens.text_at(place)
            end_of_brackets = self._end_of_brackets(place)
            if end_of_brackets is not None:
                inside = self._read_brackets(place, end_of_brackets)
                if inside is not None:
                    reading = self._combine(reading, inside)
                if inside is None and "+-" in tokens.texts(place, end_of_brackets):
                    return Reading(None, BOUND)
                if reading.confidence is None:
                    return reading
                place = end_of_brackets
                continue
            is_margin = text in ("give", "plus") and tokens.text_at(place + 1) == "or"
            if (text == "+-" or is_margin) and not is_remark:
                return Reading(None, BOUND)
            if text in vocabulary.CONDITIONS and not is_remark:
                return Reading(None, CONDITION, is_denied=True)
            quantity = take_group(tokens, place)
            if quantity is not None:
                says_another = self._says_another(
                    reading,
                    quantity,
                    is_joined=only_connectives or is_correction,
                    is_remark=is_remark,
                )
                if says_another:
                    return Reading(None, SEVERAL)
                only_connectives = False
                place = quantity.end
                continue
            is_remark = is_remark or text in vocabulary.REASONS or text in (".", "!")
            is_correction = (is_correction or text in vocabulary.CORRECTIONS) and text != "."
            is_separator = tokens.kind(place) == "sign" and text != "/"
            if text not in vocabulary.CONNECTIVES and not is_separator:
                only_connectives = False
            place += 1
        return reading

    def _says_another(
        self, reading: Reading, quantity: Quantity, *, is_joined: bool, is_remark: bool
    ) -> bool:
        if counts_something(self.tokens, quantity):
            return False
        is_whole_number = quantity.kind == BARE and quantity.value > 1
        if not is_joined and (is_remark or is_whole_number):
            return False
        other = self._probability(quantity)
        if other.confidence is None or reading.confidence is None:
            return True
        return abs(other.confidence - reading.confidence) > TOLERANCE

    def _read_brackets(self, start: int, end: int) -> Reading | None:
        """Return the value in brackets that hold nothing else; None for a remark."""
        if not self.is_nothing_else(start + 1, end - 1):
            return None
        inside = _Value(self.tokens.tokens[start + 1 : end - 1], self.scale, self.default_scale)
        return inside.read()

    def _combine(self, reading: Reading, other: Reading) -> Reading:
        """Return one reading of a value and its repetition: a number says more than a word."""
        if reading.confidence is None or other.confidence is None:
            return other if other.confidence is None else reading
        difference = abs(reading.confidence - other.confidence)
        if reading.is_word == other.is_word:
            return reading if difference <= TOLERANCE else Reading(None, SEVERAL)
        if difference > WORD_AND_NUMBER:
            return Reading(None, DISAGREE)
        return other if reading.is_word else reading

    # ---- words

    def _read_phrase(self, start: int, phrase: _Phrase) -> Reading:
        tokens = self.tokens
        if tokens.text_at(start - 1) in _MODIFIERS or tokens.text_at(phrase.end) in ("-", "/"):
            glued = tokens.text_at(start - 1) in _MODIFIERS or tokens.is_glued(phrase.end)
            if glued:
                return Reading(None, "a modified probability word")
        reading = Reading(phrase.value, is_word=True)
        place = phrase.end
        while tokens.text_at(place) in vocabulary.NOUNS | vocabulary.LABEL_SUFFIXES | {
            '"',
            "'",
            "]",
        }:
            place += 1

        # 1. a number that repeats the word: "high (90 %)", "high, 90 %"
        number_place = place
        while tokens.text_at(number_place) in (
            ",",
            "-",
            ":",
            "|",
            "/",
            "at",
            "about",
            "~",
            ";",
            ".",
        ):
            number_place += 1
        end = self._end_of_brackets(number_place)
        if end is not None:
            inside = self._read_brackets(number_place, end)
            number = take_group(tokens, number_place + 1)
            if inside and number and number.kind == BARE and number.value > 1:
                return Reading(None, "a word and a number without its unit")  # or a footnote
            if inside is not None:
                return self._combine(reading, inside)
        elif self._is_one_value(number_place):
            rest = _Value(tokens.tokens[number_place:], self.scale, self.default_scale)
            return self._combine(reading, rest.read())

        # 2. words that say another thing
        return self._compare_word_with_rest(reading, place)

    def _is_one_value(self, place: int) -> bool:
        """Return whether one number stands at a place, with nothing but closing signs after it."""
        quantity = take_group(self.tokens, place)
        if quantity is None:
            return False
        may_follow = vocabulary.ADJECTIVES | vocabulary.NOUNS | {*"\"')].!"}
        return set(self.tokens.texts(quantity.end, len(self.tokens))) <= may_follow

    def _compare_word_with_rest(self, reading: Reading, start: int) -> Reading:
        tokens = self.tokens
        is_remark = False
        is_correction = False
        place = start
        while place < len(tokens):
            text = tokens.text_at(place)
            phrase = take_phrase(tokens, place)
            quantity = take_group(tokens, place)
            begins_remark = text in vocabulary.REASONS or text in (".", "!", ";", "(", "-", ":")
            if text == "to" and tokens.text_at(place + 1) in ("say", "tell", "know", "judge", "be"):
                return Reading(None, NEGATED_WORD)
            if text == "?" and place == start:
                return Reading(None, "a question")
            if phrase is not None and (not is_remark or is_correction):
                if abs(phrase.value - (reading.confidence or 0)) > TOLERANCE:
                    return Reading(None, "several probability words")
                place = phrase.end
                continue
            if quantity is not None and is_correction and not counts_something(tokens, quantity):
                return Reading(None, DISAGREE)
            is_exact = quantity is not None and quantity.kind in (PERCENT, FRACTION)
            if quantity and is_exact and not is_remark and not counts_something(tokens, quantity):
                return Reading(None, DISAGREE)
            is_remark = is_remark or begins_remark
            if not is_remark and self._takes_back(place):
                return Reading(None, NEGATED_WORD)
            if not is_remark and text in vocabulary.CONDITIONS:
                return Reading(None, CONDITION, is_denied=True)
            is_correction = (is_correction or text in vocabulary.CORRECTIONS) and text != "."
            place += 1
        return reading

    def _takes_back(self, place: int) -> bool:
        text = self.tokens.text_at(place)
        is_negation = text in vocabulary.NEGATIONS or text.endswith("n't")
        return is_negation or text in vocabulary.WRONGNESS

    # ---- a value and nothing else

    def is_nothing_else(self, start: int, end: int) -> bool:
        """Return whether these tokens are one value with signs around it, and nothing else."""
        tokens = self.tokens
        has_value = False
        place = start
        while place < end:
            phrase = take_phrase(tokens, place)
            quantity = take_group(tokens, place)
            if phrase is not None:
                place = phrase.end
                has_value = True
            elif quantity is not None:
                place = quantity.end
                has_value = True
            elif self._may_surround(place, has_value):
                place += 1
            else:
                return False
        return has_value and place == end

    def _may_surround(self, place: int, has_value: bool) -> bool:
        text = self.tokens.text_at(place)
        if has_value and text in vocabulary.ADJECTIVES | vocabulary.NOUNS:
            return True
        return self.tokens.kind(place) == "sign" or text in _AROUND_A_VALUE


_AROUND_A_VALUE = (
    vocabulary.APPROXIMATIONS
    | vocabulary.HEDGES
    | vocabulary.BOUND_WORDS
    | vocabulary.CONNECTORS
    | {"than"}
)
_MODIFIERS = {"less", "more", "moderately", "somewhat", "slightly", "extremely", "too", "mildly"}
_MODIFIERS |= {"partially", "partly", "not", "most", "least", "medium", "almost", "nearly"}
