"""Information theory on logits: pure tensor functions, in nats.

Every function takes raw logits of shape ``(..., vocabulary)`` and reduces the last axis.
Half-precision input is computed in float32 (in float16 the textbook ``-sum(p * log(p + 1e-20))`` is
NaN), and float64 stays float64. An entry of ``-inf`` is a token of probability zero and contributes
nothing. A row whose largest entry is not finite (all ``-inf``, a ``nan``, a ``+inf``) is no
distribution and raises ``ValueError``.
"""

import math

import torch
from torch import Tensor

from ._inputs import require_ids_in_vocabulary

# The floor for log-probabilities inside a product p * log p: exp(LOWEST) is exactly 0 in float32
# and float64, and 0 * LOWEST is 0 where 0 * -inf would be nan.
LOWEST = -1e4
# The same where a tenth of it is the power of e: exp(80) is no infinity in float32.
LOWEST_TO_A_TENTH = -800.0


def log_probabilities(logits: Tensor) -> Tensor:
    """Compute log softmax(logits) in float32 or better; same shape.

    Raises:
        ValueError: a row has no finite maximum (only ``-inf``, or a ``nan`` or ``+inf`` in it), or
            there is no vocabulary axis.
    """
    logits = upcast(logits)
    if logits.ndim == 0:
        raise ValueError("a single number is no row of logits: give at least (vocabulary,).")
    if logits.shape[-1] == 0:
        raise ValueError(f"logits of shape {tuple(logits.shape)} have an empty vocabulary axis.")
    check_rows(logits.amax(-1))
    return logits.log_softmax(-1)


def entropy(logits: Tensor) -> Tensor:
    """Compute the Shannon entropy H(p) = -sum_v p_v log p_v of p = softmax(logits).

    It lies between 0 (one certain token) and log(vocabulary) (all tokens equally likely).
    """
    log_p = log_probabilities(logits)
    return -(log_p.exp() * log_p.clamp(min=LOWEST)).sum(-1)


def renyi_entropy(logits: Tensor, alpha: float) -> Tensor:
    """Compute the Renyi entropy H_a(p) = log(sum_v p_v^a) / (1 - a) of p = softmax(logits).

    It is computed as logsumexp(a log p) / (1 - a), and never increases with alpha. The limits are
    exact branches: ``alpha=1`` is the Shannon entropy, ``alpha=inf`` is the min-entropy -log max p,
    and ``alpha=0`` is the log of the number of tokens with non-zero probability. That is log
    vocabulary for finite logits, however small the probabilities: counting ``p > eps`` would
    measure underflow, not support.

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
        support_size = (log_p > -math.inf).sum(-1)
        return support_size.to(log_p.dtype).log()
    if alpha == math.inf:
        return -log_p.amax(-1)
    if abs(alpha - 1) < 0.1:  # the last line would divide one rounding error by another
        # sum_v p_v^a = 1 + sum_v p_v (p_v^(a - 1) - 1)
        change = torch.expm1((alpha - 1) * log_p.clamp(min=LOWEST_TO_A_TENTH))
        power_sum_minus_one = (log_p.exp() * change).sum(-1)
        return power_sum_minus_one.log1p() / (1 - alpha)
    return (alpha * log_p).logsumexp(-1) / (1 - alpha)


def probability_moment(logits: Tensor, power: float) -> Tensor:
    """Compute the mean over the vocabulary of the probabilities' powers, (1 / V) sum_v p_v^k.

    It is what the reference code of Entropy-Lens calls a moment. It knows nothing that a Renyi
    entropy does not: it equals exp((1 - k) H_k) / V, so for k = 1 it is 1 / V whatever the logits,
    and for k = 2 it falls as H_2 rises.

    Args:
        logits: ``(..., vocabulary)``.
        power: k, larger than 0.

    Source: Entropy-Lens (arXiv 2502.16570), ``get_moment`` of its code.

    Raises:
        ValueError: a power that is not a positive number.
    """
    _require_power(power)
    log_p = log_probabilities(logits)
    return (power * log_p).exp().mean(-1)


def token_id_moment(logits: Tensor, power: float) -> Tensor:
    """Compute the moment of the next token's number, E[(v / V)^k] = sum_v p_v (v / V)^k.

    The numbers v = 0, ..., V - 1 are a tokenizer's bookkeeping. Another order of the vocabulary
    gives another moment of the same prediction, which no entropy does.

    Args:
        logits: ``(..., vocabulary)``.
        power: k, larger than 0.

    Raises:
        ValueError: a power that is not a positive number.
    """
    _require_power(power)
    p = log_probabilities(logits).exp()
    size = p.shape[-1]
    numbers = torch.arange(size, device=p.device, dtype=p.dtype) / size
    return (p * numbers**power).sum(-1)


def thresholded_entropy(logits: Tensor, threshold: float) -> Tensor:
    """Compute the entropy's sum over likely tokens only, -sum over p_v > t of p_v log p_v, in nats.

    As in the source, what is left is not made to sum to one, so this is a part of the Shannon
    entropy: at ``threshold=0`` all of it, and 0 where no token passes.

    Args:
        logits: ``(..., vocabulary)``.
        threshold: t, a probability, from 0 (included) to 1.

    Source: Entropy-Lens (arXiv 2502.16570), ``get_entropy_thresholded`` of its code, whose default
    threshold (mean minus standard deviation of the probabilities) is below 0 unless the prediction
    is nearly uniform, and then excludes nothing.

    Raises:
        ValueError: a threshold outside 0..1.
    """
    if not 0 <= threshold < 1:
        raise ValueError(f"the threshold is a probability from 0 to below 1, got {threshold}.")
    log_p = log_probabilities(logits).clamp(min=LOWEST)
    p = log_p.exp()
    return -torch.where(p > threshold, p * log_p, 0).sum(-1)


def anchored_renyi_entropy(logits: Tensor, anchors: Tensor, alpha: float = 1) -> Tensor:
    """Compute the Renyi entropy among chosen tokens only: of softmax(logits[..., anchors]).

    Args:
        logits: ``(..., vocabulary)``.
        anchors: ``(n,)`` ids of the tokens; each counts once. (The source's tokenizer call adds the
            beginning-of-sequence token to them.)
        alpha: the order, as in `renyi_entropy`.

    Source: Entropy-Lens (arXiv 2502.16570), ``calculate_anchored_renyi_entropy`` of its code.

    Raises:
        ValueError: fewer than two different anchors, one outside the vocabulary, or a bad order.
    """
    ids = torch.as_tensor(anchors, device=logits.device).long().unique()
    if len(ids) < 2:
        raise ValueError(f"an entropy among anchors needs at least two tokens, got {len(ids)}.")
    require_ids_in_vocabulary(ids, logits.shape[-1])
    return renyi_entropy(logits[..., ids], alpha)


def cross_entropy(target_logits: Tensor, logits: Tensor) -> Tensor:
    """Compute the cross-entropy CE(p, q) = -sum_v p_v log q_v.

    Here p = softmax(target_logits) and q = softmax(logits). It equals H(p) + KL(p || q), and is
    infinite where q forbids a token that p allows.

    Raises:
        ValueError: different vocabularies, or a row that is no distribution.
    """
    _require_same_vocabulary(target_logits, logits)
    p = log_probabilities(target_logits).exp()
    return -_expectation(p, log_probabilities(logits))


def kl_divergence(p_logits: Tensor, q_logits: Tensor) -> Tensor:
    """Compute the divergence KL(p || q) = sum_v p_v (log p_v - log q_v).

    Here p = softmax(p_logits) and q = softmax(q_logits). It is 0 or larger, and infinite where q
    forbids a token that p allows. (Of nearly equal distributions rounding would leave as little as
    -1e-5; that becomes 0.)

    Raises:
        ValueError: different vocabularies, or a row that is no distribution.
    """
    _require_same_vocabulary(p_logits, q_logits)
    log_p = log_probabilities(p_logits)
    log_q = log_probabilities(q_logits)
    return _expectation(log_p.exp(), log_p - log_q).clamp(min=0)


def surprisal(logits: Tensor, token_ids: Tensor) -> Tensor:
    """Compute -log p(token) for one token of every row; also called the negative log-likelihood.

    It is infinite for a token of probability zero.

    Args:
        logits: ``(..., vocabulary)``.
        token_ids: ``(...)``, one token id for every row of the logits.

    Raises:
        ValueError: the shapes do not match, or a token id lies outside the vocabulary.
    """
    token_ids = torch.as_tensor(token_ids, device=logits.device)
    if token_ids.shape != logits.shape[:-1]:
        raise ValueError(
            f"need one token id a row: logits {tuple(logits.shape)}, "
            f"token ids {tuple(token_ids.shape)}."
        )
    require_ids_in_vocabulary(token_ids, logits.shape[-1])
    log_p = log_probabilities(logits)
    return -log_p.gather(-1, token_ids[..., None].long()).squeeze(-1)


def upcast(logits: Tensor) -> Tensor:
    """Return the logits in float32, or as they are when they are float64; integers become float32.

    Logits that need no change are returned themselves, not copied.
    """
    return logits if logits.dtype == torch.float64 else logits.float()


def check_rows(row_maxima: Tensor) -> None:
    """Raise ValueError unless every row's largest logit is finite."""
    if not torch.isfinite(row_maxima).all():
        row = (~torch.isfinite(row_maxima)).nonzero()[0].tolist()
        largest = row_maxima[tuple(row)]
        raise ValueError(
            f"logits row {row} has largest entry {largest}: not a probability distribution."
        )


def _require_power(power: float) -> None:
    if not 0 < power < math.inf:
        raise ValueError(f"the power must be a positive number, got {power}.")


def _require_same_vocabulary(p_logits: Tensor, q_logits: Tensor) -> None:
    if p_logits.shape[-1] != q_logits.shape[-1]:
        raise ValueError(
            f"different vocabularies: {p_logits.shape[-1]} and {q_logits.shape[-1]} entries."
        )


def _expectation(p: Tensor, values: Tensor) -> Tensor:
    """Compute sum_v p_v values_v, where a token of probability zero contributes nothing."""
    return torch.where(p > 0, p * values, 0).sum(-1)
