"""course_models.py: a copy that heals itself, the hub as the second source, and the real default model."""

import gc
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import torch
import transformers
from loading_helpers import cut, flip, logits_of, paris_probability, unreachable
from transformers.utils import logging as transformers_logging

import uncertainty
from uncertainty import ModelUnavailable, load_model, prefetch
from uncertainty.loading import course_models
from uncertainty.loading.cache import cache_folder
from uncertainty.loading.checksums import is_intact
from uncertainty.loading.course_models import EXPECTED_BEHAVIOUR, converted_folder
from uncertainty.loading.errors import DiskTrouble
from uncertainty.loading.pinned_files import DEFAULT, MODEL_FILES

REPOSITORY = str(Path(uncertainty.__file__).parents[1])


def expect(paris_probability=0.5, probe_ids=()):
    return course_models.ExpectedBehaviour(list(probe_ids), paris_probability)


def test_the_first_load_converts_and_the_second_does_not(toy):
    first = load_model("toy")
    second = load_model("toy")
    assert (toy.fetched, toy.converted) == (1, 1)
    assert torch.equal(logits_of(*first), logits_of(*load_model("tiny")))
    assert torch.equal(logits_of(*first), logits_of(*second))
    files = sorted(path.name for path in (toy.cache / "toy").iterdir())
    assert files == ["toy.gguf", toy.copy.name]


def test_another_version_of_transformers_makes_its_own_copy_without_a_network(toy, monkeypatch):
    load_model("toy")
    monkeypatch.setattr(course_models.transformers, "__version__", "5.99.0")
    load_model("toy")
    assert (toy.fetched, toy.converted) == (1, 2)
    assert (toy.cache / "toy" / "transformers-5.99.0").is_dir()


@pytest.mark.parametrize(
    "file, damage",
    [
        ("model.safetensors", cut),
        ("model.safetensors", flip),
        ("model.safetensors", lambda path: flip(path, 0)),
        ("model.safetensors", os.remove),
        ("tokenizer.json", os.remove),
        ("tokenizer.json", cut),
        ("config.json", flip),
        ("config.json", os.remove),
        ("checksums.json", os.remove),
        ("checksums.json", cut),
    ],
)
def test_a_damaged_copy_is_told_and_made_again(toy, file, damage):
    load_model("toy")
    damage(toy.copy / file)
    with pytest.warns(
        UserWarning, match=rf"{file}.*; making the copy again from toy\.gguf\.$"
    ) as caught:
        healed = load_model("toy")
    assert caught[0].filename == __file__  # the warning points at the line that called load_model
    assert (toy.fetched, toy.converted) == (1, 2)
    assert torch.equal(logits_of(*healed), logits_of(*load_model("tiny")))
    assert not list((toy.cache / "toy").glob(".making-*")) and is_intact(toy.copy)


def test_a_copy_that_cannot_be_made_again_is_unavailable(toy, monkeypatch):
    load_model("toy")
    flip(toy.copy / "model.safetensors")
    monkeypatch.setattr(course_models, "fetch", unreachable)
    with (
        pytest.warns(UserWarning, match="is damaged"),
        pytest.raises(ModelUnavailable, match="no network"),
    ):
        load_model("toy")


def test_a_tokenizer_that_cuts_otherwise_is_refused(toy, monkeypatch):
    load_model("toy")
    monkeypatch.setitem(EXPECTED_BEHAVIOUR, "toy", expect(probe_ids=[1, 2, 3]))
    with pytest.raises(
        ModelUnavailable, match=r"reads the tokenizer of toy wrongly.*transformers==5\.23\.0"
    ):
        load_model("toy")


def test_the_copy_has_the_stop_token_that_the_file_gives_the_model():
    """As transformers 5.15 reads the default model: the beginning also as the end, and no padding."""
    tokenizer = load_model("tiny")[1]
    begin, end = tokenizer.convert_ids_to_tokens([1, 2])
    tokenizer.eos_token, tokenizer.pad_token = begin, None
    settings = transformers.PretrainedConfig(eos_token_id=2, pad_token_id=2)
    course_models._set_special_tokens(tokenizer, settings)
    assert (tokenizer.eos_token, tokenizer.pad_token) == (end, end)
    settings = transformers.PretrainedConfig(eos_token_id=None, pad_token_id=None)
    course_models._set_special_tokens(tokenizer, settings)
    assert (tokenizer.eos_token_id, tokenizer.pad_token_id) == (2, 2)


def test_the_recommended_transformers_is_the_one_in_the_constraints():
    constraints = (Path(__file__).parents[2] / "constraints.txt").read_text().splitlines()
    assert f"transformers=={course_models.RECOMMENDED_TRANSFORMERS}" in constraints


def test_weights_that_predict_otherwise_are_refused(toy, monkeypatch):
    model, tokenizer = load_model("tiny")
    probability = paris_probability(model, tokenizer)
    monkeypatch.setitem(EXPECTED_BEHAVIOUR, "toy", expect(paris_probability=probability))
    course_models._check_prediction("toy", model, tokenizer)
    for wrong in (probability + 0.01, float("nan")):
        monkeypatch.setitem(EXPECTED_BEHAVIOUR, "toy", expect(paris_probability=wrong))
        with pytest.raises(ModelUnavailable, match="reads the weights of toy wrongly"):
            course_models._check_prediction("toy", model, tokenizer)


def test_a_disk_that_fills_up_while_converting_leaves_nothing(toy, monkeypatch):
    def fill_the_disk(name, gguf_file, target):
        target.mkdir()
        (target / "model.safetensors").write_bytes(b"half")
        raise RuntimeError("I/O error: No space left on device (os error 28)")

    monkeypatch.setattr(course_models, "_save_plain_copy", fill_the_disk)
    with pytest.raises(DiskTrouble, match="Not enough disk space"):
        load_model("toy")
    assert [path.name for path in (toy.cache / "toy").iterdir()] == ["toy.gguf"]


def test_without_gguf_it_says_what_to_install(toy, monkeypatch):
    monkeypatch.setattr(
        course_models.importlib.util,
        "find_spec",
        lambda name: None if name == "gguf" else name,
    )
    with pytest.raises(ModelUnavailable, match="pip install gguf"):
        load_model("toy")


def test_options_reach_a_course_model(toy, passed_on):
    model, _ = load_model(
        "toy", dtype="bfloat16", attn_implementation="eager", trust_remote_code=True
    )
    assert model.dtype == torch.bfloat16 and model.config._attn_implementation == "eager"
    assert passed_on.model["trust_remote_code"] is False
    assert load_model("toy")[0].dtype == torch.float32  # the default, whatever was asked for before
    with pytest.raises(ValueError, match=r"nonsense.*The only possible arguments"):
        load_model("toy", attn_implementation="nonsense")
    assert (toy.fetched, toy.converted) == (1, 1)


def test_accelerate_places_a_course_model(toy, passed_on):
    pytest.importorskip("accelerate")
    loaded = load_model("toy", device_map="auto")
    assert passed_on.model["device_map"] == "auto"
    assert torch.equal(logits_of(*loaded), logits_of(*load_model("tiny")))


TWO_PROCESSES = """
import time
from uncertainty import load_model
from uncertainty.loading import course_models
from uncertainty.loading.pinned_files import MODEL_FILES, ModelFile
def fetch(name, folder):
    (folder / "toy.gguf").write_bytes(b"toy")
    return folder / "toy.gguf"
def save(name, gguf_file, target):
    for part in load_model("tiny"):
        part.save_pretrained(target)
    meeting = gguf_file.parent / "meeting"
    meeting.open("a").write("x")
    while len(meeting.read_text()) < 2: time.sleep(0.01)  # both have converted, neither has put its copy in place
MODEL_FILES["toy"] = ModelFile("toy.gguf", 1000, "", "", ())
probe_ids = load_model("tiny")[1](course_models.PROBE_TEXT).input_ids
course_models.EXPECTED_BEHAVIOUR["toy"] = course_models.ExpectedBehaviour(probe_ids, 0.5)
course_models.fetch = fetch
course_models._save_plain_copy = save
print(load_model("toy")[0].lm_head.weight.sum().item())
"""


def test_two_processes_at_once_do_not_harm_each_other(tmp_path):
    settings = {**os.environ, "UNCERTAINTY_CACHE": str(tmp_path), "PYTHONPATH": REPOSITORY}
    start = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True, "env": settings}
    running = [subprocess.Popen([sys.executable, "-c", TWO_PROCESSES], **start) for _ in range(2)]
    try:
        outputs = [process.communicate(timeout=300) for process in running]
    finally:
        for process in running:
            process.kill()
    assert [process.returncode for process in running] == [0, 0], outputs
    weight_sum = load_model("tiny")[0].lm_head.weight.sum().item()
    assert outputs[0][0] == outputs[1][0] == f"{weight_sum}\n"
    assert is_intact(converted_folder("toy", tmp_path))
    assert not list((tmp_path / "toy").glob(".making-*"))


@pytest.mark.parametrize("bars_on", [True, False])
def test_the_cached_load_is_silent_and_restores_every_setting(toy, capfd, bars_on):
    load_model("toy")
    capfd.readouterr()
    if bars_on:
        transformers_logging.enable_progress_bar()
    else:
        transformers_logging.disable_progress_bar()
    load_model("toy")
    assert capfd.readouterr() == ("", "")
    assert transformers_logging.is_progress_bar_enabled() == bars_on and gc.isenabled()
    transformers_logging.enable_progress_bar()


# --- the hub as the second source -----------------------------------------------------------------


def test_the_hub_serves_where_the_index_lacks_the_wheel_and_says_so(fake_hub, no_wheel):
    with pytest.warns(
        UserWarning,
        match="no network. Using HuggingFaceTB/SmolLM2-135M-Instruct from the model hub",
    ) as caught:
        load_model()
    assert caught[0].filename == __file__
    call = fake_hub.calls[-1]
    assert (call.name, call.local) == (course_models.DEFAULT_ON_HUB, False)
    assert call.options.dtype == torch.float32


def test_without_wheel_and_hub_the_first_reason_is_given(fake_hub, no_wheel):
    fake_hub.reachable = False
    with pytest.raises(ModelUnavailable, match=r"^no network\.$"):
        load_model()


def test_no_other_course_model_is_replaced(fake_hub, no_wheel):
    with pytest.raises(ModelUnavailable, match=r"^no network\.$"):
        load_model("gemma3-270m")
    assert fake_hub.calls == []


def test_a_full_disk_is_no_reason_to_ask_the_hub(fake_hub, no_wheel, monkeypatch):
    def fill_the_disk(*_):
        raise DiskTrouble("full")

    monkeypatch.setattr(course_models, "fetch", fill_the_disk)
    with pytest.raises(DiskTrouble):
        load_model()
    assert fake_hub.calls == []


# --- the real default model -----------------------------------------------------------------------


@pytest.fixture(scope="module")
def real():
    return load_model()


@pytest.mark.model
def test_the_default_model_is_the_one_the_lessons_were_written_with(real):
    model, tokenizer = real
    assert paris_probability(model, tokenizer) == pytest.approx(0.7725, abs=0.0005)
    ids = tokenizer("The capital of France is").input_ids
    assert ids == [504, 3575, 282, 4649, 314]  # and no BOS
    assert model.config.tie_word_embeddings and model.dtype == torch.float32 and not model.training
    ends = model.generation_config
    assert (tokenizer.pad_token_id, ends.eos_token_id, ends.pad_token_id) == (2, 2, 2)
    assert tokenizer.eos_token_id == 2
    assert "<|im_start|>" in tokenizer.chat_template


FRESH = """
import time
from uncertainty import load_model
load_model()
print(time.process_time())
"""


@pytest.mark.model
def test_the_cached_model_loads_quickly_in_a_fresh_process(real):
    settings = {**os.environ, "PYTHONPATH": REPOSITORY}
    run = subprocess.run(
        [sys.executable, "-c", FRESH], capture_output=True, text=True, env=settings, check=True
    )
    # Seconds of the processor, not of the clock: other tests may be running beside this one.
    assert float(run.stdout) < 15
    assert run.stderr == ""


@pytest.mark.model
def test_a_folder_from_prefetch_has_the_same_model_bit_for_bit(real, tmp_path, monkeypatch):
    source = cache_folder() / DEFAULT / MODEL_FILES[DEFAULT].file
    if not source.exists():
        pytest.skip("the model came from the hub, not as a GGUF file")
    (tmp_path / DEFAULT).mkdir()
    shutil.copy(source, tmp_path / DEFAULT)
    monkeypatch.setenv("UNCERTAINTY_CACHE", str(prefetch(tmp_path)))
    assert torch.equal(logits_of(*load_model()), logits_of(*real))
    checksums = json.loads((converted_folder(DEFAULT, tmp_path) / "checksums.json").read_text())
    assert {"model.safetensors", "tokenizer.json", "config.json"} <= set(checksums)


@pytest.mark.model
def test_the_default_model_in_half_precision_predicts_much_the_same(real):
    model, tokenizer = load_model(dtype="bfloat16", attn_implementation="eager", device="cpu")
    assert model.dtype == torch.bfloat16
    assert paris_probability(model, tokenizer) == pytest.approx(0.7725, abs=0.03)


@pytest.mark.model
def test_4_bit_weights_predict_much_the_same():
    pytest.importorskip("bitsandbytes")
    pytest.importorskip("accelerate")
    model, tokenizer = load_model(quantize="nf4", device="cpu")
    assert model.get_memory_footprint() < 200e6  # float32 takes 538
    assert paris_probability(model, tokenizer) == pytest.approx(0.944, abs=0.02)
    assert isinstance(
        model.model.layers[0].mlp.down_proj,
        transformers.integrations.bitsandbytes.bnb.nn.Linear4bit,
    )
