"""What the threshold slider shows: risk, coverage and bound at every threshold of a doubt."""

import numpy as np
from data_file import significant

from uncertainty import (
    answer_threshold,
    auroc,
    greedy_answers,
    is_correct,
    load_questions,
    measure_columns,
    risk_bound,
    short_prompt,
)
from uncertainty.measures.labels import measure_label

DELTA = 0.1  # as in the lesson of the guarantee
LIMITS = (0.1, 0.15, 0.2, 0.25, 0.3, 0.4)
DOUBTS = (
    "perplexity",
    "mean_entropy",
    "max_entropy",
    "min_probability_complement",
    "sequence_probability_complement",
    "mean_margin_complement",
    "logtoku",
    "length",
    "shuffled",
)
LABELS = {"length": "length in tokens (a baseline)", "shuffled": "shuffled perplexity (a control)"}


def threshold_data(model, tokenizer) -> dict:
    """Return the answers to the course's questions, and a table of thresholds for each doubt."""
    questions = load_questions("unique")
    answers = greedy_answers(model, tokenizer, [short_prompt(q) for q in questions])
    wrong = np.array([not is_correct(a["text"], q.answers) for a, q in zip(answers, questions)])
    columns = measure_columns(answers)
    columns["shuffled"] = np.random.default_rng(0).permutation(columns["perplexity"])
    return {
        "delta": DELTA,
        "limits": list(LIMITS),
        "wrong": int(wrong.sum()),
        "answers": [
            [q.question, a["text"].strip(), int(is_wrong)]
            for q, a, is_wrong in zip(questions, answers, wrong)
        ],
        "doubts": [
            {"key": name, "label": LABELS.get(name, measure_label(name))}
            | threshold_table(wrong, columns[name])
            for name in DOUBTS
        ],
    }


def threshold_table(wrong: np.ndarray, doubt: np.ndarray) -> dict:
    """Return what is answered and wrong at every threshold, with the upper bound of the risk.

    Equal doubts pass together, so there is one threshold for each value.

    Returns:
        ``order``: the answers' numbers from the surest on; ``threshold``, ``answered``, ``wrong``,
        ``bound``: one entry for each threshold; ``promised``: for each of `LIMITS` how many
        answers pass the threshold of `answer_threshold`, 0 where there is none.
    """
    order = np.argsort(doubt, kind="stable")
    thresholds = np.unique(doubt)
    answered = np.searchsorted(doubt[order], thresholds, side="right")
    wrong_answered = np.cumsum(wrong[order])[answered - 1]
    bounds = [risk_bound(int(k), int(n), delta=DELTA) for k, n in zip(wrong_answered, answered)]
    walks = [answer_threshold(wrong, doubt, risk=limit, delta=DELTA) for limit in LIMITS]
    return {
        "auroc": round(auroc(wrong, doubt), 2),
        "promised": [walk.answered for walk in walks],
        "threshold": [significant(value) for value in thresholds.tolist()],
        "answered": answered.tolist(),
        "wrong": wrong_answered.tolist(),
        "bound": [round(bound, 4) for bound in bounds],
        "order": order.tolist(),
    }
