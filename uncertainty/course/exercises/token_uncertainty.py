"""Exercises of lesson 02: the token measures, written by hand."""

import math

import torch

from .exercise import exercise

FAIR_COIN = torch.tensor([0.0, 0.0])
ROWS = torch.tensor([[3.0, 1.0, 0.0, -2.0], [1.0, 1.0, 1.0, 1.0]])
MASKED = torch.tensor([2.0, 1.0, -math.inf])
MAXIMA = torch.tensor([0.9, 0.5, 0.8])


@exercise(
    inputs=[(FAIR_COIN,), (ROWS,), (MASKED,)],
    hints=[
        "What is 0 times the logarithm of 0 on a computer, and what should it be in the sum?",
        "Look at `torch.special.entr`, or at `torch.where`.",
        "Softmax over the last axis, `entr` of each probability, and a sum over the last axis.",
    ],
    note="a token of probability 0 adds nothing, and neither does one of probability 1: the one is "
    "never written, the other surprises nobody.",
)
def entropy(logits):
    return torch.special.entr(logits.softmax(-1)).sum(-1)


@entropy.mistake(
    "A token of probability 0 made it nan (0 times -inf): such a token must contribute 0."
)
def _(logits):
    p = logits.softmax(-1)
    return -(p * p.log()).sum(-1)


@entropy.mistake("That is in bits (base 2); the course counts in nats, with the natural logarithm.")
def _(logits):
    return entropy(logits) / math.log(2)


@entropy.mistake("The sign is missing: an entropy is never negative.")
def _(logits):
    return -entropy(logits)


@entropy.mistake("You summed over all steps; keep one entropy a row: sum over the last axis only.")
def _(logits):
    return entropy(logits).sum()


@entropy.mistake("You took the mean over the vocabulary; the entropy is the sum.")
def _(logits):
    return entropy(logits) / logits.shape[-1]


@entropy.mistake(
    "The softmax is missing: the formula is about probabilities, and these are logits."
)
def _(logits):
    return torch.special.entr(logits).sum(-1)


@entropy.two_mistakes(
    "Two things: a token of probability 0 made it nan, and you summed over all steps. Sum over the "
    "last axis only, where such a token contributes 0."
)
def _(logits):
    p = logits.softmax(-1)
    return -(p * p.log()).sum()


@entropy.mistake("Your softmax runs down the steps; the probabilities of one *row* add up to 1.")
def _(logits):
    return torch.special.entr(logits.softmax(0)).sum(-1)


@entropy.mistake("The weights are missing: multiply each token's surprisal by its probability.")
def _(logits):
    return -logits.log_softmax(-1).sum(-1)


@entropy.mistake("The weights are missing: multiply each token's surprisal by its probability.")
def _(logits):
    return -logits.log_softmax(-1).mean(-1)


@entropy.mistake("You have one number for each token; add them up over the last axis.")
def _(logits):
    return torch.special.entr(logits.softmax(-1))


@exercise(
    inputs=[(MAXIMA,), (torch.tensor([1.0, 1.0]),), (torch.tensor([0.5]),)],
    hints=[
        "Two events with chances 0.9 and 0.5: which chance does `(1 - 0.9) * (1 - 0.5)` give?",
        "The answer is written when *every* step goes as it did. `.prod()` multiplies.",
        "Multiply the favourites' probabilities first, and take the difference from 1 last.",
    ],
    note="the product can only shrink with each token, so this doubt can only grow. The "
    "colleague's line gives the chance that every step goes another way, if no step depends on "
    "the others.",
)
def naive_doubt(max_probabilities):
    return (1 - max_probabilities.prod()).item()


@naive_doubt.mistake("That is the product itself, a confidence; doubt is one minus it.")
def _(max_probabilities):
    return 1 - naive_doubt(max_probabilities)


@naive_doubt.mistake(
    "That is the colleague's line. It multiplies the doubts: the chance that *every* step goes "
    "another way. Multiply the maxima, then subtract from 1."
)
def _(max_probabilities):
    return (1 - max_probabilities).prod().item()


@naive_doubt.two_mistakes(
    "Two things: that takes the mean where a product is wanted, and it is a confidence."
)
def _(max_probabilities):
    return max_probabilities.mean().item()


@naive_doubt.mistake("That is the vanilla measure, with the mean; the naive one multiplies.")
def _(max_probabilities):
    return (1 - max_probabilities.mean()).item()


@naive_doubt.mistake(
    "The difference is turned round: take the product from 1, not 1 from the product."
)
def _(max_probabilities):
    return -naive_doubt(max_probabilities)


@naive_doubt.mistake(
    "You multiplied the doubts: one minus their product is the chance that *at least one* step "
    "goes as it did. All of them must."
)
def _(max_probabilities):
    return (1 - (1 - max_probabilities).prod()).item()


@naive_doubt.mistake("That looks at the least sure token only; multiply all the favourites.")
def _(max_probabilities):
    return (1 - max_probabilities.min()).item()


@naive_doubt.mistake(
    "That is the surprisal of the whole answer, in nats; the naive doubt is one minus the product."
)
def _(max_probabilities):
    return -max_probabilities.prod().log().item()


@naive_doubt.mistake("You added the favourites up; multiply them.")
def _(max_probabilities):
    return (1 - max_probabilities.sum()).item()


@naive_doubt.mistake(
    "That is one doubt for each token; multiply the favourites to get one number for the answer."
)
def _(max_probabilities):
    return 1 - max_probabilities


@exercise(
    inputs=[(torch.tensor([0.5, 0.25, 1.0]),), (torch.tensor([0.1]),)],
    hints=[
        "Her line takes the mean of the probabilities. Of what does the formula take the mean?",
        "Read the formula from the inside. Tensors have `.log()`, `.mean()` and `.exp()`.",
        "The mean surprisal is a number of nats; the exponential turns it into a number of tokens.",
    ],
    note="for 0.9 and 0.1 the colleague's number is 2, and the perplexity is 3.33. It is one over "
    "the geometric mean, so a single very unlikely token raises it far more than her number.",
)
def perplexity(probabilities):
    return (-probabilities.log()).mean().exp().item()


@perplexity.mistake("That is the mean surprisal; the perplexity is its exponential.")
def _(probabilities):
    return math.log(perplexity(probabilities))


@perplexity.mistake(
    "The sign is missing: that is the geometric mean of the probabilities, one over the perplexity."
)
def _(probabilities):
    return 1 / perplexity(probabilities)


@perplexity.mistake(
    "You added the surprisals up instead of averaging: a longer answer would always look worse."
)
def _(probabilities):
    return (-probabilities.log()).sum().exp().item()


@perplexity.mistake(
    "That is the colleague's line, one over the arithmetic mean; perplexity is one over the "
    "*geometric* mean: average the logarithms."
)
def _(probabilities):
    return (1 / probabilities.mean()).item()


@perplexity.two_mistakes(
    "Two things: the sign is missing, and you added up instead of averaging. That is the "
    "probability of the whole answer."
)
def _(probabilities):
    return probabilities.log().sum().exp().item()


@perplexity.mistake("The logarithm is missing: average the surprisals, not the probabilities.")
def _(probabilities):
    return (-probabilities.mean()).exp().item()


@perplexity.mistake(
    "That averages 1/p, so one unlikely token decides alone; average the logarithms and undo them "
    "afterwards."
)
def _(probabilities):
    return (1 / probabilities).mean().item()


@perplexity.mistake("The minus sign came too late: change the sign of the mean, then take `exp`.")
def _(probabilities):
    return -probabilities.log().mean().exp().item()


@perplexity.mistake(
    "`.log()` is the natural logarithm, so `exp` undoes it, and a power of 2 does not."
)
def _(probabilities):
    return (2 ** -probabilities.log().mean()).item()


@perplexity.mistake(
    "You weighted each surprisal with its probability, as an entropy does; here every written "
    "token counts the same."
)
def _(probabilities):
    return (-probabilities * probabilities.log()).sum().exp().item()


@perplexity.mistake("That is one number for each token; take the mean before the exponential.")
def _(probabilities):
    return 1 / probabilities
