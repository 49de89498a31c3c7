"""One form of every character, so that "Łódź", "Lódz" and "Lodz" become the same letters."""

import re
import unicodedata

# Signs that look alike, or that nobody sees.
_SIGNS = str.maketrans(
    {
        **dict.fromkeys("’‘‛ʼ′＇´", "'"),
        **dict.fromkeys("“”„‟«»″＂", '"'),
        **dict.fromkeys("−‐‑⁻﹣－", "-"),
        **dict.fromkeys("–—―‒", "–"),
        **dict.fromkeys("\u200b\u200c\u200d\u2060\ufeff\u00ad\ufe0e\ufe0fʻ", None),
        **dict.fromkeys("\u2028\u2029\x0b\x0c\x85\r", "\n"),
        "⁄": "/",
        "≅": "≈",
        "♯": "#",
        "♭": "-flat",
        "。": ". ",
    }
)
_SUPERSCRIPTS = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹", "0123456789")
_POWER = re.compile("(?<=[0-9])([-⁻−]?)([⁰¹²³⁴⁵⁶⁷⁸⁹]+)")
_FOOTNOTE = re.compile("(?<=[^\\W\\d_]{3})[⁰¹²³⁴⁵⁶⁷⁸⁹]+")
_VULGAR_FRACTION = re.compile("(?<=[0-9])[¼-¾⅐-⅞]")

# Letters that Unicode does not take apart.
_STROKES = str.maketrans(
    {
        **{"ł": "l", "Ł": "L", "đ": "d", "Đ": "D", "ð": "d", "Ð": "D", "ø": "o", "Ø": "O"},
        **{"ħ": "h", "Ħ": "H", "ŧ": "t", "Ŧ": "T", "ı": "i", "ŋ": "n", "Ŋ": "N", "ƶ": "z"},
        **{"þ": "th", "Þ": "Th", "æ": "ae", "Æ": "Ae", "œ": "oe", "Œ": "Oe", "ß": "ss"},
        **{
            "ẞ": "SS",
            "ə": "a",
            "Ə": "A",
            "ɨ": "i",
            "ƀ": "b",
            "π": "pi",
            "Π": "Pi",
            "∞": " infinity ",
        },
    }
)
# The same written with a second letter, as in "Zuerich" and "Aarhus".
_DIGRAPHS = str.maketrans(
    {
        **{"ä": "ae", "ö": "oe", "ü": "ue", "ø": "oe", "å": "aa", "ð": "dh"},
        **{"Ä": "Ae", "Ö": "Oe", "Ü": "Ue", "Ø": "Oe", "Å": "Aa", "Ð": "Dh"},
    }
)


def same_signs(text: str) -> str:
    """Return the text in Unicode's composed compatibility form (NFKC), with plain quotes and signs.

    A power such as 10⁶ becomes 10^6 and 2½ becomes "2 1/2"; a footnote's mark goes.
    """
    text = _POWER.sub(lambda power: f"^{power[1] and '-'}{power[2]}".translate(_SUPERSCRIPTS), text)
    text = _FOOTNOTE.sub("", text)
    text = _VULGAR_FRACTION.sub(lambda fraction: f" {fraction[0]}", text)
    return unicodedata.normalize("NFKC", text.translate(_SIGNS)).translate(_SIGNS)


def plain_letters(text: str) -> str:
    """Return Latin and Greek letters without accents, strokes and ligatures; others stay.

    Marks of other scripts are no accents: the vowels of Hindi, the two strokes of が beside か.
    """
    if text.isascii():
        return text
    plain = []
    base = ""
    for char in unicodedata.normalize("NFD", text):
        if not unicodedata.combining(char):
            base = char
        elif "\u0300" <= char <= "\u036f" and _loses_accents(base):
            continue
        plain.append(char)
    return unicodedata.normalize("NFC", "".join(plain)).translate(_STROKES)


def with_digraphs(text: str) -> str:
    """Return the text with a second letter in place of an umlaut: "Zürich" as "Zuerich"."""
    return unicodedata.normalize("NFC", text).translate(_DIGRAPHS)


def _loses_accents(base: str) -> bool:
    """Return whether an accent on this letter is ignored: not on the Cyrillic й, which is no и."""
    return base < "\u0400" or base in "еЕ" or base >= "\u1e00"
