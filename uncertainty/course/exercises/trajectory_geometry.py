"""Exercises of lesson 13: where a trajectory settles, and its distance and cosine to the end."""

import numpy as np
import torch

from .exercise import exercise

_generator = torch.Generator().manual_seed(16)
TOP = np.array([[1, 5, 7, 2], [2, 5, 8, 3], [1, 5, 7, 3], [1, 5, 9, 3]])
STREAM = torch.randn(4, 3, 5, generator=_generator).cumsum(0)  # (depths, samples, width)


@exercise(
    inputs=[(TOP,), (TOP[:, :2],)],
    hints=[
        "In the first column of the test the final token is 1. Read the column from the top: when "
        "does the colleague's line stop, and what comes after?",
        "Go backwards from the last depth. `np.cumprod` of True and False stays 0 after the first "
        "False.",
        "Count, from the last depth back, for how long the token stays the same; the number of "
        "depths minus that count is the depth where the run begins.",
    ],
    note="a token that was on top early, then lost its place and came back, settles late.",
)
def settles(top):
    same = top == top[-1]
    return np.array([len(column) - int(np.cumprod(column[::-1]).sum()) for column in same.T])


@settles.mistake(
    "That is the colleague's line. The first depth where the token appears is not enough: it must "
    "*stay* the top token."
)
def _(top):
    return (top == top[-1]).argmax(axis=0)


@settles.mistake("One too deep: that is the number of the next depth.")
def _(top):
    return settles(top) + 1


@settles.two_mistakes(
    "Two things: a token that appears early need not stay, and that is the next depth's number."
)
def _(top):
    return (top == top[-1]).argmax(axis=0) + 1


@settles.mistake(
    "You counted how many depths agree; asked is the depth where the agreement begins."
)
def _(top):
    same = top == top[-1]
    return np.array([int(np.cumprod(column[::-1]).sum()) for column in same.T])


@exercise(
    inputs=[(STREAM,), (STREAM * 3 - 1,)],
    hints=[
        "The end of every sample's way is one row of the stream. Which one, and what is its shape?",
        "`.norm(dim=-1)` is a length; a scalar product is a sum over the last axis of a product.",
        "`stream - end` takes the last row from every row, so its lengths are the distances. For "
        "the cosine, divide by the lengths of both vectors, each over the last axis.",
    ],
    note="at the last depth the distance is 0 and the cosine 1, whatever the model does.",
)
def to_end(stream):
    end = stream[-1]
    distance = (stream - end).norm(dim=-1)
    cosine = (stream * end).sum(-1) / (stream.norm(dim=-1) * end.norm(dim=-1))
    return distance, cosine


@to_end.mistake(
    "That is the way from the *first* state; asked is the way that is left to the last."
)
def _(stream):
    start = stream[0]
    cosine = (stream * start).sum(-1) / (stream.norm(dim=-1) * start.norm(dim=-1))
    return (stream - start).norm(dim=-1), cosine


@to_end.mistake("The squared distance: take its root.")
def _(stream):
    distance, cosine = to_end(stream)
    return distance**2, cosine


@to_end.mistake("That is the scalar product; the cosine divides it by *both* lengths.")
def _(stream):
    end = stream[-1]
    return (stream - end).norm(dim=-1), (stream * end).sum(-1)


@to_end.two_mistakes(
    "Two things: take the root of the squared distance, and divide the scalar product by both "
    "lengths."
)
def _(stream):
    end = stream[-1]
    return (stream - end).pow(2).sum(-1), (stream * end).sum(-1)


@to_end.mistake("You divided by the length of the last state only; divide by both lengths.")
def _(stream):
    end = stream[-1]
    return (stream - end).norm(dim=-1), (stream * end).sum(-1) / end.norm(dim=-1)
