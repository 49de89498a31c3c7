"""Exercises of lesson 10: the norm, a lens with a frozen scale, a token's rank, an early stop."""

import torch

from .exercise import exercise

STREAM = torch.tensor([[3.0, 4.0], [-30.0, 40.0], [1.0, 0.0]])
GAIN = torch.tensor([1.0, 2.0])
UNEMBEDDING = torch.tensor([[1.0, 0.0], [0.0, 1.0], [-1.0, 2.0], [2.0, 1.0]])
LARGEST = torch.tensor(  # depths by tokens
    [
        [0.9, 0.2, 0.7, 0.1, 0.3],
        [0.5, 0.7, 0.4, 0.3, 0.2],
        [0.7, 0.4, 0.5, 0.2, 0.65],
        [0.8, 0.9, 0.3, 0.4, 0.5],
        [0.6, 0.5, 0.9, 0.2, 0.1],
    ]
)
LOGITS = torch.tensor([[2.0, 0.5, 3.0, 2.0], [0.0, 1.0, -1.0, 4.0]])


def _without_gain(states):
    return states / (states.pow(2).mean(-1, keepdim=True) + 1e-5).sqrt()


def norm(states):
    return _without_gain(states) * GAIN


@exercise(
    inputs=[(STREAM, GAIN), (STREAM[0], GAIN), (torch.zeros(2), GAIN)],
    hints=[
        "How many mean squares does the colleague compute, and how many rows are there? Print the "
        "shape of `x.pow(2).mean()`.",
        "`mean` takes an axis. With `keepdim=True` the result can still be divided into the rows.",
        "The mean of the squares over the last axis only, one number a row; the rest of the "
        "colleague's line is right.",
    ],
    note="the norm forgets the length of a row: ten times the row gives the same result, up to "
    "the 1e-5.",
)
def rms_norm(x, gain):
    return x / (x.pow(2).mean(-1, keepdim=True) + 1e-5).sqrt() * gain


@rms_norm.mistake("The gain is missing.")
def _(x, gain):
    return rms_norm(x, torch.ones_like(gain))


@rms_norm.mistake("The 1e-5 is missing: your last result divides a vector of zeros by 0.")
def _(x, gain):
    return x / x.pow(2).mean(-1, keepdim=True).sqrt() * gain


@rms_norm.mistake("You divided by the mean square itself; its root is missing.")
def _(x, gain):
    return x / (x.pow(2).mean(-1, keepdim=True) + 1e-5) * gain


@rms_norm.mistake(
    "Your mean runs down the columns, over the rows; a row needs the mean over its own numbers, "
    "the last axis."
)
def _(x, gain):
    return x / (x.pow(2).mean(0, keepdim=True) + 1e-5).sqrt() * gain


@rms_norm.mistake(
    "Your loop is right for a stream, but takes each number of a single vector for a row. `mean` "
    "with the last axis serves both, without a loop."
)
def _(x, gain):
    return torch.stack([row / (row.pow(2).mean() + 1e-5).sqrt() * gain for row in x])


@rms_norm.mistake(
    "Divide by the root of the *mean* square, not of the sum: the width must not matter."
)
def _(x, gain):
    return x / (x.pow(2).sum(-1, keepdim=True) + 1e-5).sqrt() * gain


@rms_norm.mistake(
    "That is the vector's length. Divide by the root of the *mean* square, with the 1e-5 under the "
    "root."
)
def _(x, gain):
    return x / x.norm(dim=-1, keepdim=True) * gain


@rms_norm.mistake(
    "You took the mean over everything; each row (each token, each depth) has a scale of its own."
)
def _(x, gain):
    return x / (x.pow(2).mean() + 1e-5).sqrt() * gain


@rms_norm.two_mistakes(
    "Two things: the mean runs over everything instead of over each row, and the gain is missing."
)
def _(x, gain):
    return x / (x.pow(2).mean() + 1e-5).sqrt()


@rms_norm.mistake("That is a LayerNorm: RMSNorm does not subtract the mean.")
def _(x, gain):
    centred = x - x.mean(-1, keepdim=True)
    return centred / (centred.pow(2).mean(-1, keepdim=True) + 1e-5).sqrt() * gain


@exercise(
    inputs=[(STREAM[:2], norm, UNEMBEDDING), (STREAM, norm, UNEMBEDDING)],
    hints=[
        "Divide a vector of length 35 by what belongs to one of length 619. How large are its "
        "logits, and what is the softmax of logits that are all close to 0? At which depth is his "
        "scale the right one?",
        "`norm` works on each row by its own length, at every depth. Of the unembedding's shape "
        "(vocabulary, width), which axis meets the stream's? Then look for a softmax that returns "
        "logarithms.",
        "The order is that of the drawing in section 1: norm, unembedding, softmax. Only the first "
        "of the three was wrong.",
    ],
    note="the function never asks which depth a row comes from. His lens fails there: it treats "
    "the last depth as it should, and it lets the length of all others through.",
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


@lens.mistake("Those are probabilities; we asked for their logarithms, which keep what underflows.")
def _(stream, norm, unembedding):
    return lens(stream, norm, unembedding).exp()


@lens.mistake(
    "That is the colleague's lens: one scale for all depths, the last one's. A short vector then "
    "has small logits and looks undecided. Norm each row by its own length."
)
def _(stream, norm, unembedding):
    scale = (stream[-1].pow(2).mean() + 1e-5).sqrt()
    return (stream / scale @ unembedding.T).log_softmax(-1)


@lens.two_mistakes(
    "Two things: the norm is missing, and we asked for log-probabilities, not for logits."
)
def _(stream, norm, unembedding):
    return stream @ unembedding.T


@lens.mistake(
    "Each row has its own length now, but the norm's gain is missing: call `norm`, which has both."
)
def _(stream, norm, unembedding):
    return (_without_gain(stream) @ unembedding.T).log_softmax(-1)


@lens.mistake("You normed twice: the gain is applied twice as well.")
def _(stream, norm, unembedding):
    return (norm(norm(stream)) @ unembedding.T).log_softmax(-1)


@lens.mistake("The sign: a log-probability is never above 0; yours is the surprisal.")
def _(stream, norm, unembedding):
    return -lens(stream, norm, unembedding)


@lens.two_mistakes("Two things: the norm is missing, and we asked for logarithms of probabilities.")
def _(stream, norm, unembedding):
    return (stream @ unembedding.T).softmax(-1)


@lens.mistake("The softmax runs over the vocabulary, the last axis.")
def _(stream, norm, unembedding):
    return (norm(stream) @ unembedding.T).log_softmax(0)


@exercise(
    inputs=[(LOGITS, 0), (LOGITS, 3), (LOGITS, 2)],
    hints=[
        "Nothing has to be sorted. Which logits stand before the token's own in the ranking?",
        "Compare each row with the logit of the token in that row; a sum over True and False "
        "counts.",
        "The token's own logits must stay a column, (depths, 1), to be compared with whole rows; a "
        "token is not larger than itself.",
    ],
    note="logits and log-probabilities give the same ranks, because a softmax keeps the order.",
)
def rank_of(logits, token):
    return (logits > logits[:, token : token + 1]).sum(-1)


@rank_of.mistake("The top token has rank 0: do not count the token itself.")
def _(logits, token):
    return (logits >= logits[:, token : token + 1]).sum(-1)


@rank_of.mistake("The top token has rank 0: your ranks start at 1.")
def _(logits, token):
    return rank_of(logits, token) + 1


@rank_of.mistake(
    "Your row is the other way round: it names the token at a place, and we ask for the place of "
    "a token."
)
def _(logits, token):
    return logits.argsort(-1, descending=True)[:, token]


@rank_of.mistake("You compared the logits with the token's number; compare them with its logit.")
def _(logits, token):
    return (logits > token).sum(-1)


@rank_of.mistake("You counted the logits that are smaller.")
def _(logits, token):
    return rank_of(-logits, token)


@rank_of.mistake(
    "That is the place of the token in each row's order, smallest first; count from the largest."
)
def _(logits, token):
    return logits.argsort(-1).argsort(-1)[:, token]


@exercise(
    inputs=[(LARGEST, 0.6), (LARGEST, 0.75), (LARGEST, 0.99)],
    hints=[
        "Which depths may the rule stop at, and what does it do with a token for which no depth is "
        "sure enough? The second input has one.",
        "`argmax` of a table of 0 and 1 gives the first place of the largest number. Where all are "
        "0, that is place 0: is that what you want?",
        "Make a table `sure` of `largest > limit`, set its first row to False and its last row to "
        "True, and take `sure.int().argmax(0)`.",
    ],
    note="a higher limit never stops earlier. Whether it is right more often, only a count can "
    "say.",
)
def stopping_depth(largest, limit):
    sure = largest > limit
    sure[0], sure[-1] = False, True
    return sure.int().argmax(0)


@stopping_depth.mistake("Depth 0 does not count: no block has worked there.")
def _(largest, limit):
    sure = largest > limit
    sure[-1] = True
    return sure.int().argmax(0)


@stopping_depth.mistake(
    "Where no depth is sure enough, the last one speaks; `argmax` of a column of zeros is 0."
)
def _(largest, limit):
    sure = largest > limit
    sure[0] = False
    return sure.int().argmax(0)


@stopping_depth.two_mistakes(
    "Two things: depth 0 does not count, and where no depth is sure enough, the last one speaks."
)
def _(largest, limit):
    return (largest > limit).int().argmax(0)


@stopping_depth.mistake("Your depths are one too small: you left out depth 0 and count from there.")
def _(largest, limit):
    sure = largest[1:] > limit
    sure[-1] = True
    return sure.int().argmax(0)


@stopping_depth.mistake("That is the surest depth; the rule stops at the first sure enough.")
def _(largest, limit):
    return largest[1:].argmax(0) + 1


@stopping_depth.mistake("The rule stops *above* the limit: compare with `>`, not with `<`.")
def _(largest, limit):
    return stopping_depth(-largest, -limit)
