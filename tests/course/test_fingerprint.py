"""fingerprint.py: every change of a model gives another name, and an unchanged model is not read twice."""

import pytest
import torch

from uncertainty import load_model
from uncertainty.course import fingerprint as module
from uncertainty.course.fingerprint import SAMPLE_SIZE, checksum, fingerprint


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
    assert len(read) == len(model.state_dict()) > 10
    assert fingerprint(model) == first
    assert len(read) == len(model.state_dict())


def test_what_the_quick_look_reads_is_small(model, monkeypatch):
    fingerprint(model)
    sizes = []
    crc32 = module._crc32
    monkeypatch.setattr(module, "_crc32", lambda flat: sizes.append(flat.numel()) or crc32(flat))
    fingerprint(model)
    assert len(sizes) == len(model.state_dict()) and max(sizes) <= SAMPLE_SIZE
    assert max(tensor.numel() for tensor in model.state_dict().values()) > 20 * SAMPLE_SIZE


@pytest.mark.parametrize("size", [0, 1, SAMPLE_SIZE, SAMPLE_SIZE + 1, 2 * SAMPLE_SIZE, 99_999])
def test_the_sample_is_no_larger_than_promised(size, monkeypatch):
    sizes = []
    monkeypatch.setattr(module, "_crc32", lambda flat: sizes.append(flat.numel()))
    module._tensor_snapshot("name", torch.zeros(size))
    assert min(size, SAMPLE_SIZE // 3) <= sizes[0] <= SAMPLE_SIZE


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


def test_a_swapped_parameter_is_seen_though_its_sample_is_the_same(model):
    layer = model.model.layers[0].mlp.down_proj
    layer.weight = torch.nn.Parameter(layer.weight.detach().clone())
    before = fingerprint(model)
    changed = layer.weight.detach().clone()
    changed.numpy()[0, 1] += 1  # not counted, and between two elements of the sample
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
