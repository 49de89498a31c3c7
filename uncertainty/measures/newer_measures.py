"""Newer measures of one pass, from the raw logits alone.

They stand beside `answer_measures`, whose columns lesson 03 ranks and the record holds. The first
three functions return what the papers define, a confidence; `newer_measures` turns it into a doubt.
"""

import math

import torch
from torch import Tensor

from .rauq import smoothed_surprisal
from .raw_logits import LogitsSource, raw_logits

NEWER_MEASURES = (
    "negative_self_certainty",
    "negative_tail_confidence",
    "negative_lowest_group_confidence",
    "entropy_production_rate",
    "smoothed_surprisal",
)
TOP_TOKENS = 20  # DeepConf's reference code asks the server for so many
WINDOW = 8  # tokens: a third of the 24 that a short answer may have
TOP_ENTROPY = 15  # the reference code of the entropy production rate counts so many


def self_certainty(generation: LogitsSource) -> float:
    """Compute how far the steps' distributions are from the uniform one: a confidence, nats.

    SC = (1/T) sum_t KL(U || p_t) = -(1/T) sum_t (1/V) sum_v log(V p_t(v)), 0 or larger. Every token
    of the vocabulary weighs the same, so the many improbable ones decide it.

    Tokens that the model itself gives -inf, rows that pad its vocabulary, are left out of V.

    Source: arXiv 2502.18581, its definition of "self-certainty".

    Raises:
        ValueError: a source these measures refuse (see `raw_logits`).
    """
    logits = raw_logits(generation)  # (T, V)
    if logits.amin() > -math.inf:
        count = logits.new_full((len(logits),), logits.shape[-1])
        mean_logit = logits.mean(-1, dtype=torch.float64)
    else:
        is_token = logits > -math.inf
        count = is_token.sum(-1).to(logits)  # (T,)
        mean_logit = torch.where(is_token, logits.double(), 0.0).sum(-1) / count
    mean_log_p = mean_logit - logits.logsumexp(-1)
    return (-count.double().log() - mean_log_p).mean().item()


def token_confidence(generation: LogitsSource, *, top_k: int = TOP_TOKENS) -> Tensor:
    """Compute DeepConf's confidence of every token, ``(steps,)``, nats.

    C_t = -(1/k) sum over the k likeliest tokens of log p_t: large when all but one of the k are
    improbable. The smallest value, log k, is that of k equally likely tokens and no others.

    Args:
        top_k: k, cut to the vocabulary. The paper leaves it open; its reference code takes 20.

    Source: arXiv 2508.15260, its definition of "token confidence".

    Raises:
        ValueError: top_k below 1, or a source these measures refuse (see `raw_logits`).
    """
    if top_k < 1:
        raise ValueError(f"top_k must be at least 1, got {top_k}.")
    logits = raw_logits(generation)
    largest = logits.topk(min(top_k, logits.shape[-1])).values.double()  # (T, k)
    is_token = largest > -math.inf
    mean_largest = torch.where(is_token, largest, 0.0).sum(-1) / is_token.sum(-1)
    return logits.logsumexp(-1) - mean_largest


def tail_confidence(
    generation: LogitsSource, *, window: int = WINDOW, top_k: int = TOP_TOKENS
) -> float:
    """Compute the mean `token_confidence` of the answer's last tokens, nats.

    Args:
        window: how many tokens (all, when the answer is shorter). The paper's answers are long
            chains of thought, and it takes 2,048.

    Source: arXiv 2508.15260, its definition of "tail confidence".

    Raises:
        ValueError: window below 1; else as `token_confidence`.
    """
    return _window_means(token_confidence(generation, top_k=top_k), window)[-1].item()


def lowest_group_confidence(
    generation: LogitsSource, *, window: int = WINDOW, top_k: int = TOP_TOKENS
) -> float:
    """Compute the smallest mean `token_confidence` of any ``window`` tokens in a row, nats.

    An answer shorter than the window is one group, as in the paper's reference code. Arguments,
    errors and source are those of `tail_confidence`.
    """
    return _window_means(token_confidence(generation, top_k=top_k), window).min().item()


def entropy_production_rate(generation: LogitsSource, *, top_k: int = TOP_ENTROPY) -> float:
    """Compute the mean over steps of the entropy of the k likeliest tokens: a doubt, nats.

    EPR = (1/T) sum_t H(q_t), where q_t is p_t on its k likeliest tokens, normalised to 1. It lies
    between 0 and log k, and with the whole vocabulary it is the mean entropy. The name does not
    mean that it rises: no change of the entropy is taken.

    Args:
        top_k: k, cut to the vocabulary. The paper tries several; its reference code takes 15, and
            normalises. It counts bits; here it is nats, as everywhere.

    Source: arXiv 2509.04492 and its reference code.

    Raises:
        ValueError: top_k below 1, or a source these measures refuse (see `raw_logits`).
    """
    if top_k < 1:
        raise ValueError(f"top_k must be at least 1, got {top_k}.")
    logits = raw_logits(generation)
    largest = logits.topk(min(top_k, logits.shape[-1])).values.double()
    log_q = largest.log_softmax(-1)  # (T, k)
    contributions = torch.where(log_q > -math.inf, -log_q.exp() * log_q, 0.0)
    return contributions.sum(-1).mean().item()


def newer_measures(generation: LogitsSource) -> dict[str, float]:
    """Compute the newer measures as doubts: larger means less sure for all of them.

    ================================ ==========================================================
    negative_self_certainty          -`self_certainty`
    negative_tail_confidence         -`tail_confidence` of 8 tokens
    negative_lowest_group_confidence -`lowest_group_confidence` of 8 tokens
    entropy_production_rate          `entropy_production_rate` of 15 tokens
    smoothed_surprisal               `smoothed_surprisal`, the baseline of `rauq`
    ================================ ==========================================================

    All are in nats. `measure_label` gives each key's words for display.

    Raises:
        ValueError: a source these measures refuse (see `raw_logits`).
    """
    groups = _window_means(token_confidence(generation), WINDOW)
    values = (
        -self_certainty(generation),
        -groups[-1].item(),
        -groups.min().item(),
        entropy_production_rate(generation),
        smoothed_surprisal(generation),
    )
    return dict(zip(NEWER_MEASURES, values))


def _window_means(confidence: Tensor, window: int) -> Tensor:
    """Return the mean of each ``window`` values in a row, ``(windows,)``; of fewer, of all."""
    if window < 1:
        raise ValueError(f"window must be at least 1 token, got {window}.")
    return confidence.unfold(0, min(window, len(confidence)), 1).mean(-1)
