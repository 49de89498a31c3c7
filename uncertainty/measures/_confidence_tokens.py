"""Cut a line into numbers, words and signs, in one spelling of each."""

import html
import re
import unicodedata
from collections.abc import Sequence
from typing import NamedTuple

# 1. One spelling of every sign.
_SIGNS = {
    "\u2019": "'",
    "\u2018": "'",
    "\u201c": '"',
    "\u201d": '"',
    "\u2044": "/",  # "1⁄2", which NFKC makes of "½"
    "\u2215": "/",
    "\u066a": "%",
    "\ufe6a": "%",
    "\u066b": ".",  # the Arabic decimal point
    "\u301c": "~",
    "\u223c": "~",
    "\u2248": "~",
    "\u2243": "~",
    "\u2245": "~",
    "\u2265": ">=",
    "\u2a7e": ">=",
    "\u2267": ">=",
    "\u2264": "<=",
    "\u2a7d": "<=",
    "\u2266": "<=",
    "\u00b1": "+-",
    "\u2236": ":",
}
_SIGNS |= dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2015\u2212", "-")
_SIGNS |= dict.fromkeys("\u2192\u21d2\u2794\u279c\u27a1\u27f6\u21a6", "->")
_SIGNS |= dict.fromkeys("\u200b\u200c\u200d\u2060\ufeff\ufe0f\u00ad\u200e\u200f", "")
_SIGN_TABLE = str.maketrans(_SIGNS)
_SUPERSCRIPT = re.compile("[\u00b9\u00b2\u00b3\u2070-\u209c]+")
_UNDERSCORE = re.compile(r"(?<=[^\W\d_])_+(?=[^\W_])")  # "confidence_score"
_CAPITAL_INSIDE = re.compile(r"(?<=[a-z])(?=[A-Z][a-z])")  # "confidenceScore"
_MARKUP = re.compile(r"\*{1,3}(?=\S)|(?<=\S)\*{1,3}|(?<!\w)_+|_+(?!\w)|`+")
_LATEX_COMMAND = re.compile(
    r"\\(?:boxed|text|textbf|textit|mathrm|mathbf|mathit)\s?(?:\{([^{}\n]{0,200})\})?"
)
_PROBABILITY_OF = re.compile(r"\bP\s?\(([^()\n]{1,60})\)")
_LATEX_SIGN = re.compile(r"\\([%$_#&()\[\],;! ])")
_LATEX_MATHS = re.compile(r"\$([^$\n]{1,40})\$")
_LIST_MARKER = re.compile(  # but "> 95" is a bound
    r"\s*(?:(?:[-*+#\u2022\u25cf\u25e6\u00b7]{1,6}|>{1,3}(?!\s*\d)|\d{1,3}[.)])\s+)+"
)

# 2. Tokens. No repetition stands inside another one that could match the same text.
_NUMBER = r"\.?[0-9]+(?:[.,][0-9]+)*(?:[eE][-+]?[0-9]+(?!\w))?"
_TOKEN = re.compile(
    rf"(?P<number>{_NUMBER})(?P<suffix>[^\W\d]\w*)?"
    r"|(?P<word>[^\W\d_]\w*(?:'[^\W\d_]+)*)"
    r"|(?P<sign>-{1,2}>|=>|<=|>=|=<|\+/?-|\.{2,}|\S)"
)
_EXPONENT = re.compile("[eE]")
_SUFFIXES = {"percent", "pct", "pc", "prozent", "percento", "procent", "ish"}


class Token(NamedTuple):
    """A piece of a line.

    ``kind`` is "number", "odd" (digits that are no plain number, such as "0.8.5" or "3rd"), "word"
    or "sign". ``text`` is in lower case without accents, ``value`` is that of a number, and
    ``is_glued`` says that no space stands before the token.
    """

    kind: str
    text: str
    value: float
    start: int
    end: int
    is_glued: bool


def one_spelling(line: str) -> str:
    """Return a line without markup, with ASCII digits and one spelling of every sign."""
    line = html.unescape(line)
    if not line.isascii():
        line = _in_plain_characters(line)
    line = _LATEX_SIGN.sub(r"\1", _LATEX_COMMAND.sub(r"\1", line))
    line = _PROBABILITY_OF.sub(r"probability of \1", line)
    line = _LATEX_MATHS.sub(r"\1", line)
    marker = _LIST_MARKER.match(line)
    line = line[marker.end() :] if marker else line
    line = _UNDERSCORE.sub(" ", line)
    return _CAPITAL_INSIDE.sub(" ", _MARKUP.sub("", line)).strip()


def _in_plain_characters(line: str) -> str:
    """Return a line with ASCII digits and one form of every character (NFKC)."""
    line = _SUPERSCRIPT.sub("^", line)  # "85%¹" is not 85%1, "10⁻¹" is not 10-1
    line = unicodedata.normalize("NFKC", _without_heaps_of_accents(line)).translate(_SIGN_TABLE)
    return "".join(_ascii_digit(char) for char in line)


def _without_heaps_of_accents(line: str) -> str:
    """Drop all but two accents of a letter: sorting more of them takes quadratic time."""
    kept = []
    accents = 0
    for char in line:
        accents = accents + 1 if unicodedata.combining(char) else 0
        if accents <= 2:
            kept.append(char)
    return "".join(kept)


def _ascii_digit(char: str) -> str:
    return str(unicodedata.decimal(char)) if char.isdecimal() else char


def folded(text: str) -> str:
    """Return a text in lower case without accents."""
    decomposed = unicodedata.normalize("NFD", text.casefold())
    plain = "".join(char for char in decomposed if not unicodedata.combining(char))
    return unicodedata.normalize("NFC", plain)


def tokenise(line: str) -> list[Token]:
    """Return the tokens of a line that is in `one_spelling`."""
    tokens: list[Token] = []
    for match in _TOKEN.finditer(line):
        is_glued = bool(tokens) and tokens[-1].end == match.start()
        if match["number"]:
            tokens += _number_tokens(match, is_glued, tokens[-1:])
        else:
            kind = "word" if match["word"] else "sign"
            text = folded(match[0]) if match["word"] else match[0]
            tokens.append(Token(kind, text, 0.0, match.start(), match.end(), is_glued))
    return tokens


def _number_tokens(match: re.Match[str], is_glued: bool, before: Sequence[Token]) -> list[Token]:
    """Return a number, perhaps with its unit as a word of its own, or one odd token."""
    start, end = match.span()
    suffix = folded(match["suffix"] or "")
    value = _number_value(match["number"])
    hangs_on_word = is_glued and before[0].kind in ("word", "odd", "number")
    if value is None or hangs_on_word or (suffix and suffix not in _SUFFIXES):
        return [Token("odd", match[0], 0.0, start, end, is_glued)]
    number_end = match.end("number")
    number = Token("number", match["number"], value, start, number_end, is_glued)
    if not suffix:
        return [number]
    return [number, Token("word", suffix, 0.0, number_end, end, True)]


def _number_value(text: str) -> float | None:
    """Return the value of digits, or None where they could be read in two ways or in none."""
    mantissa = _EXPONENT.split(text)[0]
    separators = [char for char in mantissa if char in ".,"]
    if len(separators) > 1:
        return None  # "0.8.5", "1,000,000"
    whole, _, decimals = mantissa.partition(",")
    is_ambiguous = len(decimals) == 3 or (len(decimals) == 2 and len(whole) == 2)
    if separators == [","] and is_ambiguous and whole != "0":
        return None  # "1,000" may be 1000, "80,90" may be two numbers
    return float(text.replace(",", "."))


def quote(tokens: Sequence[Token], line: str) -> str:
    """Return the part of the line that the tokens cover, shortened."""
    if not tokens:
        return "''"
    text = line[tokens[0].start : tokens[-1].end]
    return repr(text if len(text) <= 80 else text[:77] + "...")
