"""Exercise of lesson 00: the warm-up that shows how exercises work."""

import math

from .exercise import exercise


@exercise(
    inputs=[(0.5,), (0.25,), (0.9,)],
    hints=[
        "The formula stands above the cell. Which Python module has a logarithm?",
        "`math.log` without a second argument is the natural logarithm, so the result is in nats.",
        "The logarithm of a number below 1 is negative, and a surprise is not: change its sign.",
    ],
    note="a surprise of 0.69 nats, or log 2, is that of a fair coin: one bit.",
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
