"""options.py: what each option gives and refuses, before anything is read or fetched."""

import importlib.util

import pytest
import torch
from loading_helpers import save_tiny

from uncertainty import ModelUnavailable, load_model
from uncertainty.loading.options import checked_options

NOTHING_CHOSEN = dict(
    device=None,
    quantize=None,
    dtype=None,
    revision=None,
    attn_implementation=None,
    device_map=None,
    trust_remote_code=False,
)
KINDS = ("tiny", "course model", "folder", "hub id")


def options_of(kind, **chosen):
    return checked_options(kind, **NOTHING_CHOSEN | chosen)


@pytest.fixture
def with_cuda(machine_with):
    machine_with("cuda:0")


def without_package(monkeypatch, *missing):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name in missing else name)


# --- dtype ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "kind, dtype",
    list(zip(KINDS, [torch.float32, torch.float32, torch.bfloat16, torch.bfloat16])),
)
def test_the_default_precision_on_cuda(with_cuda, kind, dtype):
    options = options_of(kind)
    assert (options.dtype, options.device.type) == (dtype, "cuda")
    assert options_of(kind, device="cpu").dtype == torch.float32


def test_the_default_precision_follows_the_device_map(with_cuda):
    assert options_of("folder", device_map="auto").dtype == torch.bfloat16
    assert options_of("folder", device_map={"a": "cpu", "b": 0}).dtype == torch.bfloat16
    assert options_of("folder", device_map={"": "cpu"}).dtype == torch.float32
    assert options_of("course model", device_map="auto").dtype == torch.float32


@pytest.mark.parametrize(
    "kind, dtype", list(zip(KINDS, ["float32", "float32", "float16", "float16"]))
)
def test_a_t4_has_no_bfloat16(machine_with, kind, dtype):
    machine_with("cuda:0", capability=(7, 5))
    assert options_of(kind).dtype == getattr(torch, dtype)
    assert options_of(kind, dtype="float16").dtype == torch.float16
    assert options_of(kind, dtype="bfloat16", device="cpu").dtype == torch.bfloat16
    with pytest.raises(ValueError, match=r"'bfloat16' does not suit cuda.*dtype='float16', or"):
        options_of(kind, dtype="bfloat16")


def test_one_old_card_among_several_decides(machine_with):
    machine_with("cuda:0", "cuda:1", capability={0: (8, 0), 1: (7, 5)})
    assert options_of("folder", device="cuda:0").dtype == torch.bfloat16
    assert options_of("folder", device_map="auto").dtype == torch.float16
    assert options_of("folder", device_map={"a": 0, "b": "disk"}).dtype == torch.bfloat16
    with pytest.raises(ValueError, match="does not suit cuda:1"):
        options_of("folder", device_map={"a": 0, "b": 1}, dtype=torch.bfloat16)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", ["float32", "bfloat16", "float16", "float64"])
def test_a_precision_is_given_by_name_or_as_a_dtype(kind, name):
    dtype = getattr(torch, name)
    assert options_of(kind, dtype=name).dtype is options_of(kind, dtype=dtype).dtype is dtype


@pytest.mark.parametrize("dtype", ["double", "torch.float32", "", "auto", torch.int64, 16])
def test_an_unknown_precision_is_refused_with_the_choices(dtype):
    with pytest.raises(ValueError) as caught:
        load_model("tiny", dtype=dtype)
    assert f"dtype={dtype!r}" in str(caught.value)
    assert "'float32', 'bfloat16', 'float16'" in str(caught.value)


@pytest.mark.parametrize("dtype", ["float64", torch.float64])
@pytest.mark.parametrize("place", [{"device": "mps"}, {"device_map": {"a": "cpu", "b": "mps:0"}}])
def test_apples_gpu_has_no_float64(machine_with, place, dtype):
    machine_with("mps:0")
    with pytest.raises(ValueError, match="Apple's GPU"):
        options_of("folder", dtype=dtype, **place)
    assert options_of("folder", **place).dtype == torch.float32


def test_a_device_map_of_accelerates_own_may_use_apples_gpu(machine_with):
    machine_with()
    assert options_of("folder", dtype="float64", device_map="auto").dtype == torch.float64
    machine_with("mps:0")
    with pytest.raises(ValueError, match="Apple's GPU"):
        options_of("folder", dtype="float64", device_map="auto")


# --- revision -------------------------------------------------------------------------------------


def test_a_revision_is_for_the_hub_only(tmp_path):
    save_tiny(tmp_path)
    reasons = {
        "tiny": "has no versions",
        "smollm2-135m": "pinned by its checksum",
        str(tmp_path): "one version",
    }
    for name, reason in reasons.items():
        with pytest.raises(ValueError, match=rf"revision='main'.*hub only.*{reason}"):
            load_model(name, revision="main")
    assert options_of("hub id", revision="main").revision == "main"


# --- device_map -----------------------------------------------------------------------------------


@pytest.mark.parametrize("device_map", ["auto", "balanced", {"": "cpu"}])
def test_a_device_map_takes_the_place_of_a_device(device_map):
    assert options_of("course model", device_map=device_map).device_map == device_map
    with pytest.raises(ValueError, match=r"device='cpu' and device_map=.*only one"):
        load_model(device="cpu", device_map=device_map)


def test_an_unknown_device_map_is_refused():
    with pytest.raises(ValueError, match="device_map='everywhere' is not known; use 'auto'"):
        load_model(device_map="everywhere")


def test_tiny_needs_no_device_map():
    with pytest.raises(ValueError, match="tiny model fits"):
        load_model("tiny", device_map="auto")


def test_a_device_map_without_accelerate_says_what_to_install(monkeypatch):
    without_package(monkeypatch, "accelerate")
    with pytest.raises(
        ModelUnavailable, match=r"device_map= needs accelerate.*pip install accelerate`"
    ):
        load_model(device_map="auto")


# --- quantize -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name, quantize",
    [("smollm2-135m", "int4"), ("smollm2-135m", True), ("smollm2-135m", ""), ("tiny", "nf4")],
)
def test_an_unknown_quantisation_is_refused(name, quantize):
    with pytest.raises(ValueError, match=r"quanti[sz]e"):
        load_model(name, quantize=quantize)


def test_4_bit_without_its_packages_says_what_to_install(monkeypatch):
    without_package(monkeypatch, "bitsandbytes")
    with pytest.raises(ModelUnavailable, match="pip install bitsandbytes`"):
        load_model(quantize="nf4")
    without_package(monkeypatch, "bitsandbytes", "accelerate")
    with pytest.raises(ModelUnavailable, match="pip install bitsandbytes accelerate`"):
        load_model(quantize="nf4")


@pytest.mark.parametrize("kind", ["course model", "folder", "hub id"])
@pytest.mark.parametrize("dtype", ["float64", torch.float64])
def test_4_bit_models_do_not_compute_in_float64(monkeypatch, kind, dtype):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: name)  # all is installed
    with pytest.raises(ValueError, match=r"quantize='nf4'.*float32, bfloat16 or float16") as caught:
        options_of(kind, quantize="nf4", dtype=dtype)
    assert f"dtype={dtype!r}" in str(caught.value)
    for works in ("float32", "bfloat16", "float16", None):
        assert options_of(kind, quantize="nf4", dtype=works).quantize == "nf4"


def test_the_ways_to_quantise_have_other_names(monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: name)
    for name, meaning in {"nf4": "nf4", "4bit": "nf4", "int8": "int8", "8bit": "int8"}.items():
        assert options_of("folder", quantize=name).quantize == meaning


# --- trust_remote_code ----------------------------------------------------------------------------


@pytest.mark.parametrize("kind, trusted", list(zip(KINDS, [False, False, True, True])))
def test_only_folders_and_the_hub_may_bring_code(kind, trusted):
    assert options_of(kind, trust_remote_code=True).trust_remote_code is trusted
    assert options_of(kind).trust_remote_code is False
