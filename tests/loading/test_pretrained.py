"""pretrained.py: folders load as they were saved; every option reaches transformers."""

import json

import pytest
import torch
import transformers
from loading_helpers import logits_of, save_tiny, tiny_tokenizer
from transformers.utils import is_flash_attn_2_available

from uncertainty import ModelUnavailable, load_model
from uncertainty.loading.errors import UnsupportedOption


def test_a_folder_loads_as_it_was_saved(tmp_path):
    model, tokenizer = load_model("tiny")
    model.generation_config.pad_token_id = tokenizer.pad_token = None
    model.generation_config.eos_token_id = None
    model.save_pretrained(tmp_path)
    tokenizer.save_pretrained(tmp_path)
    again, its_tokenizer = load_model(tmp_path)
    assert torch.equal(logits_of(again, its_tokenizer), logits_of(model, tokenizer))
    assert not again.training
    assert its_tokenizer.pad_token == "<|im_end|>"
    assert again.generation_config.pad_token_id == tokenizer.eos_token_id
    assert again.generation_config.eos_token_id == tokenizer.eos_token_id


def test_what_was_not_chosen_is_left_to_transformers(tmp_path, passed_on):
    load_model(save_tiny(tmp_path), device="cpu")
    silent = {"local_files_only": True, "trust_remote_code": False}  # None would ask and wait
    assert passed_on.tokenizer == silent
    assert passed_on.model == {**silent, "dtype": torch.float32}


def test_what_was_chosen_is_passed_on(tmp_path, passed_on):
    pytest.importorskip("accelerate")
    model, _ = load_model(
        save_tiny(tmp_path),
        dtype="bfloat16",
        attn_implementation="eager",
        device_map={"": "cpu"},
        trust_remote_code=True,
    )
    shared = {"local_files_only": True, "trust_remote_code": True}
    assert passed_on.tokenizer == shared
    assert passed_on.model == {
        **shared,
        "dtype": torch.bfloat16,
        "attn_implementation": "eager",
        "device_map": {"": "cpu"},
    }
    assert model.dtype == torch.bfloat16 and model.config._attn_implementation == "eager"


def test_accelerate_places_the_model_where_a_device_map_says(tmp_path, monkeypatch):
    pytest.importorskip("accelerate")
    save_tiny(tmp_path)
    monkeypatch.setattr(
        transformers.LlamaForCausalLM, "to", lambda *_, **__: pytest.fail("moved again")
    )
    model, tokenizer = load_model(tmp_path, device_map="auto")
    assert logits_of(model, tokenizer).isfinite().all()


@pytest.mark.parametrize("device_map", [None, "auto"])
def test_4_bit_weights_go_where_device_or_device_map_say(tmp_path, passed_on, device_map):
    pytest.importorskip("bitsandbytes")
    pytest.importorskip("accelerate")
    load_model(
        save_tiny(tmp_path),
        quantize="nf4",
        dtype="float16",
        device_map=device_map,
        device=None if device_map else "cpu",
    )
    assert passed_on.model["device_map"] == (device_map or {"": torch.device("cpu")})
    assert passed_on.model["quantization_config"].bnb_4bit_compute_dtype == torch.float16


def test_an_unknown_attention_is_refused_in_transformers_words(tmp_path):
    with pytest.raises(
        ValueError, match=r"nonsense.*is not supported\. The only possible"
    ) as caught:
        load_model(save_tiny(tmp_path), attn_implementation="nonsense")
    assert isinstance(caught.value, UnsupportedOption)


@pytest.mark.skipif(is_flash_attn_2_available(), reason="the package is installed")
@pytest.mark.parametrize("name", ["tiny", "folder"])
def test_an_attention_without_its_package_is_refused_in_transformers_words(tmp_path, name):
    source = "tiny" if name == "tiny" else save_tiny(tmp_path)
    with pytest.raises(ModelUnavailable) as caught:
        load_model(source, attn_implementation="flash_attention_2", device="cpu")
    message = str(caught.value)
    assert f"{source} with attn_implementation='flash_attention_2'" in message
    assert "FlashAttention2 has been toggled on" in message and "\n" not in message
    assert message.endswith("install it, or leave attn_implementation= out.")
    assert caught.value.__suppress_context__


@pytest.fixture
def save_llama(tmp_path):
    """A function that saves a Llama of one layer with these widths, and returns its folder."""

    def save(*, hidden_size, intermediate_size):
        config = transformers.LlamaConfig(
            vocab_size=len(tiny_tokenizer()),
            hidden_size=hidden_size,
            intermediate_size=intermediate_size,
            num_hidden_layers=1,
            num_attention_heads=2,
        )
        transformers.LlamaForCausalLM(config).save_pretrained(tmp_path)
        tiny_tokenizer().save_pretrained(tmp_path)
        return tmp_path

    return save


@pytest.mark.parametrize(
    "widths, layer, width",
    [
        ((48, 128), "model.layers.0.self_attn.q_proj", 48),
        ((64, 96), "model.layers.0.mlp.down_proj", 96),
    ],
)
def test_4_bit_weights_that_bitsandbytes_misreads_are_refused(save_llama, widths, layer, width):
    pytest.importorskip("bitsandbytes")
    pytest.importorskip("accelerate")
    folder = save_llama(hidden_size=widths[0], intermediate_size=widths[1])
    with pytest.raises(ModelUnavailable) as caught:
        load_model(folder, quantize="nf4", device="cpu")
    message = str(caught.value)
    assert (
        "no multiple of 64" in message and f"{layer} of {folder} has the width {width}" in message
    )
    assert message.endswith("load the model without quantize=.")
    assert logits_of(*load_model(folder, device="cpu")).isfinite().all()


def test_4_bit_weights_in_whole_blocks_are_read_well(save_llama):
    pytest.importorskip("bitsandbytes")
    pytest.importorskip("accelerate")
    folder = save_llama(hidden_size=64, intermediate_size=192)
    exact, _ = load_model(folder, device="cpu")
    rounded, _ = load_model(folder, quantize="nf4", device="cpu")
    x = torch.randn(20, 192, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        expected = exact.model.layers[0].mlp.down_proj(x)
        actual = rounded.model.layers[0].mlp.down_proj(x)
    assert (actual - expected).norm() / expected.norm() < 0.15


MODEL_CODE = """
import transformers
class OurConfig(transformers.LlamaConfig):
    model_type = "our_own"
class OurModel(transformers.LlamaForCausalLM):
    config_class = OurConfig
"""


@pytest.fixture
def folder_with_code(tmp_path, monkeypatch):
    """The tiny model in a folder whose architecture is a Python file beside it."""
    folder = save_tiny(tmp_path / "with_code")
    (folder / "our_code.py").write_text(MODEL_CODE)
    config = json.loads((folder / "config.json").read_text())
    config["model_type"] = "our_own"
    config["auto_map"] = {
        "AutoConfig": "our_code.OurConfig",
        "AutoModelForCausalLM": "our_code.OurModel",
    }
    (folder / "config.json").write_text(json.dumps(config))
    modules = str(tmp_path / "modules")
    monkeypatch.setattr(transformers.dynamic_module_utils, "HF_MODULES_CACHE", modules)
    return folder


def test_code_from_a_folder_runs_only_when_it_is_trusted(folder_with_code, monkeypatch):
    monkeypatch.setattr("builtins.input", lambda *_: pytest.fail("it asked the user"))
    with pytest.raises(ModelUnavailable) as caught:
        load_model(folder_with_code)
    message = str(caught.value)
    assert "pass trust_remote_code=True, which runs the code from the repository" in message
    assert str(folder_with_code) in message and "\n" not in message
    assert caught.value.__suppress_context__

    model, tokenizer = load_model(folder_with_code, trust_remote_code=True)
    assert type(model).__name__ == "OurModel"
    assert torch.equal(logits_of(model, tokenizer), logits_of(*load_model("tiny")))
