"""memory.py: a model that does not fit is refused before a weight is read, with the arithmetic."""

import json
import re
from types import SimpleNamespace

import psutil
import pytest
import torch
import transformers
from loading_helpers import save_tiny

from uncertainty import ModelUnavailable, load_model
from uncertainty.loading import memory
from uncertainty.loading.memory import fitting_count, free_memory, memory_needed

GB = 1e9


@pytest.fixture
def free(monkeypatch):
    """A function that pretends that so many gigabytes are free on each device."""

    def pretend(cpu, **others):
        sizes = {"cpu": cpu} | {name.replace("_", ":"): size for name, size in others.items()}

        def bytes_of(device):
            size = sizes[str(device)]
            return None if size is None else int(size * GB)

        monkeypatch.setattr(memory, "free_memory", bytes_of)

    return pretend


@pytest.fixture
def large_folder(tmp_path):
    """A folder with the configuration of a 7B model, and no weights at all."""
    config = transformers.LlamaConfig(
        vocab_size=32_000,
        hidden_size=4096,
        intermediate_size=11_008,
        num_hidden_layers=32,
        num_attention_heads=32,
    )
    config.save_pretrained(tmp_path)
    return tmp_path


@pytest.mark.parametrize("tied", [False, True])
def test_the_parameters_are_those_of_the_loaded_model(tmp_path, tied):
    model = transformers.LlamaForCausalLM(
        transformers.LlamaConfig(
            vocab_size=100,
            hidden_size=32,
            intermediate_size=48,
            num_hidden_layers=2,
            num_attention_heads=4,
            num_key_value_heads=2,
            tie_word_embeddings=tied,
        )
    )
    model.save_pretrained(tmp_path)
    need = memory_needed(tmp_path, dtype=torch.float16)
    assert need.parameters == sum(weight.numel() for weight in model.parameters())
    assert need.weights == model.half().get_memory_footprint(return_buffers=False)
    # one layer: q, o; k, v; gate, up, down
    assert need.in_linear_layers == 2 * (2 * 32 * 32 + 2 * 32 * 16 + 3 * 32 * 48)
    cache = 2 * 2 * 2 * 8 * 2  # keys and values, layers, heads, head size, bytes
    assert need.text == 512 * (cache + 3 * 32 * 2 + 2 * 100 * 4)


@pytest.mark.parametrize("quantize", ["nf4", "int8"])
def test_a_quantised_models_weights_are_counted_as_it_has_them(tmp_path, quantize):
    pytest.importorskip("bitsandbytes")
    config = transformers.LlamaConfig(
        vocab_size=259,
        hidden_size=64,
        intermediate_size=192,
        num_hidden_layers=2,
        num_attention_heads=4,
    )
    transformers.LlamaForCausalLM(config).save_pretrained(tmp_path)
    load_model("tiny")[1].save_pretrained(tmp_path)
    model, _ = load_model(tmp_path, quantize=quantize, device="cpu")
    weights = {weight.data_ptr(): weight for weight in model.parameters()}.values()
    stored = sum(weight.numel() * weight.itemsize for weight in weights)
    for layer in model.modules():
        state = getattr(getattr(layer, "weight", None), "quant_state", None)
        if state is not None:
            stored += state.absmax.numel() * state.absmax.itemsize
    assert memory_needed(tmp_path, quantize=quantize).weights == pytest.approx(stored, rel=1e-3)


def test_a_model_that_does_not_fit_is_refused_with_the_arithmetic(large_folder, free):
    free(cpu=16)
    with pytest.raises(ModelUnavailable) as caught:  # there are no weights to read
        load_model(large_folder, device="cpu")
    message = str(caught.value)
    assert message.startswith(f"{large_folder} needs 27.9 GB, and 16.0 GB are free on cpu: ")
    assert "6,738,415,616 parameters x 4 bytes are 27.0 GB" in message
    assert "a text of 512 tokens takes 0.94 GB" in message
    assert "use quantize='4bit' (" in message and "dtype='bfloat16' or 'float16' (14.4" in message
    assert "or a smaller model" in message and "\n" not in message


def test_what_does_not_help_is_not_advised(large_folder, free):
    free(cpu=1)
    with pytest.raises(ModelUnavailable, match=r"; use a smaller model\. \(If"):
        load_model(large_folder, device="cpu")
    free(cpu=4)
    with pytest.raises(ModelUnavailable, match=r"4\.5 bits and .* x 2 bytes are"):
        load_model(large_folder, device="cpu", quantize="4bit", dtype="float16")


def test_a_card_that_is_too_small_may_be_helped_by_a_device_map(large_folder, free, machine_with):
    machine_with("cuda:0", capability=(7, 5))
    free(cpu=12, cuda=8, cuda_0=8)
    with pytest.raises(ModelUnavailable) as caught:
        load_model(large_folder)
    message = str(caught.value)
    assert "needs 14.0 GB, and 8.00 GB are free on cuda: " in message
    assert "x 2 bytes" in message and "device_map='auto' (20.0 GB free on all devices)" in message
    free(cpu=2, cuda=8, cuda_0=8)
    with pytest.raises(ModelUnavailable) as caught:
        load_model(large_folder, device_map="auto")
    assert "10.0 GB are free on cpu and cuda:0" in str(caught.value)
    assert "device_map=" not in str(caught.value)


def test_what_fits_or_is_not_known_is_not_refused(large_folder, free, tmp_path_factory):
    for size in (30, None):
        free(cpu=size)
        with pytest.raises(Exception) as caught:
            load_model(large_folder, device="cpu")
        assert "GB" not in str(caught.value)  # but that there are no files
    free(cpu=0)
    with pytest.raises(Exception) as caught:  # weights may stay on the disk
        load_model(large_folder, device_map={"model": "cpu", "lm_head": "disk"})
    assert "GB" not in str(caught.value)
    unknown = tmp_path_factory.mktemp("unknown")
    (unknown / "config.json").write_text(json.dumps({"model_type": "no such model"}))
    assert memory_needed(unknown) is None


def test_a_model_of_the_hub_is_refused_before_its_weights_are_fetched(free, monkeypatch):
    """The hub gives its configuration; whoever asks for more fails the test."""
    from uncertainty.loading import hub, pretrained

    def config_only(name, **settings):
        if settings["local_files_only"]:
            raise OSError("not on this machine")
        return transformers.LlamaConfig(num_hidden_layers=32)

    monkeypatch.setattr(transformers.AutoConfig, "from_pretrained", config_only)
    monkeypatch.setattr(hub, "hub_answers", lambda: True)
    monkeypatch.setattr(hub, "file_status", lambda *_: 200)
    asked = []

    def no_files(source, **settings):
        asked.append(settings["local_files_only"])
        raise OSError("not on this machine")

    parts = SimpleNamespace(from_pretrained=no_files)
    stand_in = SimpleNamespace(AutoTokenizer=parts, AutoModelForCausalLM=parts)
    monkeypatch.setattr(pretrained, "transformers", stand_in)
    free(cpu=10)
    with pytest.raises(ModelUnavailable, match=r"some/large needs 27\.9 GB, and 10\.0 GB are free"):
        load_model("some/large", device="cpu")
    assert asked == [True]  # only what is on this machine


def test_the_free_memory_of_a_cpu_is_what_the_system_says(monkeypatch, tmp_path):
    monkeypatch.delenv(memory.FREE_MEMORY_VARIABLE, raising=False)
    monkeypatch.setattr(memory, "CONTAINER_LIMIT", tmp_path / "none")
    found = free_memory(torch.device("cpu"))
    assert found == pytest.approx(psutil.virtual_memory().available, rel=0.3)
    limit = tmp_path / "memory.max"
    limit.write_text("1000000\n")
    monkeypatch.setattr(memory, "CONTAINER_LIMIT", limit)
    assert free_memory(torch.device("cpu")) == 1_000_000
    limit.write_text("max\n")
    assert free_memory(torch.device("cpu")) > 1_000_000
    assert free_memory(torch.device("xpu")) is None


def test_the_figure_can_be_told(monkeypatch, tmp_path):
    save_tiny(tmp_path)
    monkeypatch.setenv(memory.FREE_MEMORY_VARIABLE, "0.0001")
    with pytest.raises(ModelUnavailable, match=re.escape("set UNCERTAINTY_FREE_MEMORY to")):
        load_model(tmp_path, device="cpu")
    monkeypatch.setenv(memory.FREE_MEMORY_VARIABLE, "1")
    load_model(tmp_path, device="cpu")


@pytest.mark.parametrize(
    "told, free", [("4", 4e9), (" 0.5 GB ", 5e8), ("4g", 4e9), (".5", 5e8), ("1e-3", 1e6)]
)
def test_the_figure_is_read_with_or_without_its_unit(monkeypatch, told, free):
    monkeypatch.setenv(memory.FREE_MEMORY_VARIABLE, told)
    assert free_memory(torch.device("cpu")) == free


@pytest.mark.parametrize("told", ["200MB", "-1", "0", "much", "nan", "inf", "1e999", "4,5"])
def test_another_figure_is_refused_with_what_it_was(monkeypatch, told):
    monkeypatch.setenv(memory.FREE_MEMORY_VARIABLE, told)
    with pytest.raises(ModelUnavailable, match=f"gigabytes above 0, such as 4.5, got '{told}'"):
        free_memory(torch.device("cpu"))


def test_a_chunk_takes_a_quarter_of_what_is_free_at_most(monkeypatch):
    cpu = torch.device("cpu")
    for free, expected in (("4", 1000), ("0.004", 1000), ("0.002", 500), ("0.0000001", 1)):
        monkeypatch.setenv("UNCERTAINTY_FREE_MEMORY", free)  # in gigabytes
        assert fitting_count(1000, bytes_each=1000, device=cpu) == expected
    monkeypatch.delenv("UNCERTAINTY_FREE_MEMORY")
    assert fitting_count(7, bytes_each=1e15, device=torch.device("xpu")) == 7  # not known
    monkeypatch.setattr(torch.cuda, "mem_get_info", lambda device: (8_000, 16_000))
    assert fitting_count(7, bytes_each=1000, device=torch.device("cuda")) == 2
