"""LogTokU's split of doubt: the largest logits read as evidence (arXiv 2502.00290)."""

import math

import torch
from torch import Tensor

from ..information import upcast


def aleatoric_epistemic(logits, n_evidence: int = 2) -> tuple[Tensor, Tensor]:
    """Split each step's doubt by treating its largest logits as evidence (LogTokU, arXiv 2502.00290, section 3).

    With alpha_k = relu(k-th largest logit), K = n_evidence of them, and alpha_0 = sum_k alpha_k::

        AU = -sum_k alpha_k / alpha_0 (digamma(alpha_k + 1) - digamma(alpha_0 + 1))    aleatoric, [0, log K], nats
        EU = K / sum_k (alpha_k + 1)                                                   epistemic, (0, 1]

    AU is the mean entropy of a Dirichlet(alpha): high when the candidates have equal evidence ("several answers").
    EU is the vacuity of subjective logic: high when there is little evidence in total ("I do not know").
    No evidence at all (no positive logit) is defined as EU = 1 and AU = log K. (The formula's own limit would be AU = 0
    and would call total ignorance reliable; so there is a step at zero, and a model whose logits are all negative gets
    one constant for every token.) Not invariant to adding a constant to the logits, which changes no
    probability: numbers of different models cannot be compared.

    Returns:
        (AU, EU), each ``(steps,)``, finite, also where logits are ``-inf``.

    Raises:
        ValueError: n_evidence below 2, or a logit that is nan or +inf.
    """
    logits = upcast(torch.as_tensor(logits))
    largest = logits.topk(evidence_count(n_evidence, logits)).values
    if not (largest < math.inf).all():
        raise ValueError("a logit is nan or +inf: no evidence can be read from it.")
    return evidence_split(largest)


def evidence_count(n_evidence: int, logits: Tensor) -> int:
    if n_evidence < 2:
        raise ValueError(
            f"n_evidence must be at least 2 (one candidate cannot disagree with itself), got {n_evidence}."
        )
    return min(n_evidence, logits.shape[-1])


def evidence_split(largest: Tensor) -> tuple[Tensor, Tensor]:
    count = largest.shape[-1]
    evidence = largest.clamp(min=0)
    total = evidence.sum(-1, keepdim=True)
    gaps = torch.digamma(total + 1) - torch.digamma(evidence + 1)
    aleatoric = (evidence * gaps).sum(-1) / total.squeeze(-1)
    aleatoric = torch.where(total.squeeze(-1) > 0, aleatoric.clamp(min=0), math.log(count))
    return aleatoric, count / (evidence + 1).sum(-1)
