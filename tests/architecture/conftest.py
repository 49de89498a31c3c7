"""Models that several tests of this room read."""

import pytest
import torch
from families import FAMILIES, tiny_model


@pytest.fixture(scope="module")
def models():
    return {family: tiny_model(family) for family in FAMILIES}


@pytest.fixture
def small_opt():
    """Shaped like OPT-350m: a projection behind the blocks, no final norm, norms on the stream."""
    from transformers import OPTConfig, OPTForCausalLM

    torch.manual_seed(0)
    return OPTForCausalLM(
        OPTConfig(
            vocab_size=260,
            hidden_size=32,
            ffn_dim=48,
            num_hidden_layers=2,
            num_attention_heads=4,
            word_embed_proj_dim=16,
            do_layer_norm_before=False,
            max_position_embeddings=64,
        )
    ).eval()
