"""Exercises of lesson 06: the level of the logits taken off."""

import torch

from .exercise import exercise

ROWS = torch.tensor([[1.0, 2.0, 6.0], [11.0, 12.0, 16.0]])
SQUARE = torch.tensor([[1.0, 5.0], [0.0, -4.0]])


@exercise(
    inputs=[(ROWS,), (SQUARE,)],
    hints=[
        "`logits.mean()` is one number for the whole answer. How many levels has an answer of two "
        "steps?",
        "`logits.mean(-1)` has one number a step. Which shape must it have so that it can be "
        "subtracted from (steps, vocabulary)?",
        "`keepdim=True` keeps the axis: then the subtraction takes each row's mean off that row.",
    ],
    note="no probability has changed: the softmax of a row sees differences within it only.",
)
def without_level(logits):
    return logits - logits.mean(-1, keepdim=True)


@without_level.mistake(
    "That is the colleague's line: one mean for the whole answer. Each step has a level of its own."
)
def _(logits):
    return logits - logits.mean()


@without_level.mistake(
    "You subtracted the mean over the steps, one for each token. The level is the mean over the "
    "vocabulary, the last axis."
)
def _(logits):
    return logits - logits.mean(0, keepdim=True)


@without_level.mistake("That is the level itself, one for each row. Subtract it from the logits.")
def _(logits):
    return logits.mean(-1, keepdim=True)


@without_level.mistake(
    "You took off each row's largest logit. Then no logit is above 0, and no evidence is left: "
    "take off the mean."
)
def _(logits):
    return logits - logits.amax(-1, keepdim=True)


@without_level.mistake(
    "Those are log-probabilities: they are all below 0, and no evidence is left. Take off the mean "
    "of the logits."
)
def _(logits):
    return logits.log_softmax(-1)


@without_level.mistake(
    "You divided as well. The level is a constant that was added: subtract it and change nothing "
    "else."
)
def _(logits):
    return (logits - logits.mean(-1, keepdim=True)) / logits.std(-1, keepdim=True)


@without_level.mistake("The sign is turned: this adds each row's mean a second time.")
def _(logits):
    return logits + logits.mean(-1, keepdim=True)
