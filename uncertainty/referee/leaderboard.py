"""`leaderboard`: measures in columns, or functions that are run on the course's answers."""

import random
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, overload

import numpy as np
from numpy.typing import ArrayLike

from ..evaluation.leaderboard import LeaderboardRow
from ..evaluation.leaderboard import leaderboard as judge_columns
from ..measures.newer_measures import NEWER_MEASURES
from .board import Board, BoardRow
from .functions import DoubtFunction, read_doubts
from .rows import BASELINE, LENGTH, SHUFFLED, LabelledAnswers, board_row

if TYPE_CHECKING:
    from ..data.questions import Question
    from .answers import JudgedAnswers

SAMPLED_QUESTIONS = 120  # that lesson 08 asks again


@overload
def leaderboard(
    wrong: ArrayLike,
    measures: Mapping[str, ArrayLike],
    *,
    questions: ArrayLike | None = None,
    rounds: int = 1000,
    seed: int = 0,
    doubts: Collection[str] = (),
) -> list[LeaderboardRow]: ...


@overload
def leaderboard(
    *,
    add: Mapping[str, DoubtFunction],
    model: Any = None,
    tokenizer: Any = None,
    questions: "Sequence[Question] | None" = None,
    rounds: int = 1000,
    seed: int = 0,
    doubts: Collection[str] = (),
) -> Board: ...


def leaderboard(
    wrong: Any = None,
    measures: Any = None,
    *,
    add: Mapping[str, DoubtFunction] | None = None,
    model: Any = None,
    tokenizer: Any = None,
    questions: Any = None,
    rounds: int = 1000,
    seed: int = 0,
    doubts: Collection[str] = (),
) -> list[LeaderboardRow] | Board:
    """Judge measures by how well they rank wrong answers above right ones.

    With columns, ``leaderboard(wrong, {"perplexity": values})``, each measure becomes a
    `LeaderboardRow`. The row with the best AUROC comes first. nan in a measure means "no value for
    this answer"; such answers are counted in ``missing`` and left out of that measure's numbers.

    With functions, ``leaderboard(add={"mine": mine})``, each is run on the model's greedy answers
    to the course's questions, beside the course's own measures. The answers come from the record;
    they are read again by teacher forcing, so that the function sees their raw logits. Its first
    parameter takes the `Generation`. Other parameters are filled in by their names:

    ==========  ==================================================================================
    question    the question's text, a str
    samples     a list of ten texts, sampled at temperature 1 for the 120 questions of lesson 08;
                the function is judged on these only. Of ``questions=...`` all are sampled.
    states      hidden states, as ``generate(..., keep=["states"])`` puts them on a `Generation`
    attentions  attention weights, likewise; ``leaderboard(add={"rauq": rauq})`` judges `rauq`
    ==========  ==================================================================================

    It returns one finite number that grows with doubt, or nan. The right answers are not shown to
    it. An empty answer counts as missing without being shown.

    Each row of the board has the controls of the lessons: labels exchanged among answers of equal
    length, among questions of one category, and among all. Its ``lead`` is over perplexity, which
    was fixed before anything was measured. The best of many baselines, picked on the questions that
    it is then judged on, would look better than it is; picked on other folds, it would be another
    measure in each, and AUROCs of different measures cannot be pooled.

    Args:
        wrong: ``(answers,)`` 1 or True where an answer is wrong.
        measures: a column ``(answers,)`` for each name.
        add: a function for each name.
        model: with ``add``, a name that `load_model` takes, or a model with its ``tokenizer``. None
            takes the lessons' model (`lesson_model`).
        questions: with columns, which question each answer belongs to; the bootstrap draws whole
            questions. With ``add``, questions such as `load_questions` returns; None takes the 445
            with one right answer.
        rounds, seed: of the bootstrap.
        doubts: names of measures that do grow with doubt, whatever the words in them say: "error
            probability", say. Every other name is read for words such as "confidence".

    Raises:
        ValueError: columns and functions at once, or neither; a measure whose name says that it
            grows with confidence and is not among the ``doubts``; a name there that is no measure;
            a function that asks for what is not known, fails, returns no number, or one number for
            all answers; a model without its tokenizer; answers that are all right or all wrong;
            else as `auroc`.
    """
    if (add is None) == (wrong is None and measures is None):
        raise ValueError(
            "give labels and columns, leaderboard(wrong, {'mine': values}), or functions, "
            "leaderboard(add={'mine': function})."
        )
    if add is None:
        if model is not None or tokenizer is not None:
            raise ValueError("model and tokenizer are for functions: leaderboard(add={...}).")
        return judge_columns(
            wrong, measures, questions=questions, rounds=rounds, seed=seed, doubts=doubts
        )
    return _judged_functions(
        add,
        model=model,
        tokenizer=tokenizer,
        questions=questions,
        rounds=rounds,
        seed=seed,
        doubts=doubts,
    )


def _judged_functions(
    add: Mapping[str, DoubtFunction],
    *,
    model,
    tokenizer,
    questions: "Sequence[Question] | None",
    rounds: int,
    seed: int,
    doubts: Collection[str],
) -> Board:
    from ..course.answer_runs import measure_columns
    from .answers import DoubtValues, doubt_values, judged_answers

    # 1. what is asked for, before anything is loaded
    if isinstance(doubts, str):
        raise ValueError(f"doubts must be a list of names, got {doubts!r}.")
    taken = {BASELINE, LENGTH, SHUFFLED, *NEWER_MEASURES}
    functions = read_doubts(add, taken=taken, doubts=frozenset(doubts))
    model, tokenizer = _loaded(model, tokenizer)
    asked, sampled = _questions(questions)

    # 2. the answers, and what each function says of them
    answers = judged_answers(model, tokenizer, asked, sampled)
    _require_both_classes(answers.wrong)
    columns = measure_columns(answers.records)
    for function in functions:
        if function.name in columns:
            raise ValueError(f"{function.name!r} is on the board already: give yours another name.")
    found = doubt_values(answers, functions)
    added = {function.name for function in functions}

    # 3. the rows
    shuffled = np.random.default_rng(seed).permutation(columns[BASELINE])
    everything = {**columns, SHUFFLED: shuffled}
    everything |= {name: measured.values for name, measured in found.items()}
    labelled = LabelledAnswers(
        wrong=answers.wrong,
        length=columns[LENGTH],
        topic=answers.topics,
        baseline=columns[BASELINE],
    )
    rows = []
    for name, values in everything.items():
        measured = found.get(name, DoubtValues(values))
        judged = labelled if measured.asked is None else labelled.only(measured.asked)
        row = board_row(
            name,
            values if measured.asked is None else values[measured.asked],
            judged,
            is_added=name in added,
            tokens=measured.tokens,
            seconds=measured.seconds,
            rounds=rounds,
            seed=seed,
        )
        rows.append(row)
    rows.sort(key=lambda row: -np.nan_to_num(row.auroc.value, nan=-1))
    return Board(tuple(rows), BASELINE, _notes(answers, rows))


def _notes(answers: "JudgedAnswers", rows: Sequence[BoardRow]) -> tuple[str, ...]:
    notes = [
        f"{len(answers.wrong)} greedy answers, {answers.wrong.mean():.0%} wrong. * is yours. "
        "tokens: through the model beyond the answer, ms: the function's own time, each per answer."
    ]
    for row in rows:
        if row.is_added and row.answers < len(answers.wrong):
            notes.append(
                f"{row.measure}: judged on the {row.answers} questions with samples at "
                "temperature 1; its lead is over the baseline on the same questions."
            )
        if row.is_added and row.orientation == "upside down":
            notes.append(f"{row.measure}: upside down, it is larger for right answers.")
        if row.is_added and row.auroc.value == 1:
            notes.append(
                f"{row.measure}: it ranks every wrong answer above every right one. Does it know "
                "the right answers?"
            )
    return tuple(notes)


def _loaded(model, tokenizer) -> tuple[Any, Any]:
    from ..course.lesson_model import lesson_model, use_plain_template
    from ..loading.models import load_model

    if model is not None and not isinstance(model, str | Path):
        if tokenizer is None:
            raise ValueError(
                "a model needs its tokenizer: leaderboard(add=..., model=, tokenizer=)."
            )
        return model, tokenizer
    if tokenizer is not None:
        raise ValueError(
            "a tokenizer comes with its model: leaderboard(add=..., model=, tokenizer=)."
        )
    model, tokenizer = load_model(lesson_model() if model is None else model)
    use_plain_template(tokenizer)
    return model, tokenizer


def _questions(
    questions: "Sequence[Question] | None",
) -> "tuple[list[Question], list[Question]]":
    """Return the questions that are asked, and those of them that samples are drawn of."""
    from ..data.questions import Question, load_questions

    if questions is None:
        course = load_questions("unique")
        return course, sampled_questions(course)
    listed = list(questions)
    strange = [each for each in listed if not isinstance(each, Question)]
    if strange or not listed:
        raise ValueError(
            "questions must be those of load_questions, or such as Question(id, kind, category, "
            f"question, answers); got {strange[0] if strange else listed!r}."
        )
    if len({each.id for each in listed}) < len(listed):
        raise ValueError("each question needs an id of its own.")
    return listed, listed


def sampled_questions(course: "Sequence[Question]") -> "list[Question]":
    """Return the 120 of the course's questions that lesson 08 draws, in its order.

    The first draw sets aside the 120 questions that other lessons look at. The samples on record
    belong to this list.
    """
    seen = {each.id for each in random.Random(6).sample(course, SAMPLED_QUESTIONS)}
    unseen = [each for each in course if each.id not in seen]
    return random.Random(7).sample(unseen, SAMPLED_QUESTIONS)


def _require_both_classes(wrong: np.ndarray) -> None:
    if wrong.all() or not wrong.any():
        verdict = "wrong" if wrong.all() else "right"
        raise ValueError(
            f"all {len(wrong)} answers are {verdict}, so there is nothing to rank: ask other "
            "questions, or another model."
        )
