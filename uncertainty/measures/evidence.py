"""LogTokU's split of doubt: the largest logits read as evidence (arXiv 2502.00290)."""

import math

import torch
from torch import Tensor

from ..information import upcast


def aleatoric_epistemic(logits, n_evidence: int = 2) -> tuple[Tensor, Tensor]:
    """Split each step's doubt by treating its largest logits as evidence.

    With alpha_k = relu(k-th largest logit), K = n_evidence of them, and alpha_0 = sum_k alpha_k::

        AU = -sum_k alpha_k / alpha_0 (digamma(alpha_k + 1) - digamma(alpha_0 + 1))
        EU = K / sum_k (alpha_k + 1)

    AU is the aleatoric part, in [0, log K], nats: the mean entropy of a Dirichlet(alpha). It is
    high when the candidates have equal evidence ("several answers").
    EU is the epistemic part, in (0, 1]: the vacuity of subjective logic. It is high when there is
    little evidence in total ("I do not know").

    No evidence (no positive logit) is defined as EU = 1 and AU = log K. The formula's own
    limit would be AU = 0 and would call total ignorance reliable. So there is a step at zero, and a
    model whose logits are all negative gets one constant for every token.

    Adding a constant to the logits changes no probability, but it changes AU and EU. So numbers of
    different models cannot be compared.

    Source: LogTokU, arXiv 2502.00290, section 3.

    Returns:
        (AU, EU), each ``(steps,)``, finite, also where logits are ``-inf``.

    Raises:
        ValueError: n_evidence below 2, or a logit that is nan or +inf.
    """
    logits = upcast(torch.as_tensor(logits))
    largest = logits.topk(evidence_count(n_evidence, logits)).values  # (steps, K)
    if not (largest < math.inf).all():
        raise ValueError("a logit is nan or +inf: no evidence can be read from it.")
    return evidence_split(largest)


def evidence_count(n_evidence: int, logits: Tensor) -> int:
    """Return how many logits of a step count as evidence: n_evidence, or the whole vocabulary.

    Raises:
        ValueError: n_evidence below 2, or an empty vocabulary.
    """
    if logits.shape[-1] == 0:
        raise ValueError(f"logits of shape {tuple(logits.shape)} have an empty vocabulary axis.")
    if n_evidence < 2:
        raise ValueError(
            "n_evidence must be at least 2 (one candidate cannot disagree with itself), "
            f"got {n_evidence}."
        )
    return min(n_evidence, logits.shape[-1])


def evidence_split(largest: Tensor) -> tuple[Tensor, Tensor]:
    """Return `aleatoric_epistemic` from each step's K largest logits, ``(steps, K)``, unchecked."""
    count = largest.shape[-1]
    evidence = largest.clamp(min=0)  # alpha, (steps, K)
    total = evidence.sum(-1)  # alpha_0, (steps,)

    gaps = torch.digamma(total.unsqueeze(-1) + 1) - torch.digamma(evidence + 1)  # (steps, K)
    aleatoric = (evidence * gaps).sum(-1) / total  # nan without evidence, replaced next
    aleatoric = torch.where(total > 0, aleatoric.clamp(min=0), math.log(count))
    epistemic = count / (evidence + 1).sum(-1)
    return aleatoric, epistemic
