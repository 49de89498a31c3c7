"""spot_check.py: what differs is found and named, a near tie is no difference, chance is as computed."""

import math
import random

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import hypergeom

from uncertainty import generate, score
from uncertainty.course import spot_check as module
from uncertainty.course.spot_check import (
    chance_to_notice,
    first_difference,
    given_answer,
    is_near_tie,
    spot_check,
)

RECORDED = {"text": "Paris", "ids": [3, 4], "measures": {"entropy": 0.5, "naive": None}}


@pytest.mark.parametrize(
    "now, named",
    [
        (RECORDED | {"text": "Lyon"}, "text recorded 'Paris', now 'Lyon'"),
        (RECORDED | {"ids": [3, 5]}, "ids[1] recorded 4, now 5"),
        (RECORDED | {"ids": [3]}, "ids recorded [3, 4], now [3]"),
        (RECORDED | {"measures": {"entropy": 0.502, "naive": None}}, "measures.entropy recorded"),
        (RECORDED | {"measures": {"entropy": math.nan, "naive": None}}, "measures.entropy"),
        (RECORDED | {"measures": {"entropy": 0.5, "naive": 1.0}}, "measures.naive recorded None"),
        (RECORDED | {"measures": {"entropy": 0.5}}, "measures recorded"),
        (RECORDED | {"measures": None}, "measures recorded"),
        ("Paris", "recorded {'text'"),
    ],
)
def test_a_difference_is_named_with_its_place(now, named):
    assert named in first_difference(RECORDED, now)


def test_numbers_agree_up_to_the_tolerances_and_counts_exactly():
    assert first_difference(RECORDED, RECORDED) is None
    assert first_difference([0.5, 0.0], [0.5014, 0.0009]) is None
    assert first_difference([1000.0], [1000.9]) is None
    assert first_difference([1000.0], [1001.1]) is not None
    assert first_difference([1000], [1001]) is not None
    assert first_difference([1, 2.0], [1.0, 2]) is None  # JSON writers differ there
    assert first_difference([True], [1]) is not None
    assert first_difference([math.nan, math.inf], [math.nan, math.inf]) is None
    assert first_difference([math.inf], [-math.inf]) is not None
    assert first_difference(["x" * 10_000], ["y"]).count("x") < 300


@given(of=st.integers(1, 60), data=st.data())
@settings(max_examples=100, deadline=None)
def test_the_chance_to_notice_is_that_of_drawing_without_replacement(of, data):
    altered = data.draw(st.integers(0, of))
    asked = data.draw(st.integers(0, of))
    expected = 1 - hypergeom.pmf(0, of, altered, asked)
    assert chance_to_notice(altered, asked=asked, of=of) == pytest.approx(expected, abs=1e-9)


def test_one_altered_item_is_noticed_as_often_as_the_chance_says(monkeypatch):
    monkeypatch.setattr(module.random, "SystemRandom", lambda: luck)
    luck = random.Random(0)
    asked = {f"key {i}": f"item {i}" for i in range(20)}
    recorded = {key: item.upper() for key, item in asked.items()}
    recorded["key 7"] = "ITEM 8"
    recheck = lambda items, results: [item.upper() for item in items]  # noqa: E731
    found = [spot_check(asked, recorded, recheck, handful=4) for _ in range(2000)]
    noticed = [difference for difference in found if difference]
    assert set(noticed) == {"'item 7': recorded 'ITEM 8', now 'ITEM 7'"}
    expected = chance_to_notice(1, asked=4, of=20)  # 0.2
    assert abs(len(noticed) / 2000 - expected) < 5 * math.sqrt(expected * (1 - expected) / 2000)


def test_each_run_draws_another_handful_and_leaves_random_numbers_alone():
    asked = {f"{i:03}": i for i in range(100)}
    drawn = []

    def recheck(items, results):
        drawn.append(tuple(items))
        assert items == [int(result) for result in results]
        return results

    before = random.getstate(), torch.get_rng_state().tolist()
    for _ in range(20):
        assert spot_check(asked, {key: str(item) for key, item in asked.items()}, recheck) is None
    assert (random.getstate(), torch.get_rng_state().tolist()) == before
    assert len(set(drawn)) > 15
    assert {len(items) for items in drawn} == {len(set(items)) for items in drawn} == {4}
    few = {"a": 1, "b": 2}
    spot_check(few, few, lambda items, results: results)


def test_a_result_of_another_make_is_a_difference_too():
    recheck = lambda items, results: [result["ids"] for result in results]  # noqa: E731
    assert "no 'ids'" in spot_check({"a": "A"}, {"a": {"text": ""}}, recheck)


def test_answers_part_at_a_near_tie_only_where_their_logits_meet(tiny, monkeypatch):
    prompt = "Why so?"
    answer = generate(*tiny, prompt, max_new_tokens=6)
    ids = answer.token_ids.tolist()
    assert len(ids) == 6
    two = answer.logits[3].topk(2).values
    other = [*ids[:3], second_id(answer, 3), *ids[4:]]
    gap = (two[0] - two[1]).item()
    for tolerance, near in ((gap * 0.99, False), (gap * 1.01, True)):
        monkeypatch.setattr(module, "NEAR_TIE", tolerance)
        assert is_near_tie(*tiny, prompt, ids, other) is near
        assert is_near_tie(*tiny, prompt, other, ids) is near
    assert not is_near_tie(*tiny, prompt, ids, ids)


def second_id(answer, step):
    return answer.logits[step].topk(2).indices[1].item()


def test_an_answer_that_ends_earlier_parts_at_its_end_token(tiny, monkeypatch):
    model, tokenizer = tiny
    answer = generate(model, tokenizer, "Why so?", max_new_tokens=6)
    ids = answer.token_ids.tolist()
    end = answer.logits[4, tokenizer.eos_token_id]
    gap = (answer.logits[4].max() - end).item()
    for tolerance, near in ((gap * 0.99, False), (gap * 1.01, True)):
        monkeypatch.setattr(module, "NEAR_TIE", tolerance)
        assert is_near_tie(model, tokenizer, "Why so?", ids[:4], ids) is near


def test_given_tokens_are_scored_and_none_are_an_empty_answer(tiny):
    whole = generate(*tiny, "Why so?", max_new_tokens=6)
    again = given_answer(*tiny, "Why so?", whole.token_ids.tolist())
    assert torch.equal(again.logits, score(*tiny, "Why so?", whole.token_ids).logits)
    assert again.text == whole.text
    empty = given_answer(*tiny, "Why so?", [])
    assert len(empty) == 0 and empty.text == ""
    assert empty.logits.shape == (0, whole.logits.shape[1])
    assert torch.equal(empty.prompt_ids, whole.prompt_ids)
