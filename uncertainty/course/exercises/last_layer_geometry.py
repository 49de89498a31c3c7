"""Exercises of lesson 18: effective unembedding, energy share."""

import torch

from .exercise import exercise

# Two coordinates, to be worked by hand: the first inputs of each exercise.
SMALL_HEAD = torch.tensor([[3.0, 1.0], [1.0, 2.0], [2.0, 6.0]], dtype=torch.float64)
SMALL_GAIN = torch.tensor([2.0, 10.0], dtype=torch.float64)
SMALL_VECTORS = torch.tensor([[3.0, 4.0], [1.0, 1.0]], dtype=torch.float64)
FIRST_AXIS = torch.tensor([[1.0], [0.0]], dtype=torch.float64)

_generator = torch.Generator().manual_seed(10)
HEAD = torch.randn(9, 4, generator=_generator, dtype=torch.float64) + 1
GAIN = torch.tensor([0.5, 2.0, 1.0, 3.0], dtype=torch.float64)
WEIGHTS = torch.randn(5, 4, generator=_generator, dtype=torch.float64)
BASIS = torch.linalg.qr(torch.randn(4, 4, generator=_generator, dtype=torch.float64))[0]


@exercise(
    inputs=[(SMALL_HEAD, SMALL_GAIN), (HEAD, GAIN), (HEAD[:5], GAIN.flip(0))],
    hints=[
        "Which axis of the unembedding belongs to the gain, and which to the tokens?",
        "Multiplying by a vector of the width scales the columns; `mean(0)` is the mean over rows.",
        "Two lines: first a matrix with scaled columns, then that matrix less its own mean row.",
    ],
    note="`W (x / sigma)` gives logits that differ from the model's by one number for all tokens: "
    "the probabilities are the same.",
)
def effective(unembedding, gain):
    folded = unembedding * gain
    return folded - folded.mean(0)


@effective.mistake("The mean over the vocabulary (the mean row) still has to go.")
def _(unembedding, gain):
    return unembedding * gain


@effective.mistake(
    "You took each row's own mean away; it is the mean *row*, over the vocabulary, that "
    "changes no probability."
)
def _(unembedding, gain):
    folded = unembedding * gain
    return folded - folded.mean(1, keepdim=True)


@effective.mistake("Fold the gain in before centring; or fold it into both terms.")
def _(unembedding, gain):
    return unembedding * gain - unembedding.mean(0)


@effective.two_mistakes(
    "Two things at once: you took each row's own mean away instead of the mean row, and you did it "
    "before the gain was folded in."
)
def _(unembedding, gain):
    return (unembedding - unembedding.mean(1, keepdim=True)) * gain


@effective.mistake("The norm multiplies by its gain; you divided.")
def _(unembedding, gain):
    return effective(unembedding, 1 / gain)


@effective.mistake("The gain is missing. It multiplies every column by its own number.")
def _(unembedding, gain):
    return effective(unembedding, torch.ones_like(gain))


@effective.mistake(
    "`mean()` without an axis is one number for the whole table. The mean row has one number for "
    "each column: give the axis of the tokens."
)
def _(unembedding, gain):
    folded = unembedding * gain
    return folded - folded.mean()


@effective.mistake("You took the *sum* of all rows away, which is the mean row times the tokens.")
def _(unembedding, gain):
    folded = unembedding * gain
    return folded - folded.sum(0)


@effective.mistake(
    "`@` has added the columns up: one number for each token is left. Multiply with `*`."
)
def _(unembedding, gain):
    folded = unembedding @ gain
    return folded - folded.mean(0)


@exercise(
    inputs=[
        (SMALL_VECTORS, FIRST_AXIS),
        (SMALL_VECTORS, torch.eye(2, dtype=torch.float64)),
        (WEIGHTS, BASIS[:, -2:]),
        (WEIGHTS[None], BASIS[:, :1]),
    ],
    hints=[
        "A share has a numerator and a denominator. Which length squared stands in which?",
        "`x @ basis` gives the coordinates along the directions; `square()` and `sum(-1)` follow.",
        "Sum the squared coordinates over the directions, and the squared entries of x over the "
        "width; both over the last axis.",
    ],
    note="the shares of all directions of an orthonormal basis add up to 1, by Pythagoras.",
)
def energy_share(x, basis):
    return (x @ basis).square().sum(-1) / x.square().sum(-1)


@energy_share.mistake("That is the share of the length; energy is its square.")
def _(x, basis):
    return (x @ basis).norm(dim=-1) / x.norm(dim=-1)


@energy_share.two_mistakes(
    "Two things at once: these are lengths, not their squares, and they are not divided by the "
    "length of x."
)
def _(x, basis):
    return (x @ basis).norm(dim=-1)


@energy_share.mistake("You have the energy in the basis; divide by the whole energy of x.")
def _(x, basis):
    return energy_share(x, basis) * x.square().sum(-1)


@energy_share.mistake(
    "Sum the squares over the basis, do not average them: a share of all six directions, not "
    "per direction."
)
def _(x, basis):
    return (x @ basis).square().mean(-1) / x.square().sum(-1)


@energy_share.mistake("You added the coordinates up first and squared their sum; square each one.")
def _(x, basis):
    return (x @ basis).sum(-1).square() / x.square().sum(-1)


@energy_share.mistake("Energy is a squared length: square the entries before you add them up.")
def _(x, basis):
    return (x @ basis).sum(-1) / x.sum(-1)


@energy_share.mistake("Above the line stands a squared length, below it a length: square both.")
def _(x, basis):
    return (x @ basis).square().sum(-1) / x.norm(dim=-1)


@energy_share.mistake(
    "Two means over different numbers of entries, the directions above and the width below. Sum "
    "in both."
)
def _(x, basis):
    return (x @ basis).square().mean(-1) / x.square().mean(-1)


@energy_share.mistake(
    "`sum()` without an axis adds all vectors together. Each vector has its own share: sum over "
    "the last axis only."
)
def _(x, basis):
    return (x @ basis).square().sum() / x.square().sum()


@energy_share.mistake(
    "That is each direction's own share; add them up over the directions, the last axis."
)
def _(x, basis):
    return (x @ basis).square() / x.square().sum(-1, keepdim=True)
