"""A block left out is a block that is not there."""

import pytest
import torch
from families import tiny_model
from torch import nn

from uncertainty.lens.skipping import skipped_block

IDS = torch.tensor([[5, 6, 7, 8, 9]])


def body_blocks(model):
    body = model.base_model
    return (body, "layers") if hasattr(body, "layers") else (body, "h")


@pytest.mark.parametrize("family", ["llama", "gpt2", "gemma2"])
@torch.no_grad()
def test_it_is_the_model_built_without_the_block(family):
    model = tiny_model(family)
    whole = model(input_ids=IDS, use_cache=False).logits
    body, name = body_blocks(model)
    blocks = getattr(body, name)
    for block in range(len(blocks)):
        with skipped_block(model, block):
            skipped = model(input_ids=IDS, use_cache=False).logits
        setattr(body, name, nn.ModuleList(b for i, b in enumerate(blocks) if i != block))
        layers = model.config.num_hidden_layers
        model.config.num_hidden_layers = layers - 1
        cut = model(input_ids=IDS, use_cache=False).logits
        setattr(body, name, blocks)
        model.config.num_hidden_layers = layers
        assert torch.allclose(skipped, cut, atol=1e-5) and not torch.allclose(skipped, whole)
    assert torch.equal(model(input_ids=IDS, use_cache=False).logits, whole)


@torch.no_grad()
def test_it_works_while_tokens_are_written_with_a_cache():
    model = tiny_model("llama")
    options = {"do_sample": False, "max_new_tokens": 4, "pad_token_id": 0, "eos_token_id": None}
    with skipped_block(model, 0):
        with_cache = model.generate(IDS, **options)
        without = model.generate(IDS, use_cache=False, **options)
    assert torch.equal(with_cache, without)


def test_a_block_that_is_not_there_is_refused():
    model = tiny_model("llama")
    for block in (-1, 99):
        with pytest.raises(IndexError, match=f"got {block}"), skipped_block(model, block):
            pass
