"""What a translation must keep: numbers, code, formulas, links, and one word for each term."""

import re
import tomllib
from collections import Counter
from collections.abc import Iterator, Mapping

from translated import LOCALE

# What is kept as it is, by its kind; each is taken out of the text before the next is looked for.
KEPT = {
    "code": re.compile(r"`[^`]+`"),
    "formula": re.compile(r"\$[^$]+\$"),
    "link": re.compile(r"(?<=\]\()[^)\s]+(?=\))"),
    "number": re.compile(r"(?:(?<![\w.)])-)?(?<![\w.])\d+(?:[.,]\d+)*"),
}


def kept_parts(text: str) -> Counter[tuple[str, str]]:
    """Return the parts of a message that a translation has, too, each with its kind."""
    parts: Counter[tuple[str, str]] = Counter()
    for kind, pattern in KEPT.items():
        parts.update((kind, found) for found in pattern.findall(text))
        text = pattern.sub(" ", text)
    return parts


def words_only(text: str) -> str:
    """Return a message without what is kept as it is."""
    for pattern in KEPT.values():
        text = pattern.sub(" ", text)
    return text


def terms_of(language: str) -> dict[str, list[str]]:
    """Return what each term is called: parts of words, one of which must occur."""
    table = tomllib.loads((LOCALE / language / "terms.toml").read_text(encoding="utf-8"))["terms"]
    return {term: [said] if isinstance(said, str) else said for term, said in table.items()}


def faults(message: str, translation: str, terms: Mapping[str, list[str]]) -> Iterator[str]:
    """Yield what a translation has lost, added, or called by another name."""
    before, after = kept_parts(message), kept_parts(translation)
    for kind, part in before - after:
        yield f"{kind} {part} is lost"
    for kind, part in after - before:
        yield f"{kind} {part} is added"
    original, there = words_only(message), words_only(translation)
    for term, said in terms.items():
        pattern = re.compile(rf"(?<![\w-])(?:{term})(?![\w-])", re.I)
        left_in_english = len(pattern.findall(there))
        if len(pattern.findall(original)) > left_in_english and not has_one_of(there, said):
            yield f"{term!r} is not called {' or '.join(said)}"


def has_one_of(text: str, words: list[str]) -> bool:
    """Whether one of some words, or parts of words, occurs in a text."""
    return any(word.lower() in text.lower() for word in words)
