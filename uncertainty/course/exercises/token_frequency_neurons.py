"""Exercises of lesson 17: a projection kept, its share, a control direction of equal cosine."""

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
    hint="`(clean - ablated) @ v` is what was lost along v; add that much of v to the ablated "
    "logits.",
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
    return clean + ((ablated - clean) @ v)[:, None] * v


@keep_projection.mistake("The sign is turned: what was lost must be given back.")
def _(clean, ablated, v):
    return ablated + ((ablated - clean) @ v)[:, None] * v


@keep_projection.mistake(
    "You added the clean projection on top of the ablated one; add only the difference."
)
def _(clean, ablated, v):
    return ablated + (clean @ v)[:, None] * v


@exercise(
    inputs=[(TOTAL, FROZEN), (FROZEN, TOTAL)],
    hint="`np.abs(...)` first, then the mean over the tokens (axis 0), then one minus the ratio.",
)
def mediated_share(total, frozen):
    return 1 - np.abs(frozen).mean(0) / np.abs(total).mean(0)


@mediated_share.mistake("That is the share that does *not* need the direction; take it from 1.")
def _(total, frozen):
    return np.abs(frozen).mean(0) / np.abs(total).mean(0)


@mediated_share.mistake("Take absolute values first: changes of either sign would cancel.")
def _(total, frozen):
    return 1 - frozen.mean(0) / total.mean(0)


@mediated_share.mistake(
    "A ratio per token explodes where the effect is near zero; divide the *averages*."
)
def _(total, frozen):
    return (1 - np.abs(frozen) / np.abs(total)).mean(0)


@mediated_share.mistake("One share per neuron: average over tokens (axis 0), not over neurons.")
def _(total, frozen):
    return 1 - np.abs(frozen).mean(1) / np.abs(total).mean(1)


@exercise(
    inputs=[(PATTERN, V * 0.8 + 0.6 * torch.tensor([0.5, 0.5, -0.5, -0.5]).double(), NOISE)]
    + [(NOISE, V, PATTERN), (-NOISE, V, PATTERN)],
    hint="With c the cosine of pattern and v: d = a r + b g. r is the pattern without its part "
    "along v, scaled to length 1; g is the noise without its parts along v and r, scaled likewise; "
    "a = c / sqrt(1 - c^2), and b makes the length 1.",
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
