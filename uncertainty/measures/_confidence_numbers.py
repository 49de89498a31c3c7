"""Read quantities from tokens: numbers with their unit, fractions, ranges, and scales."""

from collections.abc import Sequence
from typing import NamedTuple

from ..evaluation.number_words import NUMBERS
from . import _confidence_vocabulary as vocabulary
from ._confidence_tokens import Token

PERCENT = "percent"
FRACTION = "fraction"
BARE = "bare"
NOT_A_NUMBER = "a number that can be read in several ways or in none"
SEVERAL = "several numbers"
ODDS = "odds or shares, which can be read in several ways"
TOLERANCE = 0.006  # "0.852 (85 %)" says one thing
# What a score may be out of, when only a slash says so: 8/10 is a score, 80/90 may be a range.
PLAUSIBLE_MAXIMA = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 12, 15, 20, 25, 30, 40, 50, 100, 1000}


class Quantity(NamedTuple):
    """A number in a text: ``value`` is in [0, 1] for a percentage or a fraction, else as written.

    ``end`` is the place of the token after it, ``is_plain_one`` says that it is a bare "1", which
    can mean 1 % or certainty, and ``problem`` says why it is no number to rely on.
    """

    value: float
    kind: str
    end: int
    is_plain_one: bool = False
    problem: str | None = None


class Scale(NamedTuple):
    """What a number is out of: "1-10", "out of 5". ``lowest`` is 0 or 1."""

    lowest: float
    highest: float


class Tokens:
    """A sequence of tokens that can be asked about places beyond its ends."""

    def __init__(self, tokens: Sequence[Token]):
        self.tokens = tokens

    def __len__(self) -> int:
        return len(self.tokens)

    def kind(self, place: int) -> str:
        return self.tokens[place].kind if 0 <= place < len(self.tokens) else "end"

    def text_at(self, place: int) -> str:
        return self.tokens[place].text if 0 <= place < len(self.tokens) else ""

    def is_glued(self, place: int) -> bool:
        return 0 <= place < len(self.tokens) and self.tokens[place].is_glued

    def texts(self, start: int, end: int) -> list[str]:
        return [token.text for token in self.tokens[max(start, 0) : end]]


def take_quantity(tokens: Tokens, place: int) -> Quantity | None:
    """Return the quantity that begins at a place, with its unit; None where there is none."""
    percent_first = tokens.text_at(place) == "%" and tokens.kind(place + 1) == "number"
    if percent_first:
        place += 1
    if tokens.kind(place) == "odd":
        return Quantity(0.0, BARE, place + 1, problem=NOT_A_NUMBER)
    if tokens.kind(place) == "number":
        value = tokens.tokens[place].value
        end = place + 1
        is_plain_one = tokens.text_at(place) == "1"
    else:
        spelled = _spelled_number(tokens, place)
        if spelled is None:
            return None
        value, end = spelled
        is_plain_one = value == 1
        if value < 0:
            return Quantity(0.0, BARE, end, problem=NOT_A_NUMBER)
    unit_end = end if percent_first else _end_of_percent(tokens, end)
    if percent_first or unit_end > end:
        return _of_a_hundred_percent(tokens, Quantity(value / 100, PERCENT, unit_end))
    return _with_denominator(tokens, value, end, is_plain_one)


def _spelled_number(tokens: Tokens, place: int) -> tuple[float, int] | None:
    """Return the value and the end of "ninety-five", with -1 for words that add up to nothing."""
    first = tokens.text_at(place)
    follows_article = first in ("a", "one") and tokens.text_at(place + 1) in _ROUND_NUMBERS
    if first in _ROUND_NUMBERS or follows_article:
        value = _ROUND_NUMBERS[tokens.text_at(place + follows_article)]
        end = place + 1 + follows_article
    elif first in NUMBERS:
        value = NUMBERS[first]
        end = place + 1
        hyphen = tokens.text_at(end) == "-" and tokens.is_glued(end)
        unit = NUMBERS.get(tokens.text_at(end + hyphen), 0)
        if value >= 20 and 1 <= unit <= 9:
            value += unit
            end += 1 + hyphen
    else:
        return None
    if tokens.text_at(end) in NUMBERS or tokens.text_at(end) in _GOES_ON:
        return -1, end + 1
    return value, end


_ROUND_NUMBERS = {"hundred": 100, "thousand": 1000, "million": 10**6, "billion": 10**9}
_GOES_ON = {*_ROUND_NUMBERS, "point", "something", "odd", "half"}


def _end_of_percent(tokens: Tokens, place: int) -> int:
    """Return the place after a per cent sign or word, or the place itself without one."""
    if tokens.text_at(place) == "%" or tokens.text_at(place) in vocabulary.PERCENT_WORDS:
        return place + 1
    hyphen = tokens.text_at(place) == "-" and tokens.text_at(place + 1) in vocabulary.PERCENT_WORDS
    if hyphen:
        return place + 2
    if (tokens.text_at(place), tokens.text_at(place + 1)) in vocabulary.PERCENT_PAIRS:
        return place + 2
    return place


def _of_a_hundred_percent(tokens: Tokens, quantity: Quantity) -> Quantity:
    """Take "/100" or "out of 100" after a percentage; another denominator makes no sense."""
    place = _place_of_denominator(tokens, quantity.end)
    if place is None or tokens.kind(place) != "number":
        return quantity
    end = _end_of_percent(tokens, place + 1)
    if tokens.tokens[place].value == 100:
        return quantity._replace(end=end)
    return quantity._replace(end=end, problem=SEVERAL)


def _place_of_denominator(tokens: Tokens, place: int) -> int | None:
    """Return the place after "/" or "out of (a possible)", or None without them."""
    text = tokens.text_at(place)
    if text == "/":
        return place + 1
    if text == "out" and tokens.text_at(place + 1) == "of":
        place += 2
        while tokens.text_at(place) in ("a", "possible", "maximum", "total", "of", "the"):
            place += 1
        return place
    return None


def _with_denominator(tokens: Tokens, value: float, end: int, is_plain_one: bool) -> Quantity:
    """Return a number with what it is out of: "8/10", "8 out of 10", "9 in 10", "50/50"."""
    # 1. "4:1" and "fifty-fifty"
    other = _plain_number(tokens, end + 1)
    if tokens.text_at(end) == ":" and tokens.is_glued(end) and tokens.is_glued(end + 1) and other:
        is_even = other[0] == value
        return Quantity(0.5, FRACTION, other[1], problem=None if is_even else ODDS)
    if tokens.text_at(end) == "-" and value == 50 and other and other[0] == 50:
        return Quantity(0.5, FRACTION, _end_of_percent(tokens, other[1]))

    # 2. what the number is out of
    noun = tokens.text_at(end) in vocabulary.STARS and tokens.text_at(end + 1) == "out"
    place = _place_of_denominator(tokens, end + noun)
    is_slash = tokens.text_at(end) == "/"
    if place is None and tokens.text_at(end) in vocabulary.OUT_OF:
        place = end + 1
    out_of = _plain_number(tokens, place) if place is not None else None
    is_year = out_of is not None and place == end + 1 and not is_slash and not _is_round(out_of[0])
    if out_of is None or is_year:
        return Quantity(value, BARE, end, is_plain_one)
    highest, after = out_of
    if is_slash and value == highest == 50:
        return Quantity(0.5, FRACTION, after)
    problem = None
    if _end_of_percent(tokens, after) > after:
        problem = SEVERAL  # "85/90%"
    elif tokens.text_at(after) == "/" and tokens.kind(after + 1) == "number":
        problem = NOT_A_NUMBER  # "1/2/2024"
    elif is_slash and highest != 100 and value + highest == 100:
        problem = ODDS  # "60/40"
    elif is_slash and highest not in PLAUSIBLE_MAXIMA | {0}:
        problem = SEVERAL  # "80/90"
    fraction = value / highest if highest else float("inf")
    if tokens.text_at(after) in vocabulary.STARS:
        after += 1
    return Quantity(fraction, FRACTION, after, problem=problem)


def _is_round(number: float) -> bool:
    """Return whether "9 in 10" may have this number at its end, and not "85 in 2024"."""
    return number in PLAUSIBLE_MAXIMA | {10**power for power in range(2, 10)}


def _plain_number(tokens: Tokens, place: int) -> tuple[float, int] | None:
    """Return the value and the end of a number without unit, in digits or in words."""
    if tokens.kind(place) == "number":
        return tokens.tokens[place].value, place + 1
    spelled = _spelled_number(tokens, place)
    return spelled if spelled and spelled[0] >= 0 else None


def _counts(tokens: Tokens, place: int) -> bool:
    """Return whether the word at a place is what the number before it counts: "3 sources"."""
    if tokens.kind(place) != "word":
        return False
    return tokens.text_at(place) not in vocabulary.MAY_FOLLOW_NUMBER


def counts_something(tokens: Tokens, quantity: Quantity) -> bool:
    """Return whether a number counts or measures something: "3 sources", "20 % of the people"."""
    after = tokens.text_at(quantity.end)
    if quantity.kind == PERCENT:
        names_confidence = tokens.text_at(quantity.end + 1) in vocabulary.NOUNS
        return after in ("of", "der", "des", "dei", "de") and not names_confidence
    is_score = quantity.kind == FRACTION and after in vocabulary.STARS
    return _counts(tokens, quantity.end) and not is_score


def take_group(tokens: Tokens, place: int) -> Quantity | None:
    """Return a quantity, or a range or a list of alternatives as one quantity with a problem."""
    between = tokens.text_at(place) in ("between", "from", "zwischen", "entre", "tra", "fra", "von")
    first = take_quantity(tokens, place + between)
    if first is None or first.problem:
        return first
    whole = first
    while True:
        after_connector = _after_connector(tokens, whole.end)
        if after_connector == whole.end:
            return whole
        following = take_quantity(tokens, after_connector)
        if following is None:
            return whole
        is_spaced = not tokens.is_glued(after_connector)
        if is_spaced and not between and counts_something(tokens, following):
            return whole  # "85 - 3 sources agree"
        is_same = _simple_value(following) == _simple_value(first)
        problem = whole.problem or following.problem or (None if is_same else SEVERAL)
        whole = first._replace(end=following.end, problem=problem)


def _simple_value(quantity: Quantity) -> float:
    """Return the value as a probability, a bare number above 1 as a percentage."""
    is_percentage = quantity.kind == BARE and quantity.value > 1
    return quantity.value / 100 if is_percentage else quantity.value


def _after_connector(tokens: Tokens, place: int) -> int:
    """Return the place after what joins two numbers: "-", "to", "or even"; else the place."""
    start = place
    while tokens.text_at(place) in vocabulary.CONNECTOR_SIGNS | {"~"}:
        place += 1
    if place == start and tokens.text_at(place) in vocabulary.CONNECTORS:
        place += 1
    if place == start:
        return start
    while tokens.text_at(place) in vocabulary.HEDGES | vocabulary.APPROXIMATIONS | {"even", "~"}:
        place += 1
    return place


def to_probability(quantity: Quantity, default_scale: int | None) -> float | None:
    """Return a quantity without a scale of its own as a probability; None for an ambiguous "1"."""
    if quantity.kind != BARE:
        return quantity.value
    if quantity.value > 1:
        return quantity.value / 100
    if not quantity.is_plain_one or default_scale == 1:
        return quantity.value
    return None if default_scale is None else quantity.value / default_scale


def read_scale(tokens: Tokens, start: int, end: int) -> Scale | None:
    """Return the scale that these tokens are: "0-100", "scale: 1 to 10", "out of 5", "%"."""
    while start < end and (
        tokens.text_at(start) in _SCALE_OPENINGS or tokens.text_at(start) in ":,"
    ):
        start += 1
    if start >= end:
        return None
    rest = tokens.texts(start, end)
    if rest in (["%"], ["percent"], ["percentage"], ["pct"], ["per", "cent"]):
        return Scale(0, 100)
    if rest[0] in ("of", "/", "max", "maximum", "on", "sur", "von", "su", "de", "из"):
        highest = _plain_number(tokens, start + 1)
        lowest = 0.0
    else:
        number = _plain_number(tokens, start)
        if number is None:
            return None
        lowest, middle = number
        middle = _end_of_percent(tokens, middle)
        after = _after_connector(tokens, middle)
        if after == middle:
            return None
        highest = _plain_number(tokens, after)
    if highest is None or _end_of_percent(tokens, highest[1]) < end:
        return None
    is_scale = lowest in (0, 1) and highest[0] > lowest
    return Scale(lowest, highest[0]) if is_scale else None


_SCALE_OPENINGS = vocabulary.SCALES | {
    *("from", "between", "range", "ranging", "out", "score", "a", "an", "in", "as", "number"),
    *("whole", "integer", "please", "using", "value", "von", "entre", "tra", "zwischen"),
}


def on_scale(quantity: Quantity, scale: Scale) -> float | None:
    """Return a number on its scale as a part of the highest value; None where it does not fit."""
    if quantity.kind != BARE:
        return quantity.value
    if not scale.lowest <= quantity.value <= scale.highest:
        return None
    if scale.highest > 1 and 0 < quantity.value < 1:
        return None  # 0.85 on a scale of 100 may be 0.85 % or 85 %
    return quantity.value / scale.highest


def scale_around(tokens: Tokens, place: int) -> tuple[int, int, Scale | None]:
    """Return where a phrase with the word "scale" begins and ends, and the scale that it names."""
    # 1. "on a 0-10 scale", "on a 10-point scale"
    for start in range(max(place - 6, 0), place):
        scale = read_scale(tokens, start, place)
        if scale is not None:
            return _with_opening(tokens, start), place + 1, scale
    point_scale = tokens.text_at(place - 1) in vocabulary.STARS and tokens.text_at(place - 2) == "-"
    if point_scale and tokens.kind(place - 3) == "number":
        highest = tokens.tokens[place - 3].value
        return _with_opening(tokens, place - 3), place + 1, Scale(0, highest)

    # 2. "on a scale of 1 to 10", "scale: 1-10"
    start = place + 1
    while tokens.text_at(start) in (
        ":",
        "of",
        "from",
        "is",
        "between",
        "von",
        "de",
        "da",
        "od",
        "от",
    ):
        start += 1
    quantity = take_group(tokens, start)
    if quantity is None:
        return place, place, None
    scale = read_scale(tokens, start, quantity.end)
    end = quantity.end + (tokens.text_at(quantity.end) == ",")
    return _with_opening(tokens, place), end, scale


def _with_opening(tokens: Tokens, place: int) -> int:
    """Return the place of the "on a" before a scale."""
    while tokens.text_at(place - 1) in (
        "on",
        "a",
        "an",
        "the",
        "using",
        "auf",
        "einer",
        "from",
        "in",
    ):
        place -= 1
    return place
