"""What is left out of the corpora, and why: titles, unpleasant passages, what was said before."""

import re
from collections.abc import Iterable

_SMALL_ARTICLE = "it says again what the article Angola says, which may lie in the other part"
LEFT_OUT = {
    "A Modest Proposal": "a satire that is dreadful when it is read in pieces",
    "Abortion": "a learner may be hurt by it, and an argument in class helps nobody",
    "Allah": "a name that is holy to many is nothing to cut into windows",
    "Arthur Schopenhauer": "what he thought of women and of races is quoted at length",
    "Autism": "a condition that learners may have, in the words of 2016",
    "Angolan Armed Forces": _SMALL_ARTICLE,
    "Demographics of Angola": _SMALL_ARTICLE,
    "Economy of Angola": _SMALL_ARTICLE,
    "Foreign relations of Angola": _SMALL_ARTICLE,
    "Politics of Angola": _SMALL_ARTICLE,
    "Transport in Angola": _SMALL_ARTICLE,
}
# Violence and abuse: a passage with one of these words can be unpleasant to meet in a classroom, in
# pieces and without its context. These are beginnings of words, the others whole words.
# fmt: off
UNPLEASANT_BEGINNINGS = (
    "abortion", "assassinat", "atrocit", "behead", "bombing", "cannibal", "castrat", "cocaine",
    "concentration camp", "corpse", "detonat", "dismember", "genocid", "hijack", "holocaust",
    "incest", "infanticid", "killer", "killing", "lynch", "massacr", "molest", "murder", "mutilat",
    "nazi", "paedophil", "pederast", "pedophil", "porn", "prostitut", "sexual abuse",
    "sexual assault", "sexual desire", "slaughter", "stabb", "suicid", "terroris", "tortur",
)
UNPLEASANT_WORDS = (
    "bomb", "bombed", "bomber", "bombers", "bombs", "executed", "execution", "executions",
    "explosives", "flayed", "flaying", "hanged", "heroin", "kill", "killed", "kills", "negro",
    "negroes", "rape", "raped", "rapes", "rapist", "savages", "shot dead",
)
# fmt: on
UNPLEASANT = re.compile(
    rf"\b({'|'.join(UNPLEASANT_BEGINNINGS)})|\b({'|'.join(UNPLEASANT_WORDS)})\b", re.IGNORECASE
)
SEQUENCE_LENGTH = 8  # words
MOST_REPEATED = 0.1  # of the sequences of a passage


def is_pleasant(passage: str) -> bool:
    """Return whether a passage has none of the words that are not for a classroom."""
    return UNPLEASANT.search(passage) is None


def word_sequences(passage: str) -> set[tuple[str, ...]]:
    """Return each run of 8 words in a row, in small letters and without punctuation."""
    words = re.findall(r"\w+", passage.lower())
    starts = range(len(words) - SEQUENCE_LENGTH + 1)
    return {tuple(words[start : start + SEQUENCE_LENGTH]) for start in starts}


class Repeats:
    """Remembers the passages it has seen, and tells whether the next one repeats them."""

    def __init__(self) -> None:
        self._seen: set[tuple[str, ...]] = set()

    def is_new(self, passage: str) -> bool:
        """Return whether at most a tenth of a passage's runs of 8 words was seen; remember them."""
        sequences = word_sequences(passage)
        repeated = len(sequences & self._seen)
        self._seen |= sequences
        return repeated <= MOST_REPEATED * len(sequences)


def chosen_passages(passages: Iterable[str], repeats: Repeats) -> list[str]:
    """Return the passages that are pleasant and new, in their order."""
    return [passage for passage in passages if is_pleasant(passage) and repeats.is_new(passage)]
