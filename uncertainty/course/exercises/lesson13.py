"""Exercises of lesson 13: induction score, weighted change, clip mean-ablation, and a verdict."""

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
FIRST = torch.randn(6, 4, generator=_generator)
SECOND = torch.randn(6, 4, generator=_generator) + torch.tensor([1.0, -1.0, 2.0, -2.0])
WEIGHTS = torch.randn(4, 4, generator=_generator)
CONTROLS = np.array([0.01, -0.03, 0.0, 0.02, -0.01])
MEASURED = (  # value, and its interval's low and high end
    (0.05, 0.02, 0.08),
    (0.02, 0.01, 0.03),
    (0.05, -0.01, 0.11),
    (0.01, -0.02, 0.04),
    (-0.05, -0.08, -0.02),
    (0.029, 0.02, 0.04),
    (0.023, 0.01, 0.04),
    (-0.01, -0.04, 0.02),
    (-0.05, -0.11, 0.01),
    (0.016, 0.01, 0.03),
)


@exercise(
    "13",
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
    "13",
    inputs=[(FIRST, SECOND, WEIGHTS), (SECOND, FIRST, 2 * WEIGHTS)],
    hint="Average over positions first, then second minus first; then weigh by the length of each "
    "neuron's row. Keep the sign.",
)
def weighted_change(first, second, weights):
    return (second.mean(0) - first.mean(0)) * weights.norm(dim=1)


@weighted_change.mistake(
    "Second minus first: a neuron that rises on the repeat gets a positive number."
)
def _(first, second, weights):
    return (first.mean(0) - second.mean(0)) * weights.norm(dim=1)


@weighted_change.mistake(
    "Without its weights: a neuron that writes little may move a lot and do nothing."
)
def _(first, second, weights):
    return second.mean(0) - first.mean(0)


@weighted_change.mistake("The length of each neuron's *row* of weights: weights.norm(dim=1).")
def _(first, second, weights):
    return (second.mean(0) - first.mean(0)) * weights.norm(dim=0)


@weighted_change.mistake("Keep the sign here; we need to know who rises and who falls.")
def _(first, second, weights):
    return ((second.mean(0) - first.mean(0)) * weights.norm(dim=1)).abs()


@exercise(
    "13",
    inputs=[
        (SECOND, FIRST.mean(0), SECOND.mean(0) > FIRST.mean(0)),
        (FIRST, SECOND.mean(0), FIRST.mean(0) > SECOND.mean(0)),
    ],
    hint="Two cases: those that rise get the smaller of value and mean, the others the larger. "
    "`torch.where` chooses by neuron.",
)
def clipped(a, mean, rises):
    return torch.where(rises, torch.minimum(a, mean), torch.maximum(a, mean))


@clipped.mistake(
    "The other way round: one that rises must not exceed its mean, so it gets the minimum."
)
def _(a, mean, rises):
    return torch.where(rises, torch.maximum(a, mean), torch.minimum(a, mean))


@clipped.mistake(
    "That sets every activation to the mean; clipping leaves those alone that did not go beyond it."
)
def _(a, mean, rises):
    return mean.expand_as(a)


@clipped.mistake("Neurons that fall need the maximum.")
def _(a, mean, rises):
    return torch.minimum(a, mean)


@clipped.mistake("Neurons that fall are to be clipped, too, from below.")
def _(a, mean, rises):
    return torch.where(rises, torch.minimum(a, mean), a)


@exercise(
    "13",
    inputs=[(*measured, CONTROLS) for measured in MEASURED],
    hint='Settle "the opposite" first. Then count how many of the two conditions hold; the second '
    "compares with the 95 % quantile of the controls' sizes (`np.quantile`).",
)
def claim_verdict(value, low, high, controls):
    if high < 0:
        return "the opposite"
    beyond = value > np.quantile(np.abs(controls), 0.95)
    return ("does not show", "weak", "shows")[int(low > 0) + int(beyond)]


@claim_verdict.mistake(
    "An interval that lies below 0 altogether is more than a failure: it says the opposite."
)
def _(value, low, high, controls):
    return ("does not show", "weak", "shows")[
        int(low > 0) + int(value > np.quantile(np.abs(controls), 0.95))
    ]


@claim_verdict.mistake(
    "The sign counts: an effect against the claim is not beyond the controls, however large."
)
def _(value, low, high, controls):
    if high < 0:
        return "the opposite"
    return ("does not show", "weak", "shows")[
        int(low > 0) + int(abs(value) > np.quantile(np.abs(controls), 0.95))
    ]


@claim_verdict.mistake(
    "Compare with the controls' *sizes*: without `abs`, controls that go the other way do not "
    "count."
)
def _(value, low, high, controls):
    if high < 0:
        return "the opposite"
    return ("does not show", "weak", "shows")[
        int(low > 0) + int(value > np.quantile(controls, 0.95))
    ]


@claim_verdict.mistake(
    "Beyond the controls' mean is not beyond the controls: take the 95 % quantile of their sizes."
)
def _(value, low, high, controls):
    if high < 0:
        return "the opposite"
    return ("does not show", "weak", "shows")[int(low > 0) + int(value > np.abs(controls).mean())]


@claim_verdict.mistake('One of the two is enough for "weak": you asked for both or nothing.')
def _(value, low, high, controls):
    if high < 0:
        return "the opposite"
    return "shows" if low > 0 and value > np.quantile(np.abs(controls), 0.95) else "does not show"
