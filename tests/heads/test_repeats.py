"""Repeats against what they promise, and natural induction against a double loop."""

from types import SimpleNamespace

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from uncertainty.heads.repeats import (
    natural_induction,
    natural_repeats,
    passage_rows,
    random_repeats,
)
from uncertainty.loading.models import load_model


@pytest.fixture(scope="module")
def tiny():
    return load_model("tiny")


@settings(max_examples=40, deadline=None)
@given(st.integers(1, 4), st.integers(1, 200), st.integers(0, 10**6))
def test_random_repeats_are_ordinary_different_tokens_twice(count, length, seed):
    _, tokenizer = load_model("tiny")
    rows = random_repeats(tokenizer, count=count, length=length, seed=seed)
    assert rows.shape == (count, 1 + 2 * length) and (rows[:, 0] == tokenizer.bos_token_id).all()
    assert torch.equal(rows[:, 1 : 1 + length], rows[:, 1 + length :])
    for row in rows.tolist():
        assert len(set(row[1 : 1 + length])) == length and not set(row[1:]) & set(
            tokenizer.all_special_ids
        )
    assert torch.equal(rows, random_repeats(tokenizer, count=count, length=length, seed=seed))


def test_random_repeats_use_every_ordinary_token_and_depend_on_the_seed(tiny):
    rows = random_repeats(tiny[1], count=1, length=256)
    assert set(rows[0, 1:].tolist()) == set(range(256))
    assert not torch.equal(
        random_repeats(tiny[1], count=1, length=20, seed=0),
        random_repeats(tiny[1], count=1, length=20, seed=1),
    )


def test_natural_repeats_are_windows_of_the_texts(tiny):
    texts = ["abcdefghijk", "0123456789"]
    rows = natural_repeats(tiny[1], texts, count=4, length=5)
    texts_of_rows = {tiny[1].decode(row[1:]) for row in rows}
    assert texts_of_rows == {2 * window for window in ("abcde", "fghij", "01234", "56789")}
    assert (rows[:, 0] == 257).all()
    assert rows.shape == (4, 11)


def test_passage_rows_end_with_the_same_passage_after_three_contexts(tiny):
    tokenizer = tiny[1]
    texts = ["abcdefghi", "short", "ABCDEFGHI", "123456789"]  # of three passages, but for one
    rows = passage_rows(tokenizer, texts, length=3)

    def decoded(ids):
        assert (ids[:, 0] == tokenizer.bos_token_id).all()
        return [tokenizer.decode(row[1:]) for row in ids]

    assert decoded(rows.twice) == ["ghighi", "GHIGHI", "789789"]
    assert decoded(rows.same_text) == ["abcghi", "ABCGHI", "123789"]
    assert decoded(rows.other_text) == ["123ghi", "abcGHI", "ABC789"]
    first_two = passage_rows(tokenizer, texts, length=3, count=2)
    assert torch.equal(first_two.twice, rows.twice[:2])


def test_passage_rows_choose_one_window_of_each_text(tiny):
    text = "".join(chr(ord("a") + number) for number in range(24))  # eight passages, two windows
    firsts = set()
    for seed in range(20):
        [row, _] = passage_rows(tiny[1], [text, text], length=4, seed=seed).same_text
        firsts.add(tiny[1].decode(row[1:]))
    assert firsts == {"abcdijkl", "mnopuvwx"}


@pytest.mark.parametrize("arguments", [dict(length=0), dict(length=2, count=3), dict(length=4)])
def test_too_few_texts_for_passage_rows_are_refused(tiny, arguments):
    with pytest.raises(ValueError, match="passage"):
        passage_rows(tiny[1], ["abcdefgh", "ABCDEFGH", "abc"], **arguments)


def test_a_tokenizer_without_bos_begins_with_its_end_token():
    class Ten(SimpleNamespace):
        def __len__(self):
            return 10

    with_end = Ten(
        bos_token_id=None, eos_token_id=7, all_special_ids=[7], added_tokens_decoder={8: "added"}
    )
    rows = random_repeats(with_end, count=1, length=8)
    assert rows[0, 0] == 7 and set(rows[0, 1:].tolist()) == {0, 1, 2, 3, 4, 5, 6, 9}
    with_end.eos_token_id = None
    with pytest.raises(ValueError, match="neither a BOS nor an end token"):
        random_repeats(with_end, count=1, length=3)


@pytest.mark.parametrize(("count", "length"), [(0, 5), (1, 0), (1, 257)])
def test_repeats_that_cannot_be_are_named(tiny, count, length):
    with pytest.raises(ValueError, match=f"got {count} and {length}"):
        random_repeats(tiny[1], count=count, length=length)
    with pytest.raises(ValueError):
        natural_repeats(tiny[1], ["short text"], count=count, length=length)


@settings(max_examples=200, deadline=None)
@given(
    st.lists(st.integers(0, 4), max_size=60),
    st.integers(1, 4),
    st.sets(st.integers(0, 4), max_size=1),
)
def test_natural_induction_against_a_double_loop(ids, n, banned):
    def repeats(one, two):
        gram = ids[one : one + n]
        occurrences = sum(ids[i : i + n] == gram for i in range(len(ids) - n + 1))
        return (
            one >= 0
            and ids[two : two + n] == gram
            and occurrences == 2
            and len(set(gram)) == n
            and not set(gram) & banned
        )

    expected = [
        (one, two)
        for one in range(len(ids))
        for two in range(one + n + 1, len(ids) - n + 1)
        if repeats(one, two) and not repeats(one - 1, two - 1)
    ]
    assert natural_induction(torch.tensor(ids), n, banned) == expected


def test_natural_induction_finds_a_planted_repeat():
    ids = [*range(20), 50, *range(5, 15), 60]
    assert natural_induction(ids, 7) == [(5, 21)]
    assert natural_induction(ids, 7, banned=[5]) == [
        (6, 22)
    ]  # the stretch begins behind what is banned
    assert natural_induction(ids, 7, banned=[8]) == [] and natural_induction([1, 2, 3], 7) == []
