"""Is an answer right? A grader that reads short answers."""

import re
from collections.abc import Sequence

from .answer_words import first_sentence, sentence_words


def _word_set(words: str) -> set[str]:
    return set(words.split())


NEGATIONS = _word_set(
    "not never neither nor cannot isnt arent wasnt werent dont doesnt didnt cant unlike except"
)
COMPARISONS = _word_set("than like minus formerly")  # the answer right after one is not given
LINKS = _word_set(  # the answer may stand right after these
    "is are was were be equals called named by as in attributed"
)
VERBS = LINKS | _word_set(
    "has have had wrote painted composed discovered ended began died lived makes says lays"
)
ADVERBS = _word_set(
    "usually typically often commonly probably likely also actually about approximately exactly"
)
MOST_WORDS_BEFORE = 10  # the answer, in a plain sentence
CHEMICAL_SYMBOL = re.compile("[A-Z][a-z]?")
ANSWER = "@"  # replaces a right answer among the words; no word contains it


def is_correct(answer_text: str, answers: tuple[str, ...] | list[str]) -> bool:
    """Return whether `answer_text` gives one of the right `answers`.

    Only its first sentence is read. Ignored are case, accents, punctuation, articles, markdown, a
    plural ending, and an opening such as "Sure!", "Answer:" or the question said again. Numbers
    may be written in any way: "four" = "4", "1,000" = "1000" = "one thousand". A chemical symbol
    (a capital, or a capital and a small letter, as in "Au") must have exactly its own case.

    A right answer counts, as whole words, (1) at the start of the sentence, (2) anywhere right
    after "is", "called", "by", "in", ..., (3) after at most ten words without a comma. After an
    "=", only what follows is read.

    It does not count when it is denied ("not Paris"; "not London but Paris" is fine), compared
    ("larger than Paris"), taken back ("Paris, but it is actually London"), listed after something
    else ("London, Paris") or offered beside a wrong alternative ("Paris or London", "Paris and
    London"). Doubt about one answer is not held against it ("probably Paris" counts), nor is what
    is said after it. With no `answers` nothing is right.
    """
    # 1. the words, each right answer replaced by a mark
    words = _after_last_equals(list(sentence_words(first_sentence(answer_text))))
    words = _mark_answers(words, answers)
    if ANSWER not in words:
        return False

    # 2. the words before the first right answer, and those after it
    place = words.index(ANSWER)
    before = words[:place]
    after = words[place + 1 :]
    if NEGATIONS & set(before) and "but" in before:  # "not London but Paris"
        before = before[before.index("but") + 1 :]

    # 3. the verdict
    return (
        _is_well_placed(before)
        and not _is_denied(before)
        and not _is_taken_back(after)
        and not _has_wrong_alternative(before, after)
    )


def _after_last_equals(words: list[str]) -> list[str]:
    """Return what follows the last "equals", or all words where there is no "equals"."""
    if "equals" not in words:
        return words
    words_from_the_end = words[::-1]
    return words[len(words) - words_from_the_end.index("equals") :]


def _mark_answers(words: list[str], answers: Sequence[str]) -> list[str]:
    """Return the words in lower case, with `ANSWER` for each right answer, the longest first."""
    answers_words = [sentence_words(answer) for answer in answers]
    for answer_words in sorted(answers_words, key=len, reverse=True):
        if answer_words:
            words = _mark_answer(words, answer_words)
    return [word.lower() for word in words]


def _mark_answer(words: list[str], answer_words: tuple[str, ...]) -> list[str]:
    marked = []
    length = len(answer_words)
    position = 0
    while position < len(words):
        window = words[position : position + length]
        if len(window) == length and all(map(_is_same_word, window, answer_words)):
            marked.append(ANSWER)
            position += length
        else:
            marked.append(words[position])
            position += 1
    return marked


def _is_same_word(word: str, answer_word: str) -> bool:
    """Return whether two words are equal up to case and a plural; symbols must be identical."""
    if CHEMICAL_SYMBOL.fullmatch(answer_word):
        return word == answer_word
    word = word.lower()
    answer_word = answer_word.lower()
    if word == answer_word:
        return True
    plurals = (answer_word + "s", answer_word + "es", answer_word[:-1] + "ies")
    return len(answer_word) > 2 and word in plurals


def _is_well_placed(before: list[str]) -> bool:
    """Return whether an answer may stand after these words."""
    while before and before[-1] in ADVERBS:
        before = before[:-1]
    if not before or before[-1] in LINKS:
        return True
    return len(before) <= MOST_WORDS_BEFORE and "," not in before and ";" not in before


def _is_denied(before: list[str]) -> bool:
    if NEGATIONS & set(before):
        return True
    return bool(before) and before[-1] in COMPARISONS


def _is_taken_back(after: list[str]) -> bool:
    """Return whether the words after the answer replace it by another that is not right."""
    corrected = "but" in after and "actually" in after
    return ("attributed" in after or corrected) and ANSWER not in after


def _has_wrong_alternative(before: list[str], after: list[str]) -> bool:
    """Return whether something that is not right is offered beside the answer, with "and" or "or".

    An "or" between two right answers is fine, and so is one beyond a verb.
    """
    # 1. "London and Paris"; "Paris and London", but not "Paris and it lies" or "Paris and is"
    if before[-1:] == ["and"]:
        return True
    if after[:1] == ["and"]:
        words_after_and = set(after[1:2])
        if not words_after_and & (VERBS | {ANSWER, "it"}):
            return True

    # 2. "Paris or London": the words around the answer, up to the next verb on each side
    verbs_before = [place for place, word in enumerate(before) if word in VERBS]
    verbs_after = [place for place, word in enumerate(after) if word in VERBS]
    start = verbs_before[-1] + 1 if verbs_before else 0
    end = verbs_after[0] if verbs_after else len(after)
    choices = [*before[start:], ANSWER, *after[:end]]
    for place, word in enumerate(choices):
        neighbourhood = choices[max(place - 1, 0) : place + 2]
        if word == "or" and neighbourhood != [ANSWER, "or", ANSWER]:
            return True
    return False
