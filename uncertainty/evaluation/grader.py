"""Is an answer right? A grader that reads short answers."""

import re
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from ._denials import (
    ADVERBS,
    ANSWER,
    BOUNDS,
    LINKS,
    NEGATIONS,
    OPERAND_PREPOSITIONS,
    OPERATORS,
    TAKEN_BACK,
    VERBS,
    WRONG,
    has_wrong_alternative,
    is_denied,
    is_judged_wrong,
    is_taken_back,
    without_harmless,
)
from ._letters import with_digraphs
from ._right_answers import YES_AND_NO, find_answers
from ._sentences import split_sentence
from ._word_set import word_set
from ._wrappers import stated_answer
from .answer_words import FILLER, Word, read_words, without_opening

MOST_WORDS_BEFORE = 10  # the answer, in a plain sentence
MOST_FOLLOWING_SENTENCES = 20  # read for "That is wrong."
MOST_CHARACTERS_AFTER = 4000  # the first sentence
MOST_QUESTIONS = 3  # before the answer
MOST_PLACES = 20  # of right answers in one sentence
MOST_SIGNS = 20  # of an answer without letters and digits
INNER_SENTENCE_END = re.compile(r"[.!?]\s")
SIGNS = frozenset(",;:()?")
OPENING_SIGNS = frozenset("(")
BOUND_STARTS = word_set("is are was were be at just only has have by , : (")
ANSWERED_NO = re.compile(r"^\W*(?:no|nope|wrong|incorrect)\b[\s,.!:;–-]*", re.I)
INVERTED = word_set("is are was were could would might may can does did do isnt should")
QUESTION_WORDS = word_set("what which who whom whose how when where why name")
ALTERNATIVE_OPENINGS = word_set("or maybe perhaps possibly alternatively")
HESITATIONS = word_set("hmm hm oh ah well um uh er but")
CONFIRMATIONS = word_set("yes yeah yep correct exactly right sure i")


class Grade(NamedTuple):
    """A verdict and the reason for it.

    Attributes:
        correct: whether the text gives a right answer.
        problem: why it does not, in words; None when it does.
    """

    correct: bool
    problem: str | None = None


def is_correct(answer_text: str, answers: tuple[str, ...] | list[str]) -> bool:
    """Return whether `answer_text` gives one of the right `answers`.

    **What is read.** A wrapping is taken off first: thinking blocks, JSON (``{"answer":
    "Paris"}``), tags, ``\\boxed{}``, code fences, markup, a label such as "Answer:" or "The final
    answer is", and turns that the model went on with. Of what is left, the first sentence is read,
    without an opening such as "Sure!" or the question said again. Later sentences only count where
    they take the answer back ("That is wrong.", "Wait, ...").

    **What is ignored.** Case, accents, strokes and ligatures (Łódź = Lodz), punctuation, a plural
    ending, articles where they are nothing else (not the A of "vitamin A"), and full stops of
    abbreviations (J. R. R. = JRR). Numbers may be written in any way ("four" = "4", "1,000" = "one
    thousand" = "10^3", "1/2" = "0.5"), a unit may be left out but not be another one, and a date
    may say more than was asked. The symbol of a chemical element, C++ and C# are exactly
    themselves.

    **What counts.** A right answer as whole words, (1) at the start of the sentence, (2) anywhere
    right after "is", "called", "by", "in", ":" ..., (3) after at most ten words without a comma.
    After an "=", only what follows is read.

    **What does not.** An answer that is denied ("not Paris"; "not London but Paris" is fine),
    compared ("larger than Paris"), called wrong ("Paris is wrong", "Paris? No, Lyon"), taken back
    ("Paris, but it is actually London"), listed after something else ("London, Paris"), offered
    beside a wrong alternative ("Paris or London", "Paris, maybe London"), a part of a sum ("the
    difference between 8 and 4 is 5"), or ascribed to others ("Many people think it is Paris").
    Doubt about one answer is not held against it ("probably Paris" counts). In doubt about what
    the text says, it is not right. With no `answers` nothing is right.

    `grade_answer` gives the reason as well.

    Raises:
        TypeError: a text that is not a string, or answers that are no list of strings (a single
            string, in particular).
    """
    return grade_answer(answer_text, answers).correct


def grade_answer(answer_text: str, answers: tuple[str, ...] | list[str]) -> Grade:
    """Return whether `answer_text` gives one of the right `answers`, and if not, why.

    The rules are those of `is_correct`. Read the problems of a few dozen refused answers before you
    trust an accuracy: an alias that your list lacks shows at once.

    Raises:
        TypeError: as in `is_correct`.
    """
    _check_types(answer_text, answers)
    text, wanted = _symbols_as_words(answer_text, answers)
    stated = stated_answer(text)
    if stated.problem is not None:
        return Grade(False, stated.problem)
    stated_text, _ = _symbols_as_words(stated.text, answers)  # JSON may have spelt one out
    readings = dict.fromkeys([stated_text, with_digraphs(stated_text)])
    all_wanted = list(dict.fromkeys([*wanted, *map(with_digraphs, wanted)]))
    grades = [_grade_stated(reading, stated.before, all_wanted) for reading in readings]
    return max(grades, key=lambda grade: grade.correct)


def _check_types(answer_text: str, answers: Sequence[str]) -> None:
    if not isinstance(answer_text, str):
        kind = type(answer_text).__name__
        raise TypeError(f"answer_text must be a string, got {kind}: pass the completion's text.")
    if isinstance(answers, (str, bytes)) or not isinstance(answers, Iterable):
        raise TypeError(f"answers must be a list of strings, got {answers!r:.80}: write [...].")
    for answer in answers:
        if not isinstance(answer, str):
            raise TypeError(f"each right answer must be a string, got {answer!r:.80}: quote it.")


def _symbols_as_words(text: str, answers: Sequence[str]) -> tuple[str, list[str]]:
    """Return text and answers with a word in place of an answer that is only signs, such as "#"."""
    wanted = []
    for answer in answers:
        symbol = answer.strip()
        if not symbol or len(symbol) > MOST_SIGNS or any(char.isalnum() for char in symbol):
            wanted.append(answer)
            continue
        name = "sign" + "".join(
            chr(ord("a") + int(digit)) for char in symbol for digit in str(ord(char))
        )
        no_bullet = r"(?!^[-*#>+•] +\S)" if len(symbol) == 1 else ""
        before = r"""(?<![^\s"'`(\[{>*:“‘«])"""
        after = r"""(?=[\s.,;:!?"'`)\]}<*”’»]|$)"""
        pattern = re.compile(no_bullet + before + re.escape(symbol) + after, re.M)
        text = pattern.sub(name, text)
        wanted.append(name)
    return text, wanted


def _grade_stated(text: str, said_before: str, answers: Sequence[str], questions: int = 0) -> Grade:
    """Grade what is left without its wrapping, after so many questions."""
    # 1. the first sentence that states something
    asks_yes_or_no = any(answer.strip(" .!").lower() in YES_AND_NO for answer in answers)
    text = without_opening(text, keep_yes=asks_yes_or_no)
    kept = tuple(answer for answer in answers if INNER_SENTENCE_END.search(answer))
    sentence, sign, rest = split_sentence(text, kept)
    rest = rest[:MOST_CHARACTERS_AFTER]
    says_more = any(char.isalnum() for char in rest)
    is_question = sign == "?" and says_more and questions < MOST_QUESTIONS
    if is_question and _is_only_asked(sentence, rest):
        return _grade_stated(ANSWERED_NO.sub("", rest), "", answers, questions + 1)

    # 2. its words, each right answer replaced by a mark
    words = _marked_words(sentence, answers)
    if ANSWER not in words:
        return Grade(False, f"no right answer in {sentence.strip()!r:.200}")

    # 3. what is said about the answer in this sentence and around it
    problem = _problem_in(words) or _problem_with_question(words, sign)
    problem = problem or _problem_after(sentence, sign, rest, answers)
    problem = problem or _problem_before(said_before, answers)
    return Grade(problem is None, problem)


def _marked_words(sentence: str, answers: Sequence[str]) -> list[str]:
    """Return the words in lower case, `ANSWER` for each right answer, and no articles."""
    words = read_words(sentence)
    marked = []
    position = 0
    for place in find_answers(words, answers):
        marked += [_lower(word) for word in words[position : place.start] if not word.article]
        is_dated = words[place.start].date is not None and marked[-1:] == ["on"]
        marked += ["in", ANSWER] if is_dated else [ANSWER]
        position = place.end
    marked += [_lower(word) for word in words[position:] if not word.article]
    return _after_last_equals(without_harmless(marked))


def _lower(word: Word) -> str:
    return word.text.lower()


def _after_last_equals(words: list[str]) -> list[str]:
    """Return what follows the last "equals", or all words where there is no "equals"."""
    if "equals" not in words:
        return words
    words_from_the_end = words[::-1]
    return words[len(words) - words_from_the_end.index("equals") :]


def _problem_in(words: list[str]) -> str | None:
    """Return why no right answer in this sentence is given; None when one is."""
    problems = []
    places = [place for place, word in enumerate(words) if word == ANSWER]
    for place in places[:MOST_PLACES]:
        before = words[:place]
        after = words[place + 1 :]
        if is_denied(before) or is_taken_back(before, after):
            return "the right answer is denied or taken back"
        if has_wrong_alternative(before, after):
            problems.append("another answer is offered beside the right one")
        elif _is_bounded(before, after):
            problems.append("the right answer is a bound or a part of a sum")
        elif not _is_well_placed(before) or _is_in_the_subject(before, after):
            problems.append("the right answer is named, but not as the answer")
        else:
            return None
    return problems[0]


def _is_well_placed(before: list[str]) -> bool:
    """Return whether an answer may stand after these words."""
    while before and before[-1] in ADVERBS | OPENING_SIGNS:
        before = before[:-1]
    if not before or before[-1] in LINKS:
        return True
    if NEGATIONS & set(before) and "but" in before:  # "not London but Paris"
        before = before[before.index("but") + 1 :]
    words = [word for word in before if word not in SIGNS]
    return len(words) <= MOST_WORDS_BEFORE and not {",", ";"} & set(before)


def _is_bounded(before: list[str], after: list[str]) -> bool:
    """Return whether the answer is an operand or a limit: "7 + 5", "over 5", "5 million"."""
    if before[-2:-1] in (["divided"], ["multiplied"]):
        return True
    no_operand = SIGNS | OPERATORS  # alone, a "*" is left-over markup
    if OPERATORS & set(before[-1:]) and set(before) - no_operand:
        return True
    if OPERATORS & set(after[:1]) and set(after) - no_operand:
        return True
    is_limit = bool(before) and before[-1] in BOUNDS
    return is_limit and (len(before) == 1 or before[-2] in BOUND_STARTS)


def _is_in_the_subject(before: list[str], after: list[str]) -> bool:
    """Return whether the answer only belongs to the subject: "half of 50 is 30"."""
    clause_ends = [place for place, word in enumerate(after) if word in (",", ";")]
    clause = after[: clause_ends[0]] if clause_ends else after
    verbs = [place for place, word in enumerate(clause) if word in ("is", "are", "equals")]
    if not verbs or ANSWER in after[verbs[-1] :]:
        return False
    words = before
    while words and (words[-1] in ADVERBS or words[-1] in ("number", "numbers", "word", "city")):
        words = words[:-1]
    return bool(words) and words[-1] in OPERAND_PREPOSITIONS and len(words) > 1


def _problem_with_question(words: list[str], sign: str) -> str | None:
    if sign == "?" and words[0] in INVERTED and ANSWER in words[1:]:
        return "the right answer is only asked about"
    return None


def _is_only_asked(sentence: str, rest: str) -> bool:
    """Return whether the first sentence asks and the next one answers: "Is it Paris? No, Lyon"."""
    words = [word.text.lower() for word in read_words(sentence)]
    next_words = [word.text.lower() for word in read_words(split_sentence(rest)[0])]
    if not words or not next_words:
        return True
    if next_words[0] in ("yes", "yeah", "yep", "correct", "exactly", "right"):
        return False
    return words[0] in INVERTED | QUESTION_WORDS or next_words[0] in WRONG


def _problem_after(sentence: str, sign: str, rest: str, answers: Sequence[str]) -> str | None:
    """Return what the following sentences say against the answer; None when they say nothing."""
    following: list[list[str]] = []
    while rest.strip() and len(following) < MOST_FOLLOWING_SENTENCES:
        next_sentence, _, rest = split_sentence(rest)
        following.append(_marked_words(next_sentence.strip(" \n\"'()-–*"), answers))
    following = [words for words in following if set(words) - SIGNS]
    if not following:
        return None
    if any(_begins_by_taking_back(words) for words in following):
        return "a later sentence takes the answer back"
    first = following[0]
    while first[1:] and first[0] in HESITATIONS | SIGNS:
        first = first[1:]
    if ANSWER in first:
        return "the next sentence denies the answer" if _denies(first) else None
    if first[0] in WRONG and (len(first) == 1 or first[1] in SIGNS | {"it"} or len(first) <= 3):
        return "the next sentence calls the answer wrong"
    if first[0] in ("actually", "rather", "instead"):
        return "the next sentence corrects the answer"
    is_short = len([word for word in first if word not in SIGNS]) <= 4
    if is_short and first[0] in ALTERNATIVE_OPENINGS:
        return "the next sentence offers another answer"
    if sign == "?" and is_short and first[0] not in CONFIRMATIONS:
        return "several answers are asked about"
    return None


def _begins_by_taking_back(words: list[str]) -> bool:
    """Return whether a sentence begins with "wait", "that is wrong" or the like."""
    start = 0
    while start < len(words) and words[start] in ("but", "however", "hmm", "oh", "no", "and", ","):
        start += 1
    opening = words[start : start + 6]
    found = any(opening[: len(phrase)] == phrase for phrase in TAKEN_BACK)
    return found and opening[:1] != ["no"]


def _denies(words: list[str]) -> bool:
    place = words.index(ANSWER)
    return is_denied(words[:place]) or is_judged_wrong(words[place + 1 :])


def _problem_before(said_before: str, answers: Sequence[str]) -> str | None:
    """Return whether another answer was given before a label: "London. Answer: Paris"."""
    if FILLER.fullmatch(said_before.strip(" \n\"'(") + " "):
        return None
    sentence = split_sentence(without_opening(said_before))[0]
    words = _marked_words(sentence, answers)
    named = [word for word in words if word not in SIGNS]
    is_sentence = bool((VERBS | {"let", "think", "thinking", "step", "reasoning"}) & set(named))
    if 0 < len(named) <= 2 and ANSWER not in named and not is_sentence and sentence[:1].isupper():
        return f"another answer stands before: {sentence.strip()!r:.80}"
    return None
