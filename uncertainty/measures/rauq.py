"""RAUQ: token probabilities, smoothed along the answer by what attention heads look at."""

import math
from collections.abc import Sequence

import torch
from torch import Tensor

from .._inputs import index_list
from .raw_logits import LogitsSource
from .token_measures import token_measures

ALPHA = 0.2  # the paper's, for every task but summaries


def rauq(
    generation: LogitsSource,
    attentions: Tensor,
    *,
    alpha: float = ALPHA,
    layers: Sequence[int] | None = None,
) -> float:
    """Compute RAUQ, the recurrent attention-based doubt about an answer: 0 or larger, nats.

    In each layer l the head is taken that looks most at the token before, on average over the
    answer. No label takes part. With its weights a^l_t from token t on token t - 1::

        c^l_1 = p_1,   c^l_t = alpha p_t + (1 - alpha) a^l_t c^l_(t-1)
        RAUQ = max over l of -(1/T) sum_t log c^l_t

    p_t is the probability of the token that was written. With alpha = 1 it is the log of the
    perplexity; an answer of one token has no attention in it, and RAUQ is that token's surprisal.

    Args:
        attentions: ``(layers, heads, steps, positions)``, the answer's own tokens last among the
            positions, as ``score(..., keep=["attentions"])`` has them: row t says where token t
            looks.
        alpha: between 0 (excluded, where a weight of 0 would be an infinite doubt) and 1.
        layers: which layers count. The paper says "from the middle of the model"; None takes those
            of its reference code, L // 3 to ceil(2 L / 3) of L, both included.

    Source: arXiv 2505.20045, section 4, equations 1 to 4. Its text says that a_t is the weight from
    token t to token t - 1, which is what is computed here.

    Raises:
        ValueError: attentions of another shape than the answer's, alpha out of range, or a layer
            that is not there; else as `token_measures`.
    """
    _check_alpha(alpha)
    p = token_measures(generation)["probability"].double()  # (T,)
    steps = len(p)
    if attentions.ndim != 4 or attentions.shape[2] != steps or attentions.shape[3] < steps:
        raise ValueError(
            f"need attentions (layers, heads, {steps}, positions) of an answer of {steps} tokens, "
            f"got shape {tuple(attentions.shape)}."
        )
    if not torch.isfinite(attentions).all():
        raise ValueError("the attentions hold nan or infinite numbers.")
    chosen = middle_layers(len(attentions)) if layers is None else layers
    chosen = index_list(chosen, len(attentions), name="layers")
    if not chosen:
        raise ValueError("need at least one layer, got none.")
    answer = attentions[chosen, :, :, -steps:].double()  # (layers, heads, T, T)
    before = answer.diagonal(-1, -2, -1)  # (layers, heads, T - 1)
    if steps > 1:
        heads = before.mean(-1).argmax(-1)  # (layers,)
        before = before[torch.arange(len(chosen)), heads]  # (layers, T - 1)
        return max(_recurrent_doubt(p, weights, alpha) for weights in before)
    return _recurrent_doubt(p, p[:0], alpha)


def smoothed_surprisal(
    generation: LogitsSource, *, alpha: float = ALPHA, weight: float = 1.0
) -> float:
    """Compute RAUQ without attention, a baseline that shows what attention adds; nats.

    c_1 = p_1, c_t = alpha p_t + (1 - alpha) w c_(t-1), and the doubt is -(1/T) sum_t log c_t. The
    paper compares with w = 1, too (section 5.3, "removing attention weights").

    Args:
        weight: w, the same for every token, from 0 to 1. With w = 0 the doubt is the log of the
            perplexity plus (T - 1)/T log(1 / alpha): it grows with the length of the answer.

    Raises:
        ValueError: alpha or weight out of range; else as `token_measures`.
    """
    _check_alpha(alpha)
    if not 0 <= weight <= 1:
        raise ValueError(f"weight must lie between 0 and 1, got {weight}.")
    p = token_measures(generation)["probability"].double()
    return _recurrent_doubt(p, torch.full_like(p[1:], weight), alpha)


def middle_layers(count: int) -> list[int]:
    """Return which of so many layers RAUQ looks at: L // 3 to ceil(2 L / 3)."""
    return list(range(count // 3, min(math.ceil(2 * count / 3) + 1, count)))


def _recurrent_doubt(p: Tensor, weights: Tensor, alpha: float) -> float:
    """Return -(1/T) sum_t log c_t for one layer; ``p`` is ``(T,)``, ``weights`` ``(T - 1,)``."""
    confidence = p[0]
    logs = [confidence.log()]
    for probability, weight in zip(p[1:], weights):
        confidence = alpha * probability + (1 - alpha) * weight * confidence
        logs.append(confidence.log())
    return -torch.stack(logs).mean().item()


def _check_alpha(alpha: float) -> None:
    if not 0 < alpha <= 1:
        raise ValueError(f"alpha must lie above 0 and be at most 1, got {alpha}.")
