"""One number for a whole answer: larger means less sure."""

import math

from torch import Tensor

from .token_measures import get_token_confidence, token_measures


def token_uncertainty_naive(generation) -> float:
    """1 - prod_j max_v p_j(v). Under greedy decoding: the chance that a sampled answer would differ in some token.

    In [0, 1]. Grows with every step and so towards 1 for long answers: the length trap. Source: the summer-school
    notebook "LLMs and Uncertainty".

    Raises:
        ValueError: a source these measures refuse (see `raw_logits`).
    """
    return -math.expm1(get_token_confidence(generation).log().sum().item())


def token_uncertainty_vanilla(generation) -> float:
    """1 - mean_j max_v p_j(v): the average doubt of a step. In [0, 1], and of the same size for any length.

    Raises:
        ValueError: a source these measures refuse (see `raw_logits`).
    """
    return 1 - get_token_confidence(generation).mean().item()


def logTokU(generation, top_k_inconfident: int = 25, n_evidence: int = 2) -> float:  # noqa: N802 (the paper's name)
    """LogTokU's unreliability of an answer: the mean of AU x EU over its least reliable tokens. 0 or larger.

    Args:
        top_k_inconfident: how many of the *least* reliable tokens count (all, when the answer is shorter).
        n_evidence: how many of the largest logits count as evidence. (The paper writes K for both numbers.)

    The paper's reliability is the negative of this. Source: arXiv 2502.00290 and its reference code's settings.

    Raises:
        ValueError: either number too small, or a source these measures refuse (see `raw_logits`).
    """
    return _mean_of_largest(
        token_measures(generation, n_evidence=n_evidence)["logtoku"], top_k_inconfident
    )


def answer_measures(
    generation, token_ids: Tensor | None = None, *, top_k_inconfident: int = 25, n_evidence: int = 2
) -> dict[str, float]:
    """Every measure as one number for the answer; larger means less sure, for all of them, and the names say so.

    naive, vanilla, 1 - sequence probability (prod of p), 1 - min probability, 1 - mean margin, perplexity (exp of the
    mean surprisal), mean and max entropy (nats), LogTokU and the means of its two parts.
    """
    m = token_measures(generation, token_ids, n_evidence=n_evidence)
    return {
        "naive": -math.expm1(m["max_probability"].log().sum().item()),
        "vanilla": 1 - m["max_probability"].mean().item(),
        "1 - sequence probability": -math.expm1(-m["surprisal"].sum().item()),
        "1 - min probability": 1 - m["probability"].min().item(),
        "1 - mean margin": 1 - m["margin"].mean().item(),
        "perplexity": m["surprisal"].mean().exp().item(),
        "mean_entropy": m["entropy"].mean().item(),
        "max_entropy": m["entropy"].max().item(),
        "logtoku": _mean_of_largest(m["logtoku"], top_k_inconfident),
        "aleatoric": m["aleatoric"].mean().item(),
        "epistemic": m["epistemic"].mean().item(),
    }


def _mean_of_largest(values: Tensor, count: int) -> float:
    if count < 1:
        raise ValueError(f"top_k_inconfident must be at least 1, got {count}.")
    return values.topk(min(count, len(values))).values.mean().item()
