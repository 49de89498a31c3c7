"""Answers with labels and a measure, on which the metrics are tested."""

import numpy as np
from hypothesis import strategies as st

# Few distinct values, so that ties are common, and always both labels.
tied_answers = st.lists(
    st.tuples(st.booleans(), st.integers(0, 8).map(lambda n: n / 8)), min_size=2, max_size=60
).filter(lambda rows: len({label for label, _ in rows}) == 2)


def columns(rows):
    """The labels and the values of `tied_answers`."""
    return np.array([label for label, _ in rows]), np.array([value for _, value in rows])


def answers_of_other_libraries():
    """The 200 rows on which other packages printed the numbers quoted in the tests."""
    random = np.random.default_rng(7)
    uncertainty = random.random(200)
    wrong = random.random(200) < uncertainty
    return wrong, uncertainty


def overconfident_answers(n=2000, seed=0):
    """Labels, confidences whose log-odds are three times too large, and the true log-odds."""
    random = np.random.default_rng(seed)
    log_odds = random.uniform(-2, 2, n)
    correct = random.random(n) < 1 / (1 + np.exp(-log_odds))
    confidence = 1 / (1 + np.exp(-3 * log_odds))
    return correct, confidence, log_odds
