"""Exercises of lesson 05: LogTokU, piece by piece."""

import torch

from .exercise import exercise

LOGITS = torch.tensor([[3.0, 20.0, 20.0], [-4.0, 2.0, 1.8], [-3.0, -1.0, 20.0], [-1.0, -2.0, -3.0]])
ALPHA = torch.tensor([[20.0, 20.0], [2.0, 1.0], [12.0, 0.0]])


@exercise(
    inputs=[(LOGITS, 2), (LOGITS, 3)],
    hints=[
        "Which k logits of each row count, and what happens to those below 0?",
        "`logits.topk(k)` finds the largest of each row, with their places and their values.",
        "Take the `.values`, and let `clamp` put a floor under them.",
    ],
    note="after this step the order of the candidates is kept and their identity is lost: the "
    "method does not ask which tokens the evidence is for.",
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


@evidence.two_mistakes(
    "Two faults at once: these are the first k tokens of the vocabulary, and negative logits "
    "slipped through. Take the k largest, and cut them off at 0."
)
def _(logits, k):
    return logits[..., :k]


@exercise(
    inputs=[(ALPHA,), (torch.tensor([[3.0, 2.0, 1.0]]),)],
    hints=[
        "Dirichlet(alpha) draws many vectors. Of which one vector does the colleague's line take "
        "the entropy, and of how many is AU the mean?",
        "`torch.digamma` is the psi of the formula; the sum over the candidates is over the last "
        "axis, and `keepdim=True` keeps the total beside them.",
        "Where the colleague has the logarithm of a share, the formula has a difference of two "
        "digammas, each of something plus 1. The shares before it are the same.",
    ],
    note="the mean of the entropies is never larger than the entropy of the mean; the difference "
    "is what the vectors disagree about.",
)
def aleatoric(alpha):
    total = alpha.sum(-1, keepdim=True)
    return -(alpha / total * (torch.digamma(alpha + 1) - torch.digamma(total + 1))).sum(-1)


@aleatoric.mistake("The sign is missing: the mean entropy of a Dirichlet is never negative.")
def _(alpha):
    return -aleatoric(alpha)


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
    hints=[
        "Larger means less reliable. Which end of the sorted values is wanted?",
        "`unreliability.topk(count)` gives the largest values; what must `count` be when the "
        "answer has fewer than k tokens?",
        "Take the smaller of k and the number of tokens, then the mean of the values, as a float.",
    ],
    note="with the sign turned the same line of code averages the most reliable tokens, and "
    "nothing warns you: say in words which end a measure reads.",
)
def least_reliable_mean(unreliability, k):
    return unreliability.topk(min(k, len(unreliability))).values.mean().item()


@least_reliable_mean.mistake(
    "You averaged the *most* reliable tokens: the largest unreliabilities are the least reliable."
)
def _(unreliability, k):
    return -least_reliable_mean(-unreliability, k)


@least_reliable_mean.mistake(
    "It fails when the answer has fewer than k tokens: take as many as there are."
)
def _(unreliability, k):
    return unreliability.topk(k).values.mean().item()


@least_reliable_mean.two_mistakes(
    "Two faults at once: these are the most reliable tokens, and it fails when the answer has "
    "fewer than k."
)
def _(unreliability, k):
    return unreliability.topk(k, largest=False).values.mean().item()


@least_reliable_mean.mistake(
    "You divided by k although there are fewer tokens: divide by the number you really took."
)
def _(unreliability, k):
    return (unreliability.topk(min(k, len(unreliability))).values.sum() / k).item()


@least_reliable_mean.mistake("You averaged all tokens; only the k least reliable ones count.")
def _(unreliability, k):
    return unreliability.mean().item()


@least_reliable_mean.two_mistakes(
    "Two faults at once: these are the most reliable tokens, and their sum is divided by k also "
    "where there are fewer."
)
def _(unreliability, k):
    smallest = unreliability.topk(min(k, len(unreliability)), largest=False).values
    return (smallest.sum() / k).item()
