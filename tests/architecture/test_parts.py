"""The parts and the stream against transformers itself and against hooks written by hand, on every family."""

import pytest
import torch
from families import FAMILIES, tiny_model
from torch import nn

from uncertainty.architecture.parts import model_parts
from uncertainty.loading.models import load_model

# torch multiplies their experts in float32 at most
GROUPED = {"mixtral", "qwen2_moe", "qwen3_moe", "gpt_oss"}
IDS = torch.arange(3, 21).reshape(2, 9)


def stream_of(model, **options):
    with torch.no_grad(), model_parts(model).record_stream(**options) as stream:
        logits = model(input_ids=IDS).logits
    return stream, logits


@pytest.mark.parametrize("family", FAMILIES)
def test_the_last_residual_gives_the_models_own_log_probabilities(models, family):
    model = models[family] if family in GROUPED else tiny_model(family).double()
    stream, logits = stream_of(model)
    ours = model_parts(model).logits(stream[-1]).log_softmax(-1)
    assert (ours - logits.log_softmax(-1)).abs().max() < (1e-5 if family in GROUPED else 1e-6)


@pytest.mark.parametrize("family", FAMILIES)
def test_the_rows_before_the_last_are_transformers_own_hidden_states(models, family):
    stream, _ = stream_of(models[family])
    states = models[family](input_ids=IDS, output_hidden_states=True).hidden_states
    assert len(stream) == len(states) == 4
    assert all(torch.equal(ours, theirs) for ours, theirs in zip(stream[:-1], states[:-1]))


@pytest.mark.parametrize("family", FAMILIES)
def test_nothing_but_the_last_depth_of_our_stream_reaches_the_logits(models, family):
    """Cut the network at the last residual: replace it, and the logits must be those of the replacement."""
    model = models[family]
    other = torch.randn(2, 9, 32)

    def replace_output(module, arguments, output):
        return (other, *output[1:]) if isinstance(output, tuple) else other

    hook = model_parts(model).blocks[-1].register_forward_hook(replace_output)
    logits = model(input_ids=IDS).logits
    hook.remove()
    torch.testing.assert_close(model_parts(model).logits(other), logits)


def test_opt_350m_has_a_projection_and_no_final_norm(small_opt):
    parts = model_parts(small_opt)
    assert parts.norm is None and parts.projection is not None
    stream, logits = stream_of(small_opt)
    torch.testing.assert_close(parts.logits(stream[-1]), logits)


@pytest.mark.parametrize(
    ("family", "what"), [("gemma2", "softcap"), ("cohere", "scale"), ("granite", "divisor")]
)
def test_what_follows_the_head_is_needed(models, family, what):
    parts = model_parts(models[family])
    assert getattr(parts, what) not in (None, 1)
    stream, logits = stream_of(models[family])
    bare = parts.unembedding(parts.before_unembedding(stream[-1]))
    assert (bare.log_softmax(-1) - logits.log_softmax(-1)).abs().max() > 0.1


@pytest.mark.parametrize(("dtype", "factor"), [(torch.float32, 1.01), (torch.bfloat16, 1.05)])
def test_a_model_with_something_unknown_after_the_head_is_refused(dtype, factor):
    def odd(module, arguments, output):
        output.logits = output.logits * factor
        return output

    model = tiny_model("llama").to(dtype)
    hook = model.register_forward_hook(odd)
    with pytest.raises(ValueError, match=r"off by .* refused"):
        model_parts(model)
    hook.remove()
    assert model_parts(model).norm is model.model.norm


def test_a_head_that_is_more_than_a_product_is_refused():
    class NormHead(nn.Linear):  # as in Baichuan 2
        def forward(self, states):
            return nn.functional.linear(states, nn.functional.normalize(self.weight))

    model = tiny_model("llama")
    head = NormHead(32, 260, bias=False)
    head.weight = model.lm_head.weight
    model.lm_head = head
    with pytest.raises(ValueError, match="refused"):
        model_parts(model)
    model = tiny_model("llama")
    model.lm_head.register_forward_hook(lambda module, arguments, output: 2 * output)
    with pytest.raises(ValueError, match="refused"):
        model_parts(model)


def test_an_encoder_decoder_is_refused():
    from transformers import BartConfig, BartForConditionalGeneration

    config = BartConfig(
        vocab_size=260,
        d_model=32,
        encoder_layers=2,
        decoder_layers=2,
        decoder_attention_heads=4,
        encoder_attention_heads=4,
        decoder_ffn_dim=48,
        encoder_ffn_dim=48,
        max_position_embeddings=64,
    )
    with pytest.raises(ValueError, match="encoder-decoder"):
        model_parts(BartForConditionalGeneration(config).eval())


def test_blocks_that_return_lists():
    from transformers import OpenAIGPTConfig, OpenAIGPTLMHeadModel

    model = OpenAIGPTLMHeadModel(
        OpenAIGPTConfig(vocab_size=260, n_positions=64, n_embd=32, n_layer=2, n_head=4)
    ).eval()
    stream, logits = stream_of(model)
    torch.testing.assert_close(model_parts(model).logits(stream[-1]), logits)


def test_a_proof_does_not_outlive_the_part_it_was_for():
    model = tiny_model("llama")
    model_parts(model)
    model.model.norm = nn.LayerNorm(32)
    assert model_parts(model).norm is model.model.norm
    model_parts(model.to(torch.bfloat16))
    model.config.final_logit_softcapping = 2.0  # which this model does not apply
    with pytest.raises(ValueError, match="refused"):
        model_parts(model)
    model.lm_head = None
    with pytest.raises(ValueError, match="no unembedding"):
        model_parts(model)


def test_a_packed_unembedding_is_refused():
    model = tiny_model("llama")
    model.lm_head.weight = nn.Parameter(torch.zeros(10, 1, dtype=torch.uint8), requires_grad=False)
    with pytest.raises(ValueError, match="packed"):
        model_parts(model)


def test_a_model_spread_by_accelerate_and_an_offloaded_head_are_read():
    accelerate = pytest.importorskip("accelerate")
    places = {
        f"model.{part}": "cpu" for part in ("embed_tokens", "layers", "norm", "rotary_emb")
    } | {"lm_head": "cpu"}
    spread = accelerate.dispatch_model(tiny_model("llama"), device_map=places, force_hooks=True)
    ours, theirs = stream_of(spread)[0], stream_of(tiny_model("llama"))[0]
    assert hasattr(spread.lm_head, "_hf_hook") and all(map(torch.equal, ours, theirs))
    away = accelerate.cpu_offload(tiny_model("llama"), execution_device="cpu")
    parts = model_parts(away)
    assert away.lm_head.weight.is_meta and not parts.unembedding.weight.is_meta
    assert torch.equal(parts.unembedding.weight, tiny_model("llama").lm_head.weight)
    assert model_parts(away).unembedding is parts.unembedding  # one copy, kept


def test_a_part_of_the_positions_does_not_keep_the_rest_in_memory():
    stream, _ = stream_of(tiny_model("llama"), positions=slice(-1, None))
    assert all(state.untyped_storage().nbytes() == state.numel() * 4 for state in stream)


def test_hooks_are_gone_after_an_error():
    model = tiny_model("llama")
    with pytest.raises(KeyError), model_parts(model).record_stream():
        raise KeyError
    assert not any(block._forward_pre_hooks or block._forward_hooks for block in model.model.layers)


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_half_precision_is_proven_too(dtype):
    parts = model_parts(tiny_model("llama").to(dtype))
    huge = torch.full((1, 32), 300.0)  # its mean square is beyond float16
    assert torch.isfinite(parts.logits(huge)).all()


@pytest.mark.model
@pytest.mark.parametrize("quantize", [None, "nf4"])
def test_the_default_model_and_its_four_bit_version(quantize):
    model, _ = load_model(quantize=quantize)
    stream, logits = stream_of(model)
    assert len(stream) == 31
    torch.testing.assert_close(
        model_parts(model).logits(stream[-1]).float(), logits.float(), atol=1e-3, rtol=1e-4
    )


def test_a_final_norm_under_another_name_is_found():
    model = tiny_model("xglm")
    assert model_parts(model).norm is model.model.layer_norm
