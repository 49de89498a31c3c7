"""Texts longer than the model's context are told in a sentence with both numbers, by every function; texts that just fit are read."""

from types import SimpleNamespace

import pytest
import torch
from families import tiny_model
from transformers import BloomConfig, MambaConfig

from uncertainty import (
    ablation_sweep,
    choice_log_probabilities,
    generate,
    load_model,
    logit_lens,
    replay_sweep,
    score,
)
from uncertainty._inputs import context_length
from uncertainty.heads.attention import attention_patterns
from uncertainty.heads.bos_ablation import bos_ablation
from uncertainty.lens.generated import generate_with_lens
from uncertainty.lens.profiles import nucleus_sizes
from uncertainty.lens.streams import last_streams, text_stream
from uncertainty.neurons.activations import activations
from uncertainty.neurons.unigrams import predicted_unigram

LIMIT = 24
LIMITS = {
    "gpt2": dict(
        n_positions=LIMIT, max_position_embeddings=LIMIT
    ),  # a table of positions: an IndexError otherwise
    "opt": dict(max_position_embeddings=LIMIT),
    "mpt": dict(max_seq_len=LIMIT),
    "llama": dict(max_position_embeddings=LIMIT),  # rotary: it would just go on
}
TOO_LONG = torch.arange(3, 3 + LIMIT + 1)


@pytest.fixture(scope="module")
def tokenizer():
    return load_model("tiny")[1]


@pytest.fixture(scope="module")
def models():
    return {family: tiny_model(family, **limit) for family, limit in LIMITS.items()}


@pytest.mark.parametrize("family", LIMITS)
def test_a_prompt_that_is_too_long_is_told(family, models, tokenizer):
    model = models[family]
    prompt = "x" * (LIMIT + 1)
    for read in (
        lambda: generate(model, tokenizer, prompt, chat=False),
        lambda: generate(model, tokenizer, ["y", prompt], chat=False, max_new_tokens=1),
        lambda: score(model, tokenizer, prompt[:-3], "abc", chat=False),
        lambda: choice_log_probabilities(
            model, tokenizer, [prompt], choices=["a", "b"], chat=False
        ),
        lambda: generate_with_lens(model, tokenizer, [prompt], chat=False, max_new_tokens=1),
        lambda: last_streams(model, tokenizer, [prompt], chat=False),
    ):
        with pytest.raises(ValueError, match=r"25 tokens are more than the 24 positions.*cut"):
            read()


@pytest.mark.parametrize("family", LIMITS)
def test_new_tokens_count_too_and_the_message_says_how_many_fit(family, models, tokenizer):
    model = models[family]
    with pytest.raises(
        ValueError, match=r"20 tokens and 6 new ones need 25 positions.*24.*max_new_tokens=5"
    ):
        generate(model, tokenizer, "x" * 20, chat=False, max_new_tokens=6)
    model.generation_config.eos_token_id = None
    answer = generate(model, tokenizer, "x" * 20, chat=False, max_new_tokens=5)
    text = torch.cat([answer.prompt_ids, answer.token_ids])[None, :-1]  # the last is not read
    with torch.no_grad():
        expected = model(input_ids=text).logits[0, 19:]
    assert torch.allclose(answer.logits, expected[: len(answer)], atol=1e-4)


@pytest.mark.parametrize("family", LIMITS)
def test_a_text_that_is_too_long_is_told_and_one_that_fits_is_read(family, models):
    model = models[family]
    for read in (
        lambda ids: logit_lens(model, ids).entropy,
        lambda ids: torch.tensor(nucleus_sizes(model, ids)),
        lambda ids: ablation_sweep(model, ids, [0], progress=False).entropy,
        lambda ids: replay_sweep(model, ids, 0, [0], progress=False).entropy,
        lambda ids: activations(model, ids),
        lambda ids: predicted_unigram(model, ids),
        lambda ids: text_stream(model, ids)[0],
    ):
        with pytest.raises(ValueError, match="25 tokens are more than the 24 positions"):
            read(TOO_LONG)
        assert read(TOO_LONG[:-1]).isfinite().all()
    long_text = torch.arange(3, 100)
    assert text_stream(model, long_text, piece=LIMIT)[0].shape[1] == 97 - 4 * 4 - 5


def test_attention_and_heads_are_told_too_and_extra_tokens_do_not_count(models):
    model = models["llama"]
    with pytest.raises(ValueError, match="25 tokens are more"):
        attention_patterns(model, TOO_LONG)
    with pytest.raises(ValueError, match="25 tokens are more"):
        bos_ablation(model, TOO_LONG[None], head_sets=[], positions=[1], neurons=[0])
    whole = range(LIMIT)  # two sets and the text: 72 tokens at 24 positions
    bos_ablation(model, TOO_LONG[None, :-1], head_sets=[[(0, 0)]], positions=whole, neurons=[0])


def test_nothing_limits_alibi_or_a_recurrent_state(tokenizer):
    assert context_length(tiny_model("falcon", alibi=True)) is None
    for config in (BloomConfig(), MambaConfig()):
        assert context_length(SimpleNamespace(config=config)) is None
    bloom = tiny_model("bloom")
    del bloom.config.max_position_embeddings  # which only our tiny one has
    text = torch.arange(300) % 250
    assert logit_lens(bloom, text).entropy.isfinite().all()


def test_rotary_positions_that_follow_the_text_reach_further():
    rope = {"rope_type": "dynamic", "rope_theta": 1e4, "factor": 2.0}
    model = tiny_model("llama", max_position_embeddings=LIMIT, rope_parameters=rope)
    assert context_length(model) == 2 * LIMIT
