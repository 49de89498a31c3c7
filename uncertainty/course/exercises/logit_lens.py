"""Exercises of lesson 08: the norm, the lens, the rank of a token, adding up the stream."""

import torch

from .exercise import exercise

_generator = torch.Generator().manual_seed(7)
STREAM = torch.randn(3, 4, generator=_generator) * torch.tensor([[1.0], [5.0], [20.0]])
GAIN = torch.tensor([1.0, 0.5, 2.0, 1.5])
UNEMBEDDING = torch.randn(6, 4, generator=_generator)
LOGITS = torch.tensor([[2.0, 0.5, 3.0, 2.0], [0.0, 1.0, -1.0, 4.0]])


def _norm(states):
    return states / (states.pow(2).mean(-1, keepdim=True) + 1e-5).sqrt()


@exercise(
    inputs=[(STREAM, GAIN), (STREAM[0], GAIN), (torch.zeros(4), GAIN)],
    hint="`x.pow(2).mean(-1, keepdim=True)` is the mean square of each row; add 1e-5, take the "
    "root, divide, multiply by the gain.",
)
def rms_norm(x, gain):
    return x / (x.pow(2).mean(-1, keepdim=True) + 1e-5).sqrt() * gain


@rms_norm.mistake("The gain is missing.")
def _(x, gain):
    return _norm(x)


@rms_norm.mistake(
    "Divide by the root of the *mean* square, not of the sum: the width must not matter."
)
def _(x, gain):
    return x / (x.pow(2).sum(-1, keepdim=True) + 1e-5).sqrt() * gain


@rms_norm.mistake(
    "You took the mean over everything; each row (each token, each depth) has a scale of its own."
)
def _(x, gain):
    return x / (x.pow(2).mean() + 1e-5).sqrt() * gain


@rms_norm.mistake("That is a LayerNorm: RMSNorm does not subtract the mean.")
def _(x, gain):
    centred = x - x.mean(-1, keepdim=True)
    return centred / (centred.pow(2).mean(-1, keepdim=True) + 1e-5).sqrt() * gain


@exercise(
    inputs=[(STREAM, _norm, UNEMBEDDING), (STREAM * 3, _norm, UNEMBEDDING)],
    hint="Three steps: `norm(stream)`, times `unembedding.T`, `.log_softmax(-1)`.",
)
def lens(stream, norm, unembedding):
    return (norm(stream) @ unembedding.T).log_softmax(-1)


@lens.mistake("The norm is missing: the unembedding expects a normed stream, at every depth.")
def _(stream, norm, unembedding):
    return (stream @ unembedding.T).log_softmax(-1)


@lens.mistake(
    "Those are logits; the lens' distribution is their softmax, here as log-probabilities."
)
def _(stream, norm, unembedding):
    return norm(stream) @ unembedding.T


@lens.mistake(
    "Probabilities are right, but we asked for their logarithms: they keep what underflows."
)
def _(stream, norm, unembedding):
    return (norm(stream) @ unembedding.T).softmax(-1)


@lens.mistake(
    "You used one scale for all depths (the last one's): recompute the norm for each row."
)
def _(stream, norm, unembedding):
    scale = (stream[-1].pow(2).mean() + 1e-5).sqrt()
    return (stream / scale @ unembedding.T).log_softmax(-1)


@lens.mistake("The softmax runs over the vocabulary, the last axis.")
def _(stream, norm, unembedding):
    return (norm(stream) @ unembedding.T).log_softmax(0)


@exercise(
    inputs=[(LOGITS, 0), (LOGITS, 3), (LOGITS, 2)],
    hint="Count, in each row, the logits that are *larger* than the token's own: `(logits > own[:, "
    "None]).sum(-1)`.",
)
def rank_of(logits, token):
    return (logits > logits[:, token : token + 1]).sum(-1)


@rank_of.mistake("The top token has rank 0: do not count the token itself.")
def _(logits, token):
    return (logits >= logits[:, token : token + 1]).sum(-1)


@rank_of.mistake("You counted the logits that are smaller.")
def _(logits, token):
    return (logits < logits[:, token : token + 1]).sum(-1)


@rank_of.mistake(
    "That is the place of the token in each row's order, smallest first; count from the largest."
)
def _(logits, token):
    return logits.argsort(-1).argsort(-1)[:, token]
