"""Exercises of lesson 29: equally rare partners, a fair curve over positions."""

import numpy as np

from .exercise import exercise

ANSWERS = [[4.0, 1.0, 1.0], [3.0, 2.0], [5.0, 3.0, 2.0, 0.5], [1.0]]
RARE = np.array([-9.0, -5.2])
ELSEWHERE = np.array([-9.1, -3.0, -8.0, -12.5, -5.1, -7.0])
BEGINS_WORD = np.array([False, True, True, True, False, True])


@exercise(
    inputs=[
        (RARE, ELSEWHERE, BEGINS_WORD),
        (ELSEWHERE[:3], RARE, np.array([False, True])),
        (RARE, ELSEWHERE[::-1], BEGINS_WORD[::-1]),
        (np.array([-3.0, -7.2]), np.array([-3.1, -7.0]), np.array([False, True])),
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
