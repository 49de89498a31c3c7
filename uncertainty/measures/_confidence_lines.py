"""Lines of a completion, their sentences and clauses, and what one of them states."""

from collections.abc import Sequence
from dataclasses import dataclass

from . import _confidence_vocabulary as vocabulary
from ._confidence_numbers import Tokens
from ._confidence_tokens import Token, one_spelling, tokenise
from ._confidence_values import Reading

FINAL = 3
ORDINARY = 2
EXPLANATION = 1  # in an explanation
PARTIAL = 0  # of a draft, or of one step of the way to the answer

_SENTENCE_END = {".", "!", "?", ";"}
_ABBREVIATIONS = {"approx", "ca", "prob", "est", "e", "g", "i", "c", "conf", "max", "min"}
_LONGEST_LOOK_BACK = 40
_FIELD_SEPARATORS = {",", ";", "|", ".", "(", "[", "{", "-", "!"}
_LONGEST_NAME = 8
_MOST_TOKENS_OF_A_FIELD = 120


@dataclass(frozen=True)
class Statement:
    """A reading, and the rank of the place where it stands."""

    reading: Reading
    rank: int = ORDINARY


class Line(Tokens):
    """A line: as ``written``, in one spelling (``text``), and in tokens."""

    def __init__(self, written: str):
        self.written = written
        self.text = one_spelling(written)
        super().__init__(tokenise(self.text))

    def rank(self, rank: int) -> int:
        """Return the rank of a statement in this line, which may be a step or an explanation."""
        names_step = self.text_at(0) in vocabulary.STEP_WORDS
        if names_step and self.text_at(1) not in ("", "by", "back") and rank != FINAL:
            return PARTIAL
        is_explanation = self.text_at(0) in vocabulary.EXPLANATIONS and ":" in self.texts(1, 3)
        return EXPLANATION if is_explanation and rank == ORDINARY else rank

    def sentence_start(self, place: int, *, across_colon: bool = False) -> int:
        """Return where the sentence of a place begins; a colon begins one unless told."""
        start = place
        while start > max(place - _LONGEST_LOOK_BACK, 0):
            is_colon = self.text_at(start - 1) == ":" and not across_colon
            if is_colon or self.ends_sentence(start - 1):
                break
            start -= 1
        return start

    def sentence_end(self, place: int) -> int:
        """Return the place of the stop that ends a sentence, or of the end of the line."""
        end = place
        while end < min(place + _LONGEST_LOOK_BACK, len(self)) and not self.ends_sentence(end):
            end += 1
        return end

    def ends_sentence(self, place: int) -> bool:
        is_abbreviation = self.text_at(place) == "." and self.text_at(place - 1) in _ABBREVIATIONS
        return self.text_at(place) in _SENTENCE_END and not is_abbreviation

    def clause_start(self, place: int) -> int:
        """Return where the clause of a place begins: after "but", a bracket or a dash."""
        start = place
        lowest = self.sentence_start(place)
        while start > lowest:
            before = self.text_at(start - 1)
            is_dash = before == "-" and not self.is_glued(start)
            is_negation = before == "but" and self.text_at(start - 2) == "anything"
            is_start = before in vocabulary.CLAUSE_STARTS and not is_negation
            if is_start or before in ("(", "[") or is_dash:
                break
            start -= 1
        return start

    def opening_words(self, place: int) -> set[str]:
        """Return the words of "After reflection," that make what follows final."""
        start = self.sentence_start(place)
        texts = self.texts(start, min(start + 8, place))
        if "," not in texts:
            return set()
        return set(texts[: texts.index(",")]) & vocabulary.FINAL_OPENINGS


def rank_of_words(words: set[str]) -> int:
    """Return the rank that words such as "final" and "initial" give a statement."""
    if vocabulary.FINAL_WORDS & words:
        return FINAL
    return PARTIAL if vocabulary.PROVISIONAL_WORDS & words else ORDINARY


def negates(words: list[str]) -> bool:
    """Return whether a clause is negated; "No," at its start answers something else."""
    if words[:2] == ["no", ","]:
        words = words[2:]
    return any(word in vocabulary.NEGATIONS or word.endswith("n't") for word in words)


def end_of_field(tokens: Sequence[Token]) -> int:
    """Return where the next "name:" begins, or the number of tokens."""
    for colon in range(2, min(len(tokens), _MOST_TOKENS_OF_A_FIELD)):
        before = tokens[colon - 1]
        is_name = before.kind == "word" or before.text in ('"', "'", ")")
        if tokens[colon].text not in (":", "=") or not is_name:
            continue
        start = colon - 1
        lowest = max(colon - _LONGEST_NAME, 0)
        while start > lowest and tokens[start - 1].text not in _FIELD_SEPARATORS:
            start -= 1
        is_scale = any(token.text in vocabulary.SCALES for token in tokens[start:colon])
        if start > 1 and tokens[start - 1].text in _FIELD_SEPARATORS and not is_scale:
            return start - 1
    return min(len(tokens), _MOST_TOKENS_OF_A_FIELD)
