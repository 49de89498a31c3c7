"""The stream between attention and MLP against hooks written by hand, on every family."""

import pytest
import torch
from families import FAMILIES, tiny_model

from uncertainty.architecture.middle import resid_mid_modules
from uncertainty.architecture.parts import model_parts

PARALLEL = {"gptj", "gpt_neox", "phi", "cohere", "falcon"}
IDS = torch.arange(3, 21).reshape(2, 9)


def silence(module, arguments, output):
    """A hook that takes an MLP's contribution away; where the MLP itself adds the residual, only that stays."""
    if type(module).__name__ in ("BloomMLP", "MptMLP"):
        silent = arguments[1]
    else:
        silent = torch.zeros_like(output[0] if isinstance(output, tuple) else output)
    return (silent, *output[1:]) if isinstance(output, tuple) else silent


@pytest.mark.parametrize("family", sorted(set(FAMILIES) - PARALLEL))
def test_the_middle_of_a_block_is_what_attention_leaves(models, family):
    """Silence each MLP: then the block must end where its middle was."""
    model = models[family]
    middle = resid_mid_modules(model)
    silenced = [
        part
        for block in model_parts(model).blocks
        for name, part in block.named_children()
        if name in ("mlp", "ffn", "fc2", "block_sparse_moe")
    ]
    hooks = [part.register_forward_hook(silence) for part in silenced]
    with torch.no_grad(), model_parts(model).record_stream(middle=middle) as stream:
        model(input_ids=IDS)
    for hook in hooks:
        hook.remove()
    assert len(stream) == 7 and len(silenced) == 3
    for depth in (0, 2, 4):
        assert not torch.allclose(stream[depth], stream[depth + 1])
        torch.testing.assert_close(stream[depth + 1], stream[depth + 2])


@pytest.mark.parametrize(
    ("family", "mlp"),
    [("granitemoe", "block_sparse_moe"), ("lfm2", "feed_forward"), ("llama4_text", "feed_forward")],
)
def test_an_mlp_under_another_name_is_found(family, mlp):
    model = tiny_model(family)
    middle = resid_mid_modules(model)
    blocks = model_parts(model).blocks
    silenced = [getattr(block, mlp).register_forward_hook(silence) for block in blocks]
    with torch.no_grad(), model_parts(model).record_stream(middle=middle) as stream:
        model(input_ids=IDS)
    for hook in silenced:
        hook.remove()
    assert len(stream) == 2 * len(blocks) + 1
    for depth in range(0, 2 * len(blocks), 2):
        torch.testing.assert_close(stream[depth + 1], stream[depth + 2])


@pytest.mark.parametrize("family", sorted(PARALLEL))
def test_a_parallel_block_has_no_middle(models, family):
    with pytest.raises(ValueError, match="is parallel"):
        resid_mid_modules(models[family])


def test_norms_on_the_stream_itself_leave_no_middle(small_opt):
    with pytest.raises(ValueError, match="no middle"):
        resid_mid_modules(small_opt)


def test_a_sequential_gpt_neox_has_a_middle():
    from transformers import GPTNeoXConfig, GPTNeoXForCausalLM

    config = GPTNeoXConfig(
        vocab_size=260,
        hidden_size=32,
        intermediate_size=48,
        num_hidden_layers=2,
        num_attention_heads=4,
        use_parallel_residual=False,
    )
    assert len(resid_mid_modules(GPTNeoXForCausalLM(config).eval())) == 2


def test_a_post_norm_decoder_has_no_middle():
    from transformers import BartConfig, BartForCausalLM

    config = BartConfig(
        vocab_size=260,
        d_model=32,
        decoder_layers=2,
        decoder_attention_heads=4,
        decoder_ffn_dim=48,
        max_position_embeddings=64,
    )
    with pytest.raises(ValueError, match="no middle"):
        resid_mid_modules(BartForCausalLM(config).eval())
