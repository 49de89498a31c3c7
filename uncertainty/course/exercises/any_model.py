"""Exercises of lesson 33: the rank correlation, and what a limit lets through."""

import numpy as np

from .exercise import exercise

ONE = np.array([0.5, 0.7, 0.8, 0.6])
OTHER = np.array([0.6, 0.9, 0.8, 0.55])


@exercise(
    inputs=[
        (ONE, OTHER),
        (np.array([3.0, 1.0, 2.0]), np.array([30.0, 10.0, 20.0])),
        (np.array([0.2, 9.0, 0.1, 0.5, 0.4]), np.array([0.3, 0.1, 0.8, 0.5, 0.6])),
    ],
    hints=[
        "`np.argsort(one)` begins with 0 and 3. Is doubt 3 in the second place, or is the second "
        "entry of the list about doubt 1?",
        "`np.argsort` says which doubt stands at each place. You need the place of each doubt: "
        "`np.argsort` of an `np.argsort` gives it, and so does scipy's `rankdata`.",
        "Make both lists into places, `np.argsort(np.argsort(...))`. Then use the formula, or "
        "`np.corrcoef(...)[0, 1]` of the places: without equal numbers they agree.",
    ],
    note="only the places count: with 90 in place of 0.9 the result stays the same.",
)
def rank_correlation(one, other):
    distance = np.argsort(np.argsort(one)) - np.argsort(np.argsort(other))
    n = len(one)
    return float(1 - 6 * (distance**2).sum() / (n * (n**2 - 1)))


@rank_correlation.mistake(
    "That is still the colleague's number: `np.argsort` says which doubt stands at each place, and "
    "not in which place each doubt stands."
)
def _(one, other):
    return float(np.corrcoef(np.argsort(one), np.argsort(other))[0, 1])


@rank_correlation.mistake(
    "That is the correlation of the numbers themselves; the rank correlation takes their places."
)
def _(one, other):
    return float(np.corrcoef(one, other)[0, 1])


@rank_correlation.mistake("Only one of the lists has become places; both must.")
def _(one, other):
    return float(np.corrcoef(np.argsort(np.argsort(one)), other)[0, 1])


@rank_correlation.mistake("Only one of the lists has become places; both must.")
def _(one, other):
    return float(np.corrcoef(one, np.argsort(np.argsort(other)))[0, 1])


@rank_correlation.mistake("Square the distances of the places before you add them up.")
def _(one, other):
    distance = np.argsort(np.argsort(one)) - np.argsort(np.argsort(other))
    n = len(one)
    return float(1 - 6 * np.abs(distance).sum() / (n * (n**2 - 1)))


@rank_correlation.mistake(
    "`np.corrcoef` returns a table of two rows and two columns; take its entry [0, 1]."
)
def _(one, other):
    return np.corrcoef(np.argsort(np.argsort(one)), np.argsort(np.argsort(other)))


@rank_correlation.two_mistakes(
    "Two things at once: `np.argsort` has to be taken twice to give places, and their distances "
    "are squared before they are added up."
)
def _(one, other):
    distance = np.argsort(one) - np.argsort(other)
    n = len(one)
    return float(1 - 6 * np.abs(distance).sum() / (n * (n**2 - 1)))


WRONG = np.array([False, True, False, False, True, True])
DOUBT = np.array([0.1, 0.3, 0.3, 0.2, 0.9, 0.5])


@exercise(
    inputs=[(0.3, WRONG, DOUBT), (0.5, WRONG, DOUBT), (0.05, WRONG, DOUBT)],
    hints=[
        "Make a list of True and False first: which answers pass?",
        "`doubt <= limit` is such a list. Its mean is the first share, and `wrong[passed]` are the "
        "labels of those that pass.",
        "Return `passed.mean()` and `wrong[passed].mean()`, with `np.nan` for the second where "
        "`passed.any()` is False.",
    ],
    note="the two shares belong together: a limit that lets almost nothing pass can keep any "
    "promise about what passes.",
)
def let_through(limit, wrong, doubt):
    passed = doubt <= limit
    return (float(passed.mean()), float(wrong[passed].mean()) if passed.any() else np.nan)


@let_through.mistake("An answer whose doubt equals the limit passes, too: use `<=`.")
def _(limit, wrong, doubt):
    passed = doubt < limit
    return (float(passed.mean()), float(wrong[passed].mean()) if passed.any() else np.nan)


@let_through.mistake("You let the doubtful answers pass; those with a small doubt should.")
def _(limit, wrong, doubt):
    return let_through(-limit, wrong, -doubt)


@let_through.mistake(
    "The second share is one of the answers that pass; you divided by all answers."
)
def _(limit, wrong, doubt):
    passed = doubt <= limit
    return (float(passed.mean()), float((wrong & passed).mean()) if passed.any() else np.nan)


@let_through.two_mistakes(
    "The second share is one of the answers that pass; you divided by all answers. And where "
    "nothing passes it is `np.nan`."
)
def _(limit, wrong, doubt):
    passed = doubt <= limit
    return (float(passed.mean()), float((wrong & passed).mean()))


@let_through.mistake(
    "You divided by the wrong answers: that is the share of them that passes. We ask which share "
    "of what passes is wrong."
)
def _(limit, wrong, doubt):
    passed = doubt <= limit
    return (float(passed.mean()), float(passed[wrong].mean()) if passed.any() else np.nan)


@let_through.mistake("That is the share of right answers among those that pass.")
def _(limit, wrong, doubt):
    return let_through(limit, ~wrong, doubt)


@let_through.mistake(
    "Where nothing passes, the second share is `np.nan`: 0 would say that all is well."
)
def _(limit, wrong, doubt):
    passed = doubt <= limit
    return (float(passed.mean()), float(wrong[passed].mean()) if passed.any() else 0.0)


@let_through.mistake("The first result is a share, and you returned how many pass.")
def _(limit, wrong, doubt):
    share, risk = let_through(limit, wrong, doubt)
    return (share * len(doubt), risk)
