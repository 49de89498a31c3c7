"""Probabilities of the choices of a next token, without generating anything."""

import pytest

from uncertainty import choice_log_probabilities, load_model, score


@pytest.fixture(scope="module")
def tiny():
    return load_model("tiny")


def test_choice_probabilities_are_the_models_own(tiny):
    model, tokenizer = tiny
    prompts = ["Is it true?", "A rather longer question about nothing?"]
    choices = ["yes", "no"]
    log_probabilities = choice_log_probabilities(model, tokenizer, prompts, choices=choices)
    assert log_probabilities.shape == (2, 2)
    for row, prompt in zip(log_probabilities, prompts):
        for value, choice in zip(row, choices):
            forced = score(model, tokenizer, prompt, choice)
            log_p = forced.logits[0].log_softmax(-1)
            assert value == pytest.approx(log_p[forced.token_ids[0]].item(), abs=1e-4)


@pytest.mark.parametrize("choices", [["yes", "yes!"], [" yes", " yet"], ["yes", ""], [], "yes"])
def test_choices_that_cannot_be_told_apart_are_refused(tiny, choices):
    with pytest.raises(ValueError, match="choices that begin with different tokens"):
        choice_log_probabilities(*tiny, ["Hello"], choices=choices)


@pytest.mark.parametrize("prompts", ["Why so?", [{"role": "user", "content": "Why so?"}], []])
def test_a_single_prompt_is_not_cut_into_characters(tiny, prompts):
    with pytest.raises(ValueError, match=r"need a list of prompts, \[prompt, \.\.\.\]"):
        choice_log_probabilities(*tiny, prompts, choices=["a", "b"])


def test_choices_are_not_read_by_a_model_in_training_mode():
    model, tokenizer = load_model("tiny")
    with pytest.raises(ValueError, match="training mode"):
        choice_log_probabilities(model.train(), tokenizer, ["Hi"], choices=["a", "b"])


def test_choices_behind_a_space_of_its_own_are_told_apart_by_what_follows_it(tiny):
    model, tokenizer = tiny
    prompts = ["Why so?", "How?"]
    choices = [" yes", " no"]  # bytes: the space is shared, "y" and "n" are not
    found = choice_log_probabilities(model, tokenizer, prompts, choices=choices)
    for row, prompt in zip(found, prompts):
        for value, choice in zip(row, choices):
            forced = score(model, tokenizer, prompt, choice[:2])
            log_p = forced.logits.log_softmax(-1).gather(1, forced.token_ids[:, None])
            assert value == pytest.approx(log_p.sum().item(), abs=1e-4)
