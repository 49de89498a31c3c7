"""Exercise of lesson 00: the warm-up that shows how exercises work."""

import math

from .exercise import exercise


@exercise(
    inputs=[(0.5,), (0.25,), (0.9,)],
    hints=[
        "Which logarithm does the formula take, and which one does the colleague's line take?",
        "`math.log` without a second argument is the natural logarithm, so the result is in nats.",
        "The logarithm of a number below 1 is negative, and a surprise is not: change its sign.",
    ],
    note="the colleague's line, with base 2, gives the same surprise in bits: a fair coin has one "
    "bit, which is log 2, or 0.69 nats.",
)
def surprise(probability):
    return -math.log(probability)


@surprise.mistake(
    "The sign is missing: the logarithm of a probability is negative, its surprise is not."
)
def _(probability):
    return -surprise(probability)


@surprise.mistake(
    "That is the colleague's line, in bits, with base 2. This course counts in nats: use "
    "`math.log` without a base."
)
def _(probability):
    return -math.log2(probability)


@surprise.two_mistakes(
    "Two things at once: base 2 counts in bits, and the sign is missing. Use `math.log`, and a "
    "minus."
)
def _(probability):
    return math.log2(probability)


@surprise.mistake("That is the doubt, 1 - p. The surprise is a logarithm: -log p.")
def _(probability):
    return 1 - probability
