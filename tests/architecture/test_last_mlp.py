"""The neurons of the last MLP: packed weights, and the default model in half precision."""

import pytest
import torch
from families import tiny_model

from uncertainty.architecture.last_mlp import last_layer_neurons
from uncertainty.loading.models import load_model


def test_four_bit_weights_are_read_as_the_numbers_they_stand_for():
    functional = pytest.importorskip("bitsandbytes.functional")
    from bitsandbytes.nn import Linear4bit

    # bitsandbytes 0.50.2 on AVX-512 processors misreads rows whose width is no multiple of its block of 64
    model = tiny_model("llama", intermediate_size=64)
    neurons = last_layer_neurons(model)
    reader = neurons.output_projection
    weight = neurons.output_weights
    packed = Linear4bit(reader.in_features, reader.out_features, bias=False, quant_type="nf4")
    packed.load_state_dict({"weight": reader.weight.detach()})
    packed = packed.to("cpu")
    if packed.weight.is_floating_point():
        packed.weight = type(packed.weight)(
            reader.weight.detach(), requires_grad=False, quant_type="nf4"
        ).to("cpu")
    model.model.layers[-1].mlp.down_proj = packed
    assert functional and packed.weight.dtype == torch.uint8
    found = last_layer_neurons(model)
    assert found.adds_to_stream and found.output_weights.shape == weight.shape
    error = (found.output_weights - weight).norm() / weight.norm()
    assert 0.01 < error < 0.2  # quantised, not garbage


@pytest.mark.model
def test_the_default_models_neurons_are_known_in_half_precision_too():
    model, _ = load_model()
    for dtype in (torch.bfloat16, torch.float16):
        assert last_layer_neurons(model.to(dtype)).adds_to_stream
