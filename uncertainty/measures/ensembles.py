"""What several models that learnt the same know together: their disagreement as epistemic doubt."""

import torch
from torch import Tensor

from ..information import entropy, log_probabilities


def mutual_information(logits: Tensor, *, weights: Tensor | None = None) -> Tensor:
    """Compute the mutual information of model and next token: the epistemic part of the doubt.

    With the members' distributions p_1, ..., p_n and weights w_1, ..., w_n that sum to one::

        MI = H(sum_i w_i p_i) - sum_i w_i H(p_i)

    In words: total doubt minus expected doubt. The total is the entropy of the mean prediction, the
    expected doubt is the mean of the members' entropies, which is the aleatoric part. MI is 0 where
    all members predict the same, and at most the entropy of the weights, log n for equal ones. A
    constant added to a row of logits changes nothing.

    Args:
        logits: ``(members, ..., vocabulary)`` raw.
        weights: ``(members, ...)``, none negative, a probability of each member; default: equal
            ones. Axes of length 1 are repeated.

    Returns:
        ``(...)``, nats, 0 or larger.

    Source: Depeweg et al., Decomposition of Uncertainty in Bayesian Deep Learning (arXiv
    1710.07283), abstract; for language models Malinin and Gales, Uncertainty Estimation in
    Autoregressive Structured Prediction (arXiv 2002.07650), abstract.

    Raises:
        ValueError: no axis of members, a row that is no distribution, or weights that are negative
            or do not sum to 1.
    """
    log_p = log_probabilities(logits)  # (members, ..., vocabulary)
    if log_p.ndim < 2 or not len(log_p):
        raise ValueError(
            "an ensemble's logits are (members, ..., vocabulary) with at least one member, "
            f"got shape {tuple(logits.shape)}."
        )
    shares = _member_weights(weights, log_p)  # (members, ...)
    pooled = (shares[..., None] * log_p.exp()).sum(0).log()
    expected = (shares * entropy(log_p)).sum(0)
    return (entropy(pooled) - expected).clamp(min=0)


def _member_weights(weights: Tensor | None, log_p: Tensor) -> Tensor:
    """Return the weights in the shape of the members' entropies."""
    shape = log_p.shape[:-1]
    if weights is None:
        return torch.full(shape, 1 / len(log_p), dtype=log_p.dtype, device=log_p.device)
    shares = torch.as_tensor(weights).to(log_p).expand(shape)
    total = shares.sum(0)
    if (shares < 0).any() or not torch.allclose(total, torch.ones_like(total), atol=1e-4):
        raise ValueError(
            "the members' weights must not be negative and must sum to 1; "
            f"the smallest is {shares.min():.4g}, the sums go from {total.min():.4g} to "
            f"{total.max():.4g}."
        )
    return shares
