"""The runs through depth: what is kept equals the lens itself, and is asked for once."""

import numpy as np
import pytest

from uncertainty.course import depth_runs
from uncertainty.course.depth_runs import answers_with_depth, profile_rows
from uncertainty.lens.generated import generate_with_lens

PROMPTS = ["one", "two or three", "four and five"]


def test_records_hold_what_the_lens_saw_and_are_kept(tiny, monkeypatch, tmp_path):
    monkeypatch.setenv("UNCERTAINTY_CACHE", str(tmp_path))
    options = dict(max_new_tokens=5, renyi=(2,))
    records = answers_with_depth(*tiny, PROMPTS, **options)
    for record, (answer, trace) in zip(records, generate_with_lens(*tiny, PROMPTS, **options)):
        assert record["text"] == answer.text
        assert record["tokens"] == len(answer)
        assert record["read"] == len(answer.prompt_ids)
        assert np.allclose(record["entropy"], trace.entropy, atol=1e-3)
        assert np.allclose(record["2"], trace.renyi[2], atol=1e-3)
        assert np.allclose(record["cross_entropy"], trace.cross_entropy, atol=1e-3)
    monkeypatch.setattr(depth_runs, "generate_with_lens", None)
    assert answers_with_depth(*tiny, PROMPTS, **options) == records
    with pytest.raises(TypeError):
        answers_with_depth(*tiny, PROMPTS, max_new_tokens=4, renyi=(2,))


def test_samples_repeat_and_the_seed_counts(tiny, monkeypatch, tmp_path):
    def texts(folder, **changed):
        monkeypatch.setenv("UNCERTAINTY_CACHE", str(tmp_path / folder))
        options = dict(max_new_tokens=8, temperature=1.0, batch_size=1) | changed
        records = answers_with_depth(*tiny, ["one", "two"], **options)
        return [record["text"] for record in records]

    first = texts("first")
    assert texts("another") == first
    assert texts("first", seed=1) != first
    assert texts("first", temperature=0) == texts("first", temperature=0, seed=1)


def test_sampled_batches_do_not_share_their_luck(tiny, monkeypatch, tmp_path):
    monkeypatch.setenv("UNCERTAINTY_CACHE", str(tmp_path))
    seeds = []

    def generate_and_note(*arguments, seed, **options):
        seeds.append(seed)
        return generate_with_lens(*arguments, seed=seed, **options)

    monkeypatch.setattr(depth_runs, "generate_with_lens", generate_and_note)
    answers_with_depth(*tiny, PROMPTS, max_new_tokens=2, temperature=1.0, batch_size=1)
    assert len(seeds) == len(set(seeds)) == len(PROMPTS)
    seeds.clear()
    answers_with_depth(*tiny, PROMPTS, max_new_tokens=2, batch_size=1)
    assert seeds == [None] * len(PROMPTS)


def test_profile_rows_average_and_mark_empty_answers():
    records = [dict(tokens=2, entropy=[[1, 3], [0, 2]]), dict(tokens=0, entropy=[[], []])]
    rows = profile_rows(records)
    assert rows[0].tolist() == [2, 1] and np.isnan(rows[1]).all()


def test_samples_belong_to_their_list_of_prompts_and_greedy_answers_to_none(
    tiny, monkeypatch, tmp_path
):
    monkeypatch.setenv("UNCERTAINTY_CACHE", str(tmp_path))
    files = lambda: len(list((tmp_path / "results").glob("depth-*")))  # noqa: E731
    for temperature, expected in ((0, 1), (1.0, 3)):
        for prompts in (["one", "two"], ["one", "three"]):
            answers_with_depth(*tiny, prompts, max_new_tokens=2, temperature=temperature)
        assert files() == expected


def test_means_are_a_small_record_with_the_same_profiles(tiny, monkeypatch, tmp_path):
    monkeypatch.setenv("UNCERTAINTY_CACHE", str(tmp_path))
    options = dict(max_new_tokens=5, renyi=(2,))
    whole = answers_with_depth(*tiny, PROMPTS, **options)
    means = answers_with_depth(*tiny, PROMPTS, **options, means=True)
    for one, other in zip(whole, means):
        assert "cross_entropy" not in other and np.shape(other["entropy"])[1] == 1
        assert [one[name] for name in ("text", "ids", "tokens")] == [
            other[name] for name in ("text", "ids", "tokens")
        ]
    for name in ("entropy", "2"):
        np.testing.assert_allclose(profile_rows(whole, name), profile_rows(means, name), atol=1e-4)
