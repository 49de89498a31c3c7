"""Sets of words and lists of phrases, written as a text."""


def word_set(words: str) -> frozenset[str]:
    """Return the words of a text as a set."""
    return frozenset(words.split())


def phrase_list(text: str) -> list[list[str]]:
    """Return the words of each phrase; a "|" separates phrases."""
    return [phrase.split() for phrase in text.split("|")]
