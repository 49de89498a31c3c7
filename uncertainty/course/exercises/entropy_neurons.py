"""Exercises of lesson 20: ablated logits, the surest planted neuron, the norm's share."""

import numpy as np
import torch

from .exercise import exercise

_generator = torch.Generator().manual_seed(11)
Z = torch.randn(3, 5, generator=_generator, dtype=torch.float64)
U = torch.randn(5, generator=_generator, dtype=torch.float64)
SIGMA = torch.tensor([2.0, 3.0, 4.0], dtype=torch.float64)
SIGMA_NEW = torch.tensor([2.5, 2.0, 4.4], dtype=torch.float64)
DELTA = torch.tensor([-1.0, 0.5, 2.0], dtype=torch.float64)
# Two tokens, three logits, to be worked by hand: the first inputs of the exercise on logits.
SMALL_Z = torch.tensor([[2.0, 0.0, 1.0], [1.0, 3.0, 0.0]], dtype=torch.float64)
SMALL_U = torch.tensor([1.0, -1.0, 0.0], dtype=torch.float64)
SMALL_SIGMA = torch.tensor([2.0, 1.0], dtype=torch.float64)
SMALL_NEW = torch.tensor([4.0, 2.0], dtype=torch.float64)
SMALL_DELTA = torch.tensor([2.0, 4.0], dtype=torch.float64)
SMALL_X = torch.tensor([[3.0, 4.0], [1.0, -2.0]], dtype=torch.float64)
TOTAL = np.array([0.4, 0.2, 0.001, 0.3])
DIRECT = np.array([0.1, 0.25, 0.002, 0.3])


@exercise(
    inputs=[
        (SMALL_Z, SMALL_U, SMALL_SIGMA, SMALL_NEW, SMALL_DELTA),
        (Z, U, SIGMA, SIGMA_NEW, DELTA),
        (Z[:2], U, SIGMA_NEW[:2], SIGMA[:2], DELTA[:2]),
    ],
    hints=[
        "What was the old logit divided by, and what should it be divided by now?",
        "`sigma[:, None]` makes a column of the scales, one row a token, to multiply z with.",
        "Bring z back to what it was before the norm, add the neuron's part, divide all by the new "
        "scale.",
    ],
    note="her line gives every logit what the neuron adds to it, and leaves out the change of "
    "scale.",
)
def ablated_logits(z, u, sigma, sigma_new, delta):
    return (sigma[:, None] * z + delta[:, None] * u) / sigma_new[:, None]


@ablated_logits.mistake(
    "You left out the change of scale: the old logits go with sigma / sigma_new, and what the "
    "neuron adds is divided by the new scale."
)
def _(z, u, sigma, sigma_new, delta):
    return z + delta[:, None] * u / sigma[:, None]


@ablated_logits.mistake(
    "The old logits change by the factor sigma / sigma_new; you left them as they were."
)
def _(z, u, sigma, sigma_new, delta):
    return z + delta[:, None] * u / sigma_new[:, None]


@ablated_logits.mistake("Upside down: a larger new scale makes the logits *smaller*.")
def _(z, u, sigma, sigma_new, delta):
    return z * (sigma_new / sigma)[:, None] + delta[:, None] * u / sigma_new[:, None]


@ablated_logits.two_mistakes(
    "Two things at once: the quotient of the scales is upside down, and what the neuron adds is "
    "divided by the old one."
)
def _(z, u, sigma, sigma_new, delta):
    return z * (sigma_new / sigma)[:, None] + delta[:, None] * u / sigma[:, None]


@ablated_logits.mistake(
    "z was divided by the old scale already: multiply it by sigma before you divide by sigma_new."
)
def _(z, u, sigma, sigma_new, delta):
    return (z + delta[:, None] * u) / sigma_new[:, None]


@ablated_logits.mistake(
    "You have undone the old division and added what the neuron changes. Divide all of it by the "
    "new scale."
)
def _(z, u, sigma, sigma_new, delta):
    return sigma[:, None] * z + delta[:, None] * u


@ablated_logits.mistake(
    "You divide z by the old scale once more: multiply it by sigma, to undo the division."
)
def _(z, u, sigma, sigma_new, delta):
    return (z / sigma[:, None] + delta[:, None] * u) / sigma_new[:, None]


@ablated_logits.two_mistakes(
    "Two things at once: z was divided by the old scale already, so multiply it by sigma first; "
    "and divide by the new scale, not by the old one."
)
def _(z, u, sigma, sigma_new, delta):
    return (z + delta[:, None] * u) / sigma[:, None]


@ablated_logits.mistake("What the neuron adds is divided by the *new* scale, too.")
def _(z, u, sigma, sigma_new, delta):
    return z * (sigma / sigma_new)[:, None] + delta[:, None] * u


@exercise(
    inputs=[
        (SMALL_X, torch.tensor([1.0, 0.0], dtype=torch.float64)),
        (SMALL_X, torch.tensor([0.6, 0.8], dtype=torch.float64)),
        (Z, U / U.norm()),
    ],
    hints=[
        "In the formula of the new scale put c for the activation's change and v for w. Which two "
        "terms depend on c?",
        "They are 2 c b + c^2, with b for the inner product of x and v, since v has length 1. "
        "`x @ v` gives b for each token.",
        "2 c b + c^2 is (c + b)^2 - b^2. For which c is the square 0?",
    ],
    note="there the neuron takes away all that the stream holds along v, and a stronger neuron "
    "makes the stream longer again.",
)
def surest(x, v):
    return -(x @ v)


@surest.mistake(
    "The sign: this neuron points along the stream and lengthens it. It must point against it."
)
def _(x, v):
    return -surest(x, v)


@surest.mistake(
    "At that c the scale is back at its old value. The scale is smallest half way there."
)
def _(x, v):
    return 2 * surest(x, v)


@surest.mistake("2 c b + c^2 is smallest where (c + b)^2 is 0; that is at -b, not at half of it.")
def _(x, v):
    return surest(x, v) / 2


@surest.mistake(
    "That would take the whole stream away, which only a neuron along it can do. This one takes "
    "away no more than the stream holds along v."
)
def _(x, v):
    return -x.norm(dim=-1)


@surest.mistake("That is a cosine. The stream moves by a length: do not divide by that of x.")
def _(x, v):
    return -(x @ v) / x.norm(dim=-1)


@surest.mistake("One number for each token: sum the products over the width.")
def _(x, v):
    return -(x * v)


@exercise(
    inputs=[
        (TOTAL, DIRECT, 0.01),
        (TOTAL, DIRECT, 0.25),
        (TOTAL, DIRECT, 0.0),
        (np.array([0.2, 0.4]), np.array([0.5, 0.1]), 0.2),
    ],
    hints=[
        "Which of the two effects is divided by, and when is it too small for that? What becomes "
        "of a negative share?",
        "`np.where(condition, one, other)` chooses entry by entry.",
        "The condition is that the total effect is below the threshold; the first choice is nan. "
        "Nothing is clipped.",
    ],
    note="a negative value is kept: it says that the norm works against the direct effect.",
)
def mediated(total, direct, threshold):
    return np.where(total < threshold, np.nan, 1 - direct / total)


@mediated.mistake("That is the direct share; what went through the norm is one minus it.")
def _(total, direct, threshold):
    return 1 - mediated(total, direct, threshold)


@mediated.two_mistakes(
    "Two things at once: that is the direct share, and it is also given where the total effect is "
    "below the threshold."
)
def _(total, direct, threshold):
    return direct / total


@mediated.mistake(
    "Where the total effect is below the threshold the quotient says nothing: put nan."
)
def _(total, direct, threshold):
    return 1 - direct / total


@mediated.mistake(
    "Do not cut at 0 and 1: a negative value is a finding (the norm compensates), and "
    "clipping hides it."
)
def _(total, direct, threshold):
    return np.clip(mediated(total, direct, threshold), 0, 1)


@mediated.two_mistakes(
    "Two kinds are still hidden: a negative share (the norm compensates), which becomes 0, and a "
    "neuron that hardly acts, which gets a 0 in place of nan."
)
def _(total, direct, threshold):
    return np.where(total < threshold, 0.0, np.clip(1 - direct / total, 0, 1))


@mediated.mistake(
    "Keep the sign: a negative value says that the norm works against the direct effect."
)
def _(total, direct, threshold):
    return np.abs(mediated(total, direct, threshold))


@mediated.mistake(
    "Below the threshold, not at it: a total effect that is just as large as it keeps its share."
)
def _(total, direct, threshold):
    return np.where(total <= threshold, np.nan, 1 - direct / total)


@mediated.mistake("The threshold is for the *total* effect, the one you divide by.")
def _(total, direct, threshold):
    return np.where(direct < threshold, np.nan, 1 - direct / total)


@mediated.mistake(
    "nan, not zero: a neuron that hardly acts has no share, and a zero would enter the averages."
)
def _(total, direct, threshold):
    return np.nan_to_num(mediated(total, direct, threshold))
