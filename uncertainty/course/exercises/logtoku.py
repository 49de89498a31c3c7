"""Exercises of lesson 05: LogTokU, piece by piece."""

import torch

from .exercise import exercise

LOGITS = torch.tensor([[3.0, 20.0, 20.0], [-4.0, 2.0, 1.8], [-3.0, -1.0, 20.0], [-1.0, -2.0, -3.0]])
ALPHA = torch.tensor([[20.0, 20.0], [2.0, 1.0], [12.0, 0.0]])


@exercise(
    inputs=[(LOGITS, 2), (LOGITS, 3)],
    hint="`logits.topk(k).values`, and evidence is never negative: `clamp(min=0)`.",
)
def evidence(logits, k):
    return logits.topk(k).values.clamp(min=0)


@evidence.mistake(
    "Negative logits slipped through: evidence is never negative, clamp it at 0 (the ReLU of "
    "the paper)."
)
def _(logits, k):
    return logits.topk(k).values


@evidence.mistake(
    "Those are probabilities: the method reads the logits before the softmax, that is its "
    "whole point."
)
def _(logits, k):
    return logits.softmax(-1).topk(k).values


@evidence.mistake("You took the first k tokens of the vocabulary; take the k largest logits.")
def _(logits, k):
    return logits[..., :k].clamp(min=0)


@exercise(
    inputs=[(ALPHA,), (torch.zeros(1, 2),)],
    hint="K / sum(alpha + 1), over the last axis; K is the number of candidates, "
    "`alpha.shape[-1]`.",
)
def epistemic(alpha):
    return alpha.shape[-1] / (alpha + 1).sum(-1)


@epistemic.mistake("The + 1 is missing: without it no evidence at all divides by zero.")
def _(alpha):
    return alpha.shape[-1] / alpha.sum(-1)


@epistemic.mistake("The numerator is K, the number of candidates, not 1.")
def _(alpha):
    return 1 / (alpha + 1).sum(-1)


@epistemic.mistake("You added 1 once; every candidate gets its own 1, so K in total.")
def _(alpha):
    return alpha.shape[-1] / (alpha.sum(-1) + 1)


@exercise(
    inputs=[(ALPHA,), (torch.tensor([[3.0, 2.0, 1.0]]),)],
    hint="With a0 = sum(alpha): -sum(alpha / a0 * (digamma(alpha + 1) - digamma(a0 + 1))). "
    "`torch.digamma` is the psi of the formula; keep the last axis of a0 with `keepdim=True`.",
)
def aleatoric(alpha):
    total = alpha.sum(-1, keepdim=True)
    return -(alpha / total * (torch.digamma(alpha + 1) - torch.digamma(total + 1))).sum(-1)


@aleatoric.mistake("The sign is missing: the mean entropy of a Dirichlet is never negative.")
def _(alpha):
    total = alpha.sum(-1, keepdim=True)
    return (alpha / total * (torch.digamma(alpha + 1) - torch.digamma(total + 1))).sum(-1)


@aleatoric.mistake(
    "That is the entropy of the *mean* distribution alpha / a0; the method takes the mean of "
    "the entropies."
)
def _(alpha):
    return torch.special.entr(alpha / alpha.sum(-1, keepdim=True)).sum(-1)


@aleatoric.mistake("The + 1 inside both digammas is missing.")
def _(alpha):
    total = alpha.sum(-1, keepdim=True)
    return -(alpha / total * (torch.digamma(alpha) - torch.digamma(total))).sum(-1)


@aleatoric.mistake("You did not weigh the candidates by alpha / a0.")
def _(alpha):
    total = alpha.sum(-1, keepdim=True)
    return -(torch.digamma(alpha + 1) - torch.digamma(total + 1)).sum(-1)


@exercise(
    inputs=[
        (torch.tensor([0.1, 0.5, 0.3, 0.2]), 2),
        (torch.tensor([0.1, 0.4]), 25),
        (torch.tensor([0.3]), 1),
    ],
    hint="`values.topk(min(k, len(values)))` gives the largest; an answer can be shorter than k.",
)
def least_reliable_mean(unreliability, k):
    return unreliability.topk(min(k, len(unreliability))).values.mean().item()


@least_reliable_mean.mistake(
    "You averaged the *most* reliable tokens: the largest unreliabilities are the least reliable."
)
def _(unreliability, k):
    return unreliability.topk(min(k, len(unreliability)), largest=False).values.mean().item()


@least_reliable_mean.mistake(
    "It fails when the answer has fewer than k tokens: take as many as there are."
)
def _(unreliability, k):
    return unreliability.topk(k).values.mean().item()


@least_reliable_mean.mistake(
    "You divided by k although there are fewer tokens: divide by the number you really took."
)
def _(unreliability, k):
    return (unreliability.topk(min(k, len(unreliability))).values.sum() / k).item()


@least_reliable_mean.mistake("You averaged all tokens; only the k least reliable ones count.")
def _(unreliability, k):
    return unreliability.mean().item()
