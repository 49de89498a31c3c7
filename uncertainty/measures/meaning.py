"""Which answers mean the same: clusters by words or by a judge, and the entropy over clusters."""

import math
from collections import Counter
from collections.abc import Callable, Sequence
from itertools import dropwhile, takewhile

from ..evaluation.answer_words import plain_words

# (question, pairs of answers) -> for each pair, whether the first answer implies the second
Entails = Callable[[str, list[tuple[str, str]]], list[bool]]

CLAUSE_SEPARATORS = {",", ";"}
QUESTION_AND_FUNCTION_WORDS = set(
    plain_words(
        "what which who whom whose how many much when where why is are was were be been do does "
        "did have has had it its this that there of in on at to by for from with as and also "
        "equals called named known answer question"
    )
)


def answer_core(text: str, *, question: str = "") -> str:
    """Return the answer without the question's words, as plain words.

    "The capital of Peru is Lima, on the coast." gives "lima": the first sentence's words without
    the question's own, without articles and words such as "is" and "called", up to the first comma
    or semicolon after the first word that is left. The words next to an "or" in the question are
    possible answers and count. When no word is left, all words count.

    This is a heuristic, not tuned on labels: it may separate paraphrases, and it sometimes merges
    different answers.
    """
    words = _words_without_possessive(text)  # of the first sentence only
    question_words = _words_without_possessive(question)
    alternatives = _words_around_or(question_words)
    skipped = QUESTION_AND_FUNCTION_WORDS | set(question_words)
    skipped -= alternatives | CLAUSE_SEPARATORS
    skipped -= {"minus"}  # keep the sign of a number

    added = [word for word in words if word not in skipped]
    from_first_word = dropwhile(lambda word: word in CLAUSE_SEPARATORS, added)
    up_to_separator = takewhile(lambda word: word not in CLAUSE_SEPARATORS, from_first_word)
    return " ".join(up_to_separator) or " ".join(words)


def _words_without_possessive(text: str) -> list[str]:
    return [word.removesuffix("'s") for word in plain_words(text)]


def _words_around_or(words: list[str]) -> set[str]:
    """Return the words before and after each "or" between two words."""
    around = set()
    for before, middle, after in zip(words, words[1:], words[2:]):
        if middle == "or":
            around |= {before, after}
    return around


def cluster_by_string(texts: Sequence[str], *, question: str = "") -> list[int]:
    """Return each answer's cluster number: answers with the same `answer_core` share a cluster."""
    cores = [answer_core(text, question=question) for text in texts]
    cluster_of = {core: cluster for cluster, core in enumerate(dict.fromkeys(cores))}
    return [cluster_of[core] for core in cores]


def cluster_by_meaning(texts: Sequence[str], entails: Entails, *, question: str) -> list[int]:
    """Return each answer's cluster number: two answers share a cluster when each entails the other.

    An answer is compared with the first member of every cluster and joins the first cluster that
    fits. Answers whose first sentences have equal words share a cluster without asking the judge.

    Source: Kuhn, Gal and Farquhar 2023 (arXiv 2302.09664).
    """
    first_members: list[str] = []  # of each cluster
    cluster_of: dict[str, int] = {}  # by the words of the first sentence
    keys = [" ".join(plain_words(text)) for text in texts]  # the first sentence only
    for key, text in zip(keys, texts):
        if key in cluster_of:
            continue
        fitting = _equivalent_positions(text, first_members, entails, question)
        if fitting:
            cluster_of[key] = fitting[0]
        else:
            cluster_of[key] = len(first_members)
            first_members.append(text)
    return [cluster_of[key] for key in keys]


def _equivalent_positions(
    text: str, others: list[str], entails: Entails, question: str
) -> list[int]:
    """Return the positions of the other answers that entail this one and are entailed by it."""
    if not others:
        return []
    pairs = [pair for other in others for pair in ((other, text), (text, other))]
    verdicts = entails(question, pairs)
    both_ways = enumerate(zip(verdicts[::2], verdicts[1::2]))
    return [position for position, (forward, backward) in both_ways if forward and backward]


def semantic_entropy(clusters: Sequence[int]) -> float:
    """Compute the entropy of the clusters' shares, -sum_c (n_c / N) log(n_c / N), nats.

    It is 0 when all samples agree and log N when no two do. This is the discrete version, from
    counts alone. With few samples it is biased low.

    Source: Farquhar et al. 2024 (Nature 630).

    Raises:
        ValueError: no samples.
    """
    if not len(clusters):
        raise ValueError("no samples: nothing to compute an entropy of.")
    shares = [count / len(clusters) for count in Counter(clusters).values()]
    # fsum: two groupings with the same shares in another order tie exactly, on every Python
    return max(0.0, -math.fsum(share * math.log(share) for share in shares))
