"""Write every number in digits: "2 thousand" and "two thousand" both become "2000"."""

from typing import NamedTuple

SMALL_NUMBERS = """zero one two three four five six seven eight nine ten eleven twelve thirteen
    fourteen fifteen sixteen seventeen eighteen nineteen"""
TENS = "twenty thirty forty fifty sixty seventy eighty ninety"
SCALES = {"hundred": 100, "thousand": 1_000, "million": 1_000_000, "billion": 1_000_000_000}

NUMBERS = {word: value for value, word in enumerate(SMALL_NUMBERS.split())}
NUMBERS |= {word: 10 * tens for tens, word in enumerate(TENS.split(), start=2)}


class PartialNumber(NamedTuple):
    """A number whose words are still being read.

    ``value`` is the number so far: 200 after "two hundred". A number word below ``limit`` may still
    be added to it: 10 after "twenty", 100 after "hundred", 1000 after "thousand", and 0 (no word)
    after "four" or after digits.
    """

    value: float
    limit: int

    def can_add(self, word: str) -> bool:
        """Return whether this number word may be added: "one" after "twenty", but not "ten"."""
        return word in NUMBERS and NUMBERS[word] < self.limit

    def add(self, word: str) -> "PartialNumber":
        """Add a number word: "twenty" + "one" -> 21."""
        return PartialNumber(self.value + NUMBERS[word], _limit_after(word))

    def multiply(self, scale: int) -> "PartialNumber":
        """Multiply by a scale what has been read since the last larger scale.

        "two" x "thousand" -> 2000, and "two thousand three" x "hundred" -> 2300.
        """
        if self.value < scale:
            return PartialNumber(self.value * scale, scale)
        below_scale = self.value % scale
        return PartialNumber(self.value - below_scale + below_scale * scale, scale)

    def in_digits(self) -> str:
        """Return the number in digits, without trailing zeros after the point: 7.50 -> "7.5"."""
        return f"{self.value:.15g}"


def numbers_to_digits(words: list[str]) -> list[str]:
    """Return the words with each number in digits, however it was written.

    ``["twenty", "one", "cats"]`` -> ``["21", "cats"]``; ``["2", "thousand"]`` -> ``["2000"]``;
    ``["7.50"]`` -> ``["7.5"]``. Other words keep their case.

    Raises:
        ValueError: a word that only begins with a digit; `answer_words.WORD` splits "3rd" before.
    """
    converted: list[str] = []
    number: PartialNumber | None = None  # None between numbers
    lower_words = [word.lower() for word in words]
    next_words = [*lower_words[1:], ""]
    for word, lower_word, next_word in zip(words, lower_words, next_words):
        # 1. The word continues the current number, or is a scale on its own.
        if lower_word in SCALES:
            if number is None:
                number = PartialNumber(1, limit=0)  # "hundred" alone is 100
            number = number.multiply(SCALES[lower_word])
            continue
        if number is not None:
            if number.can_add(lower_word):
                number = number.add(lower_word)
                continue
            if lower_word == "and" and number.limit >= 100 and next_word in NUMBERS:
                continue  # "a hundred and five"

        # 2. The current number, if there is one, ends here; another may start.
        if number is not None:
            converted.append(number.in_digits())
        number = _start_number(lower_word)
        if number is None:
            converted.append(word)
    if number is not None:
        converted.append(number.in_digits())
    return converted


def _start_number(lower_word: str) -> PartialNumber | None:
    """Return the number that begins with this word; None for a word that is no number."""
    if lower_word in NUMBERS:
        return PartialNumber(NUMBERS[lower_word], _limit_after(lower_word))
    if lower_word[:1].isdecimal():
        return PartialNumber(float(lower_word), limit=0)
    return None


def _limit_after(word: str) -> int:
    """Return the bound below which another word may be added.

    It is 10 after "twenty", which takes a digit, and 0 after "four", which takes nothing.
    """
    return 10 if NUMBERS[word] >= 20 else 0
