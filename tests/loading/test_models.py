"""models.py: what a name stands for, and prefetch."""

import socket

import huggingface_hub
import pytest
import torch
from loading_helpers import logits_of, save_tiny, unreachable

from uncertainty import ModelUnavailable, is_fetched, load_model, prefetch
from uncertainty.loading import course_models, models
from uncertainty.loading.checksums import is_intact

COURSE_MODELS = "smollm2-135m, gemma3-270m, tiny"


@pytest.mark.parametrize(
    "name, hint",
    [
        ("smolm2-135m", "did you mean 'smollm2-135m'?"),
        ("smollm2-135M", "did you mean 'smollm2-135m'?"),
        ("SmolLM2-135M-Instruct", "did you mean 'smollm2-135m'?"),
        ("smollm2", "did you mean 'smollm2-135m'?"),
        ("gemma-270m", "did you mean 'gemma3-270m'?"),
        ("Gemma3", "did you mean 'gemma3-270m'?"),
        ("Tiny", "did you mean 'tiny'?"),
        ("", "tiny"),
        (".", "config.json"),
        ("..", "config.json"),
        ("/no/such/folder", "config.json"),
        ("../folder", "config.json"),
        ("owner/na me", "owner/name"),
        ("two words", "owner/name"),
        ("-option", "owner/name"),
        ("a/b/c", "owner/name"),
    ],
)
def test_an_unknown_name_is_answered_with_the_known_ones(fake_hub, name, hint):
    with pytest.raises(ValueError, match="Unknown model") as caught:
        load_model(name)
    assert hint in str(caught.value) and COURSE_MODELS in str(caught.value)
    assert "a Hugging Face id (owner/name, or a bare name such as gpt2)." in str(caught.value)
    assert fake_hub.calls == []  # a typing error waits for no network


def test_a_folder_without_a_configuration_is_told(fake_hub, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("gpt2", "owner/model"):
        (tmp_path / name).mkdir(parents=True)
        with pytest.raises(ValueError, match=r"this folder has no config\.json"):
            load_model(name)
    assert fake_hub.calls == []


# the models that the hub keeps without an owner, as far as they generate text
@pytest.mark.parametrize(
    "name",
    ["gpt2", "gpt2-medium", "gpt2-xl", "distilgpt2", "openai-gpt", "ctrl", "transfo-xl-wt103"]
    + ["xlnet-base-cased", "t5-small", "bert-base-uncased", "roberta-base", "my_own.model-1"],
)
def test_a_bare_name_is_looked_up_on_the_hub(fake_hub, name):
    load_model(name)
    assert [(call.name, call.local) for call in fake_hub.calls] == [(name, True), (name, False)]


def test_a_bare_name_without_a_hub_fails_with_the_course_models(fake_hub):
    fake_hub.reachable = False
    with pytest.raises(ModelUnavailable, match="the model hub cannot be reached") as caught:
        load_model("gpt2")
    assert COURSE_MODELS in str(caught.value) and "\n" not in str(caught.value)


@pytest.mark.parametrize("name", ["gpt2", "some/model"])
def test_offline_no_name_server_and_no_socket_is_asked(monkeypatch, tmp_path, name):
    """The whole way through transformers, with an empty cache."""

    def refuse(*_, **__):
        asked.append(name)
        raise OSError("no network in this test")

    asked = []
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", True)
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_CACHE", str(tmp_path))
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    monkeypatch.setattr(socket.socket, "connect", refuse)
    with pytest.raises(ModelUnavailable, match=f"^{name} .*HF_HUB_OFFLINE is set"):
        load_model(name)
    assert asked == []


def test_every_option_reaches_the_hub(fake_hub):
    load_model(
        "some/model",
        device="cpu",
        dtype="float16",
        revision="v1",
        attn_implementation="eager",
        trust_remote_code=True,
    )
    options = fake_hub.calls[-1].options
    assert options == fake_hub.calls[0].options
    assert options.dtype == torch.float16 and options.device == torch.device("cpu")
    assert (options.revision, options.attn_implementation) == ("v1", "eager")
    assert options.trust_remote_code and options.device_map is None and options.quantize is None


def test_a_path_may_start_at_home(monkeypatch, tmp_path):
    save_tiny(tmp_path / "model")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    assert torch.equal(logits_of(*load_model("~/model")), logits_of(*load_model("tiny")))


# --- prefetch -------------------------------------------------------------------------------------


def test_prefetch_fills_a_folder_that_serves_offline(toy, tmp_path, monkeypatch):
    stick = prefetch(tmp_path / "stick", ["toy"])
    assert sorted(path.name for path in (stick / "toy").iterdir()) == ["toy.gguf", toy.copy.name]
    monkeypatch.setenv("UNCERTAINTY_CACHE", str(stick))
    monkeypatch.setattr(course_models, "fetch", unreachable)
    assert torch.equal(logits_of(*load_model("toy")), logits_of(*load_model("tiny")))


def test_prefetch_brings_a_missing_gguf_back_beside_the_copy(toy, tmp_path):
    prefetch(tmp_path, ["toy"])
    (tmp_path / "toy" / "toy.gguf").unlink()
    prefetch(tmp_path, ["toy"])
    assert (toy.fetched, toy.converted) == (2, 1)


def test_prefetch_without_a_folder_fills_the_cache(toy):
    assert not is_fetched("toy")
    assert prefetch(names=["toy"]) == toy.cache and is_intact(toy.copy)
    assert is_fetched("toy")


def test_prefetch_does_not_convert_what_is_there(toy, tmp_path, monkeypatch):
    prefetch(tmp_path, ["toy"])
    monkeypatch.setattr(models, "convert", unreachable)
    prefetch(tmp_path, ["toy"])
