"""The checks that every room shares."""

import numpy as np
import pytest
import torch
from families import tiny_model
from hypothesis import given
from hypothesis import strategies as st

from uncertainty import generate, information, load_model, logit_lens, score, token_measures
from uncertainty._inputs import index_list, one_text_ids
from uncertainty.neurons.unigrams import count_unigram

FORMS = [list, tuple, torch.tensor, np.array, iter]


@given(st.lists(st.booleans(), min_size=1, max_size=12), st.sampled_from(FORMS))
def test_a_mask_means_the_places_that_are_true(mask, form):
    assert index_list(form(mask), len(mask), name="x") == np.flatnonzero(mask).tolist()


@given(st.lists(st.integers(0, 9), max_size=12), st.sampled_from([*FORMS, set]))
def test_whole_numbers_stay_as_they_are(numbers, form):
    if form in (torch.tensor, np.array):
        numbers = form(numbers, dtype=torch.int64 if form is torch.tensor else int)
        assert index_list(numbers, 10, name="x") == numbers.tolist()
    else:
        expected = list(form(numbers))
        assert index_list(form(numbers), 10, name="x") == expected


@pytest.mark.parametrize("number", [3, np.int32(3), torch.tensor(3), np.array(3)])
def test_a_bare_number_is_a_list_of_one(number):
    assert index_list(number, 10, name="x") == [3]


@pytest.mark.parametrize(
    "indices",
    [5.7, [5.0], [1, 2.5], torch.tensor([1.0]), np.array([1.5]), [-1], [10], [True, 2], ["a"], "3"],
)
def test_everything_else_is_named(indices):
    with pytest.raises(ValueError, match=r"^x must be whole numbers in 0\.\.9"):
        index_list(indices, 10, name="x")


@pytest.mark.parametrize("length", [1, 9, 11])
def test_a_mask_of_another_length_is_named(length):
    with pytest.raises(ValueError, match=f"one truth value for each of 10, got {length}"):
        index_list(torch.ones(length, dtype=torch.bool), 10, name="x")


def test_token_ids_are_whole_numbers_everywhere():
    model, tokenizer = load_model("tiny")
    mask = torch.tensor([True, False, True])
    fractions = torch.tensor([5.7, 6.0, 7.0])
    logits = torch.randn(3, 259)
    answer = generate(model, tokenizer, "Hi", chat=False, max_new_tokens=3)
    for ids in (mask, fractions):
        for read in (
            lambda ids: one_text_ids(model, ids),
            lambda ids: logit_lens(model, [3, 4, 5], targets=ids),
            lambda ids: score(model, tokenizer, "Hi", ids, chat=False),
            lambda ids: token_measures(logits, ids),
            lambda ids: information.surprisal(logits, ids),
            lambda ids: count_unigram(ids, 259),
        ):
            with pytest.raises(ValueError, match=r"float32|bool"):
                read(ids)
    small = answer.token_ids.to(torch.int32)  # any whole numbers will do
    assert torch.equal(
        information.surprisal(answer.logits, small),
        information.surprisal(answer.logits, answer.token_ids),
    )
    assert torch.equal(score(model, tokenizer, "Hi", small, chat=False).token_ids, answer.token_ids)


def test_an_answer_outside_the_vocabulary_is_named():
    model, tokenizer = load_model("tiny")
    with pytest.raises(ValueError, match=r"0\.\.258, got 5\.\.259"):
        score(model, tokenizer, "Hi", [5, 259], chat=False)


def test_the_tiny_families_serve_as_models_here():
    assert one_text_ids(tiny_model("gpt2"), np.array([3, 4], dtype=np.int32)).dtype == torch.long
