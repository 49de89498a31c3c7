"""Which option of a multiple-choice question does a completion choose?"""

import re
import string
from collections.abc import Sequence

from ._wrappers import stated_answer
from .grader import is_correct

CUES = (
    r"is|be|answer|answer:|option|choice|letter|choose|chose|pick|select|say|with|"
    r"definitely|certainly|probably|so,?|therefore,?|thus,?"
)
# After a letter that opens a line or a sentence: "B)", "B. Paris", "B: Paris", "B", "B is right".
LABEL_END = (
    r"\s*[).:\]*]|\s*$|\s+(?:because|since)\b|"
    r"\s+(?:is|would be|seems)\s+(?:the\s+)?(?:correct|right|answer|best)"
)
REASONS = r"is|was|would|because|since|as|or|and"  # after the letter A, which may be an article
DENIED_BEFORE = re.compile(
    r"(?:\bnot|n't|\bnever|\bneither|\bnor|\bexcept)\W+(?:\w+\W+){0,2}$", re.I
)
DENIED_AFTER = re.compile(r"\W*(?:is|was)(?:\s+not\b|n't|\s+(?:wrong|incorrect|false)\b)", re.I)


def extract_choice(completion: str, options: Sequence[str]) -> str | None:
    """Return the letter of the option that a completion chooses; None in doubt.

    **What counts.** A letter as a label ("B", "(B)", "B) Paris", "**B**", "The answer is B",
    "B is correct"), or exactly one option's text given as the answer by the rules of `is_correct`.
    Thinking and wrappings such as ``\\boxed{}`` are taken off first, as `is_correct` does.

    **What does not.** A letter inside a word ("Because" is not B), the article A, a letter that is
    denied, two letters, a letter beside another option's text ("B) Paris" when Paris is C), and a
    letter that is also the text of another option (the symbol C) unless its own option follows.

    Pass the completion only. In a prompt the letters of all options are labels.

    Args:
        completion: what the model wrote after the prompt.
        options: the options' texts in the order of their letters, A first.

    Raises:
        TypeError: a completion that is not a string.
        ValueError: fewer than 2 or more than 26 options, or two equal ones.

    The patterns of the reference code of Entropy-Lens, which this replaces, have no word
    boundaries and ignore case.
    """
    _check(completion, options)
    stated = stated_answer(completion)
    if stated.problem is not None:
        return None
    letters = string.ascii_uppercase[: len(options)]
    text = stated.text.strip()
    labels = _labels(text, letters, options)
    if not labels:
        return _only_named(text, letters, options)

    # 1. every letter in the text, label or not, must be the same one, and not be denied
    letter = labels[0][1].upper()
    texts = {option.strip() for option in options}
    later = [place for place in labels[1:] if place[1] not in texts]
    places = [labels[0], *later, *_standalone(text, letters, texts)]
    if {place[1].upper() for place in places} != {letter}:
        return None
    if any(_is_denied(text, place.start(1), place.end(1)) for place in places):
        return None

    # 2. what follows the label must not be another option
    following = text[labels[0].end(1) :].lstrip(" ).:]*\"'-–")
    named = _named(following, letters, options)
    other_texts = [option for place, option in zip(letters, options) if place != letter]
    is_another_text = any(option.strip().upper() == letter for option in other_texts)
    if letter in named:
        return letter if len(named) == 1 else None
    return None if named or is_another_text else letter


def _check(completion: str, options: Sequence[str]) -> None:
    if not isinstance(completion, str):
        kind = type(completion).__name__
        raise TypeError(f"completion must be a string, got {kind}: pass the completion's text.")
    plain = [option.strip().lower() for option in options]
    if not 2 <= len(options) <= 26 or len(set(plain)) != len(plain):
        raise ValueError(f"need 2 to 26 different options, got {list(options)!r:.200}.")


def _labels(text: str, letters: str, options: Sequence[str]) -> list[re.Match]:
    """Return the letters that stand as labels, in the order of the text."""
    alone = re.fullmatch(rf"\W*([{letters}{letters.lower()}])\W*", text)
    if alone is not None:
        return [alone]
    bracketed = re.finditer(rf"[(\[]\s*([{letters}{letters.lower()}])\s*[)\]]", text)
    opening = re.finditer(rf"(?:^|[\n.!?:;*\"-]\s*)([{letters}])(?={LABEL_END})", text)
    own_text = [
        match
        for match in re.finditer(rf"(?:^|\n)\W*([{letters}])\s+(?=\w)", text)
        if _begins_with(text[match.end() :], options[letters.index(match[1])])
    ]
    cued = [
        match
        for match in re.finditer(rf"\b(?i:{CUES})\s+\W{{0,3}}([{letters}])(?!\w|['’]\w)", text)
        if not _is_article(text, match)
    ]
    found = {match.start(1): match for match in [*bracketed, *opening, *own_text, *cued]}
    return [found[start] for start in sorted(found)]


def _standalone(text: str, letters: str, texts: set[str]) -> list[re.Match]:
    """Return every capital letter that is a word of its own, no article and no option's text."""
    single = re.finditer(rf"(?<![\w'’])([{letters}])(?!\w|['’]\w)", text)
    return [match for match in single if not _is_article(text, match) and match[1] not in texts]


def _is_article(text: str, match: re.Match) -> bool:
    if match[1] != "A":
        return False
    after = text[match.end(1) :]
    return re.match(rf"\s+(?!(?:{REASONS})\b)\w", after) is not None


def _begins_with(text: str, option: str) -> bool:
    return re.match(rf"{re.escape(option.strip())}(?!\w)", text, re.I) is not None


def _is_denied(text: str, start: int, end: int) -> bool:
    before = text[:start].rstrip("([ *\"'")
    return bool(DENIED_BEFORE.search(f"{before} ")) or bool(DENIED_AFTER.match(text[end:]))


def _named(text: str, letters: str, options: Sequence[str]) -> set[str]:
    """Return the letters of the options whose text is given as the answer."""
    return {letter for letter, option in zip(letters, options) if is_correct(text, [option])}


def _only_named(text: str, letters: str, options: Sequence[str]) -> str | None:
    """Return the letter of the option that is given as the answer, if no other is even named."""
    named = _named(text, letters, options)
    if len(named) != 1:
        return None
    for letter, option in zip(letters, options):
        places = re.finditer(rf"(?<!\w){re.escape(option.strip())}(?!\w)", text, re.I)
        if letter not in named and any(not _is_denied(text, *place.span()) for place in places):
            return None
    return named.pop()
