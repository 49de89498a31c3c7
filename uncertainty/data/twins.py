"""Questions that must not be divided between learning and judging."""

from collections.abc import Sequence

import numpy as np
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from .questions import Question


def same_answer_groups(questions: Sequence[Question]) -> np.ndarray:
    """Return a group number for each question; questions that share an accepted answer share it.

    Capital letters do not count, and twins of twins belong together. A question without accepted
    answers is a group of its own.

    Returns:
        ``(questions,)``, for ``groups=`` of `cross_fitted_doubt` and ``questions=`` of `bootstrap`.
    """
    number_of: dict[str, int] = {}
    pairs = []
    for place, question in enumerate(questions):
        for answer in question.answers:
            number = number_of.setdefault(answer.lower(), len(questions) + len(number_of))
            pairs.append((place, number))
    nodes = len(questions) + len(number_of)
    rows, columns = np.array(pairs, dtype=int).reshape(-1, 2).T
    graph = coo_matrix((np.ones(len(pairs)), (rows, columns)), shape=(nodes, nodes))
    _, group = connected_components(graph, directed=False)
    return group[: len(questions)]
