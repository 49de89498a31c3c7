"""Is an answer denied, taken back, or one of several? Read from the words around it.

The words are in lower case, without articles, with `ANSWER` in place of each right answer.
"""

from collections.abc import Sequence
from itertools import pairwise

from ._word_set import phrase_list, word_set

ANSWER = "@"  # replaces a right answer among the words; no word contains it


NEGATIONS = word_set(
    """not never neither nor cannot isnt arent wasnt werent dont doesnt didnt cant couldnt wouldnt
    shouldnt wont hasnt havent hadnt aint unlike except excluding without hardly barely scarcely
    nobody none doubt doubts doubtful deny denies denied rejects reject rejected unlikely impossible
    improbable myth whether unless lacks excludes contrary"""
)
# These deny what follows in the same clause only: "That is wrong: it is Paris" is fine.
JUDGEMENTS = word_set(
    "wrong incorrect false untrue mistaken mistake misconception erroneous incorrectly wrongly "
    "falsely mistakenly lie if"
)
COMPARISONS = word_set("than like minus formerly plusminus almost nearly once no instead besides")
DENYING_PHRASES = (
    *("no way", "no chance", "no evidence", "rule out", "rules out", "ruled out"),
    *("going to say", "about to say", "wanted to say", "tempted to", "first thought"),
    *("initially thought", "used to think", "used to believe", "thought it was"),
)
DENYING_ENDS = (
    "used to be",
    "far from",
    "apart from",
    "aside from",
    "instead of",
    "in place of",
    "opposed to",
    "no longer",
    "no longer called",
    "except for",
    "confused with",
    "mistaken for",
)
BOUNDS = word_set("over under above below exceeds exceeding almost nearly least most to until")
LINKS = word_set(  # the answer may stand right after these
    "is are was were be equals called named by as in attributed :"
)
VERBS = LINKS - {":"} | word_set(
    """has have had wrote painted composed discovered ended began died lived makes says lays won
    became invented founded led lies can could will would should may might must does did"""
)
ADVERBS = word_set(
    """usually typically often commonly probably likely also actually about approximately exactly
    approx ca c circa around roughly generally simply just indeed definitely certainly clearly
    obviously surely therefore thus really maybe perhaps possibly presumably famously"""
)
CLAUSE_ENDS = frozenset(",;:()")
OPERATORS = word_set("plus times divided minus multiplied")
OPERAND_PREPOSITIONS = word_set("of between from for to with into and plus times minus over")
SUBJECTS = word_set("it that this he she they answer capital there its name one correct")
HEDGES = word_set("maybe perhaps possibly alternatively otherwise conceivably")
OTHER_GUESSES = [[",", modal, "be"] for modal in ("could", "might", "may")]
NO_COMPLEMENT = word_set(
    """i we you it that this is be was think believe know say sure so do am would could to of about
    really feel suppose guess exactly for certain an have any idea quite entirely"""
)
PEOPLE = word_set("people many some most they others everyone someone you one often commonly")
PRONOUNS = word_set("it its he his she her they their that this which who")
OPINIONS = word_set(
    """think thinks say says believe believes assume assumes assumed claim claims guess expect
    thought mistaken confused believed supposed might"""
)
# Removed first: they are doubt about one answer, which is not held against it.
HARMLESS = phrase_list(
    """not entirely sure | not completely sure | not totally sure | not 100 percent sure | not 100
    sure | not absolutely sure | not sure | not certain | not entirely certain | not 100 percent
    certain | not mistaken | not wrong | not positive | could be wrong | may be wrong | might be
    wrong | could be mistaken | may be mistaken | might be mistaken | no doubt | without doubt |
    without any doubt | if i recall correctly | if i remember correctly | if i recall | if i
    remember | if i had to guess | if i must guess | if i had to choose | if i am | if im | not
    surprisingly | no question | not to mention | contrary to popular
    belief | as you might expect"""
)

TAKEN_BACK = phrase_list(
    """wait | no wait | scratch that | correction | i mean | i meant | or rather | make that | my
    mistake | on second thought | on second thoughts | sorry | oops | just kidding | i was wrong
    | i am wrong | im wrong | that is wrong | that was wrong | this is wrong | it is wrong |
    which is wrong | that is incorrect | that was incorrect | this is incorrect | it is
    incorrect | which is incorrect | that is false | this is false | it is false | which is
    false | that is not right | this is not right | that is not correct | this is not correct |
    it is not correct | which is not correct | which is not right | it is not right | that is
    not true | this is not true | it is not true | which is not true | that is not it | thats
    wrong | that isnt right | that isnt correct | isnt right | isnt correct | isnt true | isnt
    it | that would be wrong | that would be incorrect | that answer is wrong | my answer is
    wrong | my answer was wrong | i take that back | disregard | i made mistake | i apologize |
    i apologise | not quite | that cant be right | cant be right | common misconception | common
    mistake | is wrong answer | no longer | was misconception"""
)
FALSE_CLAIMS = {
    (verb, judgement)
    for verb in ("is", "was")
    for judgement in ("wrong", "false", "incorrect", "untrue")
}
GUESSES = word_set("guess guesses thought believed assumed considered candidate tempting intuition")
RIGHT_WORDS = word_set("right correct true answer it so accurate")
NOT_THE_SUBJECT = word_set("by of in from for at on with to as")
WRONG = word_set("wrong incorrect false untrue no not nope nor mistaken ✗ ✘ ❌")


def without_harmless(words: Sequence[str]) -> list[str]:
    """Return the words without "not sure", "no doubt" and the like."""
    kept = []
    position = 0
    while position < len(words):
        length = _phrase_at(words, position, HARMLESS)
        if length == 0:
            kept.append(words[position])
        position += max(length, 1)
    return kept


def _phrase_at(words: Sequence[str], position: int, phrases: list[list[str]]) -> int:
    """Return the length of the longest phrase that stands here; 0 for none."""
    lengths = [len(p) for p in phrases if list(words[position : position + len(p)]) == p]
    return max(lengths, default=0)


def is_denied(before: Sequence[str]) -> bool:
    """Return whether the words before an answer deny it: "not Paris", "it is false that Paris"."""
    before = _after_correction(before)
    clause = _last_clause(before)
    if NEGATIONS & set(_in_force(before)) or JUDGEMENTS & set(clause):
        return True
    if any(_ends_with(before, phrase) for phrase in DENYING_ENDS):
        return True
    if any(f" {phrase} " in f" {' '.join(clause)} " for phrase in DENYING_PHRASES):
        return True
    if _ends_with(before, "but") and {"anything", "all", "nothing", "everything"} & set(clause):
        return True
    if PEOPLE & set(clause) and OPINIONS & set(clause):
        return True
    return bool(before) and before[-1] in COMPARISONS


def _ends_with(words: Sequence[str], phrase: str) -> bool:
    expected = phrase.split()
    return list(words[-len(expected) :]) == expected


def _after_correction(before: Sequence[str]) -> list[str]:
    """Return what follows the "but" of "not London but Paris"; else all words."""
    before = list(before)
    if "but" not in before or not NEGATIONS & set(before):
        return before
    place = before.index("but")
    if before[max(place - 1, 0)] in ("anything", "all", "nothing", "everything"):
        return before
    return before[place + 1 :]


def _last_clause(words: Sequence[str]) -> list[str]:
    """Return the words after the last comma, colon or bracket."""
    ends = [place for place, word in enumerate(words) if word in CLAUSE_ENDS]
    return list(words[ends[-1] + 1 :]) if ends else list(words)


def _in_force(before: list[str]) -> list[str]:
    """Return the words whose negation reaches the answer.

    In "it is not London, it is Paris" the first clause denies something else, and a new one begins.
    """
    clause = _last_clause(before)
    earlier = before[: len(before) - len(clause)]
    negations = [place for place, word in enumerate(earlier) if word in NEGATIONS]
    if not negations:
        return before
    denied = [w for w in earlier[negations[-1] + 1 :] if w not in CLAUSE_ENDS | NO_COMPLEMENT]
    begins_anew = bool(clause) and clause[0] in SUBJECTS and bool(LINKS & set(clause))
    begins_anew = begins_anew or clause in (["rather"], ["instead"])
    bare_contrast = not clause and earlier[:1] == ["not"] and earlier[-1:] in ([","], [";"])
    if denied and (begins_anew or bare_contrast):
        return clause
    return before


def is_taken_back(before: Sequence[str], after: Sequence[str]) -> bool:
    """Return whether the words after the answer call it wrong or replace it by another."""
    if "attributed" in after and ANSWER not in after:
        return True
    is_subject = before[-1:] == [] or before[-1] not in NOT_THE_SUBJECT
    return _is_called_wrong(after, is_subject) or _is_replaced(after)


def is_judged_wrong(after: Sequence[str]) -> bool:
    """Return whether the answer is plainly called wrong: "Paris is wrong", "Paris is not right"."""
    verb_and_word = tuple(after[:2])
    is_not_right = after[1:2] == ["not"] and after[2:3] and after[2] in RIGHT_WORDS
    return verb_and_word in FALSE_CLAIMS or bool(is_not_right) or _is_replaced(after)


def _is_called_wrong(after: Sequence[str], is_subject: bool) -> bool:
    """Return whether the answer's own verb is negated: "Paris is not", "Paris, which is wrong".

    In "Les Misérables by Victor Hugo is not short", the answer is not the subject.
    """
    # 1. directly: "Paris? No", "Paris nor Lyon", "Paris (wrong)"
    rest = [word for word in after if word not in ADVERBS or word in ("also",)]
    signs = [word for word in rest[:2] if word in CLAUSE_ENDS | {"?"}]
    next_word = rest[len(signs) : len(signs) + 1]
    if next_word and next_word[0] in WRONG:
        follows = rest[len(signs) + 1 :]
        ends = not follows or follows[0] in CLAUSE_ENDS
        is_contrast = next_word[0] == "not" and not ends and (signs or len(follows) <= 2)
        return not is_contrast  # "Paris, not London" is fine

    # 2. "Paris is (certainly) not", "Paris isnt", "Paris would be wrong"
    if signs:
        rest = rest[len(signs) :] if rest[len(signs) : len(signs) + 1] == ["which"] else []
        rest = rest[1:]
    if not is_subject:
        return False
    verbs = 0
    while verbs < len(rest) and rest[verbs] in _AUXILIARIES:
        verbs += 1
    judged = rest[verbs : verbs + 2]
    if rest[:1] and rest[0] in NEGATIONS - {"doubt", "except", "unlike", "without", "unless"}:
        return True
    if verbs and judged[:1] and judged[0] in _NEGATED:
        return True
    return bool(
        verbs and len(judged) == 2 and judged[0] in ("no", "common") and judged[1] in _NOUNS
    )


_AUXILIARIES = word_set(
    """is are was were be been has have had would could can may might must will seems looks of
    course to"""
)
_NEGATED = word_set(
    """not never hardly incorrect wrong false untrue mistaken misconception myth unlikely impossible
    doubtful mistake"""
)
_NOUNS = word_set("longer misconception mistake myth error")


def _is_replaced(after: Sequence[str]) -> bool:
    """Return whether another answer follows: "Paris, wait, Lyon", "Paris, but now it is Lyon"."""
    if ANSWER in after:
        return False
    if any(_phrase_at(after, place, TAKEN_BACK) for place in range(len(after))):
        return True
    first_clause = list(after)
    for end in CLAUSE_ENDS & set(after):
        first_clause = (
            first_clause[: first_clause.index(end)] if end in first_clause else first_clause
        )
    if any(pair in FALSE_CLAIMS for pair in pairwise(first_clause[1:])):
        return True  # "that Paris is the capital is false"
    if "but" not in after:
        return "often" in after[:3] and bool(
            {"mistaken", "confused", "mistakenly"} & set(after[:4])
        )
    contrast = after[after.index("but") + 1 :]
    if GUESSES & set(after[: after.index("but")]):
        return True  # "Paris was thought to be right, but it is Lyon"
    if {"actually", "really", "now", "instead", "wrong", "incorrect", "false"} & set(contrast):
        return True
    links = [place for place, word in enumerate(contrast) if word in ("is", "was")]
    correct = {"correct", "right", "real", "actual", "true", "answer"} & set(
        contrast[: links[0]] if links else []
    )
    is_denial = contrast[:3] in (["it", "is", "not"], ["that", "is", "not"], ["this", "is", "not"])
    return bool(correct) or (is_denial and len(contrast) <= 5 and "only" not in contrast)


def has_wrong_alternative(before: Sequence[str], after: Sequence[str]) -> bool:
    """Return whether something that is not right is offered beside the answer.

    An "or" between two right answers is fine, and so is one beyond a verb.
    """
    before = list(before)
    after = list(after)
    # 1. "London and Paris"; "Paris and London", but not "Paris and it lies" or "Paris and is"
    if before[-1:] == ["and"] or before[-2:] == ["and", "also"] or _ends_with(before, "as well as"):
        return True
    if after[:1] == ["and"]:
        words_after_and = set(after[1:2])
        if not words_after_and & (VERBS | {ANSWER, "it"}):
            return True
    if (
        after[:2] == [",", "and"]
        and 0 < len(after) - 2 <= 3
        and not (VERBS | PRONOUNS) & set(after)
    ):
        return ANSWER not in after
    if after[:3] == ["as", "well", "as"] or after[:2] in (["along", "with"], ["together", "with"]):
        return True
    if {"vs", "versus"} & {*before[-1:], *after[:1]}:
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
    return _is_hedged(after) or _is_in_a_list(before, after)


def _is_hedged(after: list[str]) -> bool:
    """Return whether "maybe" and another answer follow: "Paris, maybe Lyon"."""
    if ANSWER not in after and any(
        list(after[i : i + 3]) in OTHER_GUESSES for i in range(len(after))
    ):
        return True
    place = next((place for place, word in enumerate(after[:3]) if word in HEDGES), None)
    if place is None:
        return False
    rest = [word for word in after[place + 1 :] if word not in CLAUSE_ENDS | {"even", "it", "is"}]
    return 0 < len(rest) <= 3 and ANSWER not in rest


def _is_in_a_list(before: list[str], after: list[str]) -> bool:
    """Return whether the answer is one of several: "4, 5", "4 to 5", "Bach, Mozart, Haydn"."""
    if ANSWER not in after and "etc" in after and "," in after[:1]:
        return True
    if not before and ANSWER not in after and _is_bare_list(after):
        return True
    if after[:2] == ["to", ANSWER] or before[-2:] == [ANSWER, "to"]:
        return False
    if after[:1] == ["to"] and after[1:2] and after[1][0].isdecimal():
        return True
    if before[-1:] == ["to"] and before[-2:-1] and before[-2][0].isdecimal():
        return True
    listed = after[1:2] if after[:1] == [","] else after[:1]
    is_last = len(after) <= 2 or after[2] in (",", "and", "or", ";")
    return bool(listed) and len(listed[0]) == 1 and listed[0].isalpha() and is_last


def _is_bare_list(after: list[str]) -> bool:
    """Return whether two or more items of one or two words follow, and nothing else."""
    if after[:1] != [","] or (VERBS | PRONOUNS | HEDGES | ADVERBS) & set(after):
        return False
    items = " ".join(after[1:]).split(" , ")
    return len(items) > 1 and all(0 < len(item.split()) <= 2 for item in items)
