"""Exercises of lesson 14: effective unembedding, energy share, null fraction, logit variance."""

import torch

from .exercise import exercise

_generator = torch.Generator().manual_seed(10)
HEAD = torch.randn(9, 4, generator=_generator, dtype=torch.float64) + 1
GAIN = torch.tensor([0.5, 2.0, 1.0, 3.0], dtype=torch.float64)
WEIGHTS = torch.randn(5, 4, generator=_generator, dtype=torch.float64)
BASIS = torch.linalg.qr(torch.randn(4, 4, generator=_generator, dtype=torch.float64))[0]


@exercise(
    inputs=[(HEAD, GAIN), (HEAD[:5], GAIN.flip(0))],
    hint="Each column belongs to one coordinate of the stream: `folded = unembedding * gain`; then "
    "`folded - folded.mean(0)`.",
)
def effective(unembedding, gain):
    folded = unembedding * gain
    return folded - folded.mean(0)


@effective.mistake(
    "The gain is folded in; the mean over the vocabulary (the mean row) still has to go."
)
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


@effective.mistake("The norm multiplies by its gain; you divided.")
def _(unembedding, gain):
    folded = unembedding / gain
    return folded - folded.mean(0)


@exercise(
    inputs=[(WEIGHTS, BASIS[:, -2:]), (WEIGHTS[None], BASIS[:, :1])],
    hint="Coordinates in the basis: `x @ basis`. Their squares, summed, over the squares of x, "
    "summed.",
)
def energy_share(x, basis):
    return (x @ basis).square().sum(-1) / x.square().sum(-1)


@energy_share.mistake("That is the share of the length; energy is its square.")
def _(x, basis):
    return (x @ basis).norm(dim=-1) / x.norm(dim=-1)


@energy_share.mistake("You have the energy in the basis; divide by the whole energy of x.")
def _(x, basis):
    return (x @ basis).square().sum(-1)


@energy_share.mistake(
    "Sum the squares over the basis, do not average them: a share of all six directions, not "
    "per direction."
)
def _(x, basis):
    return (x @ basis).square().mean(-1) / x.square().sum(-1)


@exercise(
    inputs=[(WEIGHTS, BASIS, 2), (WEIGHTS, BASIS, 1), (WEIGHTS[:2], BASIS, 3)],
    hint="`(weights @ directions[:, -k:]).norm(dim=1) / weights.norm(dim=1)`.",
)
def null_fraction(weights, directions, k):
    return (weights @ directions[:, -k:]).norm(dim=1) / weights.norm(dim=1)


@null_fraction.mistake(
    "Those are the k *most*-read directions; the least-read ones are the last columns."
)
def _(weights, directions, k):
    return (weights @ directions[:, :k]).norm(dim=1) / weights.norm(dim=1)


@null_fraction.mistake("Directions are columns: take `directions[:, -k:]`, not the last rows.")
def _(weights, directions, k):
    return (weights @ directions[-k:].T).norm(dim=1) / weights.norm(dim=1)


@null_fraction.mistake(
    "That is rho squared, the share of energy; the paper's rho is a ratio of lengths."
)
def _(weights, directions, k):
    return (weights @ directions[:, -k:]).square().sum(1) / weights.square().sum(1)


@null_fraction.mistake("Divide by each neuron's own length.")
def _(weights, directions, k):
    return (weights @ directions[:, -k:]).norm(dim=1)


@exercise(
    inputs=[(WEIGHTS, HEAD), (WEIGHTS[:2], HEAD[:6])],
    tolerance=1e-6,
    hint="Rows of both scaled to length one, their product (neurons, vocabulary), and `.var(1)`.",
)
def logit_variance(weights, unembedding):
    unit = torch.nn.functional.normalize
    return (unit(weights, dim=1) @ unit(unembedding, dim=1).T).var(1)


@logit_variance.mistake(
    "That is the variance of the raw products; long rows count for more. Cosines: divide by "
    "both lengths."
)
def _(weights, unembedding):
    return (weights @ unembedding.T).var(1)


@logit_variance.mistake("Divide by the length of each token's row, too, not only by the neuron's.")
def _(weights, unembedding):
    return (torch.nn.functional.normalize(weights, dim=1) @ unembedding.T).var(1)


@logit_variance.mistake("One number per neuron: the variance is over the vocabulary.")
def _(weights, unembedding):
    unit = torch.nn.functional.normalize
    return (unit(weights, dim=1) @ unit(unembedding, dim=1).T).var(0)


@logit_variance.mistake("The variance, not its root.")
def _(weights, unembedding):
    unit = torch.nn.functional.normalize
    return (unit(weights, dim=1) @ unit(unembedding, dim=1).T).std(1)
