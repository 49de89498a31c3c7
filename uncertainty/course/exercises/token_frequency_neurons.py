"""Exercises of lesson 23: a projection kept, its share, a control direction of equal cosine."""

import numpy as np
import torch

from .exercise import exercise

_rng = np.random.default_rng(12)
CLEAN = torch.tensor(_rng.normal(size=(2, 4)).round(2))
ABLATED = torch.tensor(_rng.normal(size=(2, 4)).round(2))
V = torch.tensor([0.5, -0.5, 0.5, -0.5], dtype=torch.float64)
TOTAL = _rng.normal(size=(6, 3)).round(2)
FROZEN = (TOTAL * [0.2, 0.5, 1.0] + 0.05).round(2)
PATTERN = torch.tensor([2.0, -1.0, 0.5, -1.0], dtype=torch.float64)
NOISE = torch.tensor([0.3, 1.0, -0.2, 0.5], dtype=torch.float64)


@exercise(
    inputs=[(CLEAN, ABLATED, V), (ABLATED, CLEAN, V), (CLEAN, ABLATED, -V)],
    hints=[
        "Start from the ablated logits. How far along v are they, and how far should they be?",
        "An inner product with `v` gives one number for each token: `logits @ v`.",
        "Add v to the ablated logits, as many times as the clean logits lie further along v than "
        "the ablated ones; `[:, None]` gives each token its own multiple.",
    ],
    note="the result has the clean logits' projection on v and, at a right angle to v, exactly "
    "what the ablated logits had.",
)
def keep_projection(clean, ablated, v):
    lost = (clean - ablated) @ v
    return ablated + lost[:, None] * v


@keep_projection.mistake(
    "You removed the projection; it should be as long as it was before the ablation."
)
def _(clean, ablated, v):
    return ablated - (ablated @ v)[:, None] * v


@keep_projection.mistake(
    "You changed the clean logits; the *ablated* ones are to be corrected, along v only."
)
def _(clean, ablated, v):
    return keep_projection(ablated, clean, v)


@keep_projection.two_mistakes(
    "Two things: the *ablated* logits are to be corrected, and what was lost is to be added, not "
    "taken away."
)
def _(clean, ablated, v):
    return clean + ((clean - ablated) @ v)[:, None] * v


@keep_projection.mistake("The sign is turned: what was lost must be given back.")
def _(clean, ablated, v):
    return 2 * ablated - keep_projection(clean, ablated, v)


@keep_projection.mistake(
    "You added the clean projection on top of the ablated one; add only the difference."
)
def _(clean, ablated, v):
    return ablated + (clean @ v)[:, None] * v


@exercise(
    inputs=[(TOTAL, FROZEN), (FROZEN, TOTAL)],
    hints=[
        "Three steps: the sizes of the effects, an average over tokens, a ratio. In which order "
        "does a token of almost no effect count for almost nothing?",
        "`np.abs` for the sizes, `mean(0)` for the average over tokens: one number a neuron.",
        "One minus a ratio: above the line the mean size with v kept, below it the mean size of "
        "the total effect.",
    ],
    note="a share says how much of the *size* of an effect needs the direction; two neurons with "
    "the same share may act in opposite ways.",
)
def mediated_share(total, frozen):
    return 1 - np.abs(frozen).mean(0) / np.abs(total).mean(0)


@mediated_share.mistake("That is the share that does *not* need the direction; take it from 1.")
def _(total, frozen):
    return 1 - mediated_share(total, frozen)


@mediated_share.mistake("Take absolute values first: changes of either sign would cancel.")
def _(total, frozen):
    return 1 - frozen.mean(0) / total.mean(0)


@mediated_share.two_mistakes(
    "Two things: take absolute values first, and take the ratio from 1 to get the share that goes "
    "through the direction."
)
def _(total, frozen):
    return frozen.mean(0) / total.mean(0)


@mediated_share.mistake(
    "That is the colleague's: a ratio per token explodes where the effect is near zero. Divide the "
    "*averages*."
)
def _(total, frozen):
    return (1 - np.abs(frozen) / np.abs(total)).mean(0)


@mediated_share.mistake("One share per neuron: average over tokens (axis 0), not over neurons.")
def _(total, frozen):
    return mediated_share(total.T, frozen.T)


@exercise(
    inputs=[(PATTERN, V * 0.8 + 0.6 * torch.tensor([0.5, 0.5, -0.5, -0.5]).double(), NOISE)]
    + [(NOISE, V, PATTERN), (-NOISE, V, PATTERN)],
    hints=[
        "Only two things may go into d: the part r of the pattern that is at a right angle to v, "
        "and noise that is at a right angle to v and to r.",
        "To remove the part of x along a direction e of length 1: `x - (x @ e) * e`. Scale r and "
        "the noise to length 1 afterwards. With c the cosine of pattern and v, the pattern has "
        "the cosine sqrt(1 - c^2) with r.",
        "d = a r + b g, with g the cleaned noise. The cosine of d with the pattern is "
        "a sqrt(1 - c^2): choose a so that it is c, and then b so that d has length 1.",
    ],
    note="no such direction exists once c is above 0.71: $v$ and $d$ are at a right angle, and "
    "the pattern cannot point along both that far.",
)
def equal_cosine_direction(pattern, v, noise):
    unit = pattern / pattern.norm()
    c = unit @ v
    r = (unit - c * v) / (1 - c**2).sqrt()
    g = noise - (noise @ v) * v - (noise @ r) * r
    a = c / (1 - c**2).sqrt()
    return a * r + (1 - a**2).sqrt() * g / g.norm()


@equal_cosine_direction.mistake(
    "The noise still has a part along v, so the direction is not at a right angle to v."
)
def _(pattern, v, noise):
    unit = pattern / pattern.norm()
    c = unit @ v
    r = (unit - c * v) / (1 - c**2).sqrt()
    g = noise - (noise @ r) * r
    a = c / (1 - c**2).sqrt()
    return a * r + (1 - a**2).sqrt() * g / g.norm()


@equal_cosine_direction.mistake(
    "The cosine with the pattern is too small: of r the pattern holds only sqrt(1 - c^2), so r "
    "must be taken c / sqrt(1 - c^2) times."
)
def _(pattern, v, noise):
    unit = pattern / pattern.norm()
    c = unit @ v
    r = (unit - c * v) / (1 - c**2).sqrt()
    g = noise - (noise @ v) * v - (noise @ r) * r
    return c * r + (1 - c**2).sqrt() * g / g.norm()


@equal_cosine_direction.two_mistakes(
    "Two things: the noise still has parts along v and r, and the direction must have length 1. "
    "Clean the noise, then choose its share."
)
def _(pattern, v, noise):
    unit = pattern / pattern.norm()
    c = unit @ v
    r = (unit - c * v) / (1 - c**2).sqrt()
    return c / (1 - c**2).sqrt() * r + noise


@equal_cosine_direction.mistake("The direction must have length 1.")
def _(pattern, v, noise):
    unit = pattern / pattern.norm()
    c = unit @ v
    r = (unit - c * v) / (1 - c**2).sqrt()
    g = noise - (noise @ v) * v - (noise @ r) * r
    return c / (1 - c**2).sqrt() * r + g / g.norm()


@equal_cosine_direction.mistake(
    "The noise still has a part along the pattern, which changes the cosine with it."
)
def _(pattern, v, noise):
    unit = pattern / pattern.norm()
    c = unit @ v
    r = (unit - c * v) / (1 - c**2).sqrt()
    g = noise - (noise @ v) * v
    a = c / (1 - c**2).sqrt()
    return a * r + (1 - a**2).sqrt() * g / g.norm()
