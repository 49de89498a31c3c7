"""Runs that keep every step: the same numbers as one answer at a time, kept on disk."""

import pytest

from uncertainty import generate, score, token_measures
from uncertainty.course.step_runs import answers_by_step, given_by_step


def measured(answer):
    measures = token_measures(answer)
    return {name: measures[name].tolist() for name in ("surprisal", "entropy")}


def same(record, answer):
    assert (record["text"], record["ids"]) == (answer.text, answer.token_ids.tolist())
    for name, values in measured(answer).items():
        assert record[name] == pytest.approx(values, abs=1e-3)


@pytest.mark.parametrize("chat", [True, False])
def test_each_answer_has_the_doubt_of_each_of_its_steps(tiny, own_cache, chat):
    prompts = ["def add(a, b):", "A house by the sea", "One"]
    records = answers_by_step(*tiny, prompts, max_new_tokens=5, chat=chat, batch_size=2)
    for record, prompt in zip(records, prompts):
        same(record, generate(*tiny, prompt, max_new_tokens=5, chat=chat))
    assert answers_by_step(*tiny, prompts, max_new_tokens=5, chat=chat, batch_size=2) == records
    assert len(list((own_cache / "results").glob("steps-*.jsonl"))) == 1


def test_one_prompt_is_not_cut_into_characters(tiny, own_cache):
    with pytest.raises(ValueError, match="need a list of prompts"):
        answers_by_step(*tiny, "Why?", max_new_tokens=5)


def test_given_texts_are_measured_where_they_stand(tiny, own_cache):
    pairs = [("The capital of France is", " Paris."), ("The capital of France is", " Rome.")]
    records = given_by_step(*tiny, pairs)
    for record, (before, text) in zip(records, pairs):
        same(record, score(*tiny, before, text, chat=False))
    first, second = records
    assert first["entropy"][0] == second["entropy"][0], "the same was read before"
