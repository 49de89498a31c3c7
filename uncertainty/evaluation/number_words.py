"""Write every number in digits: "2 thousand", "two thousand" and "2e3" all become "2000"."""

import re
from fractions import Fraction
from typing import NamedTuple

SMALL_NUMBERS = """zero one two three four five six seven eight nine ten eleven twelve thirteen
    fourteen fifteen sixteen seventeen eighteen nineteen"""
TENS = "twenty thirty forty fifty sixty seventy eighty ninety"
SCALES = {
    "hundred": 100,
    "thousand": 1_000,
    "million": 1_000_000,
    "billion": 1_000_000_000,
    "trillion": 1_000_000_000_000,
}

NUMBERS = {word: value for value, word in enumerate(SMALL_NUMBERS.split())}
NUMBERS |= {word: 10 * tens for tens, word in enumerate(TENS.split(), start=2)}

IRREGULAR_ORDINALS = {
    "one": "first",
    "two": "second",
    "three": "third",
    "five": "fifth",
    "eight": "eighth",
    "nine": "ninth",
    "twelve": "twelfth",
}


def _ordinal_word(number_word: str) -> str:
    """Return "fourth" for "four", "twentieth" for "twenty"."""
    if number_word in IRREGULAR_ORDINALS:
        return IRREGULAR_ORDINALS[number_word]
    return re.sub("y$", "ie", number_word) + "th"


ORDINALS = {_ordinal_word(word): word for word in NUMBERS if word != "zero"}
ORDINAL_OF = {NUMBERS[number_word]: ordinal for ordinal, number_word in ORDINALS.items()}
SCALE_ORDINALS = {f"{scale}th": scale for scale in SCALES}
DENOMINATORS = {
    **{"half": 2, "halves": 2, "third": 3, "thirds": 3, "quarter": 4, "quarters": 4},
    **{"fourth": 4, "fourths": 4, "fifth": 5, "fifths": 5, "sixth": 6, "sixths": 6},
    **{"seventh": 7, "sevenths": 7, "eighth": 8, "eighths": 8, "ninth": 9, "ninths": 9},
    **{"tenth": 10, "tenths": 10, "hundredths": 100, "thousandths": 1000},
}

MOST_DIGITS = 300  # a longer number stays as it is written
IN_DIGITS = re.compile(
    r"""(?P<number>\d+ (?:\.\d+)?)
        (?: [eE] (?P<exponent>[-+]?\d{1,3}) | /(?P<denominator>\d+) )?
    """,
    re.X,
)
ORDINAL_IN_DIGITS = re.compile(r"(\d+)(?:st|nd|rd|th)", re.I)


class PartialNumber(NamedTuple):
    """A number whose words are still being read.

    ``value`` is the number so far: 200 after "two hundred". A number word below ``limit`` may still
    be added to it: 10 after "twenty", 100 after "hundred", 1000 after "thousand", and 0 (no word)
    after "four" or after digits.
    """

    value: Fraction
    limit: int

    def can_add(self, word: str) -> bool:
        """Return whether this number word may be added: "one" after "twenty", but not "ten"."""
        return word in NUMBERS and NUMBERS[word] < self.limit

    def add(self, word: str) -> "PartialNumber":
        """Add a number word: "twenty" + "one" -> 21."""
        return PartialNumber(self.value + NUMBERS[word], _limit_after(word))

    def multiply(self, scale: int) -> "PartialNumber":
        """Multiply by a scale what has been read since the last larger scale.

        "two" x "thousand" -> 2000, and "two thousand three" x "hundred" -> 2300. After a larger
        scale alone it is all of the number: "two thousand" x "thousand" -> 2000000.
        """
        multiplied = self.value % scale or self.value
        return PartialNumber(self.value - multiplied + multiplied * scale, scale)


class ReadNumber(NamedTuple):
    """A word, or a number in digits with the number of words it was written in."""

    text: str
    length: int


def numbers_to_digits(words: list[str]) -> list[str]:
    """Return the words with each number in digits, however it was written.

    ``["twenty", "one", "cats"]`` -> ``["21", "cats"]``; ``["2", "thousand"]`` -> ``["2000"]``;
    ``["7.50"]`` -> ``["7.5"]``; ``["two", "thirds"]`` -> ``["2/3"]``. Ordinals up to twenty and
    tens are words (``["4th"]`` -> ``["fourth"]``), all others are digits (``["21st"]``). Other
    words keep their case.
    """
    return [number.text for number in read_numbers(words)]


def read_numbers(words: list[str]) -> list[ReadNumber]:
    """Return the words with each number in digits, and how many words each number took."""
    read: list[ReadNumber] = []
    position = 0
    lower_words = [word.lower() for word in words]
    while position < len(words):
        number = _number_at(lower_words, position) or ReadNumber(words[position], 1)
        read.append(number)
        position += number.length
    return read


def _number_at(words: list[str], start: int) -> ReadNumber | None:
    """Return the longest number that starts here; None when none does."""
    # 1. how it begins
    first = words[start]
    number = _start_number(first)
    position = start + 1
    if number is None:
        return _ordinal_in_digits(first)
    if first in SCALES:
        position = start

    # 2. how it goes on
    while position < len(words):
        word = words[position]
        next_word = words[position + 1] if position + 1 < len(words) else ""
        if word in SCALES and number.value < 10**MOST_DIGITS:
            number = number.multiply(SCALES[word])
        elif number.can_add(word):
            number = number.add(word)
        elif word == "and" and number.limit >= 100 and next_word in NUMBERS | ORDINALS:
            pass  # "a hundred and five"
        else:
            break
        position += 1

    # 3. how it ends: "twenty-first", "two thirds"
    ending = words[position] if position < len(words) else ""
    if ending in ORDINALS and number.can_add(ORDINALS[ending]):
        number = number.add(ORDINALS[ending])
        return ReadNumber(_ordinal_text(number.value), position + 1 - start)
    if ending in SCALE_ORDINALS:
        number = number.multiply(SCALES[SCALE_ORDINALS[ending]])
        return ReadNumber(_ordinal_text(number.value), position + 1 - start)
    if ending in DENOMINATORS and number.limit == 0 and number.value.denominator == 1:
        value = number.value / DENOMINATORS[ending]
        return ReadNumber(in_digits(value), position + 1 - start)
    return ReadNumber(in_digits(number.value), position - start)


def in_digits(value: Fraction) -> str:
    """Return a number in digits: "12", "7.5", and as a fraction where no decimals end: "2/3"."""
    decimals = _decimals(value.denominator)
    if decimals is None:
        return f"{value.numerator}/{value.denominator}"
    scaled = str(value.numerator * 10**decimals // value.denominator)
    scaled = scaled.rjust(decimals + 1, "0")
    point = len(scaled) - decimals
    return f"{scaled[:point]}.{scaled[point:]}" if decimals else scaled


def _decimals(denominator: int) -> int | None:
    """Return how many decimals a fraction in lowest terms needs; None when they never end."""
    powers = {}
    for prime in (2, 5):
        powers[prime] = 0
        while denominator % prime == 0:
            denominator //= prime
            powers[prime] += 1
    return max(powers.values()) if denominator == 1 else None


def number_value(digits: str) -> Fraction | None:
    """Return the value of a number in digits ("12", "7.5", "2/3", "1e6"); None for other words."""
    match = IN_DIGITS.fullmatch(digits)
    if match is None or len(digits) > MOST_DIGITS:
        return None
    value = Fraction(match["number"])
    if match["exponent"]:
        value *= Fraction(10) ** int(match["exponent"])
    if match["denominator"]:
        denominator = int(match["denominator"])
        return value / denominator if denominator else None
    return value


def _start_number(lower_word: str) -> PartialNumber | None:
    """Return the number that begins with this word; None for a word that is no number."""
    if lower_word in SCALES:
        return PartialNumber(Fraction(1), limit=0)  # "hundred" alone is 100
    if lower_word in NUMBERS:
        return PartialNumber(Fraction(NUMBERS[lower_word]), _limit_after(lower_word))
    value = number_value(lower_word)
    return None if value is None else PartialNumber(value, limit=0)


def _ordinal_in_digits(lower_word: str) -> ReadNumber | None:
    match = ORDINAL_IN_DIGITS.fullmatch(lower_word)
    if match is None or len(lower_word) > MOST_DIGITS:
        return None
    return ReadNumber(_ordinal_text(Fraction(match[1])), 1)


def _ordinal_text(value: Fraction | int) -> str:
    """Return "first", "second", ..., "twentieth", "21st", "22nd", ..."""
    if value in ORDINAL_OF:
        return ORDINAL_OF[int(value)]
    digits = str(int(value))
    if digits[-2:-1] == "1":
        return digits + "th"
    return digits + {"1": "st", "2": "nd", "3": "rd"}.get(digits[-1], "th")


def _limit_after(word: str) -> int:
    """Return the bound below which another word may be added.

    It is 10 after "twenty", which takes a digit, and 0 after "four", which takes nothing.
    """
    return 10 if NUMBERS[word] >= 20 else 0
