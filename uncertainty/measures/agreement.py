"""How far several answers agree, without a further pass through the model.

Functions whose name says agreement grow with confidence, all others with doubt. Entropies are in
nats.
"""

import math
from collections.abc import Sequence
from itertools import combinations, pairwise

from ..evaluation.answer_words import plain_words
from .meaning import answer_core, cluster_by_string, semantic_entropy


def agreement_measures(samples: Sequence[str], *, question: str, answer: str) -> dict[str, float]:
    """Compute what samples say about an answer. Larger means less sure for all of them.

    ====================  ===================================================================
    answer_disagreement   share of the samples whose `answer_core` is not the answer's
    distinct_answers      number of different cores among the samples
    semantic_entropy      `semantic_entropy` of the clusters by string, nats
    lexical_disagreement  1 - `lexical_agreement`
    ====================  ===================================================================

    All are nan when there is no answer to speak of: ``answer`` or every sample is empty.
    `measure_label` gives each key's words for display.

    Raises:
        ValueError: fewer than two samples.
    """
    lexical_disagreement = 1 - lexical_agreement(samples)
    sample_cores = [answer_core(text, question=question) for text in samples]
    agreeing = sample_cores.count(answer_core(answer, question=question))
    measures = {
        "answer_disagreement": 1 - agreeing / len(sample_cores),
        "distinct_answers": float(len(set(sample_cores))),
        "semantic_entropy": semantic_entropy(cluster_by_string(samples, question=question)),
        "lexical_disagreement": lexical_disagreement,
    }
    if not answer.strip() or not any(sample_cores):
        return dict.fromkeys(measures, math.nan)
    return measures


def lexical_agreement(texts: Sequence[str]) -> float:
    """Compute the mean ROUGE-L F1 over all pairs of answers, in [0, 1].

    ROUGE-L F1 = 2 x (length of the longest common subsequence of words) / (words of both). Words
    are those of the first sentences, as the grader reads them. Two answers without words agree.

    Raises:
        ValueError: fewer than two answers.
    """
    if len(texts) < 2:
        raise ValueError(f"agreement needs at least two answers, got {len(texts)}.")
    words = [plain_words(text) for text in texts]
    scores = [_rouge_l(first, second) for first, second in combinations(words, 2)]
    return math.fsum(scores) / len(scores)  # the same in every order, on every Python


def _rouge_l(first: list[str], second: list[str]) -> float:
    if not first and not second:
        return 1.0
    common = _longest_common_subsequence(first, second)
    return 2 * common / (len(first) + len(second))


def _longest_common_subsequence(first: list[str], second: list[str]) -> int:
    # row[j]: the length for the words of `first` read so far and the first j words of `second`
    row = [0] * (len(second) + 1)
    for word in first:
        new_row = [0]
        for j, (diagonal, above) in enumerate(pairwise(row)):
            new_row.append(diagonal + 1 if word == second[j] else max(new_row[j], above))
        row = new_row
    return row[-1]
