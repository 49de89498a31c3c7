"""Exercises of lesson 19: null fraction, and a vector of equal rho."""

import torch

from .exercise import exercise

# Two coordinates, to be worked by hand: the first inputs of each exercise.
SMALL_VECTORS = torch.tensor([[3.0, 4.0], [1.0, 1.0]], dtype=torch.float64)
READ_LEAST_LAST = torch.tensor([[0.8, 0.6], [0.6, -0.8]], dtype=torch.float64)

_generator = torch.Generator().manual_seed(10)
WEIGHTS = torch.randn(5, 4, generator=_generator, dtype=torch.float64)
BASIS = torch.linalg.qr(torch.randn(4, 4, generator=_generator, dtype=torch.float64))[0]


@exercise(
    inputs=[
        (SMALL_VECTORS, READ_LEAST_LAST, 1),
        (SMALL_VECTORS, READ_LEAST_LAST, 2),
        (WEIGHTS, BASIS, 2),
        (WEIGHTS, BASIS, 1),
        (WEIGHTS[:2], BASIS, 3),
    ],
    hints=[
        "Which columns hold the least-read directions? Is rho a ratio of lengths or of squares?",
        "`norm(dim=1)` is a length; a slice with a negative start counts from the end.",
        "Change the slice so that it takes the last k columns, and both squared sums to lengths.",
    ],
    note="a median neuron's rho is close to that of a random direction: only what lies far above "
    "it says anything.",
)
def null_fraction(weights, directions, k):
    return (weights @ directions[:, -k:]).norm(dim=1) / weights.norm(dim=1)


@null_fraction.mistake(
    "Those are the k *most*-read directions; the least-read ones are the last columns."
)
def _(weights, directions, k):
    return null_fraction(weights, directions.flip(1), k)


@null_fraction.mistake("Directions are columns: take `directions[:, -k:]`, not the last rows.")
def _(weights, directions, k):
    return null_fraction(weights, directions.T, k)


@null_fraction.mistake(
    "That is rho squared, the share of energy; the paper's rho is a ratio of lengths."
)
def _(weights, directions, k):
    return null_fraction(weights, directions, k) ** 2


@null_fraction.two_mistakes(
    "Both mistakes are still there: these are the k most-read directions, and a share of energy "
    "instead of a ratio of lengths."
)
def _(weights, directions, k):
    return (weights @ directions[:, :k]).square().sum(1) / weights.square().sum(1)


@null_fraction.mistake("Divide by each neuron's own length.")
def _(weights, directions, k):
    return null_fraction(weights, directions, k) * weights.norm(dim=1)


@null_fraction.mistake(
    "`[:, k:]` leaves out the first k and keeps all others; you want the last k."
)
def _(weights, directions, k):
    return (weights @ directions[:, k:]).norm(dim=1) / weights.norm(dim=1)


@null_fraction.mistake("`[:, :-k]` keeps all but the last k; you want the last k.")
def _(weights, directions, k):
    return (weights @ directions[:, :-k]).norm(dim=1) / weights.norm(dim=1)


@null_fraction.mistake(
    "`[:, -k]` is one column, the k-th from the end; a slice takes all columns from there on."
)
def _(weights, directions, k):
    return (weights @ directions[:, -k]).abs() / weights.norm(dim=1)


@null_fraction.two_mistakes("These are rows, and the first ones; take the last k columns.")
def _(weights, directions, k):
    return (weights @ directions[:k].T).norm(dim=1) / weights.norm(dim=1)


@null_fraction.mistake("Above the line stands a length, below it a squared length.")
def _(weights, directions, k):
    return (weights @ directions[:, -k:]).norm(dim=1) / weights.square().sum(1)


@null_fraction.mistake(
    "`norm()` without `dim` is the length of the whole table. Each neuron has its own rho: `dim=1`."
)
def _(weights, directions, k):
    return (weights @ directions[:, -k:]).norm() / weights.norm()


@null_fraction.mistake(
    "You added the coordinates' sizes up; a length is the root of their squares' sum."
)
def _(weights, directions, k):
    return (weights @ directions[:, -k:]).abs().sum(1) / weights.norm(dim=1)


INSIDE = torch.tensor([0.6, 0.0, 0.0], dtype=torch.float64)
OUTSIDE = torch.tensor([0.0, 0.6, 0.8], dtype=torch.float64)


@exercise(
    inputs=[
        (INSIDE, OUTSIDE),
        (torch.tensor([0.0, 0.3], dtype=torch.float64), torch.tensor([1.0, 0.0]).double()),
        (torch.tensor([0.5, 0.5, 0.0]).double(), torch.tensor([0.0, 0.0, -1.0]).double()),
    ],
    hints=[
        "The two parts are at right angles. By Pythagoras, what do their squares add up to?",
        "`inside.norm()` is rho. The whole has length 1, so what is left for the squared length of "
        "the other part?",
        "Scale `outside`, which has length 1, to the root of 1 - rho squared, and add `inside`.",
    ],
    note="dividing a finished sum by its length would have changed both parts, and rho with them.",
)
def with_equal_rho(inside, outside):
    return inside + (1 - inside.norm() ** 2).sqrt() * outside


@with_equal_rho.mistake(
    "That is the colleague's line: the division shrinks the part inside, too, and rho changes."
)
def _(inside, outside):
    return (inside + outside) / (inside + outside).norm()


@with_equal_rho.mistake("Lengths at right angles add as squares: take the root of 1 - rho squared.")
def _(inside, outside):
    return inside + (1 - inside.norm()) * outside


@with_equal_rho.mistake("That is the squared length of the other part; take the root.")
def _(inside, outside):
    return inside + (1 - inside.norm() ** 2) * outside


@with_equal_rho.mistake("Square rho before you subtract it from 1.")
def _(inside, outside):
    return inside + (1 - inside.norm()).sqrt() * outside


@with_equal_rho.mistake("This vector is longer than 1, so its share inside is less than rho.")
def _(inside, outside):
    return inside + outside


DIVISION_HIDES_IT = (
    "Two things at once: the other part is not scaled to the root of 1 - rho squared, and the "
    "division by the length hides it: it stretches the part inside, too."
)


@with_equal_rho.two_mistakes(DIVISION_HIDES_IT)
def _(inside, outside):
    whole = inside + (1 - inside.norm() ** 2) * outside
    return whole / whole.norm()


@with_equal_rho.two_mistakes(DIVISION_HIDES_IT)
def _(inside, outside):
    whole = inside + (1 - inside.norm()) * outside
    return whole / whole.norm()
