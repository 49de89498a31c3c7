"""The referee: what functions are shown, what the board says of them, and what each control catches."""

import json
import random
from pathlib import Path

import numpy as np
import pytest
import torch
from referee_helpers import noise, place_of
from sklearn.metrics import roc_auc_score

from uncertainty import Generation, generate, leaderboard, load_questions, short_prompt
from uncertainty.evaluation.leaderboard import leaderboard as judge_columns
from uncertainty.referee.leaderboard import sampled_questions

ASKING_AGAIN = next((Path(__file__).parents[2] / "notebooks").glob("*_asking_again.ipynb"))


def judged(tiny, questions, functions, **options):
    model, tokenizer = tiny
    return leaderboard(
        add=functions, model=model, tokenizer=tokenizer, questions=questions, rounds=60, **options
    )


def test_columns_are_judged_as_ever():
    labels, columns = [0, 1, 0, 1, 1, 0], {"mine": [1.0, 2, 3, 4, 5, np.nan]}
    options = dict(questions=[0, 0, 1, 1, 2, 2], rounds=20, seed=3)
    assert repr(leaderboard(labels, columns, **options)) == repr(
        judge_columns(labels, columns, **options)
    )
    for wrongly in (dict(), dict(wrong=[0, 1], measures={}, add={"mine": len})):
        with pytest.raises(ValueError, match="give labels and columns"):
            leaderboard(**wrongly)
    with pytest.raises(ValueError, match="model and tokenizer are for functions"):
        leaderboard(labels, columns, model="tiny")


def test_a_function_sees_the_answer_as_it_was_written(tiny, made_questions, shared):
    assert set(shared.seen) == {question.question for question in made_questions}
    asked = made_questions[7]
    written = generate(*tiny, short_prompt(asked), max_new_tokens=24)
    given = shared.seen[asked.question]
    assert isinstance(given, Generation) and torch.equal(given.token_ids, written.token_ids)
    assert torch.allclose(given.logits, written.logits, atol=1e-4)


def test_the_right_answers_are_out_of_a_functions_reach(shared):
    """What leaks would rank perfectly: the text of the question is shown, not the question."""
    assert len(shared.shown) == 60
    for question, prompt, fields in shared.shown:
        assert type(question) is str
        reachable = [question, json.dumps(prompt), *map(str, fields.values())]
        assert not any("it is" in text for text in reachable)
    assert shared.board["a<b"].auroc.value < 0.9


def test_a_row_is_what_scikit_learn_says_and_orientation_is_measured(shared, wrong):
    board = shared.board
    mine, turned = board["mine"], board["turned"]
    assert mine.auroc.value == pytest.approx(roc_auc_score(wrong, shared.hardness))
    assert turned.auroc.value == pytest.approx(1 - mine.auroc.value)
    assert (mine.orientation, turned.orientation) == ("as meant", "upside down")
    assert turned.controls["shuffled"].verdict == "the opposite"
    assert "turned: upside down" in repr(board) and "mine: upside" not in repr(board)
    baseline = board["perplexity"].auroc.value
    assert mine.lead.value == pytest.approx(mine.auroc.value - baseline)
    assert board["perplexity"].lead is None and board.baseline == "perplexity"
    aurocs = [row.auroc.value for row in board]
    assert aurocs == sorted(aurocs, reverse=True) and {"length", "shuffled"} <= {
        row.measure for row in board
    }


def test_a_function_that_only_knows_the_topic_does_not_pass_its_control(shared):
    row = shared.board["topic"]
    assert row.auroc.low > 0.6 and row.controls["shuffled"].verdict == "shows"
    assert row.controls["topic"].verdict == "weak" and row.controls["topic"].bar > 0.2


def test_a_function_that_only_knows_the_length_does_not_pass_its_control(
    tiny, questions, monkeypatch
):
    """Long answers are made wrong; the tiny model's lengths differ once its answers end early."""
    from uncertainty.referee import answers as module

    drawn = random.Random(1)
    asked = module.greedy_answers

    def cut(model, tokenizer, prompts):
        records = [dict(record) for record in asked(model, tokenizer, prompts)]
        for place, record in enumerate(records):
            record["tokens"] = 1 + place % 4
            record["ids"] = record["ids"][: record["tokens"]]
            record["text"] = "x" * record["tokens"]
        return records

    monkeypatch.setattr(module, "greedy_answers", cut)
    monkeypatch.setattr(module, "is_correct", lambda text, _: drawn.random() > len(text) / 5)
    board = judged(tiny, questions, {"mine": lambda g, question: len(g) + noise(question) / 100})
    assert board["mine"].controls["shuffled"].verdict == "shows"
    assert board["mine"].controls["length"].verdict == "weak"
    assert "length" not in board["length"].controls and board["shuffled"].controls == {}


def test_perfect_ranking_is_pointed_out(shared):
    assert shared.board["perfect"].auroc.value == 1
    assert "perfect: it ranks every wrong answer above every right one" in repr(shared.board)


def test_missing_values_and_empty_answers_are_counted(tiny, questions, monkeypatch):
    from uncertainty.referee import answers as module

    asked = module.greedy_answers

    def emptied(model, tokenizer, prompts):
        records = asked(model, tokenizer, prompts)
        nothing = dict(text="", ids=[], tokens=0, measures=None)
        return [record | nothing if place < 5 else record for place, record in enumerate(records)]

    monkeypatch.setattr(module, "greedy_answers", emptied)
    shown = []

    def mine(generation, question):
        shown.append(place_of(question))
        return float("nan") if place_of(question) % 10 == 9 else noise(question)

    row = judged(tiny, questions, {"mine": mine})["mine"]
    assert sorted(shown) == list(range(5, 60))
    assert (row.answers, row.missing) == (60, 5 + 6)


def test_costs_are_counted(shared):
    board = shared.board
    assert all(len(texts) == 10 and {str} == set(map(type, texts)) for texts in shared.samples)
    assert board["mine"].tokens == 0 and board["asks again"].tokens == 7
    assert board["sampling"].tokens > 10  # the prompt and ten samples
    assert board["mine"].seconds >= 0 and board["perplexity"].seconds is None


def test_samples_are_those_of_the_lesson_that_asks_again():
    cells = json.loads(ASKING_AGAIN.read_text(encoding="utf-8"))["cells"]
    lines = [line for cell in cells for line in "".join(cell["source"]).splitlines()]
    names = {"random": random, "load_questions": load_questions}
    for line in lines:
        if line.startswith(("seen = {", "questions = random")):
            exec(line, names)
    assert sampled_questions(load_questions("unique")) == names["questions"]


def test_with_samples_only_the_sampled_questions_are_judged(shared):
    row, board = shared.board["sampling"], shared.board
    assert (row.answers, row.missing, board["mine"].answers) == (30, 0, 60)
    assert len(shared.samples) == 30 and "sampling: judged on the 30 questions" in repr(board)


def test_the_table_can_be_read_aloud_and_in_a_terminal(shared):
    board = shared.board
    page = board._repr_html_()
    assert page.count("<caption>") == 1 and page.count('<th scope="col">') == 12
    assert page.count('<th scope="row">') == len(board) and "a&lt;b" in page and "a<b" not in page
    lines = repr(board).splitlines()
    assert lines[0].startswith("doubt") and any(line.startswith("* a<b ") for line in lines)
    with pytest.raises(KeyError, match="no 'other' on the board"):
        board["other"]


def test_what_cannot_be_judged_is_refused(tiny, questions):
    model, tokenizer = tiny
    mine = {"mine": lambda g, question: noise(question)}
    with pytest.raises(ValueError, match="a model needs its tokenizer"):
        leaderboard(add=mine, model=model)
    with pytest.raises(ValueError, match="a tokenizer comes with its model"):
        leaderboard(add=mine, tokenizer=tokenizer)
    with pytest.raises(ValueError, match="questions must be those of load_questions"):
        judged(tiny, ["Why?"], mine)
    with pytest.raises(ValueError, match="an id of its own"):
        judged(tiny, questions[:1] * 2, mine)
    with pytest.raises(ValueError, match="all 2 answers are"):
        judged(tiny, [q for q in questions if q.answers == ("it is wrong",)][:2], mine)
    with pytest.raises(ValueError, match="'mean_entropy' is on the board already"):
        judged(tiny, questions, {"mean_entropy": mine["mine"]})
    with pytest.raises(ValueError, match="doubts must be a list of names, got 'mine'"):
        judged(tiny, questions, mine, doubts="mine")


@pytest.mark.model
def test_on_the_default_model_a_function_of_our_own_is_the_measure_it_repeats():
    """Thirty questions; the answers and the ten samples at temperature 1 come from the record."""
    asked = sampled_questions(load_questions("unique"))

    def surprise(generation):
        log_p = generation.logits.double().log_softmax(-1)
        return -log_p.gather(1, generation.token_ids[:, None]).mean()

    board = leaderboard(add={"surprise": surprise}, questions=asked[:30], rounds=50)
    assert board["surprise"].auroc.value == pytest.approx(board["perplexity"].auroc.value, abs=0.02)
    assert abs(board["surprise"].lead.value) < 0.02 and board["surprise"].answers == 30
    assert board["surprise"].auroc.value > 0.6
