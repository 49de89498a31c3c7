"""Exercises of lesson 12: smoothed unigram, divergence from it, a projection kept, its share."""

import numpy as np
import torch

from .exercise import exercise

COUNTS = torch.tensor([3, 0, 1])
LOG_P = torch.tensor([[0.7, 0.2, 0.1], [1 / 3, 1 / 3, 1 / 3]]).log()
P_FREQ = torch.tensor([0.5, 0.3, 0.2])
_rng = np.random.default_rng(12)
CLEAN = torch.tensor(_rng.normal(size=(2, 4)).round(2))
ABLATED = torch.tensor(_rng.normal(size=(2, 4)).round(2))
V = torch.tensor([0.5, -0.5, 0.5, -0.5], dtype=torch.float64)
TOTAL = _rng.normal(size=(6, 3)).round(2)
FROZEN = (TOTAL * [0.2, 0.5, 1.0] + 0.05).round(2)


@exercise(
    "12",
    inputs=[(COUNTS, 3, 1.0), (COUNTS, 5, 1.0), (COUNTS, 5, 0.1)],
    hint="Add the smoothing to all `rows`, those without a count too, and only then divide by the "
    "sum.",
)
def smoothed_unigram(counts, rows, smoothing):
    padded = torch.zeros(rows)
    padded[: len(counts)] = counts.float()
    return (padded + smoothing) / (padded + smoothing).sum()


@smoothed_unigram.mistake(
    "The rows beyond the counts are missing: pad with zeros before you smooth."
)
def _(counts, rows, smoothing):
    return (counts + smoothing) / (counts + smoothing).sum()


@smoothed_unigram.mistake(
    "Rows without a token got no probability; the smoothing belongs to every row."
)
def _(counts, rows, smoothing):
    padded = torch.zeros(rows)
    padded[: len(counts)] = counts + smoothing
    return padded / padded.sum()


@smoothed_unigram.mistake("This does not sum to 1: divide by the sum *after* smoothing.")
def _(counts, rows, smoothing):
    padded = torch.zeros(rows)
    padded[: len(counts)] = counts.float()
    return (padded + smoothing) / padded.sum()


@exercise(
    "12",
    inputs=[(LOG_P, P_FREQ), (LOG_P, P_FREQ.flip(0)), (LOG_P[0], P_FREQ)],
    hint="KL(P || Q) = sum over the vocabulary of P (log P - log Q); the first distribution does "
    "the weighting.",
)
def kl_from_frequency(log_p_model, p_freq):
    return (p_freq * (p_freq.log() - log_p_model)).sum(-1)


@kl_from_frequency.mistake(
    "That is KL(P_model || P_freq): here the *frequencies* do the weighting."
)
def _(log_p_model, p_freq):
    return (log_p_model.exp() * (log_p_model - p_freq.log())).sum(-1)


@kl_from_frequency.mistake("The sign is turned: a divergence is never negative.")
def _(log_p_model, p_freq):
    return (p_freq * (log_p_model - p_freq.log())).sum(-1)


@kl_from_frequency.mistake("That is the cross-entropy; take away the entropy of the frequencies.")
def _(log_p_model, p_freq):
    return -(p_freq * log_p_model).sum(-1)


@kl_from_frequency.mistake(
    "That is the average over all positions: one number per position, sum over the last axis only."
)
def _(log_p_model, p_freq):
    return (p_freq * (p_freq.log() - log_p_model)).sum(-1).mean()


@exercise(
    "12",
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
    "12",
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
