"""Where a sentence ends: not after "Prof.", "approx." or the initials of a name."""

import re

from ._word_set import word_set

# Nothing ends after these.
_NEVER_LAST = word_set(
    """mr mrs ms mx dr prof sgt st mt ft lt col gen capt cpl maj adm cmdr rev hon sen rep gov
    pres fr sr bro supt insp messrs vs v nos nr vol vols fig figs pp ca c cf approx appx viz
    al eg ie resp incl excl esp bros aka dept univ assn sir ste pvt ave blvd apt abbr max min
    temp alt lat long feat orig op ed eds trans hrsg bzw dipl ing jan feb mar apr jun jul aug
    sep sept oct nov dec"""
)
# These may end a sentence. They do not when a small letter, a digit or a comma follows.
_SOMETIMES_LAST = word_set(
    """jr etc inc ltd co corp llc plc gmbh esq phd md ba bc ad bce ce am pm us usa uk eu un dc
    ussr mph ft lb lbs oz in sq yd mi hr hrs min mins sec secs"""
)

# A sentence begins with these after an abbreviation or a capital, rather than a name's next part.
_STARTERS = word_set(
    """he she it they we you i this that these those there the a an in on at as for from his her
    its their our my however but and so also no yes actually wait sorry correction to with when
    while since because although if not other another both each most some many"""
)
# A letter after these is a word of its own, not the initial of a name: "vitamin C."
_BEFORE_A_LETTER = word_set(
    """vitamin hepatitis type plan group option choice answer grade class section appendix letter
    category level is was be are or and the an symbol note key vitamins influenza exhibit"""
)
_NO_NUMBER = re.compile(r"\s?\d")
_END = re.compile(r"""(?P<signs>(?<![.!?])[.!?]+)(?P<closing>["')\]*]{0,4})(?=\s|$)|\n""")
_LAST_WORD = re.compile(r"([^\W\d_]+(?:\.[^\W\d_]+)*)$")
_INITIALS = re.compile(r"(?:[^\W\d_]|\bPh)\.\ ?[^\W\d_]$")
_NEXT_WORD = re.compile(r"\s*([^\W_]+)")


def split_sentence(text: str, kept: tuple[str, ...] = ()) -> tuple[str, str, str]:
    """Return the first sentence, the sign that ends it ("" for none), and the rest.

    A line ends a sentence, except after a colon. Nothing ends inside the texts in ``kept``, such as
    the right answer "Oh! Calcutta!".
    """
    held = _spans(text, kept)
    for end in _END.finditer(text):
        before = text[max(end.start() - 40, 0) : end.start()]
        if not before.strip(" \n\"'()[]-–|") and end.start() < 40:
            continue  # nothing said yet
        if any(start < end.start() < stop - 1 for start, stop in held):
            continue
        if end["signs"] is None:
            if before.rstrip().endswith(":"):
                continue
        elif not _ends_here(before, end["signs"], text[end.end() : end.end() + 40]):
            continue
        sign = (end["signs"] or "")[-1:]
        full_stop = sign if _INITIALS.search(before) else ""
        sentence = text[: end.start()] + full_stop + (end["closing"] or "")
        return sentence, sign, text[end.end() :]
    return text, "", ""


def _ends_here(before: str, signs: str, after: str) -> bool:
    """Return whether these signs end a sentence."""
    # 1. what follows
    following = _NEXT_WORD.match(after)
    next_word = following[1] if following else ""
    if not next_word:
        return True
    if signs.endswith("..") and next_word[0].islower():
        return False
    if signs != ".":
        return True

    # 2. the word before a single full stop
    last = _LAST_WORD.search(before)
    if last is None:
        return True
    word = last[1].replace(".", "").lower()
    if len(next_word) > 1 and next_word.isupper() and last[1].isupper():
        next_word = next_word.lower()  # all is in capitals
    is_initial = len(next_word) == 1 and after[following.end() :][:1] == "." if following else False
    begins_sentence = next_word[0].isupper() and next_word.lower() in _STARTERS and not is_initial
    if word == "no":
        return not next_word[0].isdigit()
    if len(word) == 1:
        words_before = before[: last.start()].split()
        if words_before and words_before[-1].lower().strip("\"'(") in _BEFORE_A_LETTER:
            return not _is_initial(words_before, after)
        return begins_sentence and last[1] not in ("c", "v", "p")
    if word in _NEVER_LAST and word not in _SOMETIMES_LAST:
        is_month = len(word) in (3, 4) and word[:3] in _MONTHS
        return begins_sentence and (is_month or (next_word[0].isupper() and word in _OFTEN_LAST))
    if word in _SOMETIMES_LAST or "." in last[1]:
        return next_word[0].isupper() and begins_sentence
    return True


_MONTHS = ("jan", "feb", "mar", "apr", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_OFTEN_LAST = word_set("max min long st ft op ing al sir alt ed")


def _is_initial(words_before: list[str], after: str) -> bool:
    """Return whether a capital after "is", "by" or the like is an initial: "is J. K. Rowling"."""
    nouns = {"vitamin", "hepatitis", "type", "plan", "group", "grade", "class", "vitamins"}
    if words_before[-1].lower() in nouns:
        return False
    following = _NEXT_WORD.match(after)
    return following is not None and following[1].lower() not in _STARTERS


def _spans(text: str, kept: tuple[str, ...]) -> list[tuple[int, int]]:
    lower = text.lower()
    spans = []
    for phrase in kept:
        start = lower.find(phrase.lower())
        if phrase and start >= 0:
            spans.append((start, start + len(phrase)))
    return spans
