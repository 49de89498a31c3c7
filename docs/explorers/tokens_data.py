"""What the token heat map shows: a dozen answers, token by token."""

import numpy as np
from data_file import significant

from uncertainty import (
    greedy_answers,
    is_correct,
    load_questions,
    measure_columns,
    score,
    short_prompt,
    token_measures,
)
from uncertainty.generation.tokens import top_alternatives

LIMIT = 24  # tokens of an answer, as `greedy_answers` asks for


def tokens_data(model, tokenizer) -> dict:
    """Return the chosen answers with every token's figures and its five likeliest alternatives."""
    questions = load_questions("unique")
    answers = greedy_answers(model, tokenizer, [short_prompt(q) for q in questions])
    wrong = np.array([not is_correct(a["text"], q.answers) for a, q in zip(answers, questions)])
    perplexity = measure_columns(answers)["perplexity"]
    return {
        "limit": LIMIT,
        "answers": [
            {
                "kind": kind,
                "question": questions[i].question,
                "accepted": list(questions[i].answers),
                "wrong": bool(wrong[i]),
                "perplexity": significant(float(perplexity[i])),
                "rank": int((perplexity < perplexity[i]).sum()) + 1,
                "of": len(answers),
                "tokens": answer_tokens(model, tokenizer, questions[i], answers[i]["ids"]),
            }
            for kind, i in chosen_answers(wrong, perplexity)
        ],
    }


def chosen_answers(wrong: np.ndarray, doubt: np.ndarray) -> list[tuple[str, int]]:
    """Return twelve answers by rule, each with the name of its kind; none is picked by hand.

    The ordinary ones are nearest to the median doubt, as a ratio.
    """
    surest_first = np.argsort(doubt, kind="stable")
    middle_first = np.argsort(np.abs(np.log(doubt / np.median(doubt))), kind="stable")
    sides = {"wrong": wrong.astype(bool), "right": ~wrong.astype(bool)}
    rules = [
        ("surest", "wrong", surest_first, 3),
        ("least sure", "right", surest_first[::-1], 3),
        ("surest", "right", surest_first, 1),
        ("least sure", "wrong", surest_first[::-1], 1),
        ("ordinary", "right", middle_first, 2),
        ("ordinary", "wrong", middle_first, 2),
    ]
    return [
        (f"{kind} {side}", int(i))
        for kind, side, order, count in rules
        for i in [i for i in order if sides[side][i]][:count]
    ]


def answer_tokens(model, tokenizer, question, token_ids: list[int]) -> list[list]:
    """Return [text, probability, surprisal, entropy, alternatives] of each token of an answer.

    Surprisal and entropy are in nats; an alternative is [text, probability], the likeliest first.
    """
    answer = score(model, tokenizer, short_prompt(question), token_ids)
    measures = token_measures(answer)
    columns = [measures[name].tolist() for name in ("probability", "surprisal", "entropy")]
    return [
        [
            label,
            *[significant(value) for value in values],
            [[text, significant(p, 3)] for text, p in likeliest],
        ]
        for label, *values, likeliest in zip(answer.tokens, *columns, top_alternatives(answer))
    ]
