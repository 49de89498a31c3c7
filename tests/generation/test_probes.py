"""What is proven before a model is believed: one pass equals the steps, and padding changes nothing."""

import pytest
import torch
from families import tiny_model
from transformers import BartConfig, BartForConditionalGeneration

from uncertainty import choice_log_probabilities, generate, load_model, score
from uncertainty.generation.probes import reads_batches, require_decoder
from uncertainty.lens.generated import generate_with_lens, generate_with_stream

PROMPTS = ["Hello there", "Hello there my dear old friend", "Hi", "Hello there"]


@pytest.fixture(scope="module")
def tokenizer():
    return load_model("tiny")[1]


def every_reader(model, tokenizer):
    return [
        lambda: generate(model, tokenizer, "Hi", chat=False),
        lambda: score(model, tokenizer, "Hi", " you", chat=False),
        lambda: choice_log_probabilities(model, tokenizer, ["Hi"], choices=[" a", "b"], chat=False),
        lambda: generate_with_lens(model, tokenizer, ["Hi"], chat=False),
    ]


@pytest.mark.parametrize("family", ["bert", "roberta"])
def test_a_model_that_looks_ahead_or_miscounts_positions_is_refused(family, tokenizer):
    model = tiny_model(family)
    for read in every_reader(model, tokenizer)[:3]:
        with pytest.raises(ValueError, match=r"differ by .* rather than misread"):
            read()


def test_bert_as_a_decoder_is_believed(tokenizer):
    require_decoder(tiny_model("bert", is_decoder=True))


def test_an_encoder_decoder_is_refused_everywhere(tokenizer):
    config = BartConfig(
        vocab_size=260,
        d_model=32,
        encoder_layers=1,
        decoder_layers=1,
        decoder_attention_heads=4,
        encoder_attention_heads=4,
        decoder_ffn_dim=48,
        encoder_ffn_dim=48,
        max_position_embeddings=64,
    )
    for read in every_reader(BartForConditionalGeneration(config).eval(), tokenizer):
        with pytest.raises(ValueError, match="encoder-decoder"):
            read()


def test_training_mode_is_refused_everywhere(tokenizer):
    for read in every_reader(tiny_model("gpt2").train(), tokenizer):
        with pytest.raises(ValueError, match=r"training mode.*model\.eval"):
            read()


@pytest.mark.parametrize("family", ["llama", "gpt2", "bloom", "opt", "mamba", "qwen3_moe"])
def test_a_batch_is_harmless_for_most(family):
    assert reads_batches(tiny_model(family), pad_id=0)


@pytest.mark.parametrize(
    ("family", "dtype"),
    [
        ("rwkv", torch.float32),
        ("rwkv", torch.bfloat16),
        ("recurrent_gemma", torch.float32),
        ("recurrent_gemma", torch.bfloat16),
        ("roformer", torch.float32),
    ],
)
def test_a_batch_would_change_the_numbers_of_some(family, dtype):
    assert not reads_batches(tiny_model(family).to(dtype), pad_id=0)


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
@pytest.mark.parametrize("family", ["llama", "gpt2", "gemma3_text", "phi"])
def test_the_rounding_of_half_precision_is_no_reason_to_refuse(family, dtype):
    model = tiny_model(family).to(dtype)
    require_decoder(model)
    assert reads_batches(model, pad_id=0)


@pytest.mark.parametrize("family", ["rwkv", "recurrent_gemma"])
def test_such_prompts_are_read_one_by_one_and_come_back_in_order(family, tokenizer):
    model = tiny_model(family)
    options = dict(chat=False, max_new_tokens=5)
    together = generate(model, tokenizer, PROMPTS, **options)
    for prompt, answer in zip(PROMPTS, together):
        alone = generate(model, tokenizer, prompt, **options)
        assert answer.prompt == prompt and torch.equal(answer.token_ids, alone.token_ids)
        assert torch.allclose(answer.logits, alone.logits, atol=1e-4)


def test_answers_that_end_early_are_filled_up(tokenizer):
    """One prompt's answer stops before the others."""
    model = tiny_model("rwkv")
    options = dict(chat=False, max_new_tokens=5)
    [long, _, short, _] = generate(model, tokenizer, PROMPTS, **options)
    only_short = set(short.token_ids.tolist()) - set(long.token_ids.tolist())
    model.generation_config.eos_token_id = [min(only_short)]
    answers = generate(model, tokenizer, PROMPTS, **options)
    assert answers[2].finish_reason == "stop" and len(answers[2]) < len(answers[0]) == 5
    for prompt, answer in zip(PROMPTS, answers):
        alone = generate(model, tokenizer, prompt, **options)
        assert torch.equal(answer.token_ids, alone.token_ids)
        assert torch.allclose(answer.logits, alone.logits, atol=1e-4)


def test_the_lens_along_such_answers_is_the_model(tokenizer):
    model = tiny_model("recurrent_gemma")
    options = dict(chat=False, max_new_tokens=4)
    for answer, trace in generate_with_lens(model, tokenizer, PROMPTS, **options):
        log_p = answer.logits.double().log_softmax(-1)
        entropy = -(log_p.exp() * log_p).sum(-1)
        torch.testing.assert_close(trace.entropy[-1].double(), entropy, atol=1e-4, rtol=1e-3)


def test_a_prompt_that_comes_twice_is_sampled_twice(tokenizer):
    model = tiny_model("rwkv")
    options = dict(chat=False, max_new_tokens=12, temperature=1.0, seed=3)
    for answers in (
        generate(model, tokenizer, PROMPTS, **options),
        generate_with_stream(tiny_model("recurrent_gemma"), tokenizer, PROMPTS, **options)[0],
    ):
        assert not torch.equal(answers[0].token_ids, answers[3].token_ids)


def test_a_models_own_generation_config_is_back_afterwards():
    model = tiny_model("llama")
    config = model.generation_config
    config.repetition_penalty = 3.0
    require_decoder(model)
    assert model.generation_config is config
