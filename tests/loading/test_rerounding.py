"""rerounding.py, against the `gguf` package's own Q4_1: what moves, how far, and that all of it comes back."""

import numpy as np
import pytest
import torch
import transformers
from gguf import GGMLQuantizationType
from gguf.quants import dequantize, quantize

from uncertainty import load_model, reround_linear_layers

Q4_1 = GGMLQuantizationType.Q4_1


def linear_layers(model):
    """The matrices inside the blocks: every one of the tiny Llama's is a linear layer."""
    return {name: w for name, w in model.named_parameters() if ".layers." in name and w.ndim == 2}


def copies(model):
    return {name: weight.detach().clone() for name, weight in model.named_parameters()}


@pytest.fixture
def rounded():
    """The tiny model with its linear layers rounded by gguf, and the step of each block of 32."""
    model, _ = load_model("tiny")
    steps = {}
    for name, weight in linear_layers(model).items():
        packed = quantize(
            weight.detach().numpy(), Q4_1
        )  # a block: step (2 bytes), minimum (2), 16 bytes
        steps[name] = torch.tensor(
            packed.reshape(-1, 20)[:, :2].copy().view(np.float16).astype(np.float64)
        )
        weight.data.copy_(torch.tensor(dequantize(packed, Q4_1)))
    return model, steps


def moves(rounded, shift, seed=0):
    """How far each weight of the linear layers moves, in steps: (blocks, 32)."""
    model, steps = rounded
    before = copies(model)
    with reround_linear_layers(model, shift, seed=seed):
        after = copies(model)
    difference = [
        (after[name] - before[name]).double().reshape(-1, 32) / step for name, step in steps.items()
    ]
    return torch.cat(difference)


def test_half_a_step_moves_every_weight_by_half_a_step_up_or_down(rounded):
    moved = moves(rounded, 0.5)
    torch.testing.assert_close(moved.abs(), torch.full_like(moved, 0.5), atol=1e-4, rtol=0)
    assert abs(moved.mean()) < 4 * 0.5 / moved.numel() ** 0.5


@pytest.mark.parametrize("shift", [0.2, 0.7])
def test_any_shift_gives_two_moves_whose_mean_is_0(rounded, shift):
    moved = moves(rounded, shift)
    up = (moved > 0).double().mean()
    torch.testing.assert_close(
        moved, torch.where(moved > 0, shift, shift - 1).double(), atol=1e-4, rtol=0
    )
    assert abs(up - (1 - shift)) < 4 * 0.5 / moved.numel() ** 0.5
    assert abs(moved.mean()) < 4 * 0.5 / moved.numel() ** 0.5


def test_random_shifts_move_as_far_as_two_roundings_lie_apart(rounded):
    """Two roundings of one number, each on a grid of random offset: errors of variance 1/12 each."""
    moved = moves(rounded, "random")
    generator = np.random.default_rng(0)
    number, offsets = generator.uniform(-9, 9, 200_000), generator.uniform(size=(2, 200_000))
    first, second = np.round(number - offsets) + offsets
    assert moved.square().mean() == pytest.approx(np.mean((first - second) ** 2), rel=0.03)
    assert moved.abs().max() < 1
    offset = moved.remainder(1)  # each block has one of its own
    circle = torch.exp(2j * torch.pi * offset)
    torch.testing.assert_close(circle, circle[:, :1].expand_as(circle), atol=1e-3, rtol=0)
    assert 0.25 < offset[:, 0].quantile(0.3) < 0.35


def test_no_shift_moves_nothing(rounded):
    model, _ = rounded
    before = copies(model)
    with reround_linear_layers(model, 0):
        assert all(torch.equal(before[name], weight) for name, weight in model.named_parameters())


@pytest.mark.parametrize("shift", [0.5, "random"])
def test_all_else_stays_and_everything_comes_back_bit_for_bit(rounded, shift):
    model, steps = rounded
    before = copies(model)
    with pytest.raises(KeyboardInterrupt), reround_linear_layers(model, shift):
        for name, weight in model.named_parameters():
            assert torch.equal(before[name], weight) == (name not in steps), name
        raise KeyboardInterrupt
    assert all(torch.equal(before[name], weight) for name, weight in model.named_parameters())
    assert all(weight.requires_grad for weight in model.parameters())


def test_a_seed_gives_the_same_weights_again_and_another_seed_others(rounded):
    assert torch.equal(moves(rounded, "random", seed=3), moves(rounded, "random", seed=3))
    assert not torch.equal(moves(rounded, "random", seed=3), moves(rounded, "random", seed=4))
    state = torch.get_rng_state()
    moves(rounded, 0.5)
    assert torch.equal(state, torch.get_rng_state())


def test_a_block_of_equal_weights_stays(rounded):
    model, _ = rounded
    weight = model.model.layers[0].mlp.up_proj.weight
    weight.data[0, :32] = 0.25
    with reround_linear_layers(model):
        assert (weight[0, :32] == 0.25).all() and not (weight[0, 32:] == 0.25).any()


def refused(model, message, shift=0.5):
    before = copies(model)
    with pytest.raises(ValueError, match=message), reround_linear_layers(model, shift):
        pass
    assert all(torch.equal(before[name], weight) for name, weight in model.named_parameters())


def test_weights_that_were_never_rounded_are_refused():
    refused(load_model("tiny")[0], r"layers\.0\.self_attn\.q_proj: .* steps off the 16 levels")


def test_one_layer_off_the_grid_is_refused_and_the_layers_before_it_come_back(rounded):
    model, _ = rounded
    model.model.layers[1].mlp.down_proj.weight.data[5, 7] += 0.002
    refused(model, r"layers\.1\.mlp\.down_proj")


def test_half_precision_is_refused(rounded):
    refused(rounded[0].to(torch.bfloat16), "in float32")


def test_a_model_rounded_twice_is_refused(rounded):
    model, _ = rounded
    with reround_linear_layers(model, "random"):
        refused(model, "steps off")


def test_a_layer_of_zeros_has_no_grid(rounded):
    rounded[0].model.layers[0].mlp.up_proj.weight.data.zero_()
    refused(rounded[0], r"mlp\.up_proj: .* no grid")


def test_widths_without_whole_blocks_are_refused():
    config = transformers.LlamaConfig(
        vocab_size=40,
        hidden_size=48,
        intermediate_size=64,
        num_hidden_layers=1,
        num_attention_heads=2,
    )
    refused(transformers.LlamaForCausalLM(config), "no blocks of 32")


def test_matrices_outside_linear_layers_are_refused():
    config = transformers.GPT2Config(vocab_size=40, n_positions=16, n_embd=64, n_layer=1, n_head=2)
    refused(transformers.GPT2LMHeadModel(config), "outside linear layers.*c_attn")


def test_one_matrix_beside_the_linear_layers_is_refused(rounded):
    rounded[0].model.layers[0].mlp.experts = torch.nn.Parameter(torch.zeros(2, 32, 64))
    refused(rounded[0], "outside linear layers.*mlp.experts")


@pytest.mark.parametrize("shift", [1, 1.5, -0.1, float("nan"), "half", None])
def test_a_shift_that_is_none_is_refused(rounded, shift):
    refused(rounded[0], "shift must be", shift)
