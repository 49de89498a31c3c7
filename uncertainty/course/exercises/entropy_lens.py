"""Exercises of lesson 14: windowed profile, Renyi entropy, expansion and pruning."""

import numpy as np
import torch

from .exercise import exercise

_rng = np.random.default_rng(9)
ENTROPIES = _rng.uniform(0, 4, (5, 8)).round(2)  # (depths, tokens)
FOUR = np.array([[1.0, 3.0, 0.0, 2.0], [4.0, 2.0, 0.0, 2.0]])  # the lesson's example and a row more
OUTVOTED = np.array([[1.0, 1.0, 1.0, 3.0], [1.1, 1.1, 1.1, 1.0]])  # three rise, and the mean falls
LOGITS = torch.tensor([[4.0, 1.0, 0.0, -2.0], [0.0, 0.0, 0.0, 0.0]])
UNIFORM = torch.zeros(49152)


@exercise(
    inputs=[(FOUR, 2), (ENTROPIES, 2), (ENTROPIES, 4), (ENTROPIES, 1)],
    hints=[
        "Go through the example: from which two of 1, 3, 0, 2 is the colleague's 0.5 the mean?",
        "`reshape` fills the last axis first, so neighbours stay side by side there.",
        "Three axes: depths, windows, and the tokens of one window, in this order; the mean runs "
        "over the last.",
    ],
    note="with one window the result is the mean over the whole answer.",
)
def windowed(entropies, count):
    depths, tokens = entropies.shape
    return entropies.reshape(depths, count, tokens // count).mean(-1)


@windowed.mistake("A window is a stretch of *neighbouring* tokens; you took every n-th one.")
def _(entropies, count):
    depths, tokens = entropies.shape
    return entropies.reshape(depths, tokens // count, count).mean(1)


@windowed.mistake(
    "You averaged over windows of that length; `count` is how many windows there are."
)
def _(entropies, count):
    depths, tokens = entropies.shape
    return entropies.reshape(depths, tokens // count, count).mean(-1)


@windowed.two_mistakes(
    "Two things: a window is a stretch of *neighbouring* tokens, and its entropies are averaged, "
    "not added."
)
def _(entropies, count):
    depths, tokens = entropies.shape
    return entropies.reshape(depths, tokens // count, count).sum(1)


@windowed.mistake(
    "The windows are right, the mean is not: it runs over the windows, and should run over the "
    "tokens of one window, the last axis."
)
def _(entropies, count):
    depths, tokens = entropies.shape
    return entropies.reshape(depths, count, tokens // count).mean(1)


@windowed.mistake("Your table is turned: a row is a depth, a column is a window.")
def _(entropies, count):
    return windowed(entropies, count).T


@windowed.mistake(
    "Your windows overlap: the second begins one token after the first. It begins where the first "
    "one ends."
)
def _(entropies, count):
    starts = range(count)
    length = entropies.shape[1] // count
    return np.array([entropies[:, at : at + length].mean(1) for at in starts]).T


@windowed.mistake("Average, do not add: longer windows must not look more unsure.")
def _(entropies, count):
    return windowed(entropies, count) * (entropies.shape[1] // count)


@exercise(
    inputs=[(LOGITS, 0.5), (LOGITS, 2.0), (LOGITS, 5.0), (UNIFORM, 10.0), (UNIFORM, 100.0)],
    hints=[
        "Each of the tokens has a probability of 2e-5. What is its tenth power, and what is the "
        "smallest number that 32 bits can hold? Print the sum before its logarithm is taken.",
        "Do not leave the logarithms: the power of a probability is the exponential of a multiple "
        "of its logarithm. `log_softmax` gives the logarithms.",
        "`logsumexp` takes the logarithm of a sum of exponentials without ever holding the small "
        "numbers themselves. The colleague's division stays.",
    ],
    note="for a uniform distribution all orders agree: each is the logarithm of the number of "
    "tokens, here 10.8. A test at order 2 would not have found the fault.",
)
def renyi(logits, alpha):
    return (alpha * logits.log_softmax(-1)).logsumexp(-1) / (1 - alpha)


@renyi.mistake(
    "That is the colleague's line. On the large vocabulary every power became 0, and the logarithm "
    "of 0 is minus infinity: stay with logarithms until the sum is taken."
)
def _(logits, alpha):
    return logits.softmax(-1).pow(alpha).sum(-1).log() / (1 - alpha)


@renyi.mistake(
    "That is the colleague's line with 64 bits: right at order 10, infinite again at order 100. "
    "Stay with logarithms until the sum is taken."
)
def _(logits, alpha):
    return logits.double().softmax(-1).pow(alpha).sum(-1).log() / (1 - alpha)


@renyi.mistake("To bring the logarithm of the sum back to nats, divide it by 1 - alpha.")
def _(logits, alpha):
    return renyi(logits, alpha) * (1 - alpha)


@renyi.mistake(
    "You added the logarithms. The formula adds the powers and takes one logarithm, of their sum."
)
def _(logits, alpha):
    return (alpha * logits.log_softmax(-1)).sum(-1) / (1 - alpha)


@renyi.mistake(
    "You multiplied before the softmax, so the powers were made to add up to 1 and the logarithm "
    "is 0. First the softmax, then the power alpha."
)
def _(logits, alpha):
    return (alpha * logits).log_softmax(-1).logsumexp(-1) / (1 - alpha)


@renyi.mistake("The sign: divide by 1 - alpha, so that the result is never negative.")
def _(logits, alpha):
    return -renyi(logits, alpha)


@renyi.mistake("You took the power of the logits: first softmax, then the power alpha.")
def _(logits, alpha):
    return (alpha * logits).logsumexp(-1) / (1 - alpha)


@renyi.two_mistakes(
    "Two things: softmax first, then the power alpha; and divide by 1 - alpha, not alpha - 1."
)
def _(logits, alpha):
    return (alpha * logits).logsumexp(-1) / (alpha - 1)


@renyi.mistake("That is Shannon's entropy, the limit alpha = 1.")
def _(logits, alpha):
    log_p = logits.log_softmax(-1)
    return -(log_p.exp() * log_p).sum(-1)


@renyi.mistake("That is the Tsallis entropy; Renyi's takes the logarithm of the sum of powers.")
def _(logits, alpha):
    return (1 - (alpha * logits.log_softmax(-1)).exp().sum(-1)) / (alpha - 1)


@exercise(
    inputs=[(OUTVOTED,), (ENTROPIES,), (ENTROPIES[:2],)],
    hints=[
        "Nine steps of 0.1 and one of -2: what is their mean, and how many of the ten are above 0? "
        "The colleague takes the mean before asking the question.",
        "`np.diff` takes an axis, and works on the whole grid as well; a mean over True and False "
        "is a share.",
        "Ask first, average then: with five depths and eight tokens there are 4 x 8 answers yes or "
        "no, and one share for each of the four steps.",
    ],
    note="a share tells that the entropy grew, not by how much: a step of 0.01 counts like one of "
    "3. The mean tells how much, and one token may decide it. Report which of the two you used.",
)
def expansion_share(entropies):
    return (np.diff(entropies, axis=0) > 0).mean(axis=1)


@expansion_share.mistake(
    "That is the colleague's line: one token with a large fall can outvote nine small rises. Ask "
    "each token first, and average the answers."
)
def _(entropies):
    return (np.diff(entropies.mean(1)) > 0) * 1.0


@expansion_share.mistake(
    "You say of each layer whether most tokens expand. We ask for the share of the tokens itself."
)
def _(entropies):
    return (np.diff(entropies, axis=0) > 0).mean(axis=1) > 0.5


@expansion_share.mistake(
    "That is the size of the mean step. Ask of each token's step whether it is above 0, then "
    "average the answers."
)
def _(entropies):
    return np.diff(entropies, axis=0).mean(axis=1)


@expansion_share.mistake("You counted the tokens; divide by how many there are.")
def _(entropies):
    return expansion_share(entropies) * entropies.shape[1]


@expansion_share.mistake("Compare with the depth just before, not with the first one.")
def _(entropies):
    return (entropies[1:] > entropies[0]).mean(axis=1)


@expansion_share.mistake(
    "Without an axis `np.diff` steps from token to token. A layer's step goes from depth to depth, "
    "the first axis."
)
def _(entropies):
    return (np.diff(entropies) > 0).mean(axis=1)


@expansion_share.mistake("Those layers prune: expansion means that the entropy grows.")
def _(entropies):
    return expansion_share(-entropies)


@expansion_share.mistake("Steps go from depth to depth (the first axis), not from token to token.")
def _(entropies):
    return (np.diff(entropies, axis=1) > 0).mean(axis=0)


@expansion_share.two_mistakes(
    "Two things: steps go along the first axis, the depth, and expansion means that the entropy "
    "grows."
)
def _(entropies):
    return (np.diff(entropies, axis=1) < 0).mean(axis=0)


@expansion_share.mistake("Average over the tokens, not over the layers: one share per layer.")
def _(entropies):
    return (np.diff(entropies, axis=0) > 0).mean(axis=0)
