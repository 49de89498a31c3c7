"""Exercises of lesson 01: from logits to probabilities, and from a row of steps to an answer."""

import math

import torch

from .exercise import exercise

ROW = torch.tensor([2.0, 1.0, -1.0, 0.5])
STEPS = torch.tensor([[2.0, 0.0, -1.0], [0.5, 0.5, 3.0], [-1.0, 4.0, 0.0]])


@exercise(
    inputs=[(ROW,), (torch.tensor([1000.0, 999.0, -1000.0]),)],
    hints=[
        "Try the one-line formula on logits of 1000 and 999. What does `exp` give there?",
        "Only differences between logits matter: adding one number to all of them multiplies the "
        "numerator and the denominator by the same factor.",
        "Choose the number so that the largest logit becomes 0; `logits.max()` helps.",
    ],
    note="adding a constant to all logits changes no probability. Lesson 05 meets a measure that "
    "depends on that constant all the same.",
)
def softmax(logits):
    weights = (logits - logits.max()).exp()
    return weights / weights.sum()


@softmax.mistake(
    "It overflows for large logits (exp(1000) is inf, and inf / inf is nan): subtract the "
    "largest logit first."
)
def _(logits):
    return logits.exp() / logits.exp().sum()


@softmax.mistake(
    "You divided by the largest weight; the probabilities must add up to 1, so divide by their sum."
)
def _(logits):
    return (logits - logits.max()).exp()


@softmax.mistake(
    "Dividing the logits themselves by their sum is no softmax: exponentiate them first."
)
def _(logits):
    return logits / logits.sum()


@softmax.two_mistakes(
    "Two things at once: `exp` overflows for large logits, and the results do not add up to 1. "
    "Subtract the largest logit first, and divide by the sum last."
)
def _(logits):
    return logits.exp()


@exercise(
    inputs=[(ROW, 0.7), (ROW, 2.0), (ROW, 1.0)],
    hints=[
        "Divide both 0.6 and 0.4 by 2, then by their sum. What has changed? And where do the "
        "processors stand in the schematic of section 2, before the softmax or after it?",
        "A softmax depends on the differences between logits. Below 1, a temperature must make "
        "them larger.",
        "Two steps: change every logit by means of the temperature, then take "
        "`torch.softmax(..., dim=-1)`.",
    ],
    note="a temperature changes neither which token is the favourite nor the order of the others.",
)
def sharpen(logits, temperature):
    return torch.softmax(logits / temperature, dim=-1)


@sharpen.mistake(
    "You multiplied; a temperature below 1 must make the distribution sharper, so divide the "
    "logits by it."
)
def _(logits, temperature):
    return torch.softmax(logits * temperature, dim=-1)


@sharpen.mistake(
    "You divided the probabilities; the temperature divides the logits, before the softmax."
)
def _(logits, temperature):
    return torch.softmax(logits, dim=-1) / temperature


@sharpen.mistake(
    "The temperature has no effect, as in the colleague's line: a common factor cancels when you "
    "divide by the sum. Divide the logits by it, before the softmax."
)
def _(logits, temperature):
    return torch.softmax(logits, dim=-1)


@sharpen.mistake(
    "You forgot the softmax: those are logits at this temperature, and no probabilities yet."
)
def _(logits, temperature):
    return logits / temperature


@sharpen.two_mistakes(
    "Two things: the temperature divides the logits, and the softmax comes after it. You "
    "multiplied, and left out the softmax."
)
def _(logits, temperature):
    return logits * temperature


@exercise(
    inputs=[([5, 8, 2, 7, 2], 2), ([5, 8], 2), ([2, 2], 2), ([], 2)],
    hints=[
        "Feed the colleague's line an answer with something behind the stop token, such as "
        "`[5, 2, 7]` with stop 2.",
        "`list.index` finds the first occurrence, and raises an error where there is none.",
        "Slice up to that place if `stop in token_ids`; otherwise hand back all of it.",
    ],
    note="a token after the stop is padding even if it looks like a word: the model had ended.",
)
def cut_at_stop(token_ids, stop):
    return token_ids[: token_ids.index(stop)] if stop in token_ids else token_ids


@cut_at_stop.mistake("The stop token is still there: it ends the answer and does not belong to it.")
def _(token_ids, stop):
    return token_ids[: token_ids.index(stop) + 1] if stop in token_ids else token_ids


@cut_at_stop.mistake(
    "You removed every stop token but kept what comes after the first: that is padding, not answer."
)
def _(token_ids, stop):
    return [token for token in token_ids if token != stop]


@cut_at_stop.mistake(
    "It fails when the answer never stops (it ran into max_new_tokens): then nothing is cut."
)
def _(token_ids, stop):
    return token_ids[: token_ids.index(stop)]


@cut_at_stop.mistake("You cut at the last stop token; everything after the first one is padding.")
def _(token_ids, stop):
    return (
        token_ids[: len(token_ids) - 1 - token_ids[::-1].index(stop)]
        if stop in token_ids
        else token_ids
    )


@cut_at_stop.two_mistakes(
    "Two things at once: the stop token is still there, and it fails when the answer never stops."
)
def _(token_ids, stop):
    return token_ids[: token_ids.index(stop) + 1]


@exercise(
    inputs=[(STEPS, torch.tensor([0, 2, 1])), (STEPS, torch.tensor([1, 0, 0]))],
    hints=[
        "The formula asks for one number of each row: the one of the token that stands there.",
        "`log_softmax(-1)` turns each row into log-probabilities; `gather`, or a pair of index "
        "tensors, picks one entry of each row.",
        "The row numbers are `torch.arange(len(token_ids))`; add up, and hand back a float with "
        "`.item()`.",
    ],
    note="a longer text has more factors below 1, so its sum is lower for that reason alone. "
    "Lesson 02 is about this trap.",
)
def sequence_log_probability(logits, token_ids):
    log_p = logits.log_softmax(-1)
    return log_p[torch.arange(len(token_ids)), token_ids].sum().item()


@sequence_log_probability.mistake(
    "You took the likeliest token of each step; take the token that was written, whatever its rank."
)
def _(logits, token_ids):
    return logits.log_softmax(-1).amax(-1).sum().item()


@sequence_log_probability.mistake(
    "You added up logits; they become log-probabilities only after `log_softmax`."
)
def _(logits, token_ids):
    return logits[torch.arange(len(token_ids)), token_ids].sum().item()


@sequence_log_probability.mistake(
    "You took the mean; the probability of a sequence is a product, so its logarithm is a sum."
)
def _(logits, token_ids):
    return sequence_log_probability(logits, token_ids) / len(token_ids)


@sequence_log_probability.mistake(
    "You multiplied the probabilities but did not take the logarithm of the product."
)
def _(logits, token_ids):
    return math.exp(logits.log_softmax(-1)[torch.arange(len(token_ids)), token_ids].sum().item())


@sequence_log_probability.two_mistakes(
    "Two things: add up log-probabilities, not logits, and take the sum, not the mean."
)
def _(logits, token_ids):
    return logits[torch.arange(len(token_ids)), token_ids].mean().item()


@sequence_log_probability.mistake(
    "You took every written token from every row; row j goes with token j alone."
)
def _(logits, token_ids):
    return logits.log_softmax(-1)[:, token_ids].sum().item()


@sequence_log_probability.mistake(
    "`log_p[token_ids]` picks whole rows; pick one entry of each row, the token that stands there."
)
def _(logits, token_ids):
    return logits.log_softmax(-1)[token_ids].sum().item()


@sequence_log_probability.mistake(
    "Your softmax runs down the steps; the probabilities of one *row* add up to 1. Use the last "
    "axis."
)
def _(logits, token_ids):
    return logits.log_softmax(0)[torch.arange(len(token_ids)), token_ids].sum().item()
