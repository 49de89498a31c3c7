"""The words of an answer's first sentence, in the one form in which answers are compared."""

import re
import unicodedata
from functools import lru_cache
from typing import NamedTuple

from ._dates import DATE, Date, date_of
from ._letters import plain_letters, same_signs
from ._sentences import split_sentence
from ._wrappers import stated_answer
from .number_words import number_value, in_digits, read_numbers

# What may stand before the answer proper.
FILLER = re.compile(
    r"""(?: (?:sure(?:\ thing)? | certainly | of\ course | absolutely | yes | yeah | yep | okay | ok
                | well | great\ question | good\ question | hmm+ | um+ | uh+ | oh | ah | alright
                | right | indeed | easy | definitely | so | thanks | thank\ you | hello | hi
                | let'?s\ see | let\ me\ think | honestly | actually | basically | simply
                | in\ short | to\ my\ knowledge | as\ far\ as\ i\ know | afaik | i\ believe
                | if\ i(?:\ a|')m\ not\ (?:mistaken|wrong) | if\ i\ (?:remember|recall)\ correctly
                | i\ think | in\ my\ opinion | without\ a?\ ?doubt | no\ doubt | as\ an\ ai[^,.\n]{0,40}
          ) \b (?: [\s]?[,.!:;…–-]+\s? | (?=\n) ) \s? )+
        | (?:sure|certainly|okay|ok|yes|absolutely)\b\s(?=it\b|the\b)
    """,
    re.I | re.X,
)
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
OPENINGS = (FILLER, LABEL, REPEATED_QUESTION, FILLER, LABEL)  # removed in this order

# How the same thing can be written in several ways.
NUMBER_WITH_SIGNS = re.compile(
    r"""(?<![\w.,])
        (?: (?P<whole>\d{1,6})\ (?P<numerator>\d)/(?P<denominator>\d{1,2})(?![\w/])   # 2 1/2
            | (?P<mantissa>\d+(?:\.\d+)?)\ ?[x×*]\ ?10\ ?(?:\^|\*\*)\ ?(?P<exponent>-?\d{1,3})(?!\w)
            | 10\ ?(?:\^|\*\*)\ ?(?P<power>-?\d{1,3})(?!\w)
            | (?P<grouped>\d{1,3}(?:(?P<sign>[ ',])\d{3})(?:(?P=sign)\d{3})*(?:\.\d+)?
                | \d{1,3}(?:\.\d{3}){2,} | \d{1,2}(?:,\d{2})+,\d{3})(?![\d'/]|[.,]\d|[ ]\d{3}\b)
            | (?P<comma>\d+,\d+)(?![\w,]|\.\d) )
    """,
    re.X,
)
INITIALS = re.compile(r"(?<![^\W_])(?:[^\W\d_]{1,2}\.(?=[^\W\d_])(?:[^\W\d_]{1,2}\.)+|U\.\ S\.(?:\ A\.)?)")
SPACED_INITIALS = re.compile(r"(?<![\w.'])[A-Z]\.?(?:\ [A-Z]\b(?!')\.?)+(?=\s|$|[,;:!?)])")
NO_APOSTROPHE = re.compile(r"(?<=[^\W\d_])'(?!s\b)", re.I)  # "isn't", but not "Dante's"
IS = re.compile(r"\b(it|that|there|here|he|she|what|who|answer|capital|name)'s\b", re.I)
ATTRIBUTION = re.compile(r"\b(?:attribut|credit)ed to\b", re.I)
MINUS_SIGN = re.compile(r"(?:^|(?<=[\s(=:'\"$€£]))(?:[-–]|negative )(?=[$€£]?\.?\d)", re.I)
PER = re.compile(r"(?<=[A-Za-z$€£])/(?=(?:h|hr|s|sec|min|m|l|kg|g|mol|km|hour|second|day|year)\b)")
RANGE = re.compile(r"(?<=\d)\s?[-–]\s?(?=\d)")  # "3-4"
SLASH = re.compile(r"(?<!\d)/|/(?!\d)")  # "Paris/London", but not "12/5"
SIGN_WORDS = {
    **{"=": "equals", "≈": "equals", "&": "and", "%": "percent", "$": "dollar", "€": "euro"},
    **{"£": "pound", "¥": "yen", "°": "degree", "±": "plusminus"},
}
OPERATORS = {"+": "plus", "×": "times", "*": "times", "÷": "divided"}

ARTICLE = r"(?:a|an|the)(?=\s['\"(]?[^\W_])"
NOT_AFTER_ARTICLE = frozenset(
    """is are was were be as and or but for in of with not because since isnt wasnt which than that
    to on by at has have had equals would will can could may might should must does did if so then
    nor am from also seems looks means stands""".split()
)
PREFIXES = r"(?:non|anti|ex|un|pseudo|semi|quasi|post|pre|pro|sub|counter|neo)"
WORD = re.compile(
    rf"""(?P<date>{DATE})
        | (?P<article>\b{ARTICLE})
        | (?P<number>\d+(?:st|nd|rd|th)\b | \d+(?:[.]\d+)?(?:[eE][-+]?\d+(?!\w) | /\d+(?![\w/]))?
            (?:[:./-]\d+)*)
        | (?P<word>\.?[^\W\d_]+(?:'s\b|\+\+|\#|\+(?![\w+])|(?<=\b[A-FOB])-(?=\s|$|[.,;)!?]))?)
        | (?P<sign>[,;:()?+×*÷=≈&%$€£¥°±/–"]|\s-(?=\s))
    """,
    re.X | re.I,
)
MOST_CHARACTERS = 20_000  # of a sentence; nobody gives a longer short answer


class Word(NamedTuple):
    """A word, a number in digits, a date or a sign, as it is compared.

    ``joined`` is True when no space separates it from the word before: the 12 of "B12".
    ``article`` marks a, an and the where they are nothing else: not in "vitamin A".
    """

    text: str
    joined: bool = False
    article: bool = False
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


def without_opening(text: str) -> str:
    """Return an answer without "Sure!", "Answer:" and the like, unless that is all there is."""
    text = re.sub(r":\s*\n", ": ", text)
    text = _without_outer_signs(text)
    for opening in OPENINGS:
        match = opening.match(text)
        if match and match.end() < len(text):
            rest = _without_outer_signs(text[match.end() :])
            text = rest or text
    return text


def _without_outer_signs(text: str) -> str:
    """Return the text without what may stand around a word: quotes, dots, "(" and spaces."""
    return re.sub(r"""^(?:[\s"'()\[\],:;!?…|*#>_–]|\.(?!\w)|-(?!\.?\d))+""", "", text)


@lru_cache(maxsize=4096)
def sentence_words(sentence: str) -> tuple[str, ...]:
    """Return the words of a sentence in their own case, without accents and articles.

    Numbers are in digits. Commas and semicolons are kept as words. Signs become words: "equals" for
    "=", "and" for "&", "minus" for the sign of a number, "or" for a slash or a range of numbers.
    A date with a year becomes "in" and the year.
    """
    signs = {*OPERATORS.values(), ":", "(", ")", "?", "plusminus", "percent", "dollar", "euro"}
    signs |= {"pound", "yen", "degree", '"'}
    texts = []
    for word in read_words(sentence):
        if word.date is not None:
            texts += ["in", str(word.date.year)] if word.date.year else [word.text]
        elif not word.article and word.text not in signs:
            texts.append(word.text)
    return tuple(texts)


@lru_cache(maxsize=4096)
def read_words(sentence: str) -> tuple[Word, ...]:
    """Return the words of a sentence as they are compared, articles and all signs among them."""
    # 1. one spelling of letters, numbers, short forms and signs
    plain = plain_letters(same_signs(sentence[:MOST_CHARACTERS]))
    plain = re.sub(r"\s+", " ", plain)
    plain = NUMBER_WITH_SIGNS.sub(_plain_number, plain)
    plain = INITIALS.sub(lambda initials: re.sub(r"[. ]", "", initials[0]) + " ", plain)
    plain = SPACED_INITIALS.sub(lambda initials: re.sub(r"[. ]", "", initials[0]), plain)
    plain = IS.sub(r"\1 is", plain)
    plain = NO_APOSTROPHE.sub("", plain)
    plain = ATTRIBUTION.sub("attributed", plain)
    plain = MINUS_SIGN.sub(" minus ", plain)
    plain = PER.sub(" per ", plain)
    plain = re.sub(r"\b[Oo]n (?=" + DATE + ")", "in ", plain, flags=re.X) if False else plain
    return tuple(_with_numbers(_split(plain)))
