"""How well samples agree with one answer, joined with the answer's own doubt or the samples' own.

What "agree" means comes from outside: a cosine of embeddings, or 1 and 0 by a rule for strings.
"""

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from ..evaluation.columns import ROUNDING_ERROR, as_array
from .meaning import answer_core


def core_similarities(answer: str, samples: Sequence[str], *, question: str = "") -> np.ndarray:
    """Return for each sample whether its `answer_core` is the answer's: 1.0 or 0.0."""
    core = answer_core(answer, question=question)
    return np.array([float(answer_core(text, question=question) == core) for text in samples])


def cocoa(doubt: float, similarities: ArrayLike) -> float:
    """Compute CoCoA: an answer's own doubt times how little its samples agree with it.

    With u the doubt of the answer y, and s(y, y_i) its similarity to each of M samples::

        CoCoA = u x (1 - sum_i s(y, y_i) / M)

    It has the unit of u, is 0 when every sample means the same as the answer, and grows with doubt.
    The source tries three doubts: -log p(y|x), its mean per token (the log of our "perplexity"),
    and the mean entropy of a step, all in nats. It leaves the similarity open, and takes a model
    that was trained to score pairs of sentences in [0, 1]. A cosine can be negative, so with
    embeddings the factor lies in [0, 2].

    Args:
        doubt: 0 or larger; nan gives nan.
        similarities: ``(samples,)`` in [-1, 1], such as `answer_similarities`.

    Raises:
        ValueError: a negative doubt, no samples, or similarities that are none.

    Source: Vashurin et al. 2025 (arXiv 2502.04964), the section that introduces CoCoA.
    """
    if doubt < 0:
        raise ValueError(
            f"CoCoA needs a doubt that is 0 or larger, got {doubt}: take 1 - p or -log p."
        )
    return float(doubt) * (1 - float(_checked(similarities).mean()))


def semantic_density(
    similarities: ArrayLike, surprisals: ArrayLike | None = None, *, texts: Sequence[str] = ()
) -> float:
    """Compute the semantic density around an answer, in [0, 1]. It grows with confidence.

    With s_i the cosine of the answer with sample i, and w_i the likelihood of a token of it::

        K_i = 1 - (1 - s_i) / 2
        SD = sum_i w_i K_i / sum_i w_i,    w_i = p(y_i|x)^(1 / L_i) = exp(-surprisal_i)

    The source puts meanings into a ball of diameter 1, where K_i is 1 minus a squared distance, and
    reads the distance off a model of entailment: p(contradiction) + p(neutral) / 2. With unit
    vectors shrunk to that ball the squared distance is (1 - cosine) / 2, which is what stands
    above. The source counts each text once, since the weight is there for its likelihood.

    Args:
        similarities: ``(samples,)`` in [-1, 1], such as `answer_similarities`.
        surprisals: ``(samples,)`` the mean surprisal per token, nats; nan for an empty sample,
            which is left out. Without them every sample counts alike.
        texts: the samples; with them a text that comes again is left out. Only for use with
            surprisals, since without them it would lose how often a text came.

    Returns:
        nan when no sample is left.

    Raises:
        ValueError: no samples, similarities that are none, columns of another length, texts
            without surprisals, or a surprisal below 0.

    Source: Qiu and Miikkulainen 2024 (arXiv 2405.13845), abstract.
    """
    similarities = _checked(similarities)
    if surprisals is None:
        if len(texts):
            raise ValueError("texts without surprisals: repeats would no longer count.")
        return float((1 + similarities).mean() / 2)
    surprisals = as_array(surprisals, float)
    if surprisals.shape != similarities.shape or len(texts) not in (0, len(similarities)):
        raise ValueError(
            f"got {len(similarities)} similarities, surprisals of shape {surprisals.shape} and "
            f"{len(texts)} texts: each sample needs one of each."
        )
    if (surprisals < 0).any():
        raise ValueError(f"surprisals are 0 or larger, got {surprisals.min()}.")
    kept = ~np.isnan(surprisals)
    if len(texts):
        kept &= np.array([texts.index(text) == place for place, text in enumerate(texts)])
    if not kept.any():
        return math.nan
    weights = np.exp(surprisals[kept].min() - surprisals[kept])  # the largest is 1
    kernel = (1 + similarities[kept]) / 2
    return float(weights @ kernel / weights.sum())


def _checked(similarities: ArrayLike) -> np.ndarray:
    """Return similarities as a column of floats in [-1, 1], or refuse them."""
    column = as_array(similarities, float)
    if column.ndim != 1 or not len(column):
        raise ValueError(f"need one similarity for each sample, got the shape {column.shape}.")
    if not (np.abs(column) <= 1 + ROUNDING_ERROR).all():  # so that nan fails, too
        raise ValueError(f"a similarity lies in [-1, 1], got {column}.")
    return column.clip(-1, 1)
