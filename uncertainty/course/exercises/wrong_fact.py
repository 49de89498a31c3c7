"""Exercises of lesson 29: equally rare partners, similar lengths, a fair curve over positions."""

import numpy as np

from .exercise import exercise

ANSWERS = [[4.0, 1.0, 1.0], [3.0, 2.0], [5.0, 3.0, 2.0, 0.5], [1.0]]
RARE = np.array([-9.0, -5.2])
ELSEWHERE = np.array([-9.1, -3.0, -8.0, -12.5, -5.1, -7.0])
BEGINS_WORD = np.array([False, True, True, True, False, True])
WRONG = np.array([True, False, True, False, False, True, False])
DOUBT = np.array([3.0, 2.0, 1.0, 1.0, 2.5, 4.0, 6.0])
LENGTH = np.array([10, 12, 5, 4, 9, 20, 17])


@exercise(
    inputs=[
        (RARE, ELSEWHERE, BEGINS_WORD),
        (ELSEWHERE[:3], RARE, np.array([False, True])),
        (RARE, ELSEWHERE[::-1], BEGINS_WORD[::-1]),
        (np.array([-3.0, -7.2]), np.array([-3.1, -7.0]), np.array([False, True])),
        (np.array([-7.9, -8.3, -3.5]), ELSEWHERE, BEGINS_WORD),
    ],
    hints=[
        "A planted token begins the name. Why are the later tokens of a long word easy to predict, "
        "whether the text is true or not? Which tokens of ordinary text are therefore no partners?",
        "Make the distance to a token that cannot be a partner infinite (`np.inf`); then the "
        "others keep their places. `wanted[:, None]` has the shape (n, 1): minus `elsewhere` it "
        "gives a table with a row for each planted token.",
        "The table of absolute differences has the shape (n, m). Close the columns of the tokens "
        "inside a word, and ask each row where its smallest entry is.",
    ],
    note="the partner shares the rarity and the place in the word, and nothing else: a partner "
    "after a statement of the same form would be closer still. Two planted tokens may get one "
    "partner; the lesson adds a little noise, so that ties do not all fall on one.",
)
def equally_rare(wanted, elsewhere, begins_word):
    distance = np.abs(wanted[:, None] - elsewhere[None])  # (n, m)
    return np.where(begins_word, distance, np.inf).argmin(axis=1)


@equally_rare.mistake(
    "Some of your partners stand inside a word, where the letters before give the token away. "
    "Their surprisal is small for a reason that planted tokens do not have."
)
def _(wanted, elsewhere, begins_word):
    return np.abs(wanted[:, None] - elsewhere[None]).argmin(axis=1)


@equally_rare.mistake(
    "You counted the places among the tokens that begin a word only. Return places in the whole of "
    "`elsewhere`: whoever looks a surprisal up with yours gets that of another token."
)
def _(wanted, elsewhere, begins_word):
    return np.abs(wanted[:, None] - elsewhere[begins_word][None]).argmin(axis=1)


@equally_rare.mistake(
    "You give each ordinary token away only once, so that a later planted token gets one further "
    "away. Two planted tokens may share a partner: take the nearest for each."
)
def _(wanted, elsewhere, begins_word):
    left, places = begins_word.copy(), []
    for one in wanted:
        left = left if left.any() else begins_word.copy()
        places.append(np.where(left, np.abs(one - elsewhere), np.inf).argmin())
        left[places[-1]] = False
    return np.array(places)


@equally_rare.mistake("Return the places of the nearest tokens, not their frequencies.")
def _(wanted, elsewhere, begins_word):
    return elsewhere[equally_rare(wanted, elsewhere, begins_word)]


@equally_rare.mistake(
    "Those are the distances to the nearest tokens. Return where they stand: `argmin` for `min`."
)
def _(wanted, elsewhere, begins_word):
    return np.where(begins_word, np.abs(wanted[:, None] - elsewhere[None]), np.inf).min(axis=1)


@equally_rare.mistake(
    "You allow the tokens inside a word and forbid those that begin one. A planted token is the "
    "first of its ending; turn the condition round."
)
def _(wanted, elsewhere, begins_word):
    return equally_rare(wanted, elsewhere, ~begins_word)


@equally_rare.mistake(
    "That is one place, the nearest pair of all. Each planted token needs a partner: let `argmin` "
    "look along the m tokens of each row."
)
def _(wanted, elsewhere, begins_word):
    distance = np.abs(wanted[:, None] - elsewhere[None])
    return np.where(begins_word, distance, np.inf).argmin()


@equally_rare.mistake(
    "You looked for the nearest planted token of each ordinary one. Turn it round: one place of "
    "`elsewhere` for each entry of `wanted`."
)
def _(wanted, elsewhere, begins_word):
    distance = np.abs(wanted[:, None] - elsewhere[None])
    return np.where(begins_word, distance, np.inf).argmin(axis=0)


@equally_rare.mistake("That is the farthest one: take the smallest difference.")
def _(wanted, elsewhere, begins_word):
    distance = np.abs(wanted[:, None] - elsewhere[None])
    return np.where(begins_word, distance, -np.inf).argmax(axis=1)


@equally_rare.mistake("Rarer is smaller, but nearer is nearer on both sides: take absolute values.")
def _(wanted, elsewhere, begins_word):
    return np.where(begins_word, wanted[:, None] - elsewhere[None], np.inf).argmin(axis=1)


@equally_rare.mistake(
    "Two faults at once: your partners may stand inside a word, and you return their frequencies. "
    "Close the tokens inside a word, and return places."
)
def _(wanted, elsewhere, begins_word):
    return elsewhere[np.abs(wanted[:, None] - elsewhere[None]).argmin(axis=1)]


@exercise(
    inputs=[
        (WRONG, DOUBT, LENGTH, 3),
        (WRONG, DOUBT, LENGTH, 2),
        (WRONG, LENGTH.astype(float), LENGTH, 5),
        (~WRONG, DOUBT, LENGTH, 4),
    ],
    hints=[
        "Which pairs does the ordinary AUROC compare? Which of them may stay?",
        "`doubt[wrong][:, None] - doubt[~wrong]` is a table with a row for each wrong answer and a "
        "column for each right one. A table of the same shape can say which pairs are alike.",
        "Make one table of points: 1 where the wrong answer has the larger doubt, 0.5 for a tie, "
        "else 0. Index it with the table of the alike pairs, and take the mean.",
    ],
    note="a measure that only counts tokens is left with little here, as the length shows; within "
    "a pair the lengths may still differ by `apart` tokens.",
)
def auroc_alike(wrong, doubt, length, apart):
    alike = np.abs(length[wrong][:, None] - length[~wrong]) <= apart  # (wrong ones, right ones)
    lead = doubt[wrong][:, None] - doubt[~wrong]
    return (1.0 * (lead > 0) + 0.5 * (lead == 0))[alike].mean()


def _lead(wrong, values):
    return values[wrong][:, None] - values[~wrong]


def _points(wrong, doubt):
    lead = _lead(wrong, doubt)
    return 1.0 * (lead > 0) + 0.5 * (lead == 0)


@auroc_alike.mistake(
    "That is the AUROC over all pairs. Keep only those whose lengths differ by at most `apart`."
)
def _(wrong, doubt, length, apart):
    return _points(wrong, doubt).mean()


@auroc_alike.mistake("Where both answers of a pair have the same doubt, count one half.")
def _(wrong, doubt, length, apart):
    return (_lead(wrong, doubt) > 0)[np.abs(_lead(wrong, length)) <= apart].mean()


@auroc_alike.mistake("A tie counts one half, and you counted it as a win of the wrong answer.")
def _(wrong, doubt, length, apart):
    return (_lead(wrong, doubt) >= 0)[np.abs(_lead(wrong, length)) <= apart].mean()


@auroc_alike.mistake("Lengths that differ by exactly `apart` are alike, too: `<=` for `<`.")
def _(wrong, doubt, length, apart):
    return _points(wrong, doubt)[np.abs(_lead(wrong, length)) < apart].mean()


@auroc_alike.mistake(
    "You kept every pair in which the right answer is the longer one, however much longer. Take "
    "the absolute difference of the lengths."
)
def _(wrong, doubt, length, apart):
    return _points(wrong, doubt)[_lead(wrong, length) <= apart].mean()


@auroc_alike.mistake(
    "You kept the pairs whose lengths differ by *more* than `apart`. Turn the condition round."
)
def _(wrong, doubt, length, apart):
    return _points(wrong, doubt)[np.abs(_lead(wrong, length)) > apart].mean()


@auroc_alike.mistake(
    "That is the share of pairs in which the *right* answer has the larger doubt. Turn it round."
)
def _(wrong, doubt, length, apart):
    return 1 - auroc_alike(wrong, doubt, length, apart)


@auroc_alike.mistake("Leave the 0.5 in: the cell below takes it away. An AUROC of chance is 0.5.")
def _(wrong, doubt, length, apart):
    return auroc_alike(wrong, doubt, length, apart) - 0.5


@auroc_alike.mistake(
    "You divided by the number of all pairs. The pairs that you leave out must not count as lost: "
    "divide by the number of those that are alike."
)
def _(wrong, doubt, length, apart):
    return (_points(wrong, doubt) * (np.abs(_lead(wrong, length)) <= apart)).mean()


@auroc_alike.mistake("That is a number of pairs. Divide by how many pairs are alike.")
def _(wrong, doubt, length, apart):
    return _points(wrong, doubt)[np.abs(_lead(wrong, length)) <= apart].sum()


@auroc_alike.mistake(
    "You compared each answer's doubt per token. Compare the doubts as they are given; the lengths "
    "only choose the pairs."
)
def _(wrong, doubt, length, apart):
    return auroc_alike(wrong, doubt / length, length, apart)


@auroc_alike.mistake(
    "Two faults at once: all pairs are in, and a tie counts nothing. Keep the pairs of similar "
    "length, and give a tie one half."
)
def _(wrong, doubt, length, apart):
    return (_lead(wrong, doubt) > 0).mean()


@auroc_alike.mistake(
    "Two faults at once: lengths that differ by exactly `apart` are alike, too, and a tie counts "
    "one half."
)
def _(wrong, doubt, length, apart):
    return (_lead(wrong, doubt) > 0)[np.abs(_lead(wrong, length)) < apart].mean()


@exercise(
    inputs=[(ANSWERS, 2), (ANSWERS, 3), (ANSWERS, 1), ([np.array(a) for a in ANSWERS], 2)],
    hints=[
        "Which answers are in the mean at the first position, and which at the last?",
        "A difference between two positions should come from the position. Which answers have a "
        "value at all of them? `len` tells.",
        "Choose the answers once, before the first average; then every position has the same ones. "
        "Cut them to one length, and `np.mean` has an argument `axis`.",
    ],
    note="the curve now says nothing about short answers; say beside it how many answers it has.",
)
def position_curve(answers, length):
    long_enough = [answer[:length] for answer in answers if len(answer) >= length]
    return np.mean(long_enough, axis=0)


@position_curve.mistake(
    "At each place you average whatever answers reach it, so the places have different answers: "
    "short ones count at the beginning only."
)
def _(answers, length):
    reaching = [[a[t] for a in answers if len(a) > t] for t in range(length)]
    return np.array([np.mean(values) for values in reaching])


@position_curve.mistake("A place that an answer does not reach is no zero; leave that answer out.")
def _(answers, length):
    padded = [(list(a) + [0.0] * length)[:length] for a in answers]
    return np.mean(padded, axis=0)


@position_curve.mistake(
    "An answer of exactly `length` tokens has a value at each of these places, too: keep it."
)
def _(answers, length):
    return np.mean([answer[:length] for answer in answers if len(answer) > length], axis=0)


@position_curve.mistake(
    "You kept only the answers of exactly `length` tokens. A longer one has a value at each of "
    "these places, too: keep it, and cut it."
)
def _(answers, length):
    return np.mean([answer for answer in answers if len(answer) == length], axis=0)


@position_curve.mistake(
    "That is one number for answers and places together. A curve has one mean for each place: "
    "`np.mean` has an argument `axis`."
)
def _(answers, length):
    return np.mean(position_curve(answers, length))


@position_curve.mistake(
    "That is one mean for each answer, along its places. Turn it round: at each place, the mean "
    "over the answers."
)
def _(answers, length):
    return np.mean([answer[:length] for answer in answers if len(answer) >= length], axis=1)


@position_curve.mistake(
    "You repeated the last value of answers that end early. They say nothing about later places; "
    "leave them out."
)
def _(answers, length):
    return np.mean([(list(a) + [a[-1]] * length)[:length] for a in answers], axis=0)
