"""The words of an answer's first sentence, in the one form in which answers are compared."""

import re
import unicodedata
from collections.abc import Iterator
from fractions import Fraction
from functools import lru_cache
from typing import NamedTuple

from ._dates import DATE, ISO_DATE, Date, date_of, spelled_out
from ._letters import plain_letters, same_signs
from ._sentences import split_sentence
from ._word_set import word_set
from ._wrappers import stated_answer
from .number_words import in_digits, read_numbers

# What may stand before the answer proper.
YES_WORDS = "yes | yeah | yep | absolutely | definitely | indeed | right | of\\ course"
FILLER_WORDS = r"""sure(?:\ thing)? | certainly | okay | ok | well | (?:great|good)\ question
    | hmm+ | um+ | uh+ | oh | ah | alright | easy | so | thanks | thank\ you | hello | hi
    | let'?s\ see | let\ me\ think | honestly | actually | basically | simply | in\ short
    | to\ my\ knowledge | as\ far\ as\ i\ know | afaik | i\ believe | i\ think
    | in\ my\ opinion | if\ i(?:\ a|')m\ not\ (?:mistaken|wrong)
    | if\ i\ (?:remember|recall)\ correctly | without\ a?\ ?doubt | no\ doubt
    | as\ an\ ai[^,.\n]{0,40}"""


def _filler(words: str) -> re.Pattern[str]:
    return re.compile(
        rf"""(?: (?:{words}) \b (?: \s?[,.!:;…–-]+\s? | (?=\n) ) \s? )+
            | (?:{words}) \b \s (?=(?:it|the)\b)
        """,
        re.I | re.X,
    )


FILLER = _filler(f"{FILLER_WORDS} | {YES_WORDS}")
FILLER_BUT_YES = _filler(FILLER_WORDS)  # where "yes" may be the answer
LABEL = re.compile(
    r"""(?: (?:final\s+)? answer | a ) \s*:\s*  # "Answer:", "Final answer:", "A:"
        | \(?1[.)]\s+ (?=[^\W\d])               # "1. Paris", but not "1. 5"
        | [-•+]\s+                              # "- Paris"
    """,
    re.I | re.X,
)
REPEATED_QUESTION = re.compile(
    r"""(?:q(?:uestion)?\s?:\s?)?
        (?:what | which | who | whom | whose | how | when | where | why
            | (?:in|on|at|to|for|of|by)\ (?:what|which|whom) | name) \b
        [^?\n]{0,500} \? \s* (?=[\w(."'$-])     # up to its question mark, with something after it
    """,
    re.I | re.X,
)

# How the same thing can be written in several ways.
NUMBER_WITH_SIGNS = re.compile(
    r"""(?<![\w.,^])
        (?: (?P<whole>\d{1,6})\ (?P<numerator>\d{1,2})/(?P<denominator>[1-9]\d?)(?![\w/])   # 2 1/2
            | (?P<mantissa>\d{1,30}(?:\.\d{1,30})?)\ ?[x×*]\ ?
                10\ ?(?:\^|\*\*)\ ?(?P<exponent>-?\d{1,3})(?!\w)                      # 1.5 × 10^8
            | 10\ ?(?:\^|\*\*)\ ?(?P<power>-?\d{1,3})(?!\w)                           # 10^6
            | (?P<grouped> [1-9]\d{0,2}(?P<sign>[ ',])\d{3}(?:(?P=sign)\d{3})*(?:\.\d+)?
                | [1-9]\d{0,2}(?:\.\d{3}){2,}
                | [1-9]\d?(?:,\d{2})+,\d{3} )  (?![\d/]|[.,']\d|[ ]\d{3}\b)
            | (?P<european> [1-9]\d{0,2}(?:\.\d{3})+,\d+ | \d+,\d+ ) (?![\w,]|\.\d) )  # 3,14
    """,
    re.X,
)
LEADING_POINT = re.compile(r"(?<![\w.])\.(?=\d)")  # ".5"
CURRENCY_FIRST = re.compile(
    r"([$€£¥])\ ?(\d[\d.,]*\d|\d)((?:\ (?:hundred|thousand|million|billion|trillion)\b)?)",
    re.I | re.X,
)
INITIALS = re.compile(r"\b(?:(?:[^\W\d_]\.|Ph\.)+[^\W\d_](?:\.|(?!\w))|U\. S\.(?: A\.)?)", re.I)
SPACED_INITIALS = re.compile(
    r"(?<![\w.'])[A-Z]\.? (?:[A-Z]\b(?!')\.? ?)*[A-Z]\b(?!'|\.\w)\.?(?![+#])"
)
SMALL_INITIALS = re.compile(r"(?<![\w.'])(?:[a-z]\. ?){2,}(?![\w.])|(?<![\w.'])(?:[a-z]\. ){2,}")
NO_APOSTROPHE = re.compile(r"(?<=[^\W\d_])'(?!s\b)", re.I)  # "isn't", but not "Dante's"
IS = re.compile(r"\b(it|that|there|here|he|she|what|who|answer|capital|name)'s\b", re.I)
ATTRIBUTION = re.compile(r"\b(?:attribut|credit)ed to\b", re.I)
MINUS_SIGN = re.compile(r"(?:^|(?<=[\s(=:'\"$€£×*÷]))(?:[-–]|negative )(?=[$€£]?\.?\d)", re.I)
PLUS_SIGN = re.compile(r"(?:^|(?<=[\s(=:]))\+(?=\d)")
NUMBER_SHORT = re.compile(r"\bno\.? ?(?=\d)", re.I)  # "No. 5"
FORT = re.compile(r"(?<!\d)(?<!\d )\bft\.?(?= [A-Z])", re.I)  # "Ft. Worth", but not "6 ft"
PER = re.compile(
    r"(?<=[A-Za-z$€£])/(?=(?:h|hr|s|sec|min|m|l|kg|g|mol|km|hour|second|day|year)\b)", re.I
)
RANGE = re.compile(r"(?<=\d)\s?[-–]\s?(?=\d)")  # "3-4"
SLASH = re.compile(r"(?<!\d)/|/(?!\d)")  # "Paris/London", but not "12/5"
SIGN_WORDS = {
    **{"=": "equals", "≈": "approximately", "&": "and", "%": "percent", "$": "dollar", "€": "euro"},
    **{"£": "pound", "¥": "yen", "°": "degree", "±": "plusminus", "+": "plus", "×": "times"},
    **{"*": "times", "÷": "divided", "–": ":", "-": ":", ".": ")", "/": "or"},
}
UNWRITTEN = word_set("percent dollar euro pound yen degree plusminus plus times divided")
PUNCTUATION = frozenset(",;:()?")

# Names that begin with a full stop.
ENDING = (
    r"(?<![\w.])\.(?:net|com|org|edu|gov|mil|int|io|ai|eu|uk|de|fr|jp|cn|ru|ch|py|pyc|ipynb|js|ts|txt"
    r"|exe|dll|pdf|html?|css|csv|json|xml|ya?ml|zip|tar|gz|docx?|xlsx?|pptx?|jpe?g|png|gif|svg|bmp"
    r"|mp3|mp4|wav|avi|md|c|cpp|h|java|class|jar|rs|go|rb|php|sql|sh|bat|log|ini|toml)\b"
)
ARTICLE = r"(?:a|an|the)(?=\s['\"(]?[^\W_])"
AFTER_NO_ARTICLE = word_set(
    """is are was were be as and or but for in of with not because since isnt wasnt which than that
    to on by at has have had equals would will can could may might should must does did if so
    then nor am from also seems looks means stands"""
)
PREFIXES = word_set("non anti ex un pseudo semi quasi post pre sub counter neo")
WORD = re.compile(
    rf"""(?P<date>{DATE})
        | (?P<article>\b{ARTICLE})
        | (?P<number>\d+(?:st|nd|rd|th)\b
            | \d+(?:\.\d+)?(?:[eE][-+]?\d+(?!\w)|/\d+(?![\w/]))?(?:[:./]\d+)*)
        | (?P<word>{ENDING} | [^\W\d_]+
            (?:'s\b | \+\+ | \#(?!\w) | \+(?![\w+]) | (?<=\b[A-FO])-(?=\s|$|[.,;)!?"'\]]))?)
        | (?P<sign>(?<=^[A-J])\.(?=\s)|[,;:()?+×*÷=≈&%$€£¥°±/–]|(?<=\s)-(?=\s))
    """,
    re.X | re.I,
)
OUTER_SIGNS = re.compile(
    rf"""^(?:[\s"'()\[\],:;!?…|*\#>_]|–(?!\d)|\.(?!\d)(?<!(?={ENDING})\.)|-(?!\.?\d))+""",
    re.X | re.I,
)
MOST_CHARACTERS = 20_000  # of a sentence; nobody gives a longer short answer


class Word(NamedTuple):
    """A word, a number in digits, a date or a sign, as it is compared.

    ``joined`` is True when no space separates it from the word before: the 12 of "B12".
    ``article`` marks a, an and the where they are nothing else: not in "vitamin A". ``is_sign``
    marks punctuation, units such as "%" and operators such as "+".
    """

    text: str
    joined: bool = False
    article: bool = False
    is_sign: bool = False
    date: Date | None = None


def plain_words(text: str) -> list[str]:
    """Return the first sentence in lower-case words, as the grader reads them.

    Wrappings ("**Paris**", "Answer: Paris", a thinking block), accents and articles are gone, and
    numbers are in digits. Commas and semicolons are kept as words.
    """
    return [word.lower() for word in sentence_words(first_sentence(text))]


def first_sentence(text: str) -> str:
    """Return the first sentence of the answer without markup and without an opening.

    An opening is "Sure!", "Answer:" or the question said again. A line ends a sentence, except
    after a colon.
    """
    return split_sentence(without_opening(stated_answer(text).text))[0]


def without_opening(text: str, *, keep_yes: bool = False) -> str:
    """Return an answer without "Sure!", "Answer:" and the like, unless that is all there is.

    With ``keep_yes`` it keeps a "yes", which may be the answer itself.
    """
    text = re.sub(r":\s*\n", ": ", text)
    text = _without_outer_signs(text)
    filler = FILLER_BUT_YES if keep_yes else FILLER
    for opening in (filler, LABEL, REPEATED_QUESTION, filler, LABEL):
        match = opening.match(text)
        if match and match.end() < len(text):
            rest = _without_outer_signs(text[match.end() :])
            text = rest or text
    return text


def _without_outer_signs(text: str) -> str:
    """Return the text without what may stand around a word: quotes, dots, "(" and spaces."""
    return OUTER_SIGNS.sub("", text)


@lru_cache(maxsize=4096)
def sentence_words(sentence: str) -> tuple[str, ...]:
    """Return the words of a sentence in their own case, without accents and articles.

    Numbers are in digits. Commas and semicolons are kept as words. Signs become words: "equals" for
    "=", "and" for "&", "minus" for the sign of a number, "or" for a slash or a range of numbers.
    A date with a year becomes "in" and the year.
    """
    texts: list[str] = []
    words = read_words(sentence)
    for word in words:
        is_article = (
            word.article or word.text.lower() in ("an", "the") or (word.text == "a" and texts)
        )
        if word.date is not None and word.date.year:
            if texts[-1:] in (["in"], ["on"]):
                texts.pop()
            texts += ["in", str(word.date.year)]
        elif word.text in (",", ";") or not (is_article or word.is_sign):
            texts.append(word.text)
    return tuple(texts)


@lru_cache(maxsize=4096)
def read_words(sentence: str) -> tuple[Word, ...]:
    """Return the words of a sentence as they are compared, with its articles and all signs."""
    # 1. one spelling of letters
    plain = plain_letters(same_signs(sentence[:MOST_CHARACTERS]))
    plain = re.sub(r"\s+", " ", plain)

    # 2. one spelling of numbers and dates
    plain = NUMBER_WITH_SIGNS.sub(_plain_number, plain)
    plain = LEADING_POINT.sub("0.", plain)
    plain = ISO_DATE.sub(spelled_out, plain)
    plain = MINUS_SIGN.sub(" minus ", plain)
    plain = PLUS_SIGN.sub("", plain)
    plain = NUMBER_SHORT.sub("number ", plain)
    plain = CURRENCY_FIRST.sub(r"\2\3 \1", plain)
    plain = re.sub(r"\bper cent\b", "percent", plain)

    # 3. one spelling of initials and short forms
    plain = INITIALS.sub(lambda initials: re.sub(r"[. ]", "", initials[0]) + " ", plain)
    plain = SPACED_INITIALS.sub(lambda initials: re.sub(r"[. ]", "", initials[0]) + " ", plain)
    plain = SMALL_INITIALS.sub(lambda initials: re.sub(r"[. ]", "", initials[0]) + " ", plain)
    plain = FORT.sub("Fort", plain)
    plain = IS.sub(r"\1 is", plain)
    plain = NO_APOSTROPHE.sub("", plain)
    plain = ATTRIBUTION.sub("attributed", plain)

    # 4. signs between words
    plain = re.sub(r"\.{2,}", " : ", plain)
    plain = PER.sub(" per ", plain)
    plain = RANGE.sub(" or ", plain)
    plain = SLASH.sub(" or ", plain)

    # 5. words, and numbers in digits
    return tuple(_with_numbers(list(_split(plain))))


def _plain_number(match: re.Match[str]) -> str:
    """Return a number without grouping signs and powers of ten."""
    if match["whole"]:
        part = Fraction(int(match["numerator"]), int(match["denominator"]))
        return in_digits(int(match["whole"]) + part)
    if match["grouped"]:
        is_grouped_by_points = match["grouped"].count(".") > 1
        return re.sub(r"[ ',.]" if is_grouped_by_points else "[ ',]", "", match["grouped"])
    if match["european"]:
        return match["european"].replace(".", "").replace(",", ".")
    exponent = int(match["exponent"] or match["power"])
    return in_digits(Fraction(match["mantissa"] or 1) * Fraction(10) ** exponent)


def _split(text: str) -> Iterator[Word]:
    """Yield the words and signs of a text, numbers still as they are written."""
    previous_end = -1
    previous = ""
    for match in WORD.finditer(_marks_as_letters(text)):
        between = text[previous_end : match.start()] if previous_end >= 0 else " "
        written = text[match.start() : match.end()]
        kind = match.lastgroup
        joined = between == "" and written[0].isalnum() and previous[-1:].isalnum()
        if between == "-":
            is_prefix = previous.lower() in PREFIXES
            has_letter = (len(previous) == 1 and previous.isalpha()) or len(written) == 1
            joined = is_prefix or has_letter or (previous[-1:].isalpha() and written[0].isdigit())
        if kind == "date":
            date = date_of(match)
            yield Word(written, date=date)
        elif kind == "article":
            following = re.match(r"\s['\"(]?([^\W_]+)", text[match.end() : match.end() + 40])
            is_letter = following is not None and following[1].lower() in AFTER_NO_ARTICLE
            is_capital = written == "A" and previous_end >= 0 and previous not in (".", ":", "?")
            yield Word(written, article=not is_letter and not is_capital)
        elif kind == "sign":
            yield Word(SIGN_WORDS.get(written, written), is_sign=written not in "=&/")
        else:
            yield Word(written, joined=joined)
        previous_end = match.end()
        previous = written


def _marks_as_letters(text: str) -> str:
    """Return the text with a letter in place of each combining mark, such as a vowel of Hindi."""
    if text.isascii():
        return text
    return "".join("x" if unicodedata.category(char)[0] == "M" else char for char in text)


def _with_numbers(words: list[Word]) -> Iterator[Word]:
    """Yield the words with each number in digits."""
    position = 0
    for number in read_numbers([word.text for word in words]):
        first = words[position]
        is_changed = number.length > 1 or number.text != first.text
        yield first._replace(text=number.text) if is_changed else first
        position += number.length
