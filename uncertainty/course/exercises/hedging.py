"""Exercises of lesson 26: weighted change, clip mean-ablation."""

import torch

from .exercise import exercise

_generator = torch.Generator().manual_seed(15)

FIRST = torch.randn(6, 4, generator=_generator)
SECOND = torch.randn(6, 4, generator=_generator) + torch.tensor([1.0, -1.0, 2.0, -2.0])
WEIGHTS = torch.randn(4, 4, generator=_generator)


@exercise(
    inputs=[(FIRST, SECOND, WEIGHTS), (SECOND, FIRST, 2 * WEIGHTS)],
    hints=[
        "Two factors: how far the mean activation moves, and how long what the neuron writes is.",
        "`.mean(0)` averages over positions; `.norm(dim=1)` gives the length of each row.",
        "The mean in the second copy minus that in the first, one number a neuron, times the "
        "length of that neuron's row of weights.",
    ],
    note="a neuron can move a lot at single tokens and have a mean that stays: this measure does "
    "not see it.",
)
def weighted_change(first, second, weights):
    return (second.mean(0) - first.mean(0)) * weights.norm(dim=1)


@weighted_change.mistake(
    "Second minus first: a neuron that rises on the repeat gets a positive number."
)
def _(first, second, weights):
    return weighted_change(second, first, weights)


@weighted_change.mistake(
    "Without its weights: a neuron that writes little may move a lot and do nothing."
)
def _(first, second, weights):
    return second.mean(0) - first.mean(0)


@weighted_change.two_mistakes(
    "Two things: it is second minus first, and each change is weighed by the length of the "
    "neuron's row of weights."
)
def _(first, second, weights):
    return first.mean(0) - second.mean(0)


@weighted_change.mistake("The length of each neuron's *row* of weights: weights.norm(dim=1).")
def _(first, second, weights):
    return (second.mean(0) - first.mean(0)) * weights.norm(dim=0)


@weighted_change.mistake("Keep the sign here; we need to know who rises and who falls.")
def _(first, second, weights):
    return weighted_change(first, second, weights).abs()


@exercise(
    inputs=[
        (SECOND, FIRST.mean(0), SECOND.mean(0) > FIRST.mean(0)),
        (FIRST, SECOND.mean(0), FIRST.mean(0) > SECOND.mean(0)),
    ],
    hints=[
        "A neuron that rises has a ceiling, a neuron that falls has a floor. Both are its mean.",
        "`torch.minimum` and `torch.maximum` compare value by value; `torch.where(rises, x, y)` "
        "takes x for the neurons that rise and y for the others.",
        "A ceiling is a minimum with the mean: compute both the minimum and the maximum for all "
        "neurons, and choose one for each.",
    ],
    note="the clip leaves every value alone that did not go beyond the mean, so no "
    "activation moves further than it would if the neuron were set to its mean.",
)
def clipped(a, mean, rises):
    return torch.where(rises, torch.minimum(a, mean), torch.maximum(a, mean))


@clipped.mistake(
    "The other way round: one that rises must not exceed its mean, so it gets the minimum."
)
def _(a, mean, rises):
    return clipped(a, mean, ~rises)


@clipped.mistake(
    "That sets every activation to the mean; clipping leaves those alone that did not go beyond it."
)
def _(a, mean, rises):
    return mean.expand_as(a)


@clipped.two_mistakes(
    "Two things: neurons that rise must not exceed their mean, and neurons that fall are to be "
    "clipped, too."
)
def _(a, mean, rises):
    return torch.where(rises, torch.maximum(a, mean), a)


@clipped.mistake("Neurons that fall need the maximum.")
def _(a, mean, rises):
    return torch.minimum(a, mean)


@clipped.mistake("Neurons that fall are to be clipped, too, from below.")
def _(a, mean, rises):
    return torch.where(rises, torch.minimum(a, mean), a)
