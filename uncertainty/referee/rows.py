"""One doubt beside its controls: a row of the board."""

from dataclasses import dataclass, replace

import numpy as np

from ..evaluation.judging import against_control, lead_over, orientation
from ..evaluation.leaderboard import leaderboard
from .board import BoardRow

BASELINE = "perplexity"
LENGTH = "length"
SHUFFLED = "shuffled"


@dataclass(frozen=True)
class LabelledAnswers:
    """What each answer is judged with; every column is ``(answers,)``.

    Attributes:
        wrong: whether the answer is wrong.
        length: how many tokens were written.
        topic: the category of the question.
        baseline: the values of `BASELINE`, nan where there is none.
        group: which answers the bootstrap draws together; None: each alone.
    """

    wrong: np.ndarray
    length: np.ndarray
    topic: np.ndarray
    baseline: np.ndarray
    group: np.ndarray | None = None

    def only(self, rows: np.ndarray) -> "LabelledAnswers":
        """Return the answers of these rows, a mask or numbers."""
        columns = {name: value[rows] for name, value in vars(self).items() if value is not None}
        return replace(self, **columns)


def board_row(
    measure: str,
    values: np.ndarray,
    answers: LabelledAnswers,
    *,
    is_added: bool = False,
    tokens: float = 0.0,
    seconds: float | None = None,
    rounds: int = 1000,
    seed: int = 0,
) -> BoardRow:
    """Judge one column of doubts: interval, direction, controls, and the lead over perplexity.

    Args:
        values: ``(answers,)``, larger means less sure; nan where there is none.
        is_added, tokens, seconds: as in `BoardRow`.
        rounds, seed: of the bootstrap.

    Raises:
        ValueError: as `auroc`.
    """
    # Labels exchanged among equal lengths leave the ranking by length as it is.
    groups = {LENGTH: answers.length, "topic": answers.topic, SHUFFLED: None}
    if measure == LENGTH:
        del groups[LENGTH]
    if measure == SHUFFLED:
        groups = {}
    [row] = leaderboard(
        answers.wrong,
        {measure: values},
        questions=answers.group,
        rounds=rounds,
        seed=seed,
        doubts=[measure],
    )
    return BoardRow(
        measure=measure,
        is_added=is_added,
        auroc=row.auroc,
        rejection_ratio=row.rejection_ratio,
        orientation=orientation(row.auroc),
        controls={
            control: against_control(answers.wrong, values, row.auroc, within=group)
            for control, group in groups.items()
        },
        lead=None if measure == BASELINE else _lead(values, answers, rounds),
        answers=len(values),
        missing=row.missing,
        tokens=tokens,
        seconds=seconds,
    )


def _lead(values: np.ndarray, answers: LabelledAnswers, rounds: int):
    return lead_over(
        answers.wrong, values, answers.baseline, questions=answers.group, rounds=rounds
    )
