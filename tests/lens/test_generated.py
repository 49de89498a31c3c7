"""The lens along what a model writes, against the lens on the finished text."""

import pytest
import torch

from uncertainty import information
from uncertainty.architecture.parts import model_parts
from uncertainty.generation.decoding import generate
from uncertainty.generation.scoring import score
from uncertainty.lens.generated import generate_with_lens
from uncertainty.lens.logit_lens import logit_lens
from uncertainty.loading.models import load_model


def test_along_a_generation_equals_the_lens_on_the_finished_text():
    model, tokenizer = load_model("tiny")
    prompts = ["one two", "one two three four five", "one two"]
    together = generate_with_lens(
        model, tokenizer, prompts, chat=False, max_new_tokens=6, renyi=(2,), top=2
    )
    for prompt, (answer, trace) in zip(prompts, together):
        alone = generate(model, tokenizer, prompt, chat=False, max_new_tokens=6)
        assert answer.text == alone.text and trace.entropy.shape[1] == len(answer)
        read = torch.cat([answer.prompt_ids, answer.token_ids])
        whole = logit_lens(model, read, targets=torch.tensor([*read[1:], -100]), renyi=(2,), top=2)
        place = slice(len(answer.prompt_ids) - 1, -1)
        for name in ("entropy", "cross_entropy", "kl_to_final", "reverse_kl"):
            torch.testing.assert_close(
                getattr(trace, name), getattr(whole, name)[:, place], atol=1e-4, rtol=1e-3
            )
        given = score(model, tokenizer, prompt, answer.token_ids.tolist(), chat=False)
        torch.testing.assert_close(
            trace.cross_entropy[-1],
            information.surprisal(given.logits, given.token_ids),
            atol=1e-4,
            rtol=1e-3,
        )
    with pytest.raises(ValueError, match="list of prompts"):
        generate_with_lens(model, tokenizer, "one two")


def test_answers_that_stop_and_prompts_that_begin_alike():
    """Every answer of the batch ends by itself, early.

    The prompts share a long beginning, and one of them is there twice.
    """
    model, tokenizer = load_model("tiny")
    common = "the very same long beginning of every prompt, and then "
    prompts = [common + end for end in ("a", "bb", "a", "c")]
    free = generate(model, tokenizer, prompts, chat=False, max_new_tokens=8)
    end_token = model.generation_config.eos_token_id
    model.generation_config.eos_token_id = [
        int(a.token_ids[-1]) for a in free if a.finish_reason == "length"
    ] + [end_token]
    try:
        pairs = generate_with_lens(model, tokenizer, prompts, chat=False, max_new_tokens=8)
    finally:
        model.generation_config.eos_token_id = end_token
    assert (
        all(answer.finish_reason == "stop" for answer, _ in pairs)
        and len({len(answer) for answer, _ in pairs}) > 1
    )
    for answer, trace in pairs:
        assert trace.entropy.shape[1] == len(answer)
        if len(answer):
            torch.testing.assert_close(
                trace.entropy[-1], information.entropy(answer.logits), atol=1e-4, rtol=1e-3
            )


def test_each_position_is_computed_once():
    model, tokenizer = load_model("tiny")
    generate(model, tokenizer, "x", chat=False, max_new_tokens=1)  # the proof of the model is done
    positions = []
    hook = (
        model_parts(model)
        .blocks[0]
        .register_forward_pre_hook(
            lambda block, arguments, named: positions.append(
                (arguments[0] if arguments else named["hidden_states"]).shape[1]
            ),
            with_kwargs=True,
        )
    )
    [(answer, _)] = generate_with_lens(
        model, tokenizer, ["one two three"], chat=False, max_new_tokens=6
    )
    hook.remove()
    assert sum(positions) == len(answer.prompt_ids) + len(answer) - 1 + (
        answer.finish_reason == "stop"
    )
