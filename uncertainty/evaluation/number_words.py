"""Numbers in words and in digits, written in one way: "2 thousand" -> "2000"."""

from typing import NamedTuple

SMALL_NUMBERS = """zero one two three four five six seven eight nine ten eleven twelve thirteen
    fourteen fifteen sixteen seventeen eighteen nineteen"""
TENS = "twenty thirty forty fifty sixty seventy eighty ninety"
SCALES = {"hundred": 100, "thousand": 1_000, "million": 1_000_000, "billion": 1_000_000_000}

NUMBERS = {word: value for value, word in enumerate(SMALL_NUMBERS.split())}
NUMBERS |= {word: 10 * tens for tens, word in enumerate(TENS.split(), start=2)}


class PartialNumber(NamedTuple):
    """A number whose words are still being read.

    ``value`` is the number so far: 200 after "two hundred". A number word below ``room`` may still
    be added to it: 10 after "twenty", 100 after "hundred", 1000 after "thousand", and 0 (none)
    after "four" or after digits.
    """

    value: float
    room: int

    def takes(self, word: str) -> bool:
        """Return whether this number word may be added: "one" after "twenty", but not "ten"."""
        return word in NUMBERS and NUMBERS[word] < self.room

    def plus(self, word: str) -> "PartialNumber":
        """Add a number word: "twenty" + "one" -> 21."""
        return PartialNumber(self.value + NUMBERS[word], _room_after(word))

    def times(self, scale: int) -> "PartialNumber":
        """Multiply by a scale what has been read since the last larger scale.

        "two" x "thousand" -> 2000, and "two thousand three" x "hundred" -> 2300.
        """
        value = self.value or 1  # 0, too
        if value < scale:
            return PartialNumber(value * scale, scale)
        below_scale = value % scale
        return PartialNumber(value - below_scale + below_scale * scale, scale)

    def digits(self) -> str:
        """Return the number in digits, without zeros behind the decimal point: "7.50" -> "7.5"."""
        return f"{self.value:.15g}"


def join_numbers(words: list[str]) -> list[str]:
    """Return the words with each number in digits, however it was written.

    ``["twenty", "one", "cats"]`` -> ``["21", "cats"]``; ``["2", "thousand"]`` -> ``["2000"]``;
    ``["7.50"]`` -> ``["7.5"]``. Other words keep their case.
    """
    joined: list[str] = []
    number: PartialNumber | None = None  # None between numbers
    lowered = [word.lower() for word in words]
    following = [*lowered[1:], ""]
    for word, token, next_token in zip(words, lowered, following):
        # 1. The word goes on with the number that is being read, or is a scale on its own.
        if token in SCALES:
            if number is None:
                number = PartialNumber(1, room=0)
            number = number.times(SCALES[token])
            continue
        if number is not None:
            if number.takes(token):
                number = number.plus(token)
                continue
            if token == "and" and number.room >= 100 and next_token in NUMBERS:
                continue  # "a hundred and five"

        # 2. It does not: the number, if there is one, ends before this word.
        if number is not None:
            joined.append(number.digits())
        number = _started_number(token)
        if number is None:
            joined.append(word)
    if number is not None:
        joined.append(number.digits())
    return joined


def _started_number(token: str) -> PartialNumber | None:
    """Return the number that begins with this word; None for a word that is no number."""
    if token in NUMBERS:
        return PartialNumber(NUMBERS[token], _room_after(token))
    if token[:1].isdecimal():
        return PartialNumber(float(token), room=0)
    return None


def _room_after(word: str) -> int:
    """Return 10 after "twenty", which takes a digit, and 0 after "four", which does not."""
    return 10 if NUMBERS[word] >= 20 else 0
