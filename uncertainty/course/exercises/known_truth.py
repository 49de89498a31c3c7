"""Exercises of lesson 22: honest doubt, disagreement, a score without a level, a fair pair."""

import math
from itertools import combinations

import torch

from .exercise import exercise

HOUSES = 32
MEMBERS = torch.tensor([[0.9, 0.1, 0.0], [0.1, 0.8, 0.1], [0.3, 0.3, 0.4]])
SURE = torch.tensor([[0.999, 0.001], [0.001, 0.999]])
ROWS = torch.tensor([[3.0, 1.0, -2.0, -1.0], [9.0, 8.5, 6.0, 1.0], [-4.0, -6.0, -6.0, -5.0]])
REACH = [1, 4, 4, 8, 1, 8]
SIGHTINGS = [120, 2, 90, 150, 0, 3]


@exercise(
    inputs=[(1,), (4,), (16,)],
    hint="Who cannot tell where she lives holds all 32 houses equally likely: that is the total. "
    "Which part would stay if you told this reader her home? The rest is epistemic.",
)
def honest_doubts(reach):
    total = math.log(HOUSES)
    aleatoric = math.log(reach)
    return (total, aleatoric, total - aleatoric)


@honest_doubts.mistake(
    "A reader who does not know the home does not know which houses are in reach: her total doubt "
    "is over all 32."
)
def _(reach):
    return (math.log(reach), math.log(reach), 0.0)


@honest_doubts.mistake(
    "The two parts must add up to the total. What she would not know even with the home is the "
    "verb's reach; only the rest is epistemic."
)
def _(reach):
    return (math.log(HOUSES), math.log(reach), math.log(HOUSES))


@honest_doubts.mistake("These are bits; with the natural logarithm they are nats.")
def _(reach):
    return (math.log2(HOUSES), math.log2(reach), math.log2(HOUSES) - math.log2(reach))


@honest_doubts.mistake(
    "The parts are exchanged: the reach is in the world (aleatoric), the home in the reader's "
    "head (epistemic)."
)
def _(reach):
    return (math.log(HOUSES), math.log(HOUSES) - math.log(reach), math.log(reach))


def _entropy(p):
    return torch.special.entr(p).sum(-1)


@exercise(
    inputs=[(MEMBERS,), (SURE,), (MEMBERS[:2],)],
    hint="Two entropies: of the mean of the rows, and the mean of the rows' own. "
    "`torch.special.entr(p)` is -p log p, also where p is 0. Which of the two is the larger?",
)
def disagreement(p):
    return _entropy(p.mean(0)) - _entropy(p).mean()


@disagreement.mistake(
    "The difference is the wrong way round: the entropy of the mean is the larger of the two."
)
def _(p):
    return _entropy(p).mean() - _entropy(p.mean(0))


@disagreement.mistake("These are bits; with the natural logarithm they are nats.")
def _(p):
    return (_entropy(p.mean(0)) - _entropy(p).mean()) / math.log(2)


@disagreement.mistake(
    "You averaged the logarithms. The ensemble's prediction is the mean of the probabilities."
)
def _(p):
    pooled = p.clamp(min=1e-12).log().mean(0).softmax(-1)
    return _entropy(pooled) - _entropy(p).mean()


@disagreement.mistake(
    "That is the total doubt. Members that are unsure but agree would count as disagreeing; "
    "subtract the mean of their own entropies."
)
def _(p):
    return _entropy(p.mean(0))


@exercise(
    inputs=[(ROWS,), (ROWS + 7.0,), (ROWS[:2] - 3.0,)],
    hint="The score must not change when a number is added to all logits of a row. Measure the "
    "logits from something that moves with them, but leave something to measure.",
)
def level_free_score(logits):
    evidence = (logits - logits.mean(-1, keepdim=True)).topk(2).values.clamp(min=0)
    return 2 / (evidence + 1).sum(-1)


@level_free_score.mistake(
    "This still is the score with the fault: add 5 to all logits of a row and it changes."
)
def _(logits):
    return 2 / (logits.topk(2).values.clamp(min=0) + 1).sum(-1)


@level_free_score.mistake(
    "Measured from the largest logit no evidence is left: the score is 1 for every row."
)
def _(logits):
    evidence = (logits - logits.amax(-1, keepdim=True)).topk(2).values.clamp(min=0)
    return 2 / (evidence + 1).sum(-1)


@level_free_score.mistake(
    "You took one mean of all rows. A constant may be added to one row alone, so each row needs "
    "its own mean."
)
def _(logits):
    evidence = (logits - logits.mean()).topk(2).values.clamp(min=0)
    return 2 / (evidence + 1).sum(-1)


@level_free_score.mistake(
    "The mean of the two largest logits leaves only their distance; take the mean of the row."
)
def _(logits):
    top = logits.topk(2).values
    evidence = (top - top.mean(-1, keepdim=True)).clamp(min=0)
    return 2 / (evidence + 1).sum(-1)


@exercise(
    inputs=[(REACH, SIGHTINGS), (REACH[::-1], SIGHTINGS[::-1]), (REACH[1:4], SIGHTINGS[1:4])],
    hint="Between the two only what is known may differ. Go through all pairs of equal reach "
    "(`itertools.combinations`), and keep the one whose sightings lie farthest apart.",
)
def knowledge_pair(reach, sightings):
    pairs = combinations(range(len(reach)), 2)
    fair = [pair for pair in pairs if reach[pair[0]] == reach[pair[1]]]
    widest = max(fair, key=lambda pair: abs(sightings[pair[0]] - sightings[pair[1]]))
    return tuple(sorted(widest, key=lambda place: -sightings[place]))


@knowledge_pair.mistake(
    "These two differ in reach as well. A measure of openness would tell them apart, too."
)
def _(reach, sightings):
    places = range(len(reach))
    return (max(places, key=sightings.__getitem__), min(places, key=sightings.__getitem__))


@knowledge_pair.mistake("Return the context that was seen more often first.")
def _(reach, sightings):
    return knowledge_pair(reach, sightings)[::-1]


@knowledge_pair.mistake(
    "Of several fair pairs take the one whose sightings lie farthest apart; the first will not do."
)
def _(reach, sightings):
    pairs = combinations(range(len(reach)), 2)
    fair = next(pair for pair in pairs if reach[pair[0]] == reach[pair[1]])
    return tuple(sorted(fair, key=lambda place: -sightings[place]))
