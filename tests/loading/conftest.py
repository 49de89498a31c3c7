"""A course model that is made in no time, and a hub that is not there."""

import os
import random
from types import SimpleNamespace

import pytest
import torch
import transformers
from fault_helpers import Index, ToyCorpora, ToyModel
from loading_helpers import save_tiny, tiny_tokenizer, unreachable

from uncertainty import load_model
from uncertainty.loading import course_models, devices, hub, models, pretrained
from uncertainty.loading.pinned_files import MODEL_FILES, ModelFile


@pytest.fixture
def toy(tmp_path, monkeypatch):
    """A course model that is fetched and converted in no time: the tiny one. Counts what was done."""
    copy = course_models.converted_folder("toy", tmp_path)
    counts = SimpleNamespace(fetched=0, converted=0, cache=tmp_path, copy=copy)

    def fetch(name, folder):
        path = folder / "toy.gguf"
        counts.fetched += not path.exists()
        path.write_bytes(b"toy")
        return path

    def save(name, gguf_file, target):
        counts.converted += 1
        save_tiny(target)

    monkeypatch.setenv("UNCERTAINTY_CACHE", str(tmp_path))
    monkeypatch.setitem(MODEL_FILES, "toy", ModelFile("toy.gguf", 1000, "", "", ()))
    probe_ids = tiny_tokenizer()(course_models.PROBE_TEXT).input_ids
    expected = course_models.ExpectedBehaviour(probe_ids, 0.5)
    monkeypatch.setitem(course_models.EXPECTED_BEHAVIOUR, "toy", expected)
    monkeypatch.setattr(course_models, "fetch", fetch)
    monkeypatch.setattr(models, "fetch", fetch)
    monkeypatch.setattr(course_models, "_save_plain_copy", save)
    return counts


@pytest.fixture
def fake_hub(monkeypatch):
    """A hub that has every model (the tiny one) once it is reachable; `calls` lists what was asked for."""
    state = SimpleNamespace(reachable=True, cached=False, calls=[], error=None)

    def load(name, options, *, local_files_only):
        state.calls.append(SimpleNamespace(name=name, options=options, local=local_files_only))
        if state.error:
            raise state.error
        if local_files_only and not state.cached:
            raise OSError("not cached")
        return load_model("tiny")

    monkeypatch.setattr(hub, "load_pretrained", load)
    monkeypatch.setattr(hub, "hub_answers", lambda: state.reachable)
    monkeypatch.setattr(hub, "file_status", lambda *_: 200)
    return state


@pytest.fixture
def no_wheel(tmp_path, monkeypatch):
    """An empty cache, and a package index that does not answer."""
    monkeypatch.setenv("UNCERTAINTY_CACHE", str(tmp_path))
    monkeypatch.setattr(course_models, "fetch", unreachable)


@pytest.fixture
def passed_on(monkeypatch):
    """What transformers was asked for: the settings of the last model and of the last tokenizer."""
    seen = SimpleNamespace(model=None, tokenizer=None)
    load_part = {
        "model": transformers.AutoModelForCausalLM.from_pretrained,
        "tokenizer": transformers.AutoTokenizer.from_pretrained,
    }

    def load_and_note(part):
        def load(source, **settings):
            setattr(seen, part, settings)
            return load_part[part](source, **settings)

        return SimpleNamespace(from_pretrained=load)

    stand_in = SimpleNamespace(
        AutoModelForCausalLM=load_and_note("model"),
        AutoTokenizer=load_and_note("tokenizer"),
        BitsAndBytesConfig=transformers.BitsAndBytesConfig,
    )
    monkeypatch.setattr(pretrained, "transformers", stand_in)
    return seen


@pytest.fixture
def machine_with(monkeypatch):
    """A function that pretends that this machine has these devices besides the CPU.

    `capability` is that of every CUDA card, or one for each index.
    """

    def pretend(*names, capability=(8, 0)):
        def capability_of(device):
            if not isinstance(capability, dict):
                return capability
            return capability[torch.device(device).index or 0]

        monkeypatch.setattr(torch.cuda, "get_device_capability", capability_of)
        found = [torch.device(name) for name in ("cpu", *names)]
        monkeypatch.setattr(devices, "available_devices", lambda: found)
        has_cuda = any(device.type == "cuda" for device in found)
        monkeypatch.setattr(torch.cuda, "is_available", lambda: has_cuda)

    return pretend


@pytest.fixture(scope="session")
def saved_tiny(tmp_path_factory):
    """The tiny model in a folder."""
    return save_tiny(tmp_path_factory.mktemp("saved") / "tiny")


@pytest.fixture
def make_thing(tmp_path, monkeypatch, saved_tiny):
    """A function that makes a toy model or toy corpora, to be fetched into an empty cache."""

    def make(kind, *, cache=tmp_path / "cache", content=None, **options):
        monkeypatch.setenv("UNCERTAINTY_CACHE", str(cache))
        if content is None:
            content = random.Random(0).randbytes(1_000_000)
        if kind == "model":
            return ToyModel(monkeypatch, cache, saved_tiny, content=content, **options)
        return ToyCorpora(monkeypatch, cache, content=content, **options)

    return make


@pytest.fixture
def package_index(monkeypatch):
    """A package index on this machine, the only one that pip knows."""
    for name in list(os.environ):
        if name.startswith("PIP_") or name.lower().endswith("_proxy"):
            monkeypatch.delenv(name)
    index = Index()
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_INDEX_URL", index.url)
    yield index
    index.close()
