"""Exercises of lesson 11: the mean in place of an output, and a map between depths."""

import torch

from .exercise import exercise

_generator = torch.Generator().manual_seed(11)

OUTPUTS = torch.tensor([[1.0, 0.0, 2.0], [7.0, 7.0, 7.0], [3.0, 2.0, -4.0], [0.0, 5.0, 1.0]])
EVEN, ODD = torch.tensor([0, 2]), torch.tensor([1, 3])
EARLY = torch.randn(7, 3, generator=_generator, dtype=torch.float64)
FINAL = EARLY[:, [2, 0, 1]] * 2 + torch.tensor([1.0, -2.0, 0.5])
NOISE = torch.randn(7, 3, generator=_generator, dtype=torch.float64)


@exercise(
    inputs=[(OUTPUTS, EVEN, ODD), (OUTPUTS, torch.tensor([0, 1, 3]), torch.tensor([2]))],
    hints=[
        "Whose outputs are in the colleague's mean? Could the stand-in of a question still hold "
        "something of that question?",
        "Only the rows change over which the mean is taken; the colleague's `expand` is right.",
        "`outputs[choosing]` picks rows; `mean(0)` averages over them; `expand` repeats a row.",
    ],
    note="in the colleague's mean every question has a share in its own stand-in, one in the "
    "number of questions: little, but of the very thing that should go.",
)
def mean_output(outputs, choosing, judging):
    return outputs[choosing].mean(0).expand(len(judging), -1)


@mean_output.mistake(
    "That is the colleague's: the questions that judge are in their own stand-in, so a little of "
    "what should go stays."
)
def _(outputs, choosing, judging):
    return outputs.mean(0).expand(len(judging), -1)


@mean_output.mistake(
    "You averaged over the questions that judge: their own part, the one that should go, is in it."
)
def _(outputs, choosing, judging):
    return outputs[judging].mean(0).expand(len(judging), -1)


@mean_output.mistake(
    "That keeps a question's own part out, too. Here one mean serves all: over the choosing "
    "questions, which judge nothing."
)
def _(outputs, choosing, judging):
    places = torch.arange(len(outputs))
    return torch.stack([outputs[places != place].mean(0) for place in judging])


@mean_output.mistake("One row is right, but each question that judges needs one: `expand` it.")
def _(outputs, choosing, judging):
    return outputs[choosing].mean(0)


@mean_output.mistake("You averaged over the width; average over the questions, the first axis.")
def _(outputs, choosing, judging):
    return outputs[choosing].mean(1)


@mean_output.mistake(
    "Zeros take away what all questions share as well. Put the mean over the choosing questions."
)
def _(outputs, choosing, judging):
    return torch.zeros(len(judging), outputs.shape[1])


@mean_output.mistake("The number of rows: one for each question that judges, not that chooses.")
def _(outputs, choosing, judging):
    return mean_output(outputs, choosing, choosing)


@mean_output.two_mistakes(
    "Two things at once: the questions that judge are in the mean, as in the colleague's, and "
    "there is one row only. Average over the choosing questions, and `expand` the mean."
)
def _(outputs, choosing, judging):
    return outputs.mean(0)


@exercise(
    inputs=[(EARLY, FINAL), (EARLY, FINAL + NOISE)],
    hints=[
        "Which two things does an affine map have, and how many rows has the matrix that holds "
        "both?",
        "`torch.linalg.lstsq(X, Y).solution` is the matrix A that makes X A closest to Y; "
        "`torch.cat` puts a column of ones beside `early`.",
        "X is `torch.cat([early, torch.ones_like(early[:, :1])], 1)`; Y is what you want to "
        "arrive at.",
    ],
    note="a matrix alone sends zeros to zeros, so it cannot undo a shift. And the map has never "
    "seen which token came next: it only brings one stream close to another.",
)
def affine_map(early, final):
    with_ones = torch.cat([early, torch.ones_like(early[:, :1])], 1)
    return torch.linalg.lstsq(with_ones, final).solution


@affine_map.mistake("The offset is missing: put a column of ones beside `early`.")
def _(early, final):
    return torch.linalg.lstsq(early, final).solution


@affine_map.mistake("The ones come last, so that the offset is the last row.")
def _(early, final):
    with_ones = torch.cat([torch.ones_like(early[:, :1]), early], 1)
    return torch.linalg.lstsq(with_ones, final).solution


@affine_map.mistake("That is the way back: your map leads from the end to the early depth.")
def _(early, final):
    return affine_map(final, early)


@affine_map.mistake("Your matrix is turned round: `early` stands on the left, `[early, 1] @ A`.")
def _(early, final):
    return affine_map(early, final).T


@affine_map.mistake("Those are the mapped vectors; return the matrix itself.")
def _(early, final):
    with_ones = torch.cat([early, torch.ones_like(early[:, :1])], 1)
    return with_ones @ torch.linalg.lstsq(with_ones, final).solution
