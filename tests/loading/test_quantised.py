"""4-bit and 8-bit models: every number is that of a plain model with the weights that bitsandbytes says it has."""

import importlib.util

import pytest
import torch
import transformers
from loading_helpers import tiny_tokenizer
from torch import nn

from uncertainty import (
    ModelUnavailable,
    ablation_sweep,
    bos_ablation,
    frequency_cosine,
    generate,
    last_layer_neurons,
    load_model,
    logit_lens,
    logit_variance,
    null_space_fraction,
    score,
)
from uncertainty.architecture.stored_weights import linear_weights

pytest.importorskip("accelerate")
bitsandbytes = pytest.importorskip("bitsandbytes")

IDS = torch.arange(3, 19)
DIRECTION = torch.randn(259, dtype=torch.float64, generator=torch.Generator().manual_seed(2))

FROM_TEXT = {
    "generate": lambda model: (
        generate(model, tiny_tokenizer(), "Hello", chat=False, max_new_tokens=4).logits
    ),
    "score": lambda model: score(model, tiny_tokenizer(), "Hello", " you", chat=False).logits,
    "lens": lambda model: logit_lens(model, IDS).entropy,
    "middle": lambda model: logit_lens(model, IDS, middle=True).kl_to_final,
    "bos": lambda model: (
        bos_ablation(
            model, IDS[None], head_sets=[[(0, 1)]], positions=[3, 8], neurons=[0, 5]
        ).entropy
    ),
}
FROM_WEIGHTS = {
    "null space": lambda model: null_space_fraction(model, 5),
    "logit variance": logit_variance,
    "frequency": lambda model: frequency_cosine(model, DIRECTION),
}
SWEEP = {
    "sweep": lambda model: torch.stack(
        [
            values
            for sweep in [ablation_sweep(model, IDS, [0, 7], value="zero", progress=False)]
            for values in (sweep.entropy, sweep.kl, sweep.direct.entropy)
        ]
    ),
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A Llama of two layers, its widths multiples of 64, its neurons' gains not 1."""
    torch.manual_seed(0)
    config = transformers.LlamaConfig(
        vocab_size=259,
        hidden_size=64,
        intermediate_size=192,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=2,
        max_position_embeddings=256,
        initializer_range=0.1,
    )
    model = transformers.LlamaForCausalLM(config)
    with torch.no_grad():
        model.model.norm.weight.add_(0.3 * torch.randn(64))
    path = tmp_path_factory.mktemp("quantised")
    model.save_pretrained(path)
    tiny_tokenizer().save_pretrained(path)
    return path


def replace_layers(folder, quantised, replacement):
    """The plain model with each quantised layer's place taken by `replacement(layer)`."""
    plain, _ = load_model(folder, device="cpu")
    for name, layer in quantised.named_modules():
        if isinstance(layer, (bitsandbytes.nn.Linear4bit, bitsandbytes.nn.Linear8bitLt)):
            plain.set_submodule(name, replacement(layer))
    return plain.eval()


def plain_layer(weight):
    layer = nn.Linear(*reversed(weight.shape), bias=False)
    layer.weight = nn.Parameter(weight.float().clone(), requires_grad=False)
    return layer


def four_bit_weight(layer):
    return bitsandbytes.functional.dequantize_4bit(layer.weight.data, layer.weight.quant_state)


def eight_bit_weight(layer):
    return bitsandbytes.functional.int8_vectorwise_dequant(layer.weight.data, layer.weight.SCB)


def rounded_inputs(x):
    """What LLM.int8() makes of inputs (rows, width): 8 bits a row, but for columns beyond 6."""
    rows = x.half().float()
    is_outlier = (rows.abs() >= 6).any(0)
    ordinary = rows.masked_fill(is_outlier, 0)
    step = ordinary.abs().amax(1, keepdim=True) / 127
    return torch.where(is_outlier, x, (ordinary / step).round() * step)


@pytest.fixture(scope="module")
def four_bit(folder):
    """The 4-bit model, and the plain one with its weights, both in float32."""
    quantised, _ = load_model(folder, quantize="4bit", device="cpu")
    return quantised, replace_layers(
        folder, quantised, lambda layer: plain_layer(four_bit_weight(layer))
    )


@pytest.fixture(scope="module")
def eight_bit(folder):
    """The 8-bit model, and the plain one with its weights."""
    quantised, _ = load_model(folder, quantize="8bit", device="cpu")
    return quantised, replace_layers(
        folder, quantised, lambda layer: plain_layer(eight_bit_weight(layer))
    )


def agree(function, ours, theirs, tolerance):
    torch.testing.assert_close(
        function(ours).double(), function(theirs).double(), atol=tolerance, rtol=tolerance
    )


@pytest.mark.parametrize("name", [*FROM_TEXT, *FROM_WEIGHTS, *SWEEP])
def test_4_bit_is_the_plain_model_with_these_weights(four_bit, name):
    agree((FROM_TEXT | FROM_WEIGHTS | SWEEP)[name], *four_bit, 1e-4)


@pytest.mark.parametrize("dtype", ["bfloat16", "float16"])
@pytest.mark.parametrize("name", [*FROM_TEXT, *FROM_WEIGHTS, *SWEEP])
def test_4_bit_in_half_precision_is_near_it(folder, dtype, name):
    half, _ = load_model(folder, quantize="nf4", device="cpu", dtype=dtype)
    plain = replace_layers(folder, half, lambda layer: plain_layer(four_bit_weight(layer)))
    agree((FROM_TEXT | FROM_WEIGHTS | SWEEP)[name], half, plain, 0.05)


@pytest.mark.parametrize("name", FROM_WEIGHTS)
def test_8_bit_geometry_is_that_of_its_weights(eight_bit, name):
    quantised, plain = eight_bit
    agree(FROM_WEIGHTS[name], quantised, plain, 1e-4)
    logit_lens(quantised, IDS)  # the first call moves weights inside bitsandbytes
    agree(FROM_WEIGHTS[name], quantised, plain, 1e-4)


@pytest.mark.parametrize("name", FROM_TEXT)
def test_8_bit_is_the_plain_model_up_to_the_rounding_of_inputs(eight_bit, name):
    quantised, plain = eight_bit
    ours = FROM_TEXT[name](quantised).double()
    theirs = FROM_TEXT[name](plain).double()
    assert 0 < (ours - theirs).norm() / theirs.norm() < 0.05


def test_an_8_bit_layer_rounds_its_inputs_and_nothing_else(eight_bit):
    quantised, _ = eight_bit
    layer = quantised.model.layers[0].mlp.up_proj
    weight = bitsandbytes.functional.int8_vectorwise_dequant(
        layer.weight.data, layer.weight.SCB if layer.state.SCB is None else layer.state.SCB
    )
    x = torch.randn(9, 64, generator=torch.Generator().manual_seed(0))
    x[:, 5] = 7.0  # an outlier: computed without rounding
    torch.testing.assert_close(layer(x), rounded_inputs(x) @ weight.T, atol=2e-3, rtol=2e-3)


def test_the_8_bit_sweep_moves_the_clean_stream_along_the_weights(eight_bit):
    """Against norm and unembedding by hand, on the stream that the 8-bit model itself has."""
    quantised, plain = eight_bit
    seen = {}
    body = quantised.model
    hooks = [
        body.norm.register_forward_pre_hook(lambda _, args: seen.update(x=args[0][0].double())),
        body.layers[-1].mlp.down_proj.register_forward_pre_hook(
            lambda _, args: seen.update(a=args[0][0].double())
        ),
    ]
    with torch.no_grad():
        quantised(input_ids=IDS[None])
    for hook in hooks:
        hook.remove()
    w = plain.model.layers[-1].mlp.down_proj.weight.double().T  # (neurons, width)
    sweep = ablation_sweep(quantised, IDS, [0, 7], value="zero", progress=False)
    assert last_layer_neurons(quantised).adds_to_stream
    for column, neuron in enumerate([0, 7]):
        moved = seen["x"] - seen["a"][:, neuron, None] * w[neuron]
        scale = (moved.square().mean(-1, keepdim=True) + body.norm.variance_epsilon).sqrt()
        logits = body.norm.weight.double() * moved / scale @ quantised.lm_head.weight.double().T
        entropy = torch.distributions.Categorical(logits=logits).entropy()
        torch.testing.assert_close(sweep.entropy[:, column].double(), entropy, atol=1e-5, rtol=1e-5)


def test_a_4_bit_layer_rearranged_for_the_cpu_is_read_by_its_outputs(folder, monkeypatch):
    """On CPUs with bfloat16 the packed numbers are rearranged at the first call."""
    quantised, _ = load_model(folder, quantize="nf4", device="cpu", dtype="bfloat16")
    layer = quantised.model.layers[-1].mlp.down_proj
    expected = four_bit_weight(layer).float().T
    torch.testing.assert_close(linear_weights(layer).float(), expected, atol=2e-3, rtol=1e-2)
    logit_lens(quantised, IDS)
    layer.weight.quant_state.packing_format_for_cpu = True  # also where it is not
    torch.testing.assert_close(linear_weights(layer).float(), expected, atol=2e-3, rtol=1e-2)


def test_float32_is_computed_in_float32_on_every_cpu(folder):
    quantised, _ = load_model(folder, quantize="nf4", device="cpu")
    layer = quantised.model.layers[0].mlp.up_proj
    weight = four_bit_weight(layer).double()
    x = torch.randn(5, 64, generator=torch.Generator().manual_seed(0))
    torch.testing.assert_close(layer(x).double(), x.double() @ weight.T, atol=1e-5, rtol=1e-5)


def test_the_vocabulary_stays_exact(four_bit, eight_bit):
    for model in (four_bit[0], eight_bit[0]):
        assert model.get_output_embeddings().weight.dtype == torch.float32
        assert type(model.get_output_embeddings()) is nn.Linear


@pytest.mark.parametrize("widths", [(48, 96), (64, 100)])
def test_8_bit_layers_may_have_any_width(tmp_path, widths):
    config = transformers.LlamaConfig(
        vocab_size=259,
        hidden_size=widths[0],
        intermediate_size=widths[1],
        num_hidden_layers=1,
        num_attention_heads=2,
    )
    transformers.LlamaForCausalLM(config).save_pretrained(tmp_path)
    tiny_tokenizer().save_pretrained(tmp_path)
    model, _ = load_model(tmp_path, quantize="int8", device="cpu")
    layer = model.model.layers[0].mlp.down_proj
    weight = eight_bit_weight(layer)
    x = torch.randn(7, widths[1], generator=torch.Generator().manual_seed(0))
    expected = x @ weight.T
    assert (layer(x) - expected).norm() / expected.norm() < 0.02


def test_8_bit_says_nothing_at_every_call(folder, caplog):
    quantised, _ = load_model(folder, quantize="int8", device="cpu")
    logit_lens(quantised, IDS)
    assert not [each for each in caplog.records if "MatMul8bitLt" in each.getMessage()]


def test_without_bitsandbytes_8_bit_says_what_to_install(monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(ModelUnavailable, match="8-bit models need bitsandbytes"):
        load_model(quantize="int8")
