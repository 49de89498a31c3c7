"""Greedy and sampled answers that are kept on disk, with their measures."""

import functools

import numpy as np
import pytest

from uncertainty import answer_measures, generate, sample_answers
from uncertainty.course import answer_runs
from uncertainty.course.answer_runs import (
    greedy_answers,
    measure_columns,
    sampled_answers,
    short_prompt,
)


@pytest.mark.parametrize("prompts", ["Why so?", short_prompt("Why so?"), []])
@pytest.mark.parametrize("ask", [greedy_answers, sampled_answers])
def test_a_single_prompt_is_not_cut_into_characters(tiny, own_cache, ask, prompts):
    with pytest.raises(ValueError, match=r"need a list of prompts, \[prompt, \.\.\.\]"):
        ask(*tiny, prompts)


def test_a_number_in_the_place_of_the_prompts_neighbour_is_refused(tiny, own_cache):
    with pytest.raises(TypeError, match="positional"):
        greedy_answers(*tiny, ["Why?"], 6)


def test_greedy_answers_are_kept_with_every_measure(tiny, own_cache):
    prompts = [short_prompt("Why?"), short_prompt("A longer question?"), short_prompt("Why?")]
    records = greedy_answers(*tiny, prompts, max_new_tokens=6)
    alone = generate(*tiny, prompts[1], max_new_tokens=6)
    assert records[0] == records[2]
    assert records[1]["text"] == alone.text
    assert records[1]["read"] == len(alone.prompt_ids)
    assert records[1]["measures"] == pytest.approx(answer_measures(alone), abs=1e-4)
    assert greedy_answers(*tiny, prompts, max_new_tokens=6) == records
    assert len(list((own_cache / "results").glob("greedy-*.jsonl"))) == 1
    assert greedy_answers(*tiny, prompts, max_new_tokens=3)[1]["tokens"] == 3


def test_an_answer_that_ends_at_once_is_counted_not_dropped():
    records = [
        {"text": "", "tokens": 0, "read": 3, "measures": None},
        {"text": "a", "tokens": 1, "read": 3, "measures": {"naive": 0.5}},
    ]
    columns = measure_columns(records)
    assert np.isnan(columns["naive"]).tolist() == [True, False]
    assert columns["length"].tolist() == [0.0, 1.0]


def test_sampled_answers_differ_between_batches_and_repeat(tiny, own_cache, monkeypatch, tmp_path):
    prompts = [short_prompt(f"Question {i}?") for i in range(4)]
    options = dict(max_new_tokens=5, batch_size=2)
    first = sampled_answers(*tiny, prompts, 3, **options)
    monkeypatch.setenv("UNCERTAINTY_CACHE", str(tmp_path / "another"))
    assert sampled_answers(*tiny, prompts, 3, **options) == first
    for changed in (dict(seed=1), dict(temperature=0.3)):
        assert sampled_answers(*tiny, prompts, 3, **options, **changed) != first
    assert first[0]["texts"] != first[2]["texts"]
    for record in first:
        assert len(record["texts"]) == len(record["surprisal"]) == 3


def test_sampled_batches_do_not_share_their_luck(tiny, own_cache, monkeypatch):
    seeds = []

    @functools.wraps(sample_answers)
    def sample_and_note(*arguments, seed, **options):
        seeds.append(seed)
        return sample_answers(*arguments, seed=seed, **options)

    monkeypatch.setattr(answer_runs, "sample_answers", sample_and_note)
    sampled_answers(*tiny, ["one", "two", "three"], 2, max_new_tokens=2, batch_size=1)
    assert len(seeds) == len(set(seeds)) == 3
