"""One table of all families of doubts for one model, each row judged as the referee judges it.

It measures the columns of `leaderboard_columns.py`, judges them with `uncertainty.referee.rows`, and
writes the figures to docs/leaderboard/MODEL.json. The page docs/leaderboard.md is made from these
files alone. What the model answers is kept in the cache, so a run that was killed goes on.

python -m uncertainty prefetch --embeddings
OMP_NUM_THREADS=1 python benchmarks/leaderboard.py smollm2-135m --samples 10
OMP_NUM_THREADS=1 python benchmarks/leaderboard.py gemma3-270m --samples 5
python benchmarks/leaderboard.py --page
"""

import argparse
import json
import math
from dataclasses import replace
from pathlib import Path

import numpy as np
from leaderboard_columns import (
    CONTROL,
    Board,
    asks_itself,
    attention,
    from_samples,
    from_states,
    one_pass,
)
from leaderboard_page import page

from uncertainty import (
    claim_verdict,
    greedy_answers,
    is_correct,
    load_embedder,
    load_model,
    load_questions,
    measure_columns,
    measure_label,
    sampled_answers,
    shuffled_controls,
)
from uncertainty.course.answer_runs import LIMIT
from uncertainty.evaluation.judging import auroc_difference, lead_over
from uncertainty.referee.functions import require_ranking
from uncertainty.referee.leaderboard import sampled_questions
from uncertainty.referee.rows import LabelledAnswers, board_row
from uncertainty.report.prompting import Asker, asker

DOCS = Path(__file__).parents[1] / "docs"
FOLDER = DOCS / "leaderboard"
# Compared with each other, fixed before this table was made. The first is meant to be better.
PAIRS = (
    ("probe, mean state", "probe, random weights"),
    ("network, last token (SAPLMA-like)", "probe, last token"),
    ("rauq", "smoothed_surprisal"),
    ("semantic_entropy", "answer_disagreement"),
    ("cocoa", "answer_disagreement"),
    ("probe, mean state", "answer_disagreement"),
    ("semantic-entropy probe", "semantic_entropy"),
)


def asked_board(asking: Asker, samples: int, limit: int | None) -> Board:
    """Ask the course's questions as `uncertainty report` does; an empty answer is left out."""
    model, tokenizer = asking.model, asking.tokenizer
    every = load_questions("unique")
    sampled = sampled_questions(every)[:limit]
    if limit is not None:
        every = sampled
    answers = greedy_answers(model, tokenizer, [asking.prompt(question) for question in every])
    pairs = [(q, a) for q, a in zip(every, answers) if a["tokens"]]
    questions, answers = (list(column) for column in zip(*pairs))
    wrong = np.array([not is_correct(a["text"], q.answers) for q, a in pairs])
    prompts = [asking.prompt(question) for question in sampled]
    drawn = sampled_answers(model, tokenizer, prompts, samples, temperature=1.0)
    of_question = {question.id: record for question, record in zip(sampled, drawn)}
    at = np.array([i for i, question in enumerate(questions) if question.id in of_question])
    return Board(
        model=model,
        tokenizer=tokenizer,
        questions=questions,
        prompts=[asking.prompt(question) for question in questions],
        answers=answers,
        wrong=wrong,
        measured=measure_columns(answers),
        at=at,
        samples=[of_question[questions[i].id] for i in at],
    )


def judged(board: Board, rounds: int) -> dict:
    """Judge every column on the sampled answers, and where it has them on all."""
    labelled = LabelledAnswers(
        wrong=board.wrong,
        length=board.measured["length"],
        topic=np.array([question.category for question in board.questions]),
        baseline=board.measured["perplexity"],
        group=board.group,
    )
    rows = []
    for name, column in board.columns.items():
        if column.family != CONTROL:
            require_ranking(name, column.values[board.at].tolist())
        labels = board.wrong if column.labels is None else column.labels
        answers = replace(labelled, wrong=labels)
        on_sampled = board_row(name, column.values[board.at], answers.only(board.at), rounds=rounds)
        has_all = np.isfinite(np.delete(column.values, board.at)).any()
        on_all = board_row(name, column.values, answers, rounds=rounds) if has_all else None
        rows.append(
            {
                "measure": name,
                "label": measure_label(name),
                "family": column.family,
                "sampled": row_record(on_sampled, column.labels is not None),
                "all": None if on_all is None else row_record(on_all, column.labels is not None),
                "tokens": round(column.tokens, 1),
                "seconds": column.seconds,
            }
        )
    return {
        "answers": len(board.wrong),
        "at_limit": int((board.measured["length"] == LIMIT).sum()),
        "wrong": float(board.wrong.mean()),
        "groups": len(set(board.group.tolist())),
        "sampled": len(board.at),
        "sampled_wrong": float(board.wrong[board.at].mean()),
        "samples": len(board.samples[0]["texts"]),
        "rows": sorted(rows, key=lambda row: -row["sampled"]["auroc"][0]),
        "differences": [difference(board, labelled, *pair, rounds) for pair in PAIRS],
    }


def row_record(row, is_relabelled: bool) -> dict:
    return {
        "auroc": list(row.auroc),
        "rejection_ratio": list(row.rejection_ratio),
        "lead": None if row.lead is None or is_relabelled else list(row.lead),
        "direction": row.orientation,
        "beyond": {name: control.verdict for name, control in row.controls.items()},
        "answers": row.answers,
        "missing": row.missing,
    }


def difference(board: Board, labelled, one: str, other: str, rounds: int) -> dict:
    """Bootstrap the difference of two columns' AUROC on the answers that have both."""
    first, second = board.columns[one].values, board.columns[other].values
    found = lead_over(board.wrong, first, second, questions=board.group, rounds=rounds)
    has = np.isfinite(first) & np.isfinite(second)
    controls = shuffled_controls(
        auroc_difference, board.wrong[has], first[has], second[has], within=labelled.length[has]
    )
    return {
        "one": one,
        "other": other,
        "lead": list(found),
        "verdict": claim_verdict(*found, controls),
        "answers": int(has.sum()),
    }


def without_nan(value):
    if isinstance(value, dict):
        return {key: without_nan(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [without_nan(part) for part in value]
    if isinstance(value, float):
        return None if math.isnan(value) else round(value, 4)
    return value


def measure(name: str, samples: int, rounds: int, limit: int | None) -> dict:
    model, tokenizer = load_model(name)
    asking = asker(model, tokenizer)
    load_embedder()
    with asking.asking():
        board = asked_board(asking, samples, limit)
        for part in (one_pass, attention, from_samples, from_states, asks_itself):
            part(board)
            print(f"{part.__name__}: {len(board.columns)} columns", flush=True)
    found = {"model": name, "notes": list(asking.notes), **judged(board, rounds)}
    return without_nan(found)


def main():
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("model", nargs="?", help="a name that load_model takes")
    options.add_argument("--samples", type=int, default=10, help="samples a question")
    options.add_argument("--rounds", type=int, default=1000, help="of the bootstrap")
    options.add_argument("--limit", type=int, help="ask only so many of the sampled questions")
    options.add_argument("--folder", type=Path, default=FOLDER, help="where the figures go")
    options.add_argument("--page", action="store_true", help="only write the page anew")
    given = options.parse_args()
    if not given.page:
        if given.model is None:
            options.error("name a model, or ask for the page alone with --page")
        found = measure(given.model, given.samples, given.rounds, given.limit)
        given.folder.mkdir(parents=True, exist_ok=True)
        file = given.folder / f"{Path(given.model).name}.json"
        file.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    text = page(given.folder)
    (given.folder.parent / "leaderboard.md").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
