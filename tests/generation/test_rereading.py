"""Answers read again in a batch are what each gives alone."""

import pytest
import torch

from uncertainty import generate, load_model, score
from uncertainty.generation.rereading import reread

PROMPTS = ["Why?", "A much longer question about nothing in particular?", "So"]


@pytest.fixture(scope="module")
def tiny():
    return load_model("tiny")


def test_a_batch_gives_what_score_gives_of_each(tiny):
    written = [
        generate(*tiny, prompt, max_new_tokens=count) for prompt, count in zip(PROMPTS, (9, 3, 6))
    ]
    again = reread(*tiny, PROMPTS, [answer.token_ids for answer in written])
    for prompt, before, now in zip(PROMPTS, written, again):
        alone = score(*tiny, prompt, before.token_ids)
        assert torch.allclose(now.logits, alone.logits, atol=1e-4)
        assert torch.allclose(now.logits, before.logits, atol=1e-4)
        assert (now.text, now.finish_reason) == (before.text, "given")
        assert torch.equal(now.prompt_ids, before.prompt_ids)


def test_an_empty_answer_has_no_steps_and_faults_are_told(tiny):
    [empty, full] = reread(*tiny, PROMPTS[:2], [[], [5, 6]], chat=False)
    assert empty.logits.shape[0] == 0 == len(empty) and len(full) == 2
    with pytest.raises(ValueError, match="one answer for each of 3 prompts, got 1"):
        reread(*tiny, PROMPTS, [[1]])
    with pytest.raises(ValueError, match="need one row of token ids for each answer"):
        reread(*tiny, ["Why?"], [[[1, 2]]])
    with pytest.raises(ValueError, match=r"token ids must lie in 0\.\."):
        reread(*tiny, ["Why?"], [[10**6]])


def test_a_model_that_keeps_all_logits_says_the_same(tiny, monkeypatch):
    model, tokenizer = tiny
    expected = reread(model, tokenizer, PROMPTS, [[5, 6], [7], [8, 9, 10]])
    forward = model.forward

    def without_option(input_ids=None, attention_mask=None, use_cache=None):
        return forward(input_ids=input_ids, attention_mask=attention_mask, use_cache=use_cache)

    monkeypatch.setattr(model, "forward", without_option)
    for before, now in zip(expected, reread(model, tokenizer, PROMPTS, [[5, 6], [7], [8, 9, 10]])):
        assert torch.allclose(before.logits, now.logits, atol=1e-5)
