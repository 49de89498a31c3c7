"""Numbers in words become digits, and other words stay."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from uncertainty.evaluation.number_words import (
    SMALL_NUMBERS,
    TENS,
    in_digits,
    number_value,
    numbers_to_digits,
)

SMALL = SMALL_NUMBERS.split()
LARGE_SCALES = [("billion", 10**9), ("million", 10**6), ("thousand", 10**3)]


def spelled_below_1000(number, with_and):
    """The words of 1 to 999: 105 -> one hundred (and) five."""
    words = []
    hundreds, rest = divmod(number, 100)
    if hundreds:
        words += [SMALL[hundreds], "hundred"]
        if rest and with_and:
            words.append("and")
    tens, ones = divmod(rest, 10)
    if tens >= 2:
        words.append(TENS.split()[tens - 2])
        rest = ones
    if rest:
        words.append(SMALL[rest])
    return words


def spelled(number, with_and):
    words = []
    for name, scale in LARGE_SCALES:
        if number >= scale:
            words += [*spelled_below_1000(number // scale, with_and), name]
            number %= scale
    if words and with_and and 0 < number < 100:
        words.append("and")
    return words + spelled_below_1000(number, with_and)


@given(st.integers(1, 10**12 - 1), st.booleans())
def test_every_number_in_words_is_read(number, with_and):
    words = spelled(number, with_and)
    assert numbers_to_digits(words) == [str(number)]
    capitals = [word.upper() for word in words]
    assert numbers_to_digits(["Some", *capitals, "Cats"]) == ["Some", str(number), "Cats"]


@pytest.mark.parametrize(
    ("words", "converted"),
    [
        ("", ""),
        ("zero", "0"),
        ("zero hundred", "0"),
        ("0 thousand", "0"),
        ("0 million and five", "5"),
        ("zero point five", "0 point 5"),
        ("twenty one cats", "21 cats"),
        ("2 thousand", "2000"),
        ("7.50", "7.5"),
        ("1.5 million and one", "1500001"),
        ("a hundred", "a 100"),
        ("one hundred hundred", "10000"),
        ("two thousand thousand", "2000000"),
        ("two thousand three hundred", "2300"),
        ("twenty ten", "20 10"),  # "twenty" takes only a digit
        ("four five", "4 5"),
        ("12 five", "12 5"),
        ("one hundred 5", "100 5"),
        ("four and five", "4 and 5"),  # only a scale takes "and"
        ("twenty and five", "20 and 5"),
        ("one hundred and cats", "100 and cats"),
        ("one hundred and", "100 and"),
        ("one hundred , five", "100 , 5"),
        ("two thirds of it", "2/3 of it"),
        ("three quarters", "0.75"),
        ("1e6 12/5 1/3", "1000000 2.4 1/3"),
        ("1st 2nd 3rd 4th 11th 20th", "first second third fourth eleventh twentieth"),
        ("twenty-first", "twenty-first"),  # the hyphen goes before
        ("twenty first", "21st"),
        ("21st 22nd 113th", "21st 22nd 113th"),
        ("one hundred and first", "101st"),
        ("second", "second"),
        ("12:30 3D", "12:30 3D"),  # no numbers
        ("1/0", "1/0"),
        ("12345678901234567890.5", "12345678901234567890.5"),
        ("one trillion", "1000000000000"),
    ],
)
def test_what_belongs_to_one_number(words, converted):
    assert numbers_to_digits(words.split()) == converted.split()


@given(st.fractions(min_value=0, max_denominator=10_000))
def test_a_number_in_digits_has_its_own_value(value):
    assert number_value(in_digits(value)) == value
