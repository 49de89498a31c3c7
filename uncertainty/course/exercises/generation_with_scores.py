"""Exercises of lesson 01: from logits to probabilities, and from a row of steps to an answer."""

import math

import torch

from .exercise import exercise

ROW = torch.tensor([2.0, 1.0, -1.0, 0.5])
STEPS = torch.tensor([[2.0, 0.0, -1.0], [0.5, 0.5, 3.0], [-1.0, 4.0, 0.0]])


@exercise(
    inputs=[(ROW,), (torch.tensor([1000.0, 999.0, -1000.0]),)],
    hint="Exponentiate, then divide by the sum. Large logits overflow `exp`: subtract the largest "
    "logit first, which changes no ratio.",
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


@exercise(
    inputs=[(ROW, 0.7), (ROW, 2.0), (ROW, 1.0)],
    hint="Temperature acts on the logits, before the softmax: divide them by it.",
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


@sharpen.mistake("The temperature has no effect: divide the logits by it before the softmax.")
def _(logits, temperature):
    return torch.softmax(logits, dim=-1)


@exercise(
    inputs=[([5, 8, 2, 7, 2], 2), ([5, 8], 2), ([2, 2], 2), ([], 2)],
    hint="`list.index` finds the first occurrence; think of the answer that never stops, too.",
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


@exercise(
    inputs=[(STEPS, torch.tensor([0, 2, 1])), (STEPS, torch.tensor([1, 0, 0]))],
    hint="`STEPS.log_softmax(-1)` has one row a step; pick each step's own token with `gather` or "
    "with two index tensors, then add up.",
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
    return logits.log_softmax(-1)[torch.arange(len(token_ids)), token_ids].mean().item()


@sequence_log_probability.mistake(
    "You multiplied the probabilities but did not take the logarithm of the product."
)
def _(logits, token_ids):
    return math.exp(logits.log_softmax(-1)[torch.arange(len(token_ids)), token_ids].sum().item())
