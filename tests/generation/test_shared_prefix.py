"""shared_prefix.py: what a batch shares is read once, and changes no number, for every family."""

import pytest
import torch
from families import FAMILIES, tiny_model
from transformers import AutoConfig, AutoModelForCausalLM

from uncertainty import generate, load_model
from uncertainty.generation.probes import reads_batches, require_decoder
from uncertainty.generation.shared_prefix import MIN_PREFIX, lay_out, read_prompts

STEM = "The same beginning for all of them: "
BATCHES = {
    "common beginning": [STEM + "a", STEM + "what is the longer question here", STEM + "why?"],
    "one prompt, three samples": [STEM] * 3,
    "two prompts, five samples": [
        STEM + "a",
        STEM + "longer",
        STEM + "a",
        STEM + "longer",
        STEM + "longer",
    ],
    "short and repeated": ["x", "yy", "x"],
    "nothing but a letter": ["x", "x"],
}


@pytest.fixture(scope="module")
def tokenizer():
    return load_model("tiny")[1]


def tokens_read(model, call):
    """How many tokens went through the model, padding and all, while `call` ran.

    The proofs that a model is told apart by are done before.
    """
    require_decoder(model)
    reads_batches(model, pad_id=0)
    read = []
    hook = model.get_input_embeddings().register_forward_hook(
        lambda _, arguments, __: read.append(arguments[0].numel())
    )
    result = call()
    hook.remove()
    return sum(read), result


@pytest.mark.parametrize("family", FAMILIES)
def test_sharing_changes_no_number(family, tokenizer):
    model = tiny_model(family)
    model.generation_config.eos_token_id = None
    for prompts in BATCHES.values():
        together = generate(model, tokenizer, prompts, max_new_tokens=5, chat=False)
        for prompt, row in zip(prompts, together):
            alone = generate(model, tokenizer, prompt, max_new_tokens=5, chat=False)
            assert torch.equal(row.token_ids, alone.token_ids) and torch.allclose(
                row.logits, alone.logits, atol=1e-4
            )


@pytest.mark.parametrize("family", ["llama", "gpt2", "bloom", "gemma3_text"])
def test_ten_samples_read_their_prompt_once(family, tokenizer):
    model = tiny_model(family)
    model.generation_config.eos_token_id = None
    prompt, samples, steps = STEM * 2, 10, 4
    width = len(tokenizer(prompt).input_ids)
    read, made = tokens_read(
        model,
        lambda: generate(
            model,
            tokenizer,
            [prompt] * samples,
            max_new_tokens=steps,
            chat=False,
            temperature=1.0,
            seed=0,
        ),
    )
    assert read == width - 1 + samples * steps and len({row.text for row in made}) > 1


def test_a_common_beginning_is_read_once(tokenizer):
    model = tiny_model("llama")
    prompts = BATCHES["common beginning"]
    rows = [torch.tensor(tokenizer(prompt).input_ids) for prompt in prompts]
    shared = len(tokenizer(STEM).input_ids)
    read, (ids, mask, cache) = tokens_read(
        model, lambda: read_prompts(model, rows, pad_id=0, new_tokens=5)
    )
    assert read == shared == cache.get_seq_length() and shared >= MIN_PREFIX
    for row, kept, seen in zip(rows, ids, mask):
        assert torch.equal(kept[seen.bool()], row)


def test_padding_is_inserted_between_what_is_shared_and_the_rest():
    ids, mask = lay_out(
        [torch.tensor([5, 6, 7]), torch.tensor([5, 6, 8, 9, 10])], shared=2, pad_id=0
    )
    assert ids.tolist() == [[5, 6, 0, 0, 7], [5, 6, 8, 9, 10]]
    assert mask.tolist() == [[1, 1, 0, 0, 1], [1, 1, 1, 1, 1]]


def test_uneven_prompts_have_no_common_prefix_where_padding_inside_would_move_a_window(tokenizer):
    rows = [torch.tensor(tokenizer(prompt).input_ids) for prompt in BATCHES["common beginning"]]
    width, model = max(map(len, rows)), tiny_model("mistral")
    for window, steps, shares in (
        (16, 5, False),
        (width + 5, 5, True),
        (width + 5, 6, False),
        (None, 99, True),
    ):
        model.config.sliding_window = window
        assert (read_prompts(model, rows, pad_id=0, new_tokens=steps)[2] is not None) == shares, (
            window,
            steps,
        )
    assert (
        read_prompts(tiny_model("mpt"), rows, pad_id=0, new_tokens=5)[2] is None
    )  # ALiBi counts places, not the mask
    assert read_prompts(tiny_model("mpt"), [rows[0]] * 2, pad_id=0, new_tokens=5)[2] is not None
    model.config.rope_parameters = {"rope_type": "dynamic", "rope_theta": 1e4, "factor": 2.0}
    assert read_prompts(model, rows, pad_id=0, new_tokens=5)[2] is None


def with_config(family, **changes):
    torch.manual_seed(0)
    config = AutoConfig.for_model(**(tiny_model(family).config.to_dict() | changes))
    model = AutoModelForCausalLM.from_config(config, dtype=torch.float32).eval()
    with torch.no_grad():
        for weights in model.parameters():
            if weights.ndim > 1:
                weights.normal_(std=0.15)
    model.generation_config.eos_token_id = None
    return model


@pytest.mark.parametrize(
    "family,changes",
    [
        ("mistral", {"sliding_window": 16}),
        ("mistral", {"sliding_window": 74}),
        ("gemma3_text", {"sliding_window": 74}),
        ("gpt_oss", {"sliding_window": 74}),
    ],
)
def test_generation_across_an_attention_window_gives_what_each_gives_alone(
    family, changes, tokenizer
):
    """74 is just above the longest prompt (69 tokens), so the window is passed while the answers are written."""
    model = with_config(family, **changes)
    for prompts in BATCHES.values():
        for prompt, row in zip(
            prompts, generate(model, tokenizer, prompts, max_new_tokens=12, chat=False)
        ):
            alone = generate(model, tokenizer, prompt, max_new_tokens=12, chat=False)
            assert torch.allclose(row.logits, alone.logits, atol=1e-4)


RECURRENT = {
    "lfm2": dict(num_key_value_heads=2, layer_types=["conv", "full_attention", "conv"]),
    "minimax": dict(
        num_key_value_heads=2,
        num_local_experts=2,
        num_experts_per_tok=1,
        block_size=16,
        layer_types=["linear_attention", "full_attention", "linear_attention"],
    ),
}


@pytest.mark.parametrize("family", RECURRENT)
def test_models_with_a_state_that_cannot_be_copied_share_nothing(family, tokenizer):
    sizes = dict(
        vocab_size=260,
        hidden_size=32,
        intermediate_size=48,
        num_hidden_layers=3,
        num_attention_heads=4,
    )
    torch.manual_seed(0)
    model = AutoModelForCausalLM.from_config(
        AutoConfig.for_model(family, **sizes, **RECURRENT[family])
    ).eval()
    for prompts in BATCHES.values():
        rows = [torch.tensor(tokenizer(prompt).input_ids) for prompt in prompts]
        assert read_prompts(model, rows, pad_id=0, new_tokens=5)[2] is None


def test_repeated_uneven_prompts_are_read_once_on_every_kind_of_positions(tokenizer):
    prompts = BATCHES["two prompts, five samples"]
    lengths = [len(tokenizer(prompt).input_ids) for prompt in set(prompts)]
    for family in ("gpt2", "bloom", "llama"):
        model = tiny_model(family)
        model.generation_config.eos_token_id = None
        read, _ = tokens_read(
            model, lambda m=model: generate(m, tokenizer, prompts, max_new_tokens=1, chat=False)
        )
        assert read <= 2 * max(lengths) + len(prompts), family


def test_a_prompt_that_begins_another_keeps_its_last_token_unread(tokenizer):
    """The whole short prompt is a common prefix, but its last token's logits start its answer."""
    model = tiny_model("llama")
    prompts = ["The same beginning", "The same beginning, and then more of it"]
    for prompt, row in zip(
        prompts, generate(model, tokenizer, prompts, max_new_tokens=4, chat=False)
    ):
        alone = generate(model, tokenizer, prompt, max_new_tokens=4, chat=False)
        torch.testing.assert_close(row.logits, alone.logits, atol=1e-4, rtol=0)
