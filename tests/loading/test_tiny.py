"""tiny.py: always the same small model, whose tokenizer reads bytes."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from loading_helpers import logits_of, tiny_tokenizer

from uncertainty import load_model


def test_tiny_is_always_the_same_and_leaves_the_random_state_alone():
    torch.manual_seed(7)
    before = torch.get_rng_state()
    first = logits_of(*load_model("tiny"))
    second = logits_of(*load_model("tiny"))
    assert torch.equal(first, second) and torch.equal(torch.get_rng_state(), before)


def test_tiny_is_small_and_has_opinions():
    model, tokenizer = load_model("tiny")
    assert model.num_parameters() < 200_000  # which is why it loads at once
    logits = logits_of(model, tokenizer, "A sentence of bytes.")
    entropy = torch.distributions.Categorical(logits=logits).entropy()
    assert entropy.mean() < 4 and entropy.std() > 0.3  # uniform would be log(259) = 5.56 everywhere
    assert not model.training and model.dtype == torch.float32


@given(st.text(max_size=40))
def test_tiny_reads_any_text_byte_by_byte(text):
    tokenizer = tiny_tokenizer()
    ids = tokenizer(text).input_ids
    assert tokenizer.decode(ids) == text
    assert len(ids) == len(text.encode()) or "<|" in text


def test_tiny_has_a_chat_template_whose_marks_are_single_tokens():
    tokenizer = tiny_tokenizer()
    conversation = [{"role": "user", "content": "Hi"}]
    chat = tokenizer.apply_chat_template(conversation, add_generation_prompt=True, tokenize=False)
    assert chat == "<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\n"
    ids = tokenizer(chat).input_ids
    bytes_of_marks = 2 * len("<|im_start|>") + len("<|im_end|>")
    assert len(ids) == len(chat) - bytes_of_marks + 3 and ids[0] == tokenizer.bos_token_id


def test_generate_has_nothing_to_guess_or_warn_about(capfd):
    model, tokenizer = load_model("tiny")
    ends = model.generation_config
    assert ends.eos_token_id == tokenizer.eos_token_id
    assert ends.pad_token_id == tokenizer.pad_token_id
    model.generate(**tokenizer("Hello", return_tensors="pt"), max_new_tokens=3)
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("dtype", ["bfloat16", torch.float64])
def test_tiny_in_another_precision_has_the_same_weights(dtype):
    model, _ = load_model("tiny", dtype=dtype)
    expected = load_model("tiny")[0].to(model.dtype)
    assert str(model.dtype).removeprefix("torch.") in str(dtype)
    assert torch.equal(model.lm_head.weight, expected.lm_head.weight)


def test_tiny_takes_the_attention_that_is_asked_for():
    model, tokenizer = load_model("tiny", attn_implementation="eager")
    assert model.config._attn_implementation == "eager"
    torch.testing.assert_close(logits_of(model, tokenizer), logits_of(*load_model("tiny")))
    with pytest.raises(ValueError, match=r"nonsense.*is not supported"):
        load_model("tiny", attn_implementation="nonsense")
