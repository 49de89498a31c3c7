"""Information theory on logits: pure tensor functions, in nats.

Every function takes raw logits of shape ``(..., vocabulary)`` and reduces the last axis. Half-precision input is
computed in float32 (in float16 the textbook ``-sum(p * log(p + 1e-20))`` is NaN), float64 stays float64. An entry of
``-inf`` is a token of probability zero and contributes nothing. A row without any finite largest entry (all ``-inf``,
a ``nan``, a ``+inf``) is no distribution and raises ``ValueError``.
"""

import math

import torch
from torch import Tensor

LOWEST = -1e4  # exp(LOWEST) is exactly 0 in float32 and float64, and 0 * LOWEST is 0 where 0 * -inf would be nan


def log_probabilities(logits: Tensor) -> Tensor:
    """log softmax(logits), in float32 or better; same shape.

    Raises:
        ValueError: a row has no finite maximum (only ``-inf``, or a ``nan`` or ``+inf`` in it).
    """
    logits = upcast(logits)
    if logits.shape[-1] == 0:
        raise ValueError(f"logits of shape {tuple(logits.shape)} have an empty vocabulary axis.")
    check_rows(logits.amax(-1))
    return logits.log_softmax(-1)


def entropy(logits: Tensor) -> Tensor:
    """Shannon entropy H(p) = -sum_v p_v log p_v of p = softmax(logits), between 0 and log(vocabulary)."""
    log_p = log_probabilities(logits)
    return -(log_p.exp() * log_p.clamp(min=LOWEST)).sum(-1)


def renyi_entropy(logits: Tensor, alpha: float) -> Tensor:
    """Renyi entropy H_a(p) = log(sum_v p_v^a) / (1 - a), computed as logsumexp(a log p) / (1 - a).

    The limits are exact branches: ``alpha=1`` is the Shannon entropy, ``alpha=inf`` the min-entropy -log max p and
    ``alpha=0`` the log of the number of tokens with non-zero probability (log vocabulary for finite logits, however
    small the probabilities: counting ``p > eps`` would measure underflow, not support). Never increases with alpha.
    Source: Entropy-Lens (arXiv 2502.16570), section on Renyi entropies.

    Raises:
        ValueError: alpha is negative or nan.
    """
    if not alpha >= 0:
        raise ValueError(f"alpha must be 0 or larger (float('inf') is allowed), got {alpha}.")
    if alpha == 1:
        return entropy(logits)
    log_p = log_probabilities(logits)
    if alpha == 0:
        return (log_p > -math.inf).sum(-1).to(log_p.dtype).log()
    if alpha == math.inf:
        return -log_p.amax(-1)
    if abs(alpha - 1) < 0.1:  # the next line would divide one rounding error by another
        tilt = (log_p.exp() * torch.expm1((alpha - 1) * log_p.clamp(min=LOWEST))).sum(-1)
        return tilt.log1p() / (1 - alpha)
    return (alpha * log_p).logsumexp(-1) / (1 - alpha)


def cross_entropy(target_logits: Tensor, logits: Tensor) -> Tensor:
    """CE(p, q) = -sum_v p_v log q_v with p = softmax(target_logits), q = softmax(logits); equals H(p) + KL(p || q).

    Infinite where q forbids a token that p allows.

    Raises:
        ValueError: different vocabularies, or a row that is no distribution.
    """
    p, _, log_q = _pair(target_logits, logits)
    return -_expectation(p, log_q)


def kl_divergence(p_logits: Tensor, q_logits: Tensor) -> Tensor:
    """KL(p || q) = sum_v p_v (log p_v - log q_v), 0 or larger; infinite where q forbids a token that p allows.

    Raises:
        ValueError: different vocabularies, or a row that is no distribution.
    """
    p, log_p, log_q = _pair(p_logits, q_logits)
    return _expectation(p, log_p - log_q).clamp(min=0)


def surprisal(logits: Tensor, token_ids: Tensor) -> Tensor:
    """-log p(token) of one token a row; shapes ``(..., vocabulary)`` and ``(...)``. Also called negative log-likelihood.

    Infinite for a token of probability zero.

    Raises:
        ValueError: the shapes do not match, or a token id lies outside the vocabulary.
    """
    token_ids = torch.as_tensor(token_ids, device=logits.device)
    if token_ids.shape != logits.shape[:-1]:
        raise ValueError(
            f"need one token id a row: logits {tuple(logits.shape)}, token ids {tuple(token_ids.shape)}."
        )
    if (
        token_ids.numel()
        and not 0 <= int(token_ids.min()) <= int(token_ids.max()) < logits.shape[-1]
    ):
        raise ValueError(
            f"token ids must lie in 0..{logits.shape[-1] - 1}, got {token_ids.min()}..{token_ids.max()}."
        )
    return -log_probabilities(logits).gather(-1, token_ids[..., None]).squeeze(-1)


def upcast(logits: Tensor) -> Tensor:
    """float32, or float64 when it was; integers too. Never a copy when nothing changes."""
    return logits if logits.dtype == torch.float64 else logits.float()


def check_rows(row_maxima: Tensor) -> None:
    """Raise ValueError unless every row's largest logit is finite."""
    if not torch.isfinite(row_maxima).all():
        row = (~torch.isfinite(row_maxima)).nonzero()[0].tolist()
        raise ValueError(
            f"logits row {row} has largest entry {row_maxima[tuple(row)]}: not a probability distribution."
        )


def _pair(p_logits: Tensor, q_logits: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    if p_logits.shape[-1] != q_logits.shape[-1]:
        raise ValueError(
            f"different vocabularies: {p_logits.shape[-1]} and {q_logits.shape[-1]} entries."
        )
    log_p = log_probabilities(p_logits)
    return log_p.exp(), log_p, log_probabilities(q_logits)


def _expectation(p: Tensor, values: Tensor) -> Tensor:
    return torch.where(p > 0, p * values, 0).sum(-1)
