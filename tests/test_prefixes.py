"""prefixes.py: what a batch shares is read once, and changes no number, for every family."""

import pytest
import torch
from families import FAMILIES, tiny_model

from uncertainty import generate, load_model
from uncertainty.prefixes import WORTH, lay_out, read_prompts

STEM = "The same beginning for all of them: "
BATCHES = {
    "common beginning": [STEM + "a", STEM + "what is the longer question here", STEM + "why?"],
    "one prompt, three samples": [STEM] * 3,
    "two prompts, five samples": [STEM + "a", STEM + "longer", STEM + "a", STEM + "longer", STEM + "longer"],
    "short and repeated": ["x", "yy", "x"], "nothing but a letter": ["x", "x"],
}


@pytest.fixture(scope="module")
def tokenizer():
    return load_model("tiny")[1]


def tokens_read(model, call):
    """How many tokens went through the model, padding and all, while `call` ran."""
    read = []
    hook = model.get_input_embeddings().register_forward_hook(lambda _, arguments, __: read.append(arguments[0].numel()))
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
            assert torch.equal(row.token_ids, alone.token_ids) and torch.allclose(row.logits, alone.logits, atol=1e-4)


@pytest.mark.parametrize("family", ["llama", "gpt2", "bloom", "gemma3_text"])
def test_ten_samples_read_their_prompt_once(family, tokenizer):
    model = tiny_model(family)
    model.generation_config.eos_token_id = None
    prompt, samples, steps = STEM * 2, 10, 4
    width = len(tokenizer(prompt).input_ids)
    read, made = tokens_read(model, lambda: generate(model, tokenizer, [prompt] * samples, max_new_tokens=steps, chat=False,
                                                     temperature=1.0, seed=0))
    assert read == width - 1 + samples * steps and len({row.text for row in made}) > 1


def test_a_common_beginning_is_read_once(tokenizer):
    model = tiny_model("llama")
    prompts = BATCHES["common beginning"]
    rows = [torch.tensor(tokenizer(prompt).input_ids) for prompt in prompts]
    shared = len(tokenizer(STEM).input_ids)
    read, (ids, mask, cache) = tokens_read(model, lambda: read_prompts(model, rows, 0))
    assert read == shared == cache.get_seq_length() and shared >= WORTH
    for row, kept, seen in zip(rows, ids, mask):
        assert torch.equal(kept[seen.bool()], row)


def test_padding_stands_between_what_is_shared_and_the_rest():
    ids, mask = lay_out([torch.tensor([5, 6, 7]), torch.tensor([5, 6, 8, 9, 10])], 2, 0)
    assert ids.tolist() == [[5, 6, 0, 0, 7], [5, 6, 8, 9, 10]]
    assert mask.tolist() == [[1, 1, 0, 0, 1], [1, 1, 1, 1, 1]]


def test_uneven_prompts_share_nothing_where_padding_inside_would_move_an_attention_window(tokenizer):
    rows = [torch.tensor(tokenizer(prompt).input_ids) for prompt in BATCHES["common beginning"]]
    narrow, wide = tiny_model("mistral"), tiny_model("mistral")
    narrow.config.sliding_window, wide.config.sliding_window = 16, 4096
    assert read_prompts(narrow, rows, 0)[2] is None and read_prompts(wide, rows, 0)[2] is not None
    assert read_prompts(tiny_model("mpt"), rows, 0)[2] is None  # ALiBi counts places, not the mask
    assert read_prompts(tiny_model("mpt"), [rows[0]] * 2, 0)[2] is not None


def test_a_sliding_window_shorter_than_the_prompts_gives_what_each_gives_alone(tokenizer):
    from transformers import AutoConfig, AutoModelForCausalLM

    torch.manual_seed(0)
    model = tiny_model("mistral")
    config = AutoConfig.for_model(**(model.config.to_dict() | {"sliding_window": 16}))
    window = AutoModelForCausalLM.from_config(config).eval()
    window.load_state_dict(model.state_dict())
    window.generation_config.eos_token_id = None
    for prompts in BATCHES.values():
        for prompt, row in zip(prompts, generate(window, tokenizer, prompts, max_new_tokens=5, chat=False)):
            alone = generate(window, tokenizer, prompt, max_new_tokens=5, chat=False)
            assert torch.allclose(row.logits, alone.logits, atol=1e-4)
