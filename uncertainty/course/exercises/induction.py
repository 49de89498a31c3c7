"""Exercises of lesson 25: topic and repeat apart, the induction score, what an ablation moves."""

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
    hints=[
        "In the drawing of the three rows: which two differ in the topic alone, and which two in "
        "the repeat alone?",
        "Subtract two of the arrays and take `.mean()`. A gain is positive: the larger loss comes "
        "first.",
        "The topic is what changes between `other_text` and `same_text`. For the repeat, take as "
        "the start the context in which the topic is known already.",
    ],
    note="the two parts add up to the whole gain, from another text to the second reading, "
    "because each begins where the other ends.",
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
    topic, repeat = topic_and_repeat(twice, same_text, other_text)
    return -topic, -repeat


@topic_and_repeat.two_mistakes(
    "Two things: a gain is positive, and the control of the repeat must share the topic: "
    "same_text, not other_text."
)
def _(twice, same_text, other_text):
    return (same_text - other_text).mean(), (twice - other_text).mean()


@topic_and_repeat.mistake("The topic's gain comes first, then the repeat's.")
def _(twice, same_text, other_text):
    return topic_and_repeat(twice, same_text, other_text)[::-1]


@exercise(
    inputs=[(PATTERN, 4), (LONGER_PATTERN, 6)],
    hints=[
        "Which positions are the second copy's, if BOS is position 0? A diagonal of the matrix "
        "begins earlier than that.",
        "`torch.arange(start, end)` lists the positions t that look; `pattern[rows, columns]` with "
        "two such lists picks one weight for each pair.",
        "t runs from length + 1 to 2 * length, both included, and each looks at the column that "
        "the formula above names. Then average.",
    ],
    note="a head that spreads its attention evenly would get about one over the number of "
    "positions, so a score of 0.1 is several times as much on a row of 65 tokens.",
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
    return looks_back(pattern.T, length)


@looks_back.mistake(
    "The whole diagonal begins before the second copy does; take the second copy's positions only."
)
def _(pattern, length):
    return pattern.diagonal(1 - length).mean()


@looks_back.mistake("Position 0 is the BOS, so the second copy begins at length + 1.")
def _(pattern, length):
    t = torch.arange(length, 2 * length)
    return pattern[t, t - (length - 1)].mean()


@looks_back.two_mistakes(
    "Two things: the second copy begins at length + 1, and induction looks at the token *after* "
    "the earlier occurrence: t - (length - 1)."
)
def _(pattern, length):
    t = torch.arange(length, 2 * length)
    return pattern[t, t - length].mean()


@looks_back.mistake("Average, do not add: the score must not grow with the length.")
def _(pattern, length):
    return looks_back(pattern, length) * length


@exercise(
    inputs=[(PATTERN, 4), (LONGER_PATTERN, 6)],
    hints=[
        "What is moved is what does not rest on BOS yet. What do the weights of one row add up to?",
        "Column 0 holds what rests on BOS: `pattern[:, 0]`. Only some of its rows are wanted.",
        "One minus what the second copy's positions give to BOS, averaged. They begin at "
        "length + 1.",
    ],
    note="a head that rests on BOS all the time moves nothing when it is silenced, so it would be "
    "a control that cannot fail.",
)
def moved_mass(pattern, length):
    return (1 - pattern[length + 1 :, 0]).mean()


@moved_mass.mistake("That is what rests on position 0 already; the ablation moves all the rest.")
def _(pattern, length):
    return pattern[length + 1 :, 0].mean()


@moved_mass.mistake("Only the second copy is ablated: begin at length + 1.")
def _(pattern, length):
    return (1 - pattern[:, 0]).mean()


@moved_mass.two_mistakes(
    "Two things: only the second copy is ablated, and what rests on position 0 already is not "
    "moved."
)
def _(pattern, length):
    return pattern[:, 0].mean()


@moved_mass.mistake(
    "Position 0 is the BOS, so the second copy begins at length + 1; you took the last token of "
    "the first copy, too."
)
def _(pattern, length):
    return (1 - pattern[length:, 0]).mean()


@moved_mass.mistake("Average, do not add: the mass must not grow with the length.")
def _(pattern, length):
    return moved_mass(pattern, length) * length


@moved_mass.mistake(
    "Rows are the positions that look: pattern[t, 0] is what t gives to position 0."
)
def _(pattern, length):
    return (1 - pattern[0, length + 1 :]).mean()
