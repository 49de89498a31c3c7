"""Exercises of lesson 06: labels that a control can move, and the level of the logits."""

import numpy as np
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
    return 2 * logits - without_level(logits)


KIND = np.array([True, False, True, True, False, False])
WORDS = np.array([7, 7, 9, 9, 5, 7])


@exercise(
    inputs=[(KIND, WORDS), (~KIND[:4], WORDS[:4]), (KIND, np.array([1, 2, 3, 1, 2, 3]))],
    hints=[
        "Exchange two labels of one length. When does nothing change, however you exchange?",
        "`labels[groups == group]` are the labels of one length; `.any()` and `.all()` tell "
        "whether both kinds are among them.",
        "Start with False everywhere, and set the places of each length that has both kinds.",
    ],
    note="a control that can move no label repeats the result and cannot fail: look at this share "
    "before you trust its bar.",
)
def movable(labels, groups):
    can_move = np.zeros(len(labels), bool)
    for group in np.unique(groups):
        inside = groups == group
        can_move[inside] = labels[inside].any() and not labels[inside].all()
    return can_move


@movable.mistake(
    "That is the colleague's line: two labels of one length can both be of the same kind, and then "
    "their exchange changes nothing."
)
def _(labels, groups):
    return np.array([(groups == group).sum() > 1 for group in groups])


@movable.mistake("Upside down: these are the labels that cannot move.")
def _(labels, groups):
    return ~movable(labels, groups)


@movable.mistake("You look at the true labels only; a false one beside a true one can move, too.")
def _(labels, groups):
    return labels & np.array([len(set(labels[groups == group].tolist())) == 2 for group in groups])


@movable.mistake("That is one value for each length; return one for each label.")
def _(labels, groups):
    return np.array(
        [len(set(labels[groups == group].tolist())) == 2 for group in np.unique(groups)]
    )
