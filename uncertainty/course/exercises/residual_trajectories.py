"""Exercises of lesson 12: cross-entropy to the final distribution, falling, being wrong.

The last one is about a share of all answers that was taken for a share of the sure ones.
"""

import numpy as np
import torch

from .exercise import exercise

_generator = torch.Generator().manual_seed(8)
LOG_P = (2 * torch.randn(4, 5, generator=_generator)).log_softmax(-1)
PATHS = np.array(
    [[9.0, 5.0, 1.0], [7.0, 6.0, 2.0], [8.0, 4.0, 3.0], [2.0, 3.0, 3.0], [1.0, 3.0, 0.5]]
)  # (depths, samples)
WRONG = np.array([True, False, True, False, True, False])
PROBABILITY = np.array([0.9, 0.95, 0.85, 0.4, 0.3, 0.7])


@exercise(
    inputs=[(LOG_P,), (LOG_P * 0 - np.log(5.0),)],
    hints=[
        "Two distributions meet in the formula: which one draws the token, and which one is "
        "surprised? Which two meet in the colleague's line?",
        "An index takes one row out of the table; numpy and torch multiply a row with every row of "
        "a table at once.",
        "Her product and her sum stay. Only the weights, under `exp`, must come from another row.",
    ],
    note="at the last depth both lines give the entropy of the model's output, so a look at the "
    "last row would not have found the fault.",
)
def final_cross_entropy(log_p):
    return -(log_p[-1].exp() * log_p).sum(-1)


@final_cross_entropy.mistake(
    "That is the colleague's line. Each row draws its own words there, which is its entropy, 0.33 "
    "in the example; weigh with the *last* row's probabilities."
)
def _(log_p):
    return -(log_p.exp() * log_p).sum(-1)


@final_cross_entropy.mistake(
    "The other way round: the model's own distribution draws the token, the depth is surprised."
)
def _(log_p):
    return -(log_p.exp() * log_p[-1]).sum(-1)


@final_cross_entropy.mistake(
    "That is the KL divergence: it is 0 at the end for every prompt; add how unsure the model "
    "is itself."
)
def _(log_p):
    return (log_p[-1].exp() * (log_p[-1] - log_p)).sum(-1)


@final_cross_entropy.mistake(
    "The sign: a logarithm of a probability is negative, and a surprise is minus that."
)
def _(log_p):
    return -final_cross_entropy(log_p)


@final_cross_entropy.two_mistakes(
    "Two things: weigh with the *last* row's probabilities, and turn the sign."
)
def _(log_p):
    return (log_p.exp() * log_p).sum(-1)


@final_cross_entropy.mistake("That is the surprisal of the likeliest token only.")
def _(log_p):
    return -log_p[:, int(log_p[-1].argmax())]


@exercise(
    inputs=[(PATHS,), (-PATHS,)],
    hints=[
        "Which axis of `paths` is the depth? A step leads from one depth to the next.",
        "`np.diff` takes an axis; `all` takes one, too.",
        "With the steps along axis 0, the first share is a mean over all of them; the second is a "
        "mean over samples of whether `all` of a sample's steps are below 0.",
    ],
    note="the first share may be near 1 while the second is 0: one rise in thirty steps is enough.",
)
def falling(paths):
    steps = np.diff(paths, axis=0)
    return float((steps < 0).mean()), float((steps < 0).all(axis=0).mean())


@falling.mistake("The steps go through depth, the first axis, not from sample to sample.")
def _(paths):
    return falling(paths.T)


@falling.mistake("A step of 0 does not fall.")
def _(paths):
    steps = np.diff(paths, axis=0)
    return float((steps <= 0).mean()), float((steps <= 0).all(axis=0).mean())


@falling.mistake("You tested the mean curve; a mean can fall while single trajectories do not.")
def _(paths):
    steps = np.diff(paths.mean(1))
    return float((steps < 0).mean()), float((steps < 0).all())


@falling.two_mistakes(
    "Two things: the steps go through depth, the first axis, and a step that falls is negative."
)
def _(paths):
    steps = np.diff(paths, axis=1)
    return float((steps > 0).mean()), float((steps > 0).all(axis=1).mean())


@falling.mistake("Those steps rise: next minus previous must be negative.")
def _(paths):
    return falling(-paths)


@exercise(
    inputs=[(WRONG, PROBABILITY, 0.8), (WRONG, PROBABILITY, 0.5), (WRONG, PROBABILITY, 0.9)],
    hints=[
        "Say both shares aloud, beginning with 'of all'. What does the colleague's mean divide by?",
        "A numpy array can be indexed by an array of True and False: only the sure answers stay.",
        "The first share is the mean of the mask `p > threshold`; the second is the mean of "
        "`wrong` over the answers that the mask keeps.",
    ],
    note="the colleague's number shrinks whenever the model is sure less often, even if each sure "
    "answer is wrong.",
)
def confidently_wrong(wrong, p, threshold):
    sure = p > threshold
    return float(sure.mean()), float(wrong[sure].mean())


@confidently_wrong.mistake(
    "The second number asks: of the *sure* answers, how many are wrong? You divided by all answers."
)
def _(wrong, p, threshold):
    return float((p > threshold).mean()), float((wrong & (p > threshold)).mean())


@confidently_wrong.mistake(
    "The second number asks: of the sure answers, how many are wrong? You asked how many "
    "wrong ones were sure."
)
def _(wrong, p, threshold):
    return float((p > threshold).mean()), float((p > threshold)[wrong].mean())


@confidently_wrong.two_mistakes(
    "Two things: you divided by all answers instead of by the sure ones, and counted right ones."
)
def _(wrong, p, threshold):
    return float((p > threshold).mean()), float((~wrong & (p > threshold)).mean())


@confidently_wrong.mistake("The share of wrong among the sure, not of right.")
def _(wrong, p, threshold):
    return confidently_wrong(~wrong, p, threshold)
