"""Which answers mean the same: clusters by their words or by a judge, and the entropy over clusters."""

import math
from collections import Counter
from collections.abc import Callable, Sequence
from itertools import dropwhile, takewhile

from ..evaluation.grader import plain_words

Entails = Callable[
    [str, list[tuple[str, str]]], list[bool]
]  # (question, pairs of answers) -> first implies second?
PAUSES = {",", ";"}
FRAME = set(
    plain_words(
        "what which who whom whose how many much when where why is are was were be been do does did have has had it "
        "its this that there of in on at to by for from with as and also equals called named known answer "
        "question"
    )
)


def answer_core(text: str, question: str = "") -> str:
    """What an answer adds to its question: "The capital of Peru is Lima, on the coast." -> "lima".

    The first sentence's words without the question's own, without articles and words such as "is" and "called", up to
    the first comma or semicolon after something was said. The words next to an "or" in the question are possible
    answers and count. When nothing is left, all words count. A rule of thumb that looks at no label: it splits
    paraphrases, and now and then merges answers that differ.
    """
    words, asked = _bare(plain_words(text)), _bare(plain_words(question))
    offered = {
        word
        for before, middle, after in zip(asked, asked[1:], asked[2:])
        if middle == "or"
        for word in (before, after)
    }
    known = (FRAME | set(asked)) - offered - PAUSES - {"minus"}
    own = list(dropwhile(PAUSES.__contains__, (word for word in words if word not in known)))
    return " ".join(takewhile(lambda word: word not in PAUSES, own)) or " ".join(words)


def _bare(words: list[str]) -> list[str]:
    return [word.removesuffix("'s") for word in words]


def cluster_by_string(texts: Sequence[str], question: str = "") -> list[int]:
    """For each answer the number of its cluster: answers with the same `answer_core` share one."""
    cores = [answer_core(text, question) for text in texts]
    number = {core: i for i, core in enumerate(dict.fromkeys(cores))}
    return [number[core] for core in cores]


def cluster_by_meaning(question: str, texts: Sequence[str], entails: Entails) -> list[int]:
    """For each answer the number of its cluster: two answers share one when each entails the other.

    An answer is compared with the first member of every cluster and joins the first that fits (Kuhn, Gal and Farquhar
    2023, arXiv 2302.09664). Answers whose first sentences have equal words are one without asking.
    """
    first: list[str] = []  # of each cluster
    cluster_of: dict[str, int] = {}
    for text in texts:
        words = " ".join(plain_words(text))
        if words not in cluster_of:
            verdicts = (
                entails(question, [pair for old in first for pair in ((old, text), (text, old))])
                if first
                else []
            )
            fits = [i for i in range(len(first)) if verdicts[2 * i] and verdicts[2 * i + 1]]
            cluster_of[words] = fits[0] if fits else len(first)
            first += [] if fits else [text]
    return [cluster_of[" ".join(plain_words(text))] for text in texts]


def semantic_entropy(clusters: Sequence[int]) -> float:
    """Entropy of the clusters' shares, -sum_c (n_c / N) log(n_c / N): 0 when all samples agree, log N when none do.

    The discrete version, from counts alone (Farquhar et al. 2024, Nature 630). With few samples it is biased low.
    Raises ValueError for no samples.
    """
    if not len(clusters):
        raise ValueError("no samples: nothing to compute an entropy of.")
    shares = [count / len(clusters) for count in Counter(clusters).values()]
    return max(0.0, -sum(share * math.log(share) for share in shares))
