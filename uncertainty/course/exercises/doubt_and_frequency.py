"""Exercises of lesson 22: smoothed unigram, divergence from it, one entropy for all predictions."""

import torch

from .exercise import exercise

COUNTS = torch.tensor([3, 0, 1])
LOG_P = torch.tensor([[0.7, 0.2, 0.1], [1 / 3, 1 / 3, 1 / 3]]).log()
P_FREQ = torch.tensor([0.5, 0.3, 0.2])
LOGITS = torch.tensor([[3.0, 1.0, 0.0, -1.0], [0.5, 0.4, 0.0, 0.1], [9.0, 2.0, 5.0, 1.0]])


@exercise(
    inputs=[(COUNTS, 3, 1.0), (COUNTS, 5, 1.0), (COUNTS, 5, 0.1)],
    hints=[
        "How many probabilities must come back? Look at the rows for which there is no count.",
        "`torch.zeros(rows)` holds the counts that there are and zeros behind them.",
        "Add the smoothing to every row, also to those without a count; divide by the sum of the "
        "smoothed counts.",
    ],
    note="the smaller the smoothing, the larger the logarithm of the ratio between a token seen "
    "once and one never seen: with a short text the smoothing decides much of the list.",
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


@smoothed_unigram.two_mistakes(
    "Two things: the rows beyond the counts are missing, and the shares do not sum to 1. Pad with "
    "zeros first, and divide by the sum *after* smoothing."
)
def _(counts, rows, smoothing):
    return (counts + smoothing) / counts.sum()


@smoothed_unigram.mistake("This does not sum to 1: divide by the sum *after* smoothing.")
def _(counts, rows, smoothing):
    padded = torch.zeros(rows)
    padded[: len(counts)] = counts.float()
    return (padded + smoothing) / padded.sum()


@exercise(
    inputs=[(LOG_P, P_FREQ), (LOG_P, P_FREQ.flip(0)), (LOG_P[0], P_FREQ)],
    hints=[
        "In D(P || Q) the first distribution, P, gives the weights of the average.",
        "You have log-probabilities of the model and probabilities of the list: one of the two "
        "needs a `log()`. The sum runs over the last axis, `sum(-1)`.",
        "Weights: `p_freq`. What is averaged: the list's log-probability minus the model's.",
    ],
    note="a token to which the model gives almost no probability can dominate this divergence, "
    "however sure the model is of the rest.",
)
def kl_from_frequency(log_p_model, p_freq):
    return (p_freq * (p_freq.log() - log_p_model)).sum(-1)


@kl_from_frequency.mistake(
    "That is KL(P_model || P_freq): here the *frequencies* do the weighting."
)
def _(log_p_model, p_freq):
    return (log_p_model.exp() * (log_p_model - p_freq.log())).sum(-1)


@kl_from_frequency.two_mistakes(
    "Two things: the frequencies should do the weighting, and a divergence is never negative: the "
    "list's log-probability minus the model's."
)
def _(log_p_model, p_freq):
    return (log_p_model.exp() * (p_freq.log() - log_p_model)).sum(-1)


@kl_from_frequency.mistake("The sign is turned: a divergence is never negative.")
def _(log_p_model, p_freq):
    return -kl_from_frequency(log_p_model, p_freq)


@kl_from_frequency.mistake("That is the cross-entropy; take away the entropy of the frequencies.")
def _(log_p_model, p_freq):
    return -(p_freq * log_p_model).sum(-1)


@kl_from_frequency.mistake(
    "That is the average over all positions: one number per position, sum over the last axis only."
)
def _(log_p_model, p_freq):
    return kl_from_frequency(log_p_model, p_freq).mean()


@exercise(
    inputs=[(LOGITS, 1.0), (LOGITS, 0.4), (LOGITS[:1], 1.2)],
    hints=[
        "A higher temperature means a higher entropy. Between which two temperatures must the "
        "right one lie?",
        "Keep two tensors, `low` and `high`, with a temperature for each position. `torch.where` "
        "replaces one of the two by the middle, position by position.",
        "Twenty times: take the middle (the geometric one, `(low * high).sqrt()`, is quickest), "
        "compute the entropy of the softmax of `logits / middle[:, None]`; where it is too high, "
        "the middle becomes `high`, else `low`.",
    ],
    note="bisection needs no derivative, only that the entropy rises with the temperature; after "
    "twenty halvings the interval is a millionth of what it was.",
)
def temperature_at_entropy(logits, entropy):
    low = torch.full((len(logits),), 0.02)
    high = torch.full((len(logits),), 50.0)
    for _ in range(20):
        middle = (low * high).sqrt()
        log_p = (logits / middle[:, None]).log_softmax(-1)
        too_flat = -(log_p.exp() * log_p).sum(-1) > entropy
        low = torch.where(too_flat, low, middle)
        high = torch.where(too_flat, middle, high)
    return (low * high).sqrt()


@temperature_at_entropy.mistake(
    "That multiplies the logits: it is 1 / temperature. Divide the logits by the temperature."
)
def _(logits, entropy):
    return 1 / temperature_at_entropy(logits, entropy)


@temperature_at_entropy.mistake(
    "One temperature for all positions gives them one *mean* entropy; each position needs its own."
)
def _(logits, entropy):
    return temperature_at_entropy(logits, entropy).mean().repeat(len(logits))


@temperature_at_entropy.mistake(
    "The two sides are swapped: where the entropy is too high the temperature must fall."
)
def _(logits, entropy):
    low = torch.full((len(logits),), 0.02)
    high = torch.full((len(logits),), 50.0)
    for _ in range(20):
        middle = (low * high).sqrt()
        log_p = (logits / middle[:, None]).log_softmax(-1)
        too_flat = -(log_p.exp() * log_p).sum(-1) > entropy
        low = torch.where(too_flat, middle, low)
        high = torch.where(too_flat, high, middle)
    return (low * high).sqrt()


@temperature_at_entropy.mistake("The entropy here is in nats: take the natural logarithm.")
def _(logits, entropy):
    return temperature_at_entropy(logits, entropy * 0.6931471805599453)
