"""Find the statements of a confidence in a line: after a label, and in a sentence."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

from . import _confidence_vocabulary as vocabulary
from ._confidence_numbers import BARE, SEVERAL, Quantity, Scale, Tokens, read_scale, take_group
from ._confidence_tokens import Token, one_spelling, quote, tokenise
from ._confidence_values import (
    NEITHER,
    OF_THE_OPPOSITE,
    OPENING,
    Reading,
    read_only_value,
    read_value,
    scale_around,
    take_phrase,
)

FINAL = 3
ORDINARY = 2
WEAK = 1  # in an explanation
PARTIAL = 0  # of a draft, or of one step of the way to the answer

REPORTED = "a number that is asked or reported"

_SENTENCE_END = {".", "!", "?", ";"}
_FIELD_SEPARATORS = {",", ";", "|", ".", "(", "[", "{", "-", "!"}
_ABBREVIATIONS = {"approx", "ca", "prob", "est", "e", "g", "i", "c", "conf", "max", "min"}
_LONGEST_QUALIFIER = 25
_LONGEST_LOOK_BACK = 40
_LONGEST_NAME = 8
_MOST_TOKENS_OF_A_FIELD = 120


@dataclass(frozen=True)
class Statement:
    """A reading, the rank of the place where it stands, and whether the noun is a probability."""

    reading: Reading
    rank: int = ORDINARY
    is_probability: bool = False


class Line:
    """A line of a completion: as written, in one spelling, and in tokens."""

    def __init__(self, written: str):
        self.written = written
        self.text = one_spelling(written)
        self.tokens = tokenise(self.text)

    @property
    def is_explanation(self) -> bool:
        texts = [token.text for token in self.tokens[:3]]
        return bool(texts) and texts[0] in vocabulary.EXPLANATIONS and ":" in texts[1:]

    @property
    def is_step(self) -> bool:
        texts = [token.text for token in self.tokens[:3]]
        is_named = bool(texts) and texts[0] in vocabulary.STEP_WORDS
        return is_named and len(texts) > 1 and texts[1] not in ("by", "back")


class _Label(NamedTuple):
    """A label: where it begins, where its value begins, and how they are joined.

    ``joint`` is "answer first" or "confidence first" where one label stands for both.
    """

    start: int
    value_start: int
    joined_by: str  # "colon", "word", "nothing" or "line end"
    scale: Scale | None
    problem: str | None
    rank: int
    joint: str | None
    is_probability: bool


def statements_in(
    line: Line, next_line: Line | None, default_scale: int | None
) -> Iterator[Statement]:
    """Yield what a line states; the next line counts only when it holds a label's value."""
    reader = _LineReader(line, next_line, default_scale)
    yield from reader.labelled()
    yield from reader.spoken()


def is_label_only(line: Line) -> bool:
    """Return whether a line, or the cell of a table, is the label of a confidence."""
    return label_scale(line.tokens) is not None


def label_scale(tokens: list[Token]) -> tuple[Scale | None, str | None] | None:
    """Return the scale of tokens that are a label and nothing else, and the problem with it."""
    cell = Line.__new__(Line)
    cell.written = ""
    cell.text = ""
    cell.tokens = tokens
    labels = _LineReader(cell, None, None).labels()
    if len(labels) == 1 and labels[0].joined_by == "line end" and labels[0].joint is None:
        return labels[0].scale, labels[0].problem
    return None


class _LineReader:
    def __init__(self, line: Line, next_line: Line | None, default_scale: int | None):
        self.line = line
        self.next_line = next_line
        self.default_scale = default_scale
        self.tokens = Tokens(line.tokens)
        self.remark_starts: list[tuple[int, int]] = []  # spans of remarks after a labelled value

    # ---- labels

    def labelled(self) -> Iterator[Statement]:
        labels = self.labels()
        ends = [label.start for label in labels[1:]] + [len(self.tokens)]
        for label, next_label in zip(labels, ends):
            reading = self._read_label(label, max(next_label, label.value_start))
            if reading is not None:
                yield Statement(reading, self._rank(label.rank), label.is_probability)

    def labels(self) -> list[_Label]:
        labels = []
        position = 0
        while position < len(self.tokens):
            label = None
            if self.tokens.text(position) in vocabulary.NOUNS:
                label = self._match_label(position)
            if label is None:
                position += 1
                continue
            labels.append(label)
            position = max(label.value_start, position + 1)
        return labels

    def _rank(self, rank: int) -> int:
        if self.line.is_step and rank != FINAL:
            return PARTIAL
        if self.line.is_explanation and rank == ORDINARY:
            return WEAK
        return rank

    def _match_label(self, noun: int) -> _Label | None:
        tokens = self.tokens
        if self._names_another_thing(noun):
            return None
        is_probability = tokens.text(noun) in vocabulary.PROBABILITY_NOUNS

        # 1. the noun with what belongs to it: "confidence score (0-100)"
        place = noun + 1
        while tokens.text(place) in vocabulary.LABEL_SUFFIXES | {'"', "'", "%"}:
            place += 1
        if tokens.text(place) in vocabulary.OTHER_THINGS:
            return None
        joint = self._joint(noun, place)
        if joint == "confidence first":
            place += 2
        scale, problem, place, bracket = self._scale_in_brackets(place)

        # 2. what joins it to its value
        joined = self._find_value(place, noun)
        if joined is None and bracket is not None:
            joined = (bracket, "nothing", place)
            problem = None
        if joined is None:
            return None
        value_start, joined_by, qualifier_end = joined
        qualifier = tokens.texts(noun + 1, qualifier_end)
        scale_in_qualifier = self._scale_in_words(noun + 1, qualifier_end)
        if scale_in_qualifier is None:
            scale_in_qualifier = self._scale_before(noun)
        if scale_in_qualifier is not None:
            scale = scale_in_qualifier
            problem = None

        # 3. what it is a confidence in
        words_before = self._modifiers(noun)
        if not self._is_own(noun, qualifier, joined_by, is_probability):
            return None
        if vocabulary.WRONGNESS & ({*qualifier} | words_before):
            problem = OF_THE_OPPOSITE
        denial = self._denial_before(noun, joined_by)
        rank = _rank_of_words(words_before | {*qualifier} | self._opening_words(noun))
        return _Label(
            noun, value_start, joined_by, scale, problem or denial, rank, joint, is_probability
        )

    def _names_another_thing(self, noun: int) -> bool:
        before = self.tokens.text(noun - 1)
        has_hyphen = before == "-" and self.tokens.is_glued(noun)
        return before in vocabulary.NOT_OURS or (has_hyphen and self.tokens.is_glued(noun - 1))

    def _joint(self, noun: int, after: int) -> str | None:
        """Return the order of a label that names answer and confidence, or None."""
        tokens = self.tokens
        joins = ("and", "&", "/", ",", "+", "with", "(", "|", "und", "et", "e", "y", "и", "i")
        place = noun - 1
        while place > noun - 4 and tokens.text(place) in vocabulary.MODIFIERS - {"answer"}:
            place -= 1
        join = place
        while join > place - 2 and tokens.text(join) in joins:
            join -= 1
        if join < place and tokens.text(join) in vocabulary.ANSWER_WORDS:
            return "answer first"
        if tokens.text(after) in joins and tokens.text(after + 1) in vocabulary.ANSWER_WORDS:
            return "confidence first"
        return None

    def _scale_in_brackets(self, place: int) -> tuple[Scale | None, str | None, int, int | None]:
        """Return the scale in brackets after a noun, a problem with it, the place after the
        brackets, and where the brackets begin if they hold numbers that are no scale."""
        tokens = self.tokens
        scale = None
        problem = None
        bracket = None
        while tokens.text(place) in OPENING:
            texts = tokens.texts(place + 1, place + 25)
            close = OPENING[tokens.text(place)]
            if close not in texts:
                break
            end = place + 1 + texts.index(close)
            found = read_scale(tokens, place + 1, end) or self._scale_in_words(place + 1, end)
            has_number = any(tokens.kind(i) in ("number", "odd") for i in range(place + 1, end))
            if found is not None:
                scale = found
            elif has_number or take_phrase(tokens, place + 1):
                problem = "a bound or a scale of its own"
                bracket = place + 1
            place = end + 1
        while tokens.text(place) in (")", '"', "'", "]"):
            place += 1
        return scale, problem, place, bracket

    def _scale_in_words(self, start: int, end: int) -> Scale | None:
        """Return the scale of "on a scale of 1 to 10" or "from 1 to 10" inside these tokens."""
        for place in range(start, min(end, start + _LONGEST_QUALIFIER)):
            if self.tokens.text(place) in vocabulary.SCALES:
                return scale_around(self.tokens, place)[2]
            if self.tokens.text(place) in ("from", ",") or place == start:
                quantity = take_group(self.tokens, place + (self.tokens.text(place) == ","))
                if quantity is not None and quantity.problem == SEVERAL:
                    scale = read_scale(self.tokens, place, quantity.end)
                    if scale is not None and scale.highest != 90:
                        return scale
        return None

    def _scale_before(self, noun: int) -> Scale | None:
        """Return the scale of "On a scale of 1 to 5, my confidence is 4"."""
        for place in range(self._sentence_start(noun), noun):
            if self.tokens.text(place) in vocabulary.SCALES:
                return scale_around(self.tokens, place)[2]
        return None

    def _find_value(self, place: int, noun: int) -> tuple[int, str, int] | None:
        """Return where the value begins, what joins it to the label, and where the label ends."""
        tokens = self.tokens
        text = tokens.text(place)
        if place >= len(tokens):
            return (place, "line end", place) if self._is_at_start(noun) else None
        if text in (":", "=", "->", "=>", "|"):
            if place + 1 >= len(tokens) and text != "|":
                return place + 1, "line end", place
            if text in (":", "=") or self._starts_value(place + 1):
                return place + 1, "colon", place
            return None
        if text in vocabulary.SEPARATING_WORDS and self._starts_value(place + 1):
            return place + 1, "word", place
        if text in ("would", "should") and self._starts_value(place + 1):
            return place + 1, "word", place
        if text == "-" and not tokens.is_glued(place + 1) and self._starts_value(place + 1):
            return place + 1, "colon", place
        if self._stands_directly(place, noun):
            return place, "nothing", place
        if text in vocabulary.QUALIFIERS or text in (",", "("):
            return self._after_qualifier(place)
        return None

    def _after_qualifier(self, place: int) -> tuple[int, str, int] | None:
        """Return what `_find_value` does, beyond words such as "in this answer"."""
        tokens = self.tokens
        found = None
        for end in range(place + 1, min(place + _LONGEST_QUALIFIER, len(tokens))):
            text = tokens.text(end)
            is_odds = text == ":" and tokens.is_glued(end) and tokens.is_glued(end + 1)
            if text in (":", "=") and not (is_odds and tokens.kind(end + 1) == "number"):
                joined_by = "colon" if end + 1 < len(tokens) else "line end"
                return end + 1, joined_by, end
            if text in _SENTENCE_END and not self._is_abbreviation(end):
                break
            if text in vocabulary.SEPARATING_VERBS and self._starts_value(end + 1):
                found = (end + 1, "word", end)
                if tokens.text(place) not in ("that", "dass", "que"):
                    break
        return found

    def _stands_directly(self, place: int, noun: int) -> bool:
        """Return whether a value follows the noun with nothing between: "Confidence 85%"."""
        tokens = self.tokens
        quantity = self._quantity_ahead(place)
        if quantity is not None:
            names_scale = bool(vocabulary.SCALES & {*tokens.texts(place, place + 10)})
            is_exact = quantity.kind != BARE or quantity.value < 1
            return is_exact or names_scale or self._is_at_start(noun)
        phrase = take_phrase(tokens, place)
        return phrase is not None and phrase.end == len(tokens) and self._is_at_start(noun)

    def _is_at_start(self, noun: int) -> bool:
        """Return whether nothing but words of the label stands before the noun in its clause."""
        tokens = self.tokens
        place = noun - 1
        while tokens.text(place) in vocabulary.MODIFIERS or tokens.text(place) in ('"', "'", "<"):
            place -= 1
        before = tokens.text(place)
        if before in ("and", "&", "/") and tokens.text(place - 1) in vocabulary.ANSWER_WORDS:
            return True
        return place < 0 or before in (".", ",", ";", "(", "[", "|", "-", "!", ":", "{", "?")

    def _starts_value(self, place: int) -> bool:
        """Return whether a value begins within a few words."""
        return self._quantity_ahead(place) is not None or self._phrase_ahead(place)

    def _quantity_ahead(self, place: int) -> Quantity | None:
        for start in range(place, place + 6):
            quantity = take_group(self.tokens, start)
            if quantity is not None:
                return quantity
            if not self._may_precede(start):
                return None
        return None

    def _phrase_ahead(self, place: int) -> bool:
        for start in range(place, place + 5):
            if take_phrase(self.tokens, start):
                return True
            if not self._may_precede(start):
                return False
        return False

    def _may_precede(self, place: int) -> bool:
        text = self.tokens.text(place)
        if text.endswith("n't") or text in (
            "<",
            ">",
            "<=",
            ">=",
            "~",
            "[",
            "(",
            '"',
            "'",
            "-",
            "+-",
        ):
            return True
        return text in _MAY_PRECEDE

    def _modifiers(self, noun: int) -> set[str]:
        words = set()
        place = noun - 1
        allowed = vocabulary.MODIFIERS | vocabulary.WRONGNESS
        while place >= 0 and self.tokens.text(place) in allowed:
            words.add(self.tokens.text(place))
            place -= 1
        return words

    def _opening_words(self, noun: int) -> set[str]:
        """Return the words of "After reflection," at the start of the noun's sentence."""
        start = self._sentence_start(noun)
        texts = self.tokens.texts(start, min(start + 8, noun))
        if "," not in texts:
            return set()
        return set(texts[: texts.index(",")]) & _FINAL_OPENINGS

    def _sentence_start(self, place: int, *, across_colon: bool = False) -> int:
        start = place
        while start > max(place - _LONGEST_LOOK_BACK, 0):
            text = self.tokens.text(start - 1)
            is_end = text in _SENTENCE_END and not self._is_abbreviation(start - 1)
            if is_end or (text == ":" and not across_colon):
                break
            start -= 1
        return start

    def _is_abbreviation(self, place: int) -> bool:
        return self.tokens.text(place) == "." and self.tokens.text(place - 1) in _ABBREVIATIONS

    def _is_own(
        self, noun: int, qualifier: list[str], joined_by: str, is_probability: bool
    ) -> bool:
        """Return whether a label states a confidence in the answer, and not another one."""
        tokens = self.tokens
        before = set(tokens.texts(max(noun - 5, self._sentence_start(noun)), noun))
        is_about_answer = bool(vocabulary.CORRECTNESS & {*qualifier})
        if is_probability:
            if is_about_answer or "my" in before:
                return True
            if joined_by == "word":
                words = set(tokens.texts(self._sentence_start(noun), noun + 12))
                return bool(vocabulary.RIGHTNESS & words)
            has_qualifier = bool(vocabulary.QUALIFIERS & {*qualifier})
            return self._is_at_start(noun) and not has_qualifier
        if joined_by in ("colon", "line end", "nothing"):
            return True
        is_someone_elses = vocabulary.OTHERS & before or vocabulary.REPORTED & before
        possessives = {word for word in before if word.endswith("'s")} - vocabulary.OWN
        if is_someone_elses or possessives - {"it's", "that's", "here's", "there's"}:
            return False
        is_ours = vocabulary.OWN - {"the", "this", "a"} & before or {"i", "i'd", "with"} & before
        has_qualifier = bool({"in", "that", "about"} & {*qualifier})
        refers = bool({"this", "it", "that"} & {*qualifier})
        return bool(is_ours or is_about_answer or refers or not has_qualifier)

    def _denial_before(self, noun: int, joined_by: str) -> str | None:
        start = self._sentence_start(noun)
        words = self.tokens.texts(start, noun)
        if vocabulary.CONDITIONS & {*words}:
            return "a condition"
        if joined_by == "word" and _negates(words):
            return "a negated number"
        return None

    def _read_label(self, label: _Label, end: int) -> Reading | None:
        """Return what the value of a label says; None where it turns out to be no label."""
        tokens = self.line.tokens[label.value_start : end]
        line = self.line
        is_below = label.joined_by == "line end"
        if is_below:
            if self.next_line is None:
                is_bare_label = self.tokens.text(len(self.tokens) - 1) not in (":", "=")
                return None if is_bare_label else Reading(None, f"{NEITHER}: ''")
            tokens = self.next_line.tokens
            line = self.next_line
        if not is_below:
            tokens = tokens[: _end_of_field(tokens)]
        if label.problem in (OF_THE_OPPOSITE, "a condition", "a negated number"):
            whole = self.line.tokens[label.start : end]
            problem = f"{label.problem}: {quote(whole, self.line.text)}"
            return Reading(None, problem, is_denied=True)
        if label.problem:
            whole = self.line.tokens[label.start : end]
            return Reading(None, f"{label.problem}: {quote(whole, self.line.text)}")
        if label.joint:
            return self._read_joint(tokens, line, label)
        reading = read_value(tokens, line.text, scale=label.scale, default_scale=self.default_scale)
        is_sentence = label.joined_by in ("word", "nothing")
        if reading.problem and reading.problem.startswith(NEITHER) and is_sentence:
            return None
        if is_below and (reading.problem or "").startswith(NEITHER):
            has_colon = self.tokens.text(len(self.tokens) - 1) in (":", "=")
            return reading if has_colon else None
        return reading

    def _read_joint(self, tokens: list[Token], line: Line, label: _Label) -> Reading | None:
        """Read "7, 95%", which is the answer and the confidence."""
        fields = _fields(tokens)
        if len(fields) == 1:
            return self._read_joint_field(fields[0], line, label)
        own = fields[0] if label.joint == "confidence first" else fields[-1]
        others = fields[1:] if label.joint == "confidence first" else fields[:-1]
        has_percent = any(token.text == "%" for field in others for token in field)
        reading = read_only_value(
            own, line.text, scale=label.scale, default_scale=self.default_scale
        )
        if len(fields) > 2 and has_percent and reading is not None:
            return Reading(None, f"{SEVERAL}: {quote(tokens, line.text)}")
        return reading or Reading(None, f"{NEITHER}: {quote(tokens, line.text)}")

    def _read_joint_field(self, tokens: list[Token], line: Line, label: _Label) -> Reading | None:
        """Read "Paris (95%)" or "Paris 95%"."""
        starts = [i for i, token in enumerate(tokens) if token.text in OPENING and i]
        if not starts:
            starts = [i for i in range(1, len(tokens)) if tokens[i].kind == "number"][-1:]
            has_unit = "%" in [token.text for token in tokens]
            starts = starts if has_unit else []
        before = {token.text for token in tokens[: starts[-1]]} if starts else set()
        odd_words = vocabulary.NEGATIONS | vocabulary.BOUND_WORDS | vocabulary.CONDITIONS
        odd_words |= vocabulary.CONNECTORS | vocabulary.HEDGES | {"-", "~", "<", ">", "<=", ">="}
        if not starts or before & odd_words:
            return Reading(None, f"{NEITHER}: {quote(tokens, line.text)}")
        reading = read_only_value(
            tokens[starts[-1] :], line.text, scale=label.scale, default_scale=self.default_scale
        )
        return reading or Reading(None, f"{NEITHER}: {quote(tokens, line.text)}")

    # ---- sentences

    def spoken(self) -> Iterator[Statement]:
        """Yield the statements such as "I am 90 % sure" and "there is a 90 % chance"."""
        place = 0
        while place < len(self.tokens):
            quantity = take_group(self.tokens, place)
            if quantity is None:
                place += 1
                continue
            reading = self._read_spoken(place, quantity)
            if reading is not None:
                is_remark = self._is_in_reason(place)
                rank = WEAK if is_remark else self._spoken_rank(place)
                yield Statement(reading, self._rank(rank))
            place = max(quantity.end, place + 1)
        yield from self._graded_confidence()

    def _spoken_rank(self, place: int) -> int:
        return _rank_of_words(self._opening_words(place))

    def _is_in_reason(self, place: int) -> bool:
        """Return whether a sentence with a label before it gives this number as a reason."""
        start = self._sentence_start(place)
        words = set(self.tokens.texts(start, place))
        return bool(words & {"because", "since", "as"}) and start > 0

    def _read_spoken(self, start: int, quantity: Quantity) -> Reading | None:
        tokens = self.tokens
        is_vague = quantity.kind == BARE and not 0 < quantity.value < 1
        if is_vague and quantity.problem is None:
            return None

        # 1. what follows or precedes the number makes it a statement
        after = quantity.end
        while tokens.text(after) in _ADVERBS:
            after += 1
        noun = after + (tokens.text(after) in ("de", "di", "of"))
        link = start - 1
        while tokens.text(link) in vocabulary.APPROXIMATIONS | vocabulary.BOUND_WORDS:
            link -= 1
        has_adjective_before = (
            tokens.text(link) in vocabulary.LINKS_TO_NUMBER
            and tokens.text(link - 1) in vocabulary.ADJECTIVES
        )
        if tokens.text(after) in vocabulary.ADJECTIVES:
            is_own = self._is_said_of_itself(start)
            first = start
        elif has_adjective_before:
            is_own = self._is_said_of_itself(link - 1)
            first = start
        elif tokens.text(noun) in vocabulary.NOUNS:
            said = self._noun_is_own(start, noun)
            if said is None:
                return None
            is_own = said
            first = start
        else:
            return None

        # 2. the sentence may deny it
        problem = self._problem_of_sentence(start, quantity, is_own)
        end = self._end_of_field_with_label(after)
        said_tokens = self.line.tokens[self._first_of_quote(start) : end]
        if problem is not None:
            text = quote(said_tokens[:30], self.line.text)
            is_denied = problem != REPORTED
            return Reading(None, f"{problem}: {text}", is_denied=is_denied)

        # 3. bounds before it, and what follows
        bounds = self._bounds_before(start)
        is_hedged = vocabulary.HEDGES & {*tokens.texts(self._clause_start(start), start)}
        bounds = bounds or ("a hedge" if is_hedged else None)
        if bounds is not None:
            return Reading(None, f"{bounds}: {quote(said_tokens, self.line.text)}")
        return read_value(
            self.line.tokens[first:end], self.line.text, default_scale=self.default_scale
        )

    def _end_of_field_with_label(self, place: int) -> int:
        """Return where the sentence's own text ends: at the next field, or at the line's end."""
        tokens = self.line.tokens[place:]
        return place + _end_of_field(tokens)

    def _first_of_quote(self, place: int) -> int:
        """Return where the words that belong to a number begin, for a message."""
        start = place
        while start > max(place - 4, 0) and self.tokens.kind(start - 1) == "word":
            start -= 1
            text = self.tokens.text(start)
            if text in vocabulary.NEGATIONS or text.endswith("n't"):
                break
        return start

    def _is_said_of_itself(self, place: int) -> bool:
        """Return whether "I am" or nothing stands before "90 % sure"."""
        tokens = self.tokens
        place -= 1
        skipped = vocabulary.APPROXIMATIONS | vocabulary.BOUND_WORDS | vocabulary.HEDGES
        skipped |= vocabulary.LINKS_TO_NUMBER | _ADVERBS | {"~", "<", ">", "<=", ">=", "-", "than"}
        while tokens.text(place) in skipped - {"a", "the"}:
            place -= 1
        before = tokens.text(place)
        if place < 0 or tokens.kind(place) == "sign":
            return True
        if before in ("would", "i'd", "i'll") and tokens.text(place + 1) == "say":
            return before != "would" or tokens.text(place - 1) == "i"
        return before in vocabulary.SUBJECTS or before in vocabulary.CLAUSE_STARTS | {"and", "so"}

    def _noun_is_own(self, start: int, noun: int) -> bool | None:
        """Return whether "90 % confidence" is said of the answer; None where it is no statement."""
        tokens = self.tokens
        after = tokens.text(noun + 1)
        if after in vocabulary.OTHER_THINGS or after in ("level", "levels"):
            return None
        sentence = tokens.texts(noun, self._sentence_end(noun))
        if tokens.text(noun) in vocabulary.PROBABILITY_NOUNS:
            words = set(sentence)
            if vocabulary.WRONGNESS & words:
                return False
            return True if vocabulary.RIGHTNESS & words else None
        place = start - 1
        skipped = vocabulary.APPROXIMATIONS | vocabulary.BOUND_WORDS | {"a", "an", "than", "the"}
        while tokens.text(place) in skipped:
            place -= 1
        before = tokens.text(place)
        is_said = before in (
            "with",
            "at",
            "have",
            "mit",
            "avec",
            "con",
            "tenho",
            "com",
            "tengo",
            "ho",
        )
        if place < 0 or tokens.kind(place) == "sign" or is_said:
            return True
        return None

    def _sentence_end(self, place: int) -> int:
        end = place
        while end < min(place + _LONGEST_LOOK_BACK, len(self.tokens)):
            if self.tokens.text(end) in _SENTENCE_END and not self._is_abbreviation(end):
                break
            end += 1
        return end

    def _problem_of_sentence(self, start: int, quantity: Quantity, is_own: bool) -> str | None:
        """Return why a sentence does not say its number of the answer; None if it does."""
        tokens = self.tokens
        before = tokens.texts(self._clause_start(start), start)
        sentence = {*tokens.texts(self._sentence_start(start, across_colon=True), start)}
        end = self._sentence_end(quantity.end)
        after = set(tokens.texts(quantity.end, end))
        if vocabulary.REPORTED & sentence or tokens.text(end) == "?":
            return REPORTED
        if _negates(before):
            return "a negated number"
        if vocabulary.CONDITIONS & (sentence | {*before}) or vocabulary.CONDITIONS & after:
            return "a condition"
        if vocabulary.WRONGNESS & after:
            return OF_THE_OPPOSITE
        if not is_own:
            return "a number that is not said of the answer"
        return None

    def _clause_start(self, place: int) -> int:
        start = place
        lowest = self._sentence_start(place)
        while start > lowest:
            before = self.tokens.text(start - 1)
            is_dash = before == "-" and not self.tokens.is_glued(start)
            is_negation = before == "but" and self.tokens.text(start - 2) == "anything"
            is_start = before in vocabulary.CLAUSE_STARTS and not is_negation
            if is_start or before in ("(", "[") or is_dash:
                break
            start -= 1
        return start

    def _bounds_before(self, start: int) -> str | None:
        place = start - 1
        near = []
        while place >= 0 and place > start - 5:
            text = self.tokens.text(place)
            if text not in _NEAR_NUMBER:
                break
            near.append(text)
            place -= 1
        if any(text in vocabulary.BOUND_WORDS or text[0] in "<>" for text in near):
            return "a bound or a scale of its own"
        if vocabulary.HEDGES & {*near}:
            return "a hedge"
        return None

    def _graded_confidence(self) -> Iterator[Statement]:
        """Yield "(high confidence)" and a line "High confidence."."""
        tokens = self.tokens
        for noun in range(1, len(tokens)):
            if tokens.text(noun) not in vocabulary.CONFIDENCE_NOUNS:
                continue
            ends_there = tokens.text(noun + 1) in ("", ".", ")", "]")
            for start in range(max(noun - 3, 0), noun):
                phrase = take_phrase(tokens, start)
                is_alone = start == 0 or tokens.text(start - 1) in ("(", "[")
                is_closed = start > 0 or noun + 2 >= len(tokens)
                if phrase and phrase.end == noun and is_alone and ends_there and is_closed:
                    yield Statement(Reading(phrase.value, is_word=True), self._rank(ORDINARY))


_ADVERBS = vocabulary.words(
    "very quite pretty fairly absolutely totally completely fully that still also only personally "
    "honestly currently now really reasonably mir"
)
_MAY_PRECEDE = (
    vocabulary.LEAD_IN
    | vocabulary.APPROXIMATIONS
    | vocabulary.BOUND_WORDS
    | vocabulary.HEDGES
    | vocabulary.NEGATIONS
    | {"than", "well"}
)
_NEAR_NUMBER = (
    vocabulary.APPROXIMATIONS
    | vocabulary.BOUND_WORDS
    | vocabulary.HEDGES
    | {"than", "well", "at", "a", "<", ">", "<=", ">=", "only", "be", "to"}
)
_FINAL_OPENINGS = vocabulary.words(
    "final finally overall ultimately conclusion reflection reconsideration reconsidering "
    "verification verifying checking reviewing review insgesamt"
)


def _negates(words: list[str]) -> bool:
    """Return whether a clause is negated; "No," at its start answers something else."""
    if words[:2] == ["no", ","]:
        words = words[2:]
    return any(word in vocabulary.NEGATIONS or word.endswith("n't") for word in words)


def _rank_of_words(words: set[str]) -> int:
    if vocabulary.FINAL_WORDS & words:
        return FINAL
    if vocabulary.PROVISIONAL_WORDS & words:
        return PARTIAL
    return ORDINARY


def _end_of_field(tokens: list[Token]) -> int:
    """Return where the next "name:" begins, or the number of tokens."""
    for colon in range(2, min(len(tokens), _MOST_TOKENS_OF_A_FIELD)):
        before = tokens[colon - 1]
        is_name = before.kind == "word" or before.text in ('"', "'", ")")
        if tokens[colon].text not in (":", "=") or not is_name:
            continue
        start = colon - 1
        lowest = max(colon - _LONGEST_NAME, 0)
        while start > lowest and tokens[start - 1].text not in _FIELD_SEPARATORS:
            start -= 1
        is_scale = any(token.text in vocabulary.SCALES for token in tokens[start:colon])
        if start > 1 and tokens[start - 1].text in _FIELD_SEPARATORS and not is_scale:
            return start - 1
    return min(len(tokens), _MOST_TOKENS_OF_A_FIELD)


def _fields(tokens: list[Token]) -> list[list[Token]]:
    """Return the parts between commas, semicolons and bars, and spaced dashes and slashes."""
    fields: list[list[Token]] = [[]]
    for place, token in enumerate(tokens):
        is_spaced = (
            not token.is_glued and place + 1 < len(tokens) and not tokens[place + 1].is_glued
        )
        if token.text in (",", ";", "|") or (token.text in ("-", "/", "->") and is_spaced):
            fields.append([])
        else:
            fields[-1].append(token)
    return [field for field in fields if field]
