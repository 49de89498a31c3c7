"""Exercises of lesson 32: honest doubt, disagreement, a score without a level, a fair pair."""

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
    hints=[
        "How many houses are possible for a reader who does not know the home? For one who does?",
        "The entropy of equally likely things is the logarithm of their number (`math.log`).",
        "Among how many houses does she hesitate now, and among how many once she knows the home? "
        "What must the two parts add up to?",
    ],
    note="the total is the same for every verb: somebody who reads only the entropy cannot tell "
    "the two parts apart.",
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
    return tuple(doubt / math.log(2) for doubt in honest_doubts(reach))


@honest_doubts.mistake(
    "The parts are exchanged: the reach is in the world (aleatoric), the home in the reader's "
    "head (epistemic)."
)
def _(reach):
    total, aleatoric, epistemic = honest_doubts(reach)
    return (total, epistemic, aleatoric)


@honest_doubts.mistake(
    "Your epistemic part is the logarithm of the houses out of reach. The two *doubts* must add up "
    "to the total: take the aleatoric one from it."
)
def _(reach):
    return (math.log(HOUSES), math.log(reach), math.log(HOUSES - reach))


@honest_doubts.mistake(
    "These are numbers of houses. The entropy of equally likely houses is the logarithm of their "
    "number."
)
def _(reach):
    return (HOUSES, reach, HOUSES - reach)


@honest_doubts.mistake(
    "You counted the 96 islanders. She asks where a house is: 32 of them can follow."
)
def _(reach):
    return (math.log(96), math.log(reach), math.log(96 / reach))


@honest_doubts.mistake(
    "Your epistemic part is below 0. It is what the home would take away from the total: total "
    "minus aleatoric."
)
def _(reach):
    return (math.log(HOUSES), math.log(reach), math.log(reach / HOUSES))


@honest_doubts.two_mistakes(
    "Two faults at once: these are bits, and the parts are exchanged. Use the natural logarithm; "
    "what is left when the home is known is aleatoric."
)
def _(reach):
    return (math.log2(HOUSES), math.log2(HOUSES) - math.log2(reach), math.log2(reach))


def _entropy(p):
    return torch.special.entr(p).sum(-1)


@exercise(
    inputs=[(MEMBERS,), (SURE,), (MEMBERS[:2],)],
    hints=[
        "Which two entropies does the formula above compare, when all members weigh the same?",
        "`torch.special.entr(p)` is -p log p, also where p is 0. Over which axis do you average, "
        "and over which do you add up?",
        "Five copies of one model must give 0. Which entropy of all members together equals their "
        "own when they agree, and is larger when they do not?",
    ],
    note="two members that are each sure of another token disagree by nearly log 2, and two that "
    "are equally unsure do not disagree at all.",
)
def disagreement(p):
    return _entropy(p.mean(0)) - _entropy(p).mean()


@disagreement.mistake(
    "The difference is the wrong way round: the entropy of the mean is the larger of the two."
)
def _(p):
    return -disagreement(p)


@disagreement.mistake("These are bits; with the natural logarithm they are nats.")
def _(p):
    return disagreement(p) / math.log(2)


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


@disagreement.mistake(
    "Your result is nan where a probability is 0: 0 log 0 counts as 0, and `0 * log(0)` is nan. "
    "`torch.special.entr` knows that."
)
def _(p):
    own = -(p * p.log()).sum(-1)
    return -(p.mean(0) * p.mean(0).log()).sum() - own.mean()


@disagreement.mistake(
    "The course's `entropy` takes logits, and `p` holds probabilities, so it has applied a softmax "
    "to them. Use `torch.special.entr`."
)
def _(p):
    return _entropy(p.mean(0).softmax(-1)) - _entropy(p.softmax(-1)).mean()


@disagreement.mistake(
    "You added up the members' own entropies, so five copies would not give 0. Take their mean."
)
def _(p):
    return _entropy(p.mean(0)) - _entropy(p).sum()


@disagreement.mistake(
    "You averaged over the vocabulary as well. An entropy adds up its terms over the tokens; only "
    "the members are averaged."
)
def _(p):
    return disagreement(p) / p.shape[-1]


@disagreement.mistake(
    "That is the mean of the members' own entropies, which is what they would leave open if they "
    "agreed. How much larger is the entropy of their mean prediction?"
)
def _(p):
    return _entropy(p).mean()


@disagreement.two_mistakes(
    "Two faults at once: the difference is the wrong way round, and in bits. Use the natural "
    "logarithm, and subtract the members' own entropy from that of their mean."
)
def _(p):
    return (_entropy(p).mean() - _entropy(p.mean(0))) / math.log(2)


@exercise(
    inputs=[(ROWS,), (ROWS + 7.0,), (ROWS[:2] - 3.0,)],
    hints=[
        "What else in a row moves when a number is added to all of its logits?",
        "Subtract from each row something that moves with it, `keepdim=True`, before you take the "
        "two largest. Which choice would leave nothing to measure?",
        "The largest logit as a reference makes every row's score 1. The mean of the whole row "
        "moves with it and leaves the distances.",
    ],
    note="the repaired score is a function of the probabilities alone; what it says can then be "
    "checked against other functions of them.",
)
def level_free_score(logits):
    evidence = (logits - logits.mean(-1, keepdim=True)).topk(2).values.clamp(min=0)
    return 2 / (evidence + 1).sum(-1)


def _score(evidence):
    return 2 / (evidence.topk(2).values.clamp(min=0) + 1).sum(-1)


@level_free_score.mistake(
    "This still is the score with the fault: add 5 to all logits of a row and it changes."
)
def _(logits):
    return _score(logits)


@level_free_score.mistake(
    "Measured from the largest logit, or as logarithms of probabilities, no logit is above 0: the "
    "score is 1 for every row."
)
def _(logits):
    return _score(logits - logits.amax(-1, keepdim=True))


@level_free_score.mistake(
    "You took one mean of all rows. A constant may be added to one row alone, so each row needs "
    "its own mean."
)
def _(logits):
    return _score(logits - logits.mean())


@level_free_score.mistake(
    "The mean of the two largest logits leaves only their distance; take the mean of the row."
)
def _(logits):
    top = logits.topk(2).values
    evidence = (top - top.mean(-1, keepdim=True)).clamp(min=0)
    return 2 / (evidence + 1).sum(-1)


@level_free_score.mistake(
    "A fair repair: the smallest logit of a row moves with the others, as their mean does. The "
    "check and the cells below use the mean; take that to go on."
)
def _(logits):
    return _score(logits - logits.amin(-1, keepdim=True))


@level_free_score.mistake(
    "A fair repair: the median of a row moves with its logits as the mean does. The check and the "
    "cells below use the mean; take that to go on."
)
def _(logits):
    return _score(logits - logits.median(-1, keepdim=True).values)


@level_free_score.mistake(
    "Free of the level, but all these probabilities lie between 0 and 1, so the score hardly "
    "differs between rows. Keep logits, and measure them from the mean of their row."
)
def _(logits):
    return _score(logits.softmax(-1))


@level_free_score.mistake(
    "Free of the level, but dividing by the spread takes out more: twice the logits are a much "
    "surer prediction, and your score stays. Subtract the mean only."
)
def _(logits):
    centred = logits - logits.mean(-1, keepdim=True)
    return _score(centred / logits.std(-1, keepdim=True))


@level_free_score.two_mistakes(
    "Two faults at once: one mean and one spread of all rows. Each row needs a mean of its own; "
    "and do not divide, since twice the logits are a surer prediction."
)
def _(logits):
    return _score((logits - logits.mean()) / logits.std())


@level_free_score.mistake(
    "You subtracted the mean of each *column*, which is one token's in all rows. A constant is "
    "added to a row: `mean(-1, keepdim=True)`."
)
def _(logits):
    return _score(logits - logits.mean(0))


@level_free_score.mistake(
    "You took the 5 of the text back. Another constant is another number: take one from the row "
    "itself."
)
def _(logits):
    return _score(logits - 5)


@exercise(
    inputs=[(REACH, SIGHTINGS), (REACH[::-1], SIGHTINGS[::-1]), (REACH[1:4], SIGHTINGS[1:4])],
    hints=[
        "What must be equal in the two contexts, and what should differ as much as possible?",
        "`itertools.combinations(range(len(reach)), 2)` goes through all pairs of places; `max` "
        "with `key=` picks one of those that are allowed.",
        "First drop the pairs in which something besides knowledge could differ. What makes one of "
        "the others better than the rest? And which of its two places is returned first?",
    ],
    note="the pair excludes openness and nothing else: a score that reacts to rare names would "
    "pass this test, too.",
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


@knowledge_pair.mistake(
    "You began with the context that was seen most often; its partner of the same reach may have "
    "been seen as often, or be missing. Compare all pairs of equal reach."
)
def _(reach, sightings):
    most = max(range(len(reach)), key=sightings.__getitem__)
    same = [place for place in range(len(reach)) if reach[place] == reach[most]]
    return (most, min(same, key=sightings.__getitem__))


@knowledge_pair.mistake(
    "These two were seen about as often and differ in reach: that tests openness. Keep the reach "
    "equal, and let the sightings differ."
)
def _(reach, sightings):
    pairs = combinations(range(len(reach)), 2)
    return min(pairs, key=lambda pair: abs(sightings[pair[0]] - sightings[pair[1]]))


@knowledge_pair.mistake("Return the places of the two contexts, not how often they were seen.")
def _(reach, sightings):
    return tuple(sightings[place] for place in knowledge_pair(reach, sightings))


@knowledge_pair.mistake("Return the context that was seen more often first.")
def _(reach, sightings):
    return knowledge_pair(reach, sightings)[::-1]


@knowledge_pair.two_mistakes(
    "Two faults at once: the contexts differ in reach, and the one seen less often stands first."
)
def _(reach, sightings):
    places = range(len(reach))
    return (min(places, key=sightings.__getitem__), max(places, key=sightings.__getitem__))


@knowledge_pair.mistake(
    "Of several fair pairs take the one whose sightings lie farthest apart; the first will not do."
)
def _(reach, sightings):
    pairs = combinations(range(len(reach)), 2)
    fair = next(pair for pair in pairs if reach[pair[0]] == reach[pair[1]])
    return tuple(sorted(fair, key=lambda place: -sightings[place]))
