"""Exercise of lesson 00: the warm-up that shows how exercises work."""

import math

from .exercise import exercise


@exercise(
    inputs=[(0.5,), (0.25,), (0.9,)],
    hint="The surprise at an event of probability p is -log p. Python's `math.log` is "
    "the natural logarithm, so the result is in nats.",
)
def surprise(probability):
    return -math.log(probability)


@surprise.mistake(
    "The sign is missing: the logarithm of a probability is negative, its surprise is not."
)
def _(probability):
    return math.log(probability)


@surprise.mistake(
    "That is in bits, with base 2. This course counts in nats: use `math.log` without a base."
)
def _(probability):
    return -math.log2(probability)


@surprise.mistake("That is the doubt, 1 - p. The surprise is a logarithm: -log p.")
def _(probability):
    return 1 - probability
