"""What samples say about an answer when meanings are compared by sentence embeddings."""

import math
from collections.abc import Sequence

from numpy.typing import ArrayLike

from ..loading.embedding_model import Embedder
from .consistency import cocoa, core_similarities, semantic_density
from .embeddings import SAME_MEANING, embedding_entails, sentence_embeddings
from .kernels import heat_kernel, kernel_language_entropy
from .meaning import cluster_by_meaning, semantic_entropy


def embedding_measures(
    samples: Sequence[str],
    *,
    question: str,
    answer: str,
    doubt: float,
    surprisals: ArrayLike | None = None,
    threshold: float = SAME_MEANING,
    embedder: Embedder | None = None,
) -> dict[str, float]:
    """Compute what samples say about an answer. Larger means less sure for all of them.

    ===============================  ==========================================================
    cocoa                            `cocoa` with cosines, in the unit of ``doubt``
    cocoa_by_string                  `cocoa` with `core_similarities`, no embedding needed
    semantic_density_complement      1 - `semantic_density`, in [0, 1]
    kernel_language_entropy          `kernel_language_entropy` of the samples' cosines, nats
    heat_kernel_entropy              the same of the `heat_kernel` of cosines cut off at 0, nats
    semantic_entropy_by_embeddings   `semantic_entropy` of clusters by `embedding_entails`, nats
    ===============================  ==========================================================

    All are nan when there is no answer to speak of: ``answer`` or every sample is empty.

    Args:
        doubt: the answer's own, such as its mean surprisal in nats (the log of "perplexity").
        surprisals: ``(samples,)`` mean surprisal of each sample, for the weights of
            `semantic_density`.
        threshold: the smallest cosine that counts as the same meaning.
        embedder: see `sentence_embeddings`.

    Raises:
        ValueError: fewer than two samples, or what the measures refuse.
        ModelUnavailable: see `load_embedder`.
    """
    samples = list(samples)
    if len(samples) < 2:
        raise ValueError(f"agreement needs at least two samples, got {len(samples)}.")
    vectors = sentence_embeddings([answer, *samples], embedder=embedder)
    cosines = (vectors @ vectors.T).clamp(-1, 1)  # (1 + samples, 1 + samples)
    to_answer = cosines[0, 1:]
    among_samples = cosines[1:, 1:]
    judge = embedding_entails(threshold, embedder=embedder)
    clusters = cluster_by_meaning(samples, judge, question=question)
    by_string = core_similarities(answer, samples, question=question)
    once = () if surprisals is None else samples
    measures = {
        "cocoa": cocoa(doubt, to_answer),
        "cocoa_by_string": cocoa(doubt, by_string),
        "semantic_density_complement": 1 - semantic_density(to_answer, surprisals, texts=once),
        "kernel_language_entropy": kernel_language_entropy(among_samples),
        "heat_kernel_entropy": kernel_language_entropy(heat_kernel(among_samples.clamp(min=0))),
        "semantic_entropy_by_embeddings": semantic_entropy(clusters),
    }
    if not answer.strip() or not any(text.strip() for text in samples):
        return dict.fromkeys(measures, math.nan)
    return measures
