"""fingerprint.py: every change of a model gives another name, and an unchanged model is not read twice."""

import pytest
import torch

from uncertainty import load_model
from uncertainty.course import fingerprint as module
from uncertainty.course.fingerprint import (
    BLOCK_BYTES,
    block_sums,
    checksum,
    fingerprint,
    weights_fingerprint,
)


@pytest.fixture
def model():
    return load_model("tiny")[0]


@pytest.fixture
def read(monkeypatch):
    """The tensors that were read as a whole."""
    tensors = []
    monkeypatch.setattr(
        module, "checksum", lambda tensor: tensors.append(tensor) or checksum(tensor)
    )
    return tensors


def test_the_same_weights_have_the_same_name(model):
    assert fingerprint(model) == fingerprint(load_model("tiny")[0])


def test_an_unchanged_model_is_read_once(model, read):
    first = fingerprint(model)
    count = len(model.state_dict()) + len(list(model.named_buffers()))  # rotary: outside the state
    assert len(read) == count > 10
    assert fingerprint(model) == first
    assert len(read) == count


def random_tensor(dtype, *shape):
    values = torch.randint(1, 100, shape, generator=torch.Generator().manual_seed(0))
    return values.to(dtype)


DTYPES = [
    torch.float64,
    torch.float32,
    torch.bfloat16,
    torch.float8_e4m3fn,
    torch.int8,
    torch.uint16,
    torch.complex64,
]


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
@pytest.mark.parametrize("size", [1, 3, 256, 257, 1301])
def test_every_element_of_every_kind_counts(dtype, size):
    tensor = random_tensor(dtype, size)
    seen = [module._tensor_snapshot("name", tensor)]
    for position in range(size):
        before = tensor[position].clone()
        tensor.data[position] = 0
        seen.append(module._tensor_snapshot("name", tensor)[-1])
        tensor.data[position] = before
    untouched = seen.pop(0)[-1]
    assert untouched not in seen
    assert module._tensor_snapshot("name", tensor)[-1] == untouched


def negate(part):
    part.neg_()


def silence(part):
    part.zero_()


@pytest.mark.parametrize("edit", [negate, silence])
@pytest.mark.parametrize("dtype", [torch.float64, torch.float32, torch.bfloat16], ids=str)
def test_a_whole_tensor_a_row_and_a_column_count(dtype, edit):
    weight = random_tensor(dtype, 64, 128)  # even sizes: sign bits of neighbours could cancel
    for part in ((slice(None), 3), (3, slice(None)), (slice(None), slice(None))):
        before = module._tensor_snapshot("name", weight)
        edit(weight.data[part])
        assert module._tensor_snapshot("name", weight)[-1] != before[-1]


def test_what_cancels_within_a_block_is_the_limit():
    words = random_tensor(torch.int64, 155)  # five blocks
    before = module._tensor_snapshot("name", words)
    words.data[[0, 1]] = words.data[[1, 0]]
    assert len(block_sums(words.view(torch.uint8))) == 5 == 8 * len(words) // BLOCK_BYTES
    assert module._tensor_snapshot("name", words) == before
    words.data[[0, 154]] = words.data[[154, 0]]  # from another block
    assert module._tensor_snapshot("name", words) != before


def test_tensors_of_every_layout_are_read():
    values = torch.arange(1000.0)
    for tensor in (
        torch.tensor(3.0),
        torch.empty(0),
        torch.empty(3, 0),
        torch.rand(3000) > 0.5,
        values.reshape(20, 50).t(),
        values[1:],  # starts in the middle of a 64-bit word
        values.to(torch.int8)[3:],
        values[::2],
        values[:1].expand(4000),
    ):
        assert module._tensor_snapshot("name", tensor) == module._tensor_snapshot("name", tensor)
        assert checksum(tensor) == checksum(tensor.clone())


@pytest.mark.filterwarnings("ignore::UserWarning")
def test_quantised_tensors_are_read_with_their_scale():
    integers = torch.arange(-50, 50, dtype=torch.int8).reshape(10, 10)
    zeros = torch.zeros(10, dtype=torch.long)
    one = torch._make_per_tensor_quantized_tensor(integers, 0.1, 0)
    scaled = torch._make_per_tensor_quantized_tensor(integers, 0.2, 0)
    scales = torch.linspace(0.1, 0.2, 10)
    channels = torch._make_per_channel_quantized_tensor(integers, scales, zeros, 0)
    others = torch._make_per_channel_quantized_tensor(integers, 2 * scales, zeros, 0)
    assert len({checksum(tensor) for tensor in (one, scaled, channels, others)}) == 4


@pytest.mark.filterwarnings("ignore::UserWarning", "ignore::DeprecationWarning")
def test_a_quantised_layers_weights_count_though_its_state_is_a_tuple(model):
    names = []
    for seed in (0, 1):
        torch.manual_seed(seed)
        layer = torch.nn.Sequential(torch.nn.Linear(64, 64))
        model.model.layers[0].mlp.down_proj = torch.ao.quantization.quantize_dynamic(layer)
        names.append(fingerprint(model))
    assert names[0] != names[1]


def edit_in_place(model):
    with torch.no_grad():
        model.get_input_embeddings().weight[5, 7] += 1e-3


def swap_rows(model):
    weight = model.get_input_embeddings().weight
    with torch.no_grad():
        weight[[5, 6]] = weight[[6, 5]]


def load_other_weights(model):
    state = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    state["model.norm.weight"][0] += 1
    model.load_state_dict(state)


def assign_other_weights(model):
    state = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    state["model.norm.weight"][0] += 1
    model.load_state_dict(state, assign=True)


def swap_a_parameter(model):
    projection = model.model.layers[0].mlp.down_proj
    projection.weight = torch.nn.Parameter(projection.weight.detach() + 1)


def edit_data(model):
    model.model.layers[0].mlp.down_proj.weight.data.mul_(2)


def edit_data_of_one_small_tensor(model):
    model.model.norm.weight.data[3] += 1


def silence_a_neuron(model):
    model.model.layers[0].mlp.down_proj.weight.data[:, 5] = 0


def negate_a_neuron(model):
    model.model.layers[0].mlp.down_proj.weight.data[:, 5].neg_()


def edit_through_numpy(model):
    model.model.layers[0].mlp.down_proj.weight.detach().numpy()[7, 9] += 1


def swap_rows_of_the_data(model):
    data = model.get_input_embeddings().weight.data
    data[[5, 6]] = data[[6, 5]]


def edit_a_buffer_outside_the_state(model):
    frequencies = model.model.rotary_emb.inv_freq
    assert not any(name.endswith("inv_freq") for name in model.state_dict())
    frequencies.mul_(2)


def edit_the_data_of_a_buffer(model):
    model.model.rotary_emb.inv_freq.data[3] += 1


def lower_precision(model):
    model.to(torch.bfloat16)


def change_the_config(model):
    model.config.rms_norm_eps *= 2


def attend_otherwise(model):
    before = model.config._attn_implementation
    model.set_attn_implementation("eager" if before != "eager" else "sdpa")


CHANGES = [
    edit_in_place,
    swap_rows,
    load_other_weights,
    assign_other_weights,
    swap_a_parameter,
    edit_data,
    edit_data_of_one_small_tensor,
    silence_a_neuron,
    negate_a_neuron,
    edit_through_numpy,
    swap_rows_of_the_data,
    edit_a_buffer_outside_the_state,
    edit_the_data_of_a_buffer,
    lower_precision,
    change_the_config,
    attend_otherwise,
]


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.__name__)
def test_a_change_gives_another_name_that_stays(model, change):
    before = fingerprint(model)
    change(model)
    after = fingerprint(model)
    assert after != before and fingerprint(model) == after


def test_every_neuron_counts(model):
    weight = model.model.layers[0].mlp.down_proj.weight
    names = [fingerprint(model)]
    for neuron in range(weight.shape[1]):
        before = weight.data[:, neuron].clone()
        weight.data[:, neuron] = 0
        names.append(fingerprint(model))
        weight.data[:, neuron] = before
    assert len(set(names)) == 1 + weight.shape[1]


def test_a_swapped_parameter_is_seen_though_its_changes_are_not_counted(model):
    layer = model.model.layers[0].mlp.down_proj
    layer.weight = torch.nn.Parameter(layer.weight.detach().clone())
    before = fingerprint(model)
    changed = layer.weight.detach().clone()
    changed.numpy()[0, 1] += 1
    layer.weight = torch.nn.Parameter(changed)
    assert changed._version == 0 and fingerprint(model) != before


def test_a_change_taken_back_gives_the_old_name(model):
    before = fingerprint(model)
    weight = model.model.norm.weight
    with torch.no_grad():
        weight.mul_(2)
    changed = fingerprint(model)
    with torch.no_grad():
        weight.mul_(0.5)
    assert fingerprint(model) == before != changed


def test_swapped_gains_are_not_the_same_sum(model):
    gains = model.model.norm.weight
    with torch.no_grad():
        gains[0] = 2.0
        before = fingerprint(model)
        gains[[0, 1]] = gains[[1, 0]]
    assert fingerprint(model) != before


def test_two_models_do_not_share_a_name_by_accident(model):
    other = load_model("tiny")[0]
    edit_in_place(other)
    assert fingerprint(model) != fingerprint(other)


def test_inference_tensors_have_no_count_of_changes(model):
    with torch.inference_mode():
        model.model.norm.weight = torch.nn.Parameter(torch.ones(64), requires_grad=False)
        before = fingerprint(model)
        model.model.norm.weight.mul_(2)
    assert fingerprint(model) != before


def test_packed_4_bit_weights_are_seen_with_their_scales(model, read):
    bitsandbytes = pytest.importorskip("bitsandbytes")
    layer = bitsandbytes.nn.Linear4bit(64, 64, bias=False, quant_type="nf4").to("cpu")
    layer.weight = bitsandbytes.nn.Params4bit(
        torch.randn(64, 64), requires_grad=False, quant_type="nf4"
    )._quantize("cpu")
    model.model.layers[0].mlp.down_proj = layer
    before = fingerprint(model)
    count = len(read)
    assert fingerprint(model) == before and len(read) == count  # packed anew, but unchanged
    layer.weight.quant_state.absmax.mul_(2)
    assert fingerprint(model) != before


def test_weights_out_of_memory_are_refused(model):
    with pytest.raises(ValueError, match=r"is not in memory \(offloaded\)"):
        fingerprint(model.to("meta"))


def test_a_buffer_out_of_memory_is_refused(model):
    model.model.rotary_emb.inv_freq = model.model.rotary_emb.inv_freq.to("meta")
    with pytest.raises(ValueError, match=r"inv_freq is not in memory \(offloaded\)"):
        fingerprint(model)


def test_the_name_of_the_weights_leaves_out_what_libraries_write_otherwise(model):
    before = fingerprint(model)
    weights = weights_fingerprint(model)
    model.config.an_entry_that_a_later_version_writes = True
    model.model.rotary_emb.register_buffer("computed", torch.ones(2), persistent=False)
    assert fingerprint(model) != before
    assert weights_fingerprint(model) == weights


@pytest.mark.parametrize("change", ["in place", "through .data", "precision", "buffer", "tied"])
def test_the_name_of_the_weights_sees_the_weights(model, change):
    before = weights_fingerprint(model)
    weight = model.model.layers[1].mlp.up_proj.weight
    if change == "in place":
        with torch.no_grad():
            weight[3, 5] += 1e-3
    if change == "through .data":
        weight.data[:, 5] = 0
    if change == "precision":
        model.bfloat16()
    if change == "buffer":
        model.model.register_buffer("kept", torch.ones(2))
    if change == "tied":
        model.lm_head.weight = model.model.embed_tokens.weight
    assert weights_fingerprint(model) != before


def test_both_names_come_from_one_reading(model, read):
    weights_fingerprint(model)
    count = len(read)
    fingerprint(model)
    weights_fingerprint(model)
    assert len(read) == count > 10


def test_another_kind_of_device_is_another_name(model, monkeypatch):
    names = fingerprint(model), weights_fingerprint(model)
    elsewhere = property(lambda self: torch.device("cuda", 0))
    monkeypatch.setattr(type(model), "device", elsewhere)
    assert fingerprint(model) != names[0]
    assert weights_fingerprint(model) != names[1]
