"""The words of an answer's first sentence, in the one form in which answers are compared."""

import re
import unicodedata
from functools import lru_cache

from .number_words import numbers_to_digits

ARTICLES = {"a", "an", "the"}

# What may stand before the answer proper.
FILLER = re.compile(
    r"""(?: (?:sure | certainly | of\ course | absolutely | yes | okay | ok | well
                | great\ question) \b [\s,.!:]* )+
    """,
    re.I | re.X,
)
LABEL = re.compile(
    r"""(?: (?:final\s+)? answer | a ) \s*:\s*  # "Answer:", "Final answer:", "A:"
        | 1[.)]\s+ (?=[^\W\d])                  # "1. Paris", but not "1. 5"
        | [-•+]\s+                              # "- Paris"
    """,
    re.I | re.X,
)
REPEATED_QUESTION = re.compile(
    r"""(?:what | which | who | how | when | where | in\ what | name) \b
        [^?\n]* \? \s* (?=\w)                   # up to its question mark, with something after it
    """,
    re.I | re.X,
)
OPENINGS = (FILLER, LABEL, REPEATED_QUESTION, LABEL)  # removed in this order

SENTENCE_END = re.compile(
    r"""(?<!\bSt)(?<!\bMr)(?<!\bDr)(?<!\bMrs)   # no title
        (?<!\b[A-Z])                            # no initial
        [.!?] (?=\W*(?:\s|$))
        | \n
    """,
    re.X,
)
MARKDOWN_AND_LATEX = re.compile(
    r"""\\[a-zA-Z]+                             # a command such as \boxed
        | [*`#~>$\\{}]
        | (?<!\w)_+ | _+(?!\w)                  # an underscore that is not inside a word
    """,
    re.X,
)

# How the same thing can be written in several ways.
MONTHS = "January|February|March|April|May|June|July|August|September|October|November|December"
DAY_OF_A_DATE = re.compile(
    rf"""\b (?:on\ )?
        (?: \d{{1,2}}\ (?:{MONTHS})             # "8 May" of "8 May 1945"
            | (?:{MONTHS})\ \d{{1,2}},? )       # "July 4," of "July 4, 1776"
        \  (?=\d{{4}}\b)
    """,
    re.X,
)
THOUSANDS_COMMA_OR_APOSTROPHE = re.compile(
    r"""(?<=\d),(?=\d{3}(?!\d))                 # "1,000"
        | (?<=[^\W\d])'(?!s\b)                  # "isn't", but not "Dante's"
    """,
    re.X,
)
INITIALS = re.compile(r"\b(?:[^\W\d]\.){2,}")  # "U.K.", "J.R.R."
ATTRIBUTION = re.compile(r"\b(?:attribut|credit)ed to\b")
MINUS_SIGN = re.compile(r"(?:^|(?<=\s))-(?=\d)")
SLASH_OR_RANGE = re.compile(r"/|(?<=\d)\s*[-–]\s*(?=\d)")  # "Paris/London", "3-4"
WORD = re.compile(r"\d+(?:\.\d+)?|[^\W\d_]+(?:'s\b)?|[,;]")


def plain_words(text: str) -> list[str]:
    """Return the first sentence in lower-case words, as the grader reads them.

    Accents, articles and markdown are gone, and numbers are in digits. Commas and semicolons are
    kept as words.
    """
    return [word.lower() for word in sentence_words(first_sentence(text))]


def first_sentence(text: str) -> str:
    """Return the first sentence without markdown and without an opening.

    An opening is "Sure!", "Answer:" or the question said again. A line ends a sentence, except
    after a colon.
    """
    # 1. one kind of every character, no markup
    text = unicodedata.normalize("NFKC", text)
    text = text.replace("−", "-").replace("’", "'")
    text = MARKDOWN_AND_LATEX.sub(" ", text)
    text = re.sub(r":\s*\n", ": ", text)
    text = text.lstrip(" \t\n\"'()[].,:;!?")

    # 2. no opening, unless it is all there is
    for opening in OPENINGS:
        match = opening.match(text)
        if match and match.end() < len(text):
            text = text[match.end() :].lstrip()

    # 3. one sentence
    return SENTENCE_END.split(text, maxsplit=1)[0]


@lru_cache(maxsize=4096)
def sentence_words(sentence: str) -> tuple[str, ...]:
    """Return the words of a sentence in their own case, without accents and articles.

    Numbers are in digits. Commas and semicolons are kept as words. Signs become words: "equals" for
    "=", "and" for "&", "minus" for the sign of a number, "or" for a slash or a range of numbers.
    """
    # 1. no accents
    decomposed = unicodedata.normalize("NFKD", sentence)
    plain = "".join(char for char in decomposed if not unicodedata.combining(char))

    # 2. one spelling of numbers, short forms, dates, initials and attributions
    plain = THOUSANDS_COMMA_OR_APOSTROPHE.sub("", plain)
    plain = DAY_OF_A_DATE.sub("in ", plain)
    plain = INITIALS.sub(lambda initials: initials[0].replace(".", "") + " ", plain)
    plain = ATTRIBUTION.sub("attributed", plain)

    # 3. signs as words
    plain = plain.replace("=", " equals ").replace("&", " and ")
    plain = MINUS_SIGN.sub(" minus ", plain)
    plain = SLASH_OR_RANGE.sub(" or ", plain)

    # 4. words, and numbers in digits
    words = [word for word in WORD.findall(plain) if word.lower() not in ARTICLES]
    return tuple(numbers_to_digits(words))
