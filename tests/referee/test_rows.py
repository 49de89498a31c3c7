"""rows.py: answers that belong together are drawn together, and a row is judged on its own answers."""

import numpy as np
import pytest

from uncertainty.evaluation.discrimination import auroc
from uncertainty.referee.rows import LabelledAnswers, board_row

RANDOM = np.random.default_rng(2)
WRONG = RANDOM.random(50) < 0.5
VALUES = RANDOM.normal(size=50) + WRONG
SINGLE = LabelledAnswers(
    wrong=WRONG,
    length=RANDOM.integers(1, 5, 50).astype(float),
    topic=np.array(["a", "b"] * 25),
    baseline=RANDOM.normal(size=50) + WRONG / 2,
)


def twice(answers, group):
    return LabelledAnswers(
        wrong=np.repeat(answers.wrong, 2),
        length=np.repeat(answers.length, 2),
        topic=np.repeat(answers.topic, 2),
        baseline=np.repeat(answers.baseline, 2),
        group=group,
    )


def test_copies_that_are_drawn_together_narrow_no_interval():
    once = board_row("mine", VALUES, SINGLE, rounds=80)
    together = twice(SINGLE, np.repeat(np.arange(50), 2))
    copied = board_row("mine", np.repeat(VALUES, 2), together, rounds=80)
    alone = board_row("mine", np.repeat(VALUES, 2), twice(SINGLE, None), rounds=80)
    for name in ("auroc", "lead"):
        expected = tuple(getattr(once, name))
        assert tuple(getattr(copied, name)) == pytest.approx(expected)
        assert getattr(alone, name).high < expected[2]


def test_some_answers_are_judged_as_if_there_were_no_others():
    some = np.flatnonzero(RANDOM.random(50) < 0.6)
    row = board_row("mine", VALUES[some], SINGLE.only(some), rounds=20)
    assert row.answers == len(some) and row.auroc.value == auroc(WRONG[some], VALUES[some])
    gap = row.auroc.value - auroc(WRONG[some], SINGLE.baseline[some])
    assert row.lead.value == pytest.approx(gap)
