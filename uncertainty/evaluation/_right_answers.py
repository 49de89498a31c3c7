"""Where right answers stand among the words of a sentence."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from ._dates import month_number
from ._word_set import word_set
from .answer_words import AFTER_NO_ARTICLE, PUNCTUATION, Word, read_words
from .number_words import number_value

MOST_WORDS = 300  # of an answer that is looked for inside a longer sentence

CHEMICAL_SYMBOLS = word_set(
    """H He Li Be B C N O F Ne Na Mg Al Si P S Cl Ar K Ca Sc Ti V Cr Mn Fe Co Ni Cu Zn Ga Ge As Se
    Br Kr Rb Sr Y Zr Nb Mo Tc Ru Rh Pd Ag Cd In Sn Sb Te I Xe Cs Ba La Ce Pr Nd Pm Sm Eu Gd Tb
    Dy Ho Er Tm Yb Lu Hf Ta W Re Os Ir Pt Au Hg Tl Pb Bi Po At Rn Fr Ra Ac Th Pa U Np Pu Am Cm
    Bk Cf Es Fm Md Lr Rf Db Sg Bh Hs Mt Ds Rg Cn Nh Fl Mc Lv Ts Og"""
)
# Words that mean little without their article ("The Who"), or that are other words in capitals.
FUNCTION_WORDS = word_set(
    """a an the who what it they them us he she we i you me my this that these those if one is are
    am as at be by do go in no of on or so to up and but for not yes all"""
)
YES_AND_NO = word_set("yes no")
AFTER_YES_OR_NO = word_set("it he she they there that this these those i we you")
OPTIONS = frozenset("abcdefghij")
BEFORE_A_LETTER = word_set(
    """is be option choice answer letter type vitamin group plan grade class section hepatitis or
    equals namely called was : ("""
)
SYMBOL_WORDS = word_set("symbol symbols element formula")

_SAME = {
    **{"saint": "st", "mount": "mt", "doctor": "dr", "professor": "prof", "mister": "mr"},
    **{"sergeant": "sgt", "junior": "jr", "senior": "sr", "versus": "vs", "captain": "capt"},
    **{"lieutenant": "lt", "brothers": "bros", "half": "0.5", "percent": "percent"},
}
_UNITS = {
    **dict.fromkeys(["m", "metre", "metres", "meter", "meters"], "m"),
    **dict.fromkeys(["km", "kilometre", "kilometres", "kilometer", "kilometers"], "km"),
    **dict.fromkeys(["cm", "centimetre", "centimetres", "centimeter", "centimeters"], "cm"),
    **dict.fromkeys(["mm", "millimetre", "millimetres", "millimeter", "millimeters"], "mm"),
    **dict.fromkeys(["nm", "nanometre", "nanometres", "nanometer", "nanometers"], "nm"),
    **dict.fromkeys(["ft", "foot", "feet"], "ft"),
    **dict.fromkeys(["mi", "mile", "miles"], "mi"),
    **dict.fromkeys(["yd", "yard", "yards"], "yd"),
    **dict.fromkeys(["in", "inch", "inches"], "inch"),
    **dict.fromkeys(
        ["kg", "kilogram", "kilograms", "kilogramme", "kilogrammes", "kilo", "kilos"], "kg"
    ),
    **dict.fromkeys(["g", "gram", "grams", "gramme", "grammes"], "g"),
    **dict.fromkeys(["mg", "milligram", "milligrams"], "mg"),
    **dict.fromkeys(["lb", "lbs", "pound", "pounds"], "pound"),
    **dict.fromkeys(["oz", "ounce", "ounces"], "oz"),
    **dict.fromkeys(["t", "ton", "tons", "tonne", "tonnes"], "t"),
    **dict.fromkeys(["l", "litre", "litres", "liter", "liters"], "l"),
    **dict.fromkeys(["ml", "millilitre", "millilitres", "milliliter", "milliliters"], "ml"),
    **dict.fromkeys(["s", "sec", "secs", "second", "seconds"], "s"),
    **dict.fromkeys(["ms", "millisecond", "milliseconds"], "ms"),
    **dict.fromkeys(["min", "mins", "minute", "minutes"], "min"),
    **dict.fromkeys(["h", "hr", "hrs", "hour", "hours"], "h"),
    **dict.fromkeys(["day", "days"], "day"),
    **dict.fromkeys(["week", "weeks"], "week"),
    **dict.fromkeys(["month", "months"], "month"),
    **dict.fromkeys(["yr", "yrs", "year", "years"], "year"),
    **dict.fromkeys(["percent", "pct"], "percent"),
    **dict.fromkeys(["dollar", "dollars", "usd"], "dollar"),
    **dict.fromkeys(["euro", "euros", "eur"], "euro"),
    **dict.fromkeys(["yen", "jpy"], "yen"),
    **dict.fromkeys(["cent", "cents"], "cent"),
    **dict.fromkeys(["degree", "degrees", "deg"], "degree"),
    **dict.fromkeys(["c", "celsius", "centigrade"], "celsius"),
    **dict.fromkeys(["f", "fahrenheit"], "fahrenheit"),
    **dict.fromkeys(["k", "kelvin", "kelvins"], "kelvin"),
    **dict.fromkeys(["hz", "hertz"], "hz"),
    **dict.fromkeys(["w", "watt", "watts"], "w"),
    **dict.fromkeys(["kw", "kilowatt", "kilowatts"], "kw"),
    **dict.fromkeys(["v", "volt", "volts"], "v"),
    **dict.fromkeys(["j", "joule", "joules"], "j"),
    **dict.fromkeys(["n", "newton", "newtons"], "n"),
    **dict.fromkeys(["pa", "pascal", "pascals"], "pa"),
    **dict.fromkeys(["bc", "bce"], "bc"),
    **dict.fromkeys(["ad", "ce"], "ad"),
    **dict.fromkeys(
        ["am", "pm", "kmh", "mph", "kph", "kb", "mb", "gb", "tb", "khz", "mhz", "ghz"], None
    ),
}
UNITS = {word: unit or word for word, unit in _UNITS.items()}


class Place(NamedTuple):
    """A right answer's first word and the word after it."""

    start: int
    end: int


def find_answers(words: Sequence[Word], answers: Sequence[str]) -> list[Place]:
    """Return where right answers stand, from left to right, the longest where several overlap."""
    places: list[Place] = []
    for answer in answers:
        wanted = _wanted(answer)
        if wanted:
            places += _places_of(words, wanted)
    chosen: list[Place] = []
    for place in sorted(set(places), key=lambda place: (place.start, -place.end)):
        if not chosen or place.start >= chosen[-1].end:
            chosen.append(place)
    return chosen


def _wanted(answer: str) -> list[Word]:
    """Return the words of a right answer, without signs around them and an article before them."""
    words = list(read_words(answer))
    while words and words[0].text in PUNCTUATION:
        words.pop(0)
    while words and words[-1].text in PUNCTUATION:
        words.pop()
    rest = [word for word in words[1:] if word.text not in PUNCTUATION]
    if words and words[0].article and any(not _needs_article(word) for word in rest):
        return words[1:]
    return [word._replace(article=False) for word in words]


def _needs_article(word: Word) -> bool:
    is_abbreviation = word.text.isupper() and len(word.text) > 1
    return word.text.lower() in FUNCTION_WORDS and not is_abbreviation


def _places_of(words: Sequence[Word], wanted: list[Word]) -> Iterator[Place]:
    """Yield the places of one right answer."""
    if len(wanted) > MOST_WORDS:
        is_all = [word.text.lower() for word in words] == [word.text.lower() for word in wanted]
        if is_all:
            yield Place(0, len(words))
        return
    alone = len(wanted) == 1
    start = 0
    while start < len(words):
        end = _match(words, start, wanted, alone)
        if end is None or (alone and not _stands_for_itself(words, start, wanted[0])):
            start += 1
        else:
            yield Place(start, end)
            start = end


def _match(words: Sequence[Word], start: int, wanted: list[Word], alone: bool) -> int | None:
    """Return where a right answer that starts here ends; None when it does not stand here.

    Articles and punctuation inside may be there or not.
    """
    if words[start].joined:
        return None
    core, units = _without_units(wanted)
    position = start
    index = 0
    while index < len(core):
        word = words[position] if position < len(words) else None
        if word is not None and _is_same(word, core[index], alone):
            position += 1
            index += 1
        elif word is not None and position > start and _may_be_left_out(word):
            position += 1
        elif index > 0 and _may_be_left_out(core[index]):
            index += 1
        else:
            return None
    return _end_with_units(words, position, core, units)


def _end_with_units(
    words: Sequence[Word], position: int, core: list[Word], units: list[str]
) -> int | None:
    """Return the end of an answer with its units; None when they differ from those of the text."""
    last = core[-1].text
    if number_value(last) is None:
        cut = position < len(words) and words[position].joined
        return None if cut and words[position].text.lower() not in UNITS else position
    end = position
    found = []
    while end < len(words) and words[end].text.lower() in UNITS and not _is_preposition(words, end):
        found.append(UNITS[words[end].text.lower()])
        end += 1
    if end < len(words) and words[end].joined and not found and not _is_word(words[end]):
        return None  # 4 in "4x", 1980 in "1980s"
    is_decade = last.endswith("0") and found[:1] == ["s"] and words[position].joined
    if is_decade and (len(last) in (2, 4)):
        return None
    found = _essential(found)
    if units and found and units != found:
        return None
    return end


def _is_word(word: Word) -> bool:
    """Return whether a space is missing before this word, as in "4sides"."""
    return len(word.text) > 3 and word.text.islower()


def _is_preposition(words: Sequence[Word], position: int) -> bool:
    """Return whether "in" or "a" here is no unit: "12 in total"."""
    is_word = words[position].text.lower() in ("in", "am") and not words[position].joined
    return is_word and position + 1 < len(words) and words[position + 1].text not in PUNCTUATION


def _without_units(wanted: list[Word]) -> tuple[list[Word], list[str]]:
    """Return a right answer's words up to its number, and the units after it."""
    length = len(wanted)
    while length > 1 and wanted[length - 1].text.lower() in UNITS:
        length -= 1
    is_decade = length < len(wanted) and wanted[length].joined and wanted[length].text == "s"
    if length == len(wanted) or is_decade or number_value(wanted[length - 1].text) is None:
        return wanted, []
    return wanted[:length], _essential([UNITS[w.text.lower()] for w in wanted[length:]])


def _essential(units: list[str]) -> list[str]:
    """Return the units without "degree" where "celsius" or the like follows."""
    scales = {"celsius", "fahrenheit"}
    return [unit for unit in units if unit != "degree" or not scales & set(units)]


def _may_be_left_out(word: Word) -> bool:
    return word.article or word.text in PUNCTUATION


def _is_same(word: Word, answer: Word, alone: bool) -> bool:
    """Return whether two words are equal up to case and a plural; symbols must be identical."""
    # 1. dates: "4 July 1776" is in 1776 and in July
    if word.date is not None:
        return _is_in_date(word, answer, alone)
    if answer.date is not None:
        return False
    if word.article:
        return not alone and word.text.lower() == answer.text.lower()

    # 2. symbols
    if alone and answer.text in CHEMICAL_SYMBOLS:
        is_option = answer.text.lower() in OPTIONS and word.text.lower() == answer.text.lower()
        return word.text == answer.text or is_option or _is_letter_name(word, answer)
    text = _key(word)
    wanted = _key(answer)
    if text == wanted:
        return True

    # 3. plurals
    if len(wanted) < 3 or not wanted.isalpha():
        return False
    return text in (wanted + "s", wanted + "es", wanted[:-1] + "ies" if wanted[-1] == "y" else "")


def _is_letter_name(word: Word, answer: Word) -> bool:
    """Return whether this is the same letter in lower case; where it stands is looked at later."""
    return len(answer.text) == 1 and word.text.lower() == answer.text.lower()


def _needs_case(answer: Word) -> bool:
    """Return whether an abbreviation is another word in small letters: US, WHO, IT."""
    text = answer.text
    return len(text) > 1 and text.isupper() and text.lower() in FUNCTION_WORDS - YES_AND_NO


def _key(word: Word) -> str:
    text = word.text.lower()
    return _SAME.get(text, text)


def _is_in_date(word: Word, answer: Word, alone: bool) -> bool:
    assert word.date is not None
    if answer.date is not None:
        return word.date.includes(answer.date)
    if not alone:
        return False
    if month_number(answer.text) is not None:
        return word.date.month == month_number(answer.text)
    if answer.text == str(word.date.day):
        return word.date.year == 0
    return word.date.year > 0 and answer.text == str(word.date.year)


def _stands_for_itself(words: Sequence[Word], place: int, answer: Word) -> bool:
    """Return whether a single letter, "yes", "no" or a word such as "who" is what is meant here."""
    text = answer.text.lower()
    before = words[place - 1] if place else None
    after = words[place + 1] if place + 1 < len(words) else None
    ends = after is None or after.text in PUNCTUATION or after.text == "or"
    if text in YES_AND_NO:
        return ends or (after is not None and after.text.lower() in AFTER_YES_OR_NO)
    if number_value(answer.text) is not None:
        return not _continues_a_number(words[:place], answer)
    if before is not None and before.article and _needs_article(answer):
        return len(text) == 1  # "an A", but not "The Who"
    named = before is None or before.text.lower() in BEFORE_A_LETTER or before.article
    if _needs_case(answer) and not words[place].text.isupper():
        return named and ends
    if len(text) > 1 or not text.isalpha():
        return True

    # a letter
    if after is not None and after.text.lower() in ("flat", "sharp"):
        return False
    follows = ends or (after is not None and after.text.lower() in AFTER_NO_ARTICLE)
    if words[place].text in ("A", "a", "I", "i"):
        is_pronoun = text == "i" and not (ends or (after is not None and after.text == "is"))
        if not follows or is_pronoun:
            return False
    if words[place].text == answer.text:
        return True
    if any(word.text.lower() in SYMBOL_WORDS for word in words):
        return False
    is_option = text in OPTIONS
    is_symbol = answer.text in CHEMICAL_SYMBOLS
    return named and follows if is_option or not is_symbol else _is_named_letter(before)


def _continues_a_number(before: Sequence[Word], answer: Word) -> bool:
    """Return whether a number stands before: "3 4", "1 in 4", "5 of 10"; a year is no part."""
    texts = [word.text.lower() for word in before[-3:] if word.date is None]
    if texts and texts[-1][0].isnumeric():
        return True
    links = {"of", "per", "by"} if len(answer.text) == 4 else {"in", "of", "per", "by"}
    if len(texts) == 3 and texts[1:] == ["out", "of"]:
        return texts[0][0].isnumeric()
    return len(texts) > 1 and texts[-1] in links and texts[-2][0].isnumeric()


def _is_named_letter(before: Word | None) -> bool:
    """Return whether a small letter follows "type", "vitamin", ...: "type o"."""
    return before is not None and before.text.lower() in BEFORE_A_LETTER - {
        "is",
        "be",
        "or",
        ":",
        "(",
    }
