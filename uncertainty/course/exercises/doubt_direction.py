"""Exercises of lesson 17: twins, a leak in a probe that shines, controls, running means."""

import numpy as np

from .exercise import exercise

ACCEPTED = [("Paris",), ("8", "eight"), ("paris", "Lutetia"), ("eight",), ("Rome",), ("lutetia",)]
CHAIN = [("a",), ("b",), ("c", "b"), ("a", "c")]
LABELS = np.array([1, 0, 1, 0, 1, 0, 0, 1, 1])
FOLDS = np.array([0, 0, 0, 1, 1, 1, 2, 2, 2])
MIXED_FOLDS = np.array([2, 0, 1, 0, 1, 2, 1, 0, 2])
COLUMNS = np.random.default_rng(0).normal(size=(9, 5)).round(1)
REPORTS = {
    "A": "twins in one fold",
    "B": "choice inside the folds",
    "C": "random weights",
    "D": "everything cheap",
    "E": "unseen answers",
}
CLUES = {
    "A": "Not the control for A: no line had seen the answer that it judges. But what have the ten "
    "answers to one question in common?",
    "B": "Not the control for B: no line had seen the answer that it judges. But which labels told "
    "that this depth is the best of 32?",
    "C": "Not the control for C: it compares with chance only. Does all that lies above chance "
    "come from training?",
    "D": "Not the control for D: the untrained network stands beside it already. Of which rival "
    "does it speak, and was that one measured?",
    "E": "Not the control for E: section 2 also ranked coins without an error, and then did one "
    "thing first. Which?",
}
TWO_GROUPS_JOIN = (
    "A question can join two groups that were apart: then all members of both become one group."
)
STATES = np.array([[1.0, 0.0], [3.0, 2.0], [2.0, 4.0], [6.0, -2.0]])


@exercise(
    inputs=[(ACCEPTED,), (CHAIN,), (ACCEPTED[::-1],)],
    hints=[
        "The last question shares an answer with the first and with the third. Which questions "
        "belong together then, and what becomes of the second?",
        "Print `groups` after each change: the number of question i changes. Whose number should "
        "change with it?",
        "When i and j are twins, give *all* members of the two groups the smaller of their two "
        "numbers, not only i.",
    ],
    note="a fold that holds one twin holds the other, so no answer is judged by a line that has "
    "seen its twin's label.",
)
def twin_groups(accepted):
    answers = [{answer.lower() for answer in one} for one in accepted]
    groups = list(range(len(answers)))
    for i in range(len(answers)):
        for j in range(i):
            if answers[i] & answers[j] and groups[i] != groups[j]:
                low, high = sorted((groups[i], groups[j]))
                groups = [low if group == high else group for group in groups]
    return groups


@twin_groups.mistake(
    "You compare the first accepted answers only: a question that accepts 'paris' or 'lutetia' is "
    "a twin of both."
)
def _(accepted):
    return twin_groups([one[:1] for one in accepted])


@twin_groups.mistake('"Paris" and "paris" are one answer: compare them in lower case.')
def _(accepted):
    groups = list(range(len(accepted)))
    for i in range(len(accepted)):
        for j in range(i):
            if set(accepted[i]) & set(accepted[j]) and groups[i] != groups[j]:
                low, high = sorted((groups[i], groups[j]))
                groups = [low if group == high else group for group in groups]
    return groups


@twin_groups.two_mistakes(
    "Two things at once: you compare the first accepted answers only, and you see a difference "
    "between capital and small letters."
)
def _(accepted):
    first = [one[0] for one in accepted]
    return [first.index(answer) for answer in first]


def _numbered_pair_by_pair(answers, both=False):
    """The smaller number of each pair of twins, for the later one or for both of the pair."""
    groups = list(range(len(answers)))
    for i in range(len(answers)):
        for j in range(i):
            if answers[i] & answers[j]:
                groups[i] = min(groups[i], groups[j])
                groups[j] = groups[i] if both else groups[j]
    return groups


@twin_groups.mistake(TWO_GROUPS_JOIN)
def _(accepted):
    return _numbered_pair_by_pair([{answer.lower() for answer in one} for one in accepted])


@twin_groups.mistake(TWO_GROUPS_JOIN)
def _(accepted):
    answers = [{answer.lower() for answer in one} for one in accepted]
    return _numbered_pair_by_pair(answers, both=True)


@twin_groups.two_mistakes(
    "Two things at once: compare in lower case, and when a question joins two groups that were "
    "apart, all members of both become one group."
)
def _(accepted):
    return _numbered_pair_by_pair([set(one) for one in accepted])


@twin_groups.mistake(
    "Your groups have other numbers: a group has the number of its first question, so numbers may "
    "be left out."
)
def _(accepted):
    first = twin_groups(accepted)
    return [sorted(set(first)).index(group) for group in first]


@exercise(
    inputs=[
        (COLUMNS, LABELS, FOLDS, 1),
        (COLUMNS, LABELS, FOLDS, 2),
        (COLUMNS, LABELS, MIXED_FOLDS, 2),
    ],
    hints=[
        "Which rows may the choice of the columns look at while fold f is judged?",
        "The two lines that compute `gap` and `best` are where it goes wrong.",
        "Move both lines into the loop, and let them see only the rows of the other folds.",
    ],
    note="the leak was in a choice, not in a weight: whatever is chosen with labels is fitted.",
)
def doubts_without_leak(columns, wrong, fold, keep):
    doubts = np.zeros(len(wrong))
    for f in set(fold.tolist()):
        x, y = columns[fold != f], wrong[fold != f]
        gap = x[y == 1].mean(0) - x[y == 0].mean(0)
        best = np.argsort(-np.abs(gap), kind="stable")[:keep]
        doubts[fold == f] = columns[fold == f][:, best] @ np.sign(gap[best])
    return doubts


@doubts_without_leak.mistake(
    "The columns are still chosen with all answers, those that are judged among them: that is the "
    "leak. Choose inside the loop."
)
def _(columns, wrong, fold, keep):
    gap = columns[wrong == 1].mean(0) - columns[wrong == 0].mean(0)
    best = np.argsort(-np.abs(gap), kind="stable")[:keep]
    return columns[:, best] @ np.sign(gap[best])


@doubts_without_leak.mistake(
    "The signs are learnt from the other folds, but the columns are still chosen with all answers, "
    "as in the colleague's code: that is the leak, wherever in the code the choice stands."
)
def _(columns, wrong, fold, keep):
    gap = columns[wrong == 1].mean(0) - columns[wrong == 0].mean(0)
    best = np.argsort(-np.abs(gap), kind="stable")[:keep]
    doubts = np.zeros(len(wrong))
    for f in set(fold.tolist()):
        x, y = columns[fold != f], wrong[fold != f]
        sign = np.sign(x[y == 1].mean(0) - x[y == 0].mean(0))
        doubts[fold == f] = columns[fold == f][:, best] @ sign[best]
    return doubts


@doubts_without_leak.mistake("All columns are added up: only the `keep` best belong in the sum.")
def _(columns, wrong, fold, keep):
    return doubts_without_leak(columns, wrong, fold, columns.shape[1])


@doubts_without_leak.mistake(
    "The columns are chosen inside the loop, but their signs come from all answers: the sign is "
    "learnt, too."
)
def _(columns, wrong, fold, keep):
    doubts = np.zeros(len(wrong))
    all_gap = columns[wrong == 1].mean(0) - columns[wrong == 0].mean(0)
    for f in set(fold.tolist()):
        x, y = columns[fold != f], wrong[fold != f]
        gap = x[y == 1].mean(0) - x[y == 0].mean(0)
        best = np.argsort(-np.abs(gap), kind="stable")[:keep]
        doubts[fold == f] = columns[fold == f][:, best] @ np.sign(all_gap[best])
    return doubts


@doubts_without_leak.two_mistakes(
    "Two things at once: all columns are added up, not the `keep` best, and their signs come from "
    "all answers. Choose and learn inside the loop."
)
def _(columns, wrong, fold, keep):
    return columns @ np.sign(columns[wrong == 1].mean(0) - columns[wrong == 0].mean(0))


@doubts_without_leak.mistake(
    "You learn on the fold that is judged and judge it: learn where `fold != f`."
)
def _(columns, wrong, fold, keep):
    doubts = np.zeros(len(wrong))
    for f in set(fold.tolist()):
        x, y = columns[fold == f], wrong[fold == f]
        gap = x[y == 1].mean(0) - x[y == 0].mean(0)
        best = np.argsort(-np.abs(gap), kind="stable")[:keep]
        doubts[fold == f] = x[:, best] @ np.sign(gap[best])
    return doubts


@exercise(
    inputs=[(report,) for report in REPORTS],
    hints=[
        "What could raise the figure of each report, although the line knows nothing of right and "
        "wrong? Which control takes that away?",
        "A dictionary from letter to control, with five entries, is enough. In two reports labels "
        "judge what they have chosen: in one the weights, in the other the depth.",
        "In A an answer has nine near-copies. C has nothing beside it but chance. D has the random "
        "network beside it, and speaks of perplexity.",
    ],
    note="a figure without its control may still be right: you know only what to ask for.",
)
def control_against(report):
    return {
        "A": "twins in one fold",
        "B": "choice inside the folds",
        "C": "random weights",
        "D": "everything cheap",
        "E": "unseen answers",
    }[report]


def _declare_wrong_control(letter, control):
    """Declare what to tell someone who names this control for that report."""

    @control_against.mistake(CLUES[letter])
    def _(report):
        return control if report == letter else control_against(report)


for _letter, _right in REPORTS.items():
    for _control in REPORTS.values():
        if _control != _right:
            _declare_wrong_control(_letter, _control)


@control_against.mistake(
    "One control for all five is not enough: random weights say nothing about a depth that was "
    "chosen with the labels that judge it, or about a question that was asked ten times."
)
def _(report):
    return "random weights"


@exercise(
    inputs=[(STATES,), (STATES[:1],), (STATES[::-1],)],
    hints=[
        "After two tokens the answer so far is the mean of both states, not the second one.",
        "`np.cumsum(states, axis=0)` adds the rows up.",
        "Divide row t, counted from 0, by the number of tokens that it holds.",
    ],
    note="row t looks at nothing that is written later, so it can be computed while the answer is "
    "being written.",
)
def running_means(states):
    return np.cumsum(states, axis=0) / np.arange(1, len(states) + 1)[:, None]


@running_means.mistake("These are sums so far: divide each by the number of tokens so far.")
def _(states):
    return running_means(states) * np.arange(1, len(states) + 1)[:, None]


@running_means.mistake(
    "You divide by the number of all tokens, which nobody knows while the answer is being written."
)
def _(states):
    return np.cumsum(states, axis=0) / len(states)


@running_means.two_mistakes(
    "Two things at once: you add up along the numbers of a state instead of along the tokens, and "
    "you do not divide."
)
def _(states):
    return np.cumsum(states, axis=1)


@running_means.mistake("Row t rests on t + 1 tokens, the first row on one: you divide by one less.")
def _(states):
    return np.cumsum(states, axis=0) / np.maximum(np.arange(len(states)), 1)[:, None]
