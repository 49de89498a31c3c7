"""Is an answer right? A grader that reads short answers."""

import re
import unicodedata
from functools import lru_cache


def _set(words):
    return set(words.split())


ARTICLES = _set("a an the")
NEGATIONS = _set(
    "not never neither nor cannot isnt arent wasnt werent dont doesnt didnt cant unlike except"
)
LINKS = _set(
    "is are was were be equals called named by as in attributed"
)  # the answer may stand right after these
VERBS = LINKS | _set(
    "has have had wrote painted composed discovered ended began died lived makes says lays"
)
ADVERBS = _set(
    "usually typically often commonly probably likely also actually about approximately exactly"
)
NEAR = 10  # so many words may stand before the answer in a plain sentence
SMALL = """zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen
seventeen eighteen nineteen"""
TENS = "twenty thirty forty fifty sixty seventy eighty ninety"
NUMBERS = {w: n for n, w in enumerate(SMALL.split())} | {
    w: 10 * n for n, w in enumerate(TENS.split(), start=2)
}
SCALES = {"hundred": 100, "thousand": 1_000, "million": 1_000_000, "billion": 1_000_000_000}
MONTHS = "January|February|March|April|May|June|July|August|September|October|November|December"
DAY = re.compile(
    rf"\b(?:on )?(?:\d{{1,2}} (?:{MONTHS})|(?:{MONTHS}) \d{{1,2}},?) (?=\d{{4}}\b)"
)  # of a full date
FILLER = re.compile(
    r"(?:(?:sure|certainly|of course|absolutely|yes|okay|ok|well|great question)\b[\s,.!:]*)+", re.I
)
LABEL = re.compile(r"(?:(?:final\s+)?answer|a)\s*:\s*|1[.)]\s+(?=[^\W\d])|[-•+]\s+", re.I)
ECHO = re.compile(r"(?:what|which|who|how|when|where|in what|name)\b[^?\n]*\?\s*(?=\w)", re.I)
SENTENCE_END = re.compile(
    r"(?<!\bSt)(?<!\bMr)(?<!\bDr)(?<!\bMrs)(?<!\b[A-Z])[.!?](?=\W*(?:\s|$))|\n"
)


def is_correct(answer_text: str, answers: tuple[str, ...] | list[str]) -> bool:
    """Does `answer_text` give one of the right `answers`? Only its first sentence is read.

    Ignored: case, accents, punctuation, articles, markdown, a plural ending, an opening such as "Sure!", "Answer:" or
    the question said again. Numbers may be written anyhow: "four" = "4", "1,000" = "1000" = "one thousand".
    A chemical symbol (a capital, or a capital and a small letter, as in "Au") must have exactly its own case.

    A right answer counts, as whole words, (1) at the start of the sentence, (2) anywhere right after "is", "called",
    "by", "in", ..., (3) after at most ten words without a comma. After an "=", only what follows is read.

    It does not count when it is denied ("not Paris"; "not London but Paris" is fine), compared ("larger than Paris"),
    taken back ("Paris, but it is actually London"), listed after something else ("London, Paris") or offered beside a
    wrong alternative ("Paris or London", "Paris and London"). Doubt about one answer is not held against it ("probably
    Paris" counts), nor is what is said after it. With no `answers` nothing is right.
    """
    words = _words(_first_sentence(answer_text))
    if "equals" in words:
        words = words[len(words) - words[::-1].index("equals") :]
    words = _mask(words, answers)
    if "@" not in words:
        return False
    at = words.index("@")
    before, after = words[:at], words[at + 1 :]
    if NEGATIONS & set(before) and "but" in before:
        before = before[before.index("but") + 1 :]
    denied = NEGATIONS & set(before) or before[-1:] in (["than"], ["like"], ["minus"], ["formerly"])
    taken_back = (
        "attributed" in after or ("but" in after and "actually" in after)
    ) and "@" not in after
    return (
        _is_placed(before)
        and not denied
        and not taken_back
        and not _is_one_of_several(before, after)
    )


def plain_words(text: str) -> list[str]:
    """The first sentence in lower-case words, as the grader reads them: no accents, articles or markdown, numbers as digits.

    Commas and semicolons are kept as words.
    """
    return [word.lower() for word in _words(_first_sentence(text))]


def _first_sentence(text):
    text = unicodedata.normalize("NFKC", text).replace("−", "-").replace("’", "'")
    text = re.sub(r"\\[a-zA-Z]+|[*`#~>$\\{}]|(?<!\w)_+|_+(?!\w)", " ", text)
    text = re.sub(r":\s*\n", ": ", text).lstrip(" \t\n\"'()[].,:;!?")
    for opening in (FILLER, LABEL, ECHO, LABEL):
        match = opening.match(text)
        text = text[match.end() :].lstrip() if match and match.end() < len(text) else text
    return SENTENCE_END.split(text, maxsplit=1)[0]


@lru_cache(maxsize=4096)
def _words(sentence):
    """Words in their own case, without accents and articles; numbers as digits; "," "or" "equals" kept as words."""
    plain = "".join(
        c for c in unicodedata.normalize("NFKD", sentence) if not unicodedata.combining(c)
    )
    plain = re.sub(r"(?<=\d),(?=\d{3}(?!\d))|(?<=[^\W\d])'(?!s\b)", "", plain)
    plain = re.sub(
        r"\b(?:[^\W\d]\.){2,}",
        lambda initials: initials[0].replace(".", "") + " ",
        DAY.sub("in ", plain),
    )
    plain = re.sub(r"\b(?:attribut|credit)ed to\b", "attributed", plain)
    plain = re.sub(
        r"(?:^|(?<=\s))-(?=\d)", " minus ", plain.replace("=", " equals ").replace("&", " and ")
    )
    plain = re.sub(r"/|(?<=\d)\s*[-–]\s*(?=\d)", " or ", plain)
    words = re.findall(r"\d+(?:\.\d+)?|[^\W\d_]+(?:'s\b)?|[,;]", plain)
    return _join_numbers([word for word in words if word.lower() not in ARTICLES])


def _join_numbers(words):
    """["twenty", "one", "cats"] -> ["21", "cats"]; ["2", "thousand"] -> ["2000"]; ["7.50"] -> ["7.5"]."""
    joined, total, room = (
        [],
        None,
        0,
    )  # total: the number read so far; room: a word below this may still be added to it
    for word, following in zip([*words, ""], [*words[1:], "", ""], strict=False):
        low = word.lower()
        if low in SCALES:
            scale, total = SCALES[low], total or 1
            total = (
                total * scale if total < scale else total - total % scale + total % scale * scale
            )
            room = scale
        elif low in NUMBERS and NUMBERS[low] < room:
            total, room = total + NUMBERS[low], _room(low)
        elif low != "and" or room < 100 or following.lower() not in NUMBERS:
            joined += [f"{total:.15g}"] if total is not None else []
            total, room = None, 0
            if low in NUMBERS:
                total, room = NUMBERS[low], _room(low)
            elif word[:1].isdecimal():
                total = float(word)
            elif word:
                joined.append(word)
    return joined


def _room(word):
    return 10 if NUMBERS[word] >= 20 else 0  # "twenty" takes a digit after it, "four" does not


def _mask(words, answers):
    """Replace each right answer by "@", longer answers first."""
    for answer in sorted((_words(answer) for answer in answers), key=len, reverse=True):
        at = 0
        while answer and at + len(answer) <= len(words):
            found = all(
                _same(*pair) for pair in zip(words[at : at + len(answer)], answer, strict=True)
            )
            words = [*words[:at], "@", *words[at + len(answer) :]] if found else words
            at += 1
    return [word.lower() for word in words]


def _same(word, answer):
    if re.fullmatch("[A-Z][a-z]?", answer):  # a chemical symbol
        return word == answer
    word, answer = word.lower(), answer.lower()
    return word == answer or (
        len(answer) > 2 and word in (answer + "s", answer + "es", answer[:-1] + "ies")
    )


def _is_placed(before):
    while before and before[-1] in ADVERBS:
        before = before[:-1]
    return (
        not before or before[-1] in LINKS or (len(before) <= NEAR and not {",", ";"} & set(before))
    )


def _is_one_of_several(before, after):
    """Is a wrong alternative offered beside the answer? "@ or @" is fine, and so is an "or" beyond a verb."""
    start = max((i + 1 for i, word in enumerate(before) if word in VERBS), default=0)
    end = next((i for i, word in enumerate(after) if word in VERBS), len(after))
    choices = [*before[start:], "@", *after[:end]]
    pairs = [choices[max(i - 1, 0) : i + 2] for i, word in enumerate(choices) if word == "or"]
    beside_and = before[-1:] == ["and"] or (
        after[:1] == ["and"] and not {*after[1:2]} & (VERBS | {"@", "it"})
    )
    return beside_and or any(pair[0] != "@" or pair[-1] != "@" for pair in pairs)
