"""What lesson 30 asks: each option's probability is what the model itself says of its tokens."""

import pytest
import torch

from uncertainty import (
    load_choices,
    load_model,
    option_log_probabilities,
    option_probabilities,
    option_prompt,
)


def test_an_options_probability_is_the_product_over_its_tokens(tmp_path, monkeypatch):
    monkeypatch.setenv("UNCERTAINTY_RECORD", str(tmp_path))
    model, tokenizer = load_model("tiny", device="cpu")
    [found] = option_log_probabilities(model, tokenizer, [("One?", ["two", "three"])])
    read = tokenizer("One?").input_ids
    for option, log_p in zip((" two", " three"), found):
        ids = tokenizer(option, add_special_tokens=False).input_ids
        with torch.no_grad():
            rows = model(torch.tensor([read + ids])).logits[0].double().log_softmax(-1)
        expected = sum(rows[len(read) - 1 + step, token].item() for step, token in enumerate(ids))
        assert log_p == pytest.approx(expected, abs=1e-3)
    assert option_probabilities([found]).sum() == pytest.approx(1)


def test_two_prompts_with_the_options_and_without():
    choice = load_choices()[0]
    alone, listed = option_prompt(choice), option_prompt(choice, "options listed")
    assert choice.question in alone and choice.options[0] not in alone
    assert all(option in listed for option in choice.options)
    with pytest.raises(ValueError, match="unknown prompt 'other'"):
        option_prompt(choice, "other")
