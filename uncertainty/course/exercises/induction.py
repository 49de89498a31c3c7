"""Exercises of lesson 18: topic and repeat apart, the induction score, what an ablation moves."""

import numpy as np
import torch

from .exercise import exercise

_generator = torch.Generator().manual_seed(13)


def _random_pattern(positions):
    """Causal attention of one head, ``(positions, positions)``, at random."""
    scores = torch.randn(positions, positions, generator=_generator)
    future = torch.ones(positions, positions).triu(1).bool()
    return scores.masked_fill(future, -torch.inf).softmax(-1)


PATTERN = _random_pattern(9)  # BOS and two copies of 4 tokens
LONGER_PATTERN = _random_pattern(13)  # BOS and two copies of 6
TWICE = np.array([0.9, 0.5, 1.0])  # loss by row
SAME_TEXT = np.array([3.5, 4.0, 4.1])
OTHER_TEXT = np.array([4.6, 4.2, 5.2])


@exercise(
    inputs=[(TWICE, SAME_TEXT, OTHER_TEXT), (OTHER_TEXT, TWICE, SAME_TEXT)],
    hint="From another text to the same text only the topic changes; from the same text to the "
    "repeat only the repeat does. Subtract row by row and average; a gain is positive.",
)
def topic_and_repeat(twice, same_text, other_text):
    topic = (other_text - same_text).mean()
    repeat = (same_text - twice).mean()
    return topic, repeat


@topic_and_repeat.mistake(
    "That is the whole gain for the repeat; its control must share the topic: same_text - twice."
)
def _(twice, same_text, other_text):
    return (other_text - same_text).mean(), (other_text - twice).mean()


@topic_and_repeat.mistake("A gain is positive: the larger loss minus the smaller one.")
def _(twice, same_text, other_text):
    return (same_text - other_text).mean(), (twice - same_text).mean()


@topic_and_repeat.mistake("The topic's gain comes first, then the repeat's.")
def _(twice, same_text, other_text):
    return (same_text - twice).mean(), (other_text - same_text).mean()


@exercise(
    inputs=[(PATTERN, 4), (LONGER_PATTERN, 6)],
    hint="The second copy's positions are t = length + 1 ... 2 * length; what followed the earlier "
    "occurrence of token t is at t - (length - 1). Average `pattern[t, t - (length - 1)]` "
    "over these t.",
)
def looks_back(pattern, length):
    t = torch.arange(length + 1, 2 * length + 1)
    return pattern[t, t - (length - 1)].mean()


@looks_back.mistake(
    "That is where the same token stood before; induction looks at the one *after* it: t - "
    "(length - 1)."
)
def _(pattern, length):
    t = torch.arange(length + 1, 2 * length + 1)
    return pattern[t, t - length].mean()


@looks_back.mistake(
    "Rows are the positions that look, columns those looked at: pattern[t, t - (length - 1)]."
)
def _(pattern, length):
    t = torch.arange(length + 1, 2 * length + 1)
    return pattern[t - (length - 1), t].mean()


@looks_back.mistake(
    "The whole diagonal begins before the second copy does; take the second copy's positions only."
)
def _(pattern, length):
    return pattern.diagonal(1 - length).mean()


@looks_back.mistake("Position 0 is the BOS, so the second copy begins at length + 1.")
def _(pattern, length):
    t = torch.arange(length, 2 * length)
    return pattern[t, t - (length - 1)].mean()


@looks_back.mistake("Average, do not add: the score must not grow with the length.")
def _(pattern, length):
    t = torch.arange(length + 1, 2 * length + 1)
    return pattern[t, t - (length - 1)].sum()


@exercise(
    inputs=[(PATTERN, 4), (LONGER_PATTERN, 6)],
    hint="Rows sum to 1, so what does not rest on position 0 is 1 - pattern[t, 0]. Average over "
    "the second copy's positions, which begin at length + 1.",
)
def moved_mass(pattern, length):
    return (1 - pattern[length + 1 :, 0]).mean()


@moved_mass.mistake("That is what rests on position 0 already; the ablation moves all the rest.")
def _(pattern, length):
    return pattern[length + 1 :, 0].mean()


@moved_mass.mistake("Only the second copy is ablated: begin at length + 1.")
def _(pattern, length):
    return (1 - pattern[:, 0]).mean()


@moved_mass.mistake("Average, do not add: the mass must not grow with the length.")
def _(pattern, length):
    return (1 - pattern[length + 1 :, 0]).sum()


@moved_mass.mistake(
    "Rows are the positions that look: pattern[t, 0] is what t gives to position 0."
)
def _(pattern, length):
    return (1 - pattern[0, length + 1 :]).mean()
