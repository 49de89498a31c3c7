"""Exercises of lesson 33: what a claim is about, and the difference of two models."""

import math

from .exercise import exercise

SHOWS, NOT = "shows", "does not show"
CASES = [
    ([SHOWS, SHOWS], SHOWS),
    ([SHOWS, SHOWS], NOT),
    ([SHOWS, "weak"], NOT),
    ([NOT, SHOWS], "weak"),
    (["weak", NOT, "weak"], NOT),
    ([NOT, NOT], SHOWS),
    ([SHOWS, "the opposite"], "the opposite"),
    (["the opposite", "the opposite"], NOT),
    ([SHOWS, SHOWS, SHOWS], "cannot be judged"),
    ([SHOWS, SHOWS, NOT], NOT),
]
