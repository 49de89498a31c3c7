"""A model inside something else: torch.compile, PEFT, accelerate's offloading. Every function still reads the model itself."""

import pytest
import torch
from families import tiny_model

from uncertainty import (
    ablation_sweep,
    generate,
    heads_attend_to_bos,
    induction_scores,
    load_model,
    logit_lens,
    null_space_fraction,
    score,
)
from uncertainty.architecture.last_mlp import last_layer_neurons
from uncertainty.architecture.parts import model_parts
from uncertainty.heads.bos_ablation import bos_ablation
from uncertainty.lens.generated import generate_with_lens
from uncertainty.lens.profiles import nucleus_sizes
from uncertainty.lens.streams import last_streams, text_stream
from uncertainty.neurons.activations import activations
from uncertainty.neurons.unigrams import predicted_unigram

IDS = torch.arange(3, 15)


def readings(model):
    """What many functions say of a model, by name."""
    tokenizer = load_model("tiny")[1]
    answers = generate(model, tokenizer, ["Hello", "Hello you"], chat=False, max_new_tokens=4)
    [(_, trace)] = generate_with_lens(model, tokenizer, ["Hi"], chat=False, max_new_tokens=3)
    with heads_attend_to_bos(model, [(1, 2)]):
        without_head = logit_lens(model, IDS).entropy
    effects = bos_ablation(model, IDS[None], head_sets=[[(0, 1)]], positions=[3, 8], neurons=[0, 5])
    return {
        "generate": torch.cat([answer.logits for answer in answers]),
        "score": score(model, tokenizer, "Hello", " you", chat=False).logits,
        "lens": logit_lens(model, IDS).entropy,
        "middle": logit_lens(model, IDS, middle=True).entropy,
        "lens along an answer": trace.entropy,
        "nucleus": torch.tensor(nucleus_sizes(model, IDS)),
        "ends": last_streams(model, tokenizer, ["Hi", "Hello"], chat=False),
        "stream": text_stream(model, IDS, piece=8)[0],
        "activations": activations(model, IDS),
        "unigram": predicted_unigram(model, IDS),
        "sweep": ablation_sweep(model, IDS, [0, 7], value="zero", progress=False).entropy,
        "geometry": null_space_fraction(model, 5),
        "induction": induction_scores(model, torch.tensor([1, 5, 6, 7, 5, 6, 7])),
        "without a head": without_head,
        "effects": effects.entropy,
    }


@pytest.fixture(scope="module")
def plain():
    return readings(tiny_model("llama"))


def agree(ours, theirs, tolerance=1e-4):
    assert ours.keys() == theirs.keys()
    for name, values in ours.items():
        torch.testing.assert_close(values, theirs[name], atol=tolerance, rtol=1e-3, msg=name)


def run_once(model):
    """Compiling happens at the first call, before any hook of ours is there."""
    with torch.no_grad():
        model(input_ids=IDS[None])


@pytest.mark.parametrize("way", ["wrapped", "in place", "forward", "blocks"])
def test_a_compiled_model_is_read_as_it_is_written(way, plain):
    torch._dynamo.reset()
    model = tiny_model("llama")
    if way == "wrapped":
        model = torch.compile(model, backend="eager")
    elif way == "in place":
        model.compile(backend="eager")
    elif way == "forward":
        model.forward = torch.compile(model.forward, backend="eager")
    else:
        for block in model.model.layers:
            block.compile(backend="eager")
    run_once(model)
    agree(readings(model), plain)


@pytest.fixture
def lora():
    peft = pytest.importorskip("peft")

    def wrap(*targets, **options):
        torch.manual_seed(5)
        config = peft.LoraConfig(target_modules=[*targets], init_lora_weights=False, **options)
        return peft.get_peft_model(tiny_model("llama"), config).eval()

    return wrap


def test_lora_on_attention_is_read_with_its_adapters(lora, plain):
    model = lora("q_proj", "v_proj")
    ours = readings(model)
    agree(ours, readings(lora("q_proj", "v_proj").merge_and_unload()))
    agree(ours, readings(model.base_model.model))
    assert (ours["lens"] - plain["lens"]).abs().max() > 1e-2  # the adapters do something


@pytest.mark.parametrize("target", ["down_proj", "lm_head"])
def test_lora_on_weights_that_are_read_names_the_way_out(lora, target):
    model = lora(target)
    read = last_layer_neurons if target == "down_proj" else model_parts
    with pytest.raises(ValueError, match=r"has an adapter.*merge_and_unload"):
        read(model)
    tokenizer = load_model("tiny")[1]
    merged = lora(target).merge_and_unload()
    for each in (model, merged):  # what needs no weights works, and is the same
        scored = score(each, tokenizer, "Hello", " you", chat=False).logits
        generated = generate(each, tokenizer, "Hello", chat=False, max_new_tokens=3).logits
        if each is model:
            first = (scored, generated)
    assert torch.allclose(first[0], scored, atol=1e-4)
    assert torch.allclose(first[1], generated, atol=1e-4)
    assert last_layer_neurons(merged).adds_to_stream


def test_prompt_tuning_is_refused_because_its_virtual_tokens_would_get_rows():
    peft = pytest.importorskip("peft")
    config = peft.PromptTuningConfig(task_type="CAUSAL_LM", num_virtual_tokens=4)
    model = peft.get_peft_model(tiny_model("llama"), config).eval()
    tokenizer = load_model("tiny")[1]
    for read in (
        lambda: score(model, tokenizer, "Hello", " you", chat=False),
        lambda: generate(model, tokenizer, "Hello", chat=False),
        lambda: logit_lens(model, IDS),
        lambda: ablation_sweep(model, IDS, [0], progress=False),
    ):
        with pytest.raises(ValueError, match=r"virtual tokens.*get_base_model\(\)"):
            read()
    logit_lens(model.get_base_model(), IDS)


def offloaded(places, tmp_path):
    accelerate = pytest.importorskip("accelerate")
    everything = {
        f"model.{part}": "cpu" for part in ("embed_tokens", "layers", "norm", "rotary_emb")
    }
    return accelerate.dispatch_model(
        tiny_model("llama"),
        device_map=everything | {"lm_head": "cpu"} | places,
        main_device="cpu",
        offload_dir=tmp_path,
        force_hooks=True,
    )


def test_an_embedding_and_blocks_on_disk_are_read(plain, tmp_path):
    model = offloaded({"model.embed_tokens": "disk", "model.layers": "disk"}, tmp_path)
    assert model.device.type == "meta"
    tokenizer = load_model("tiny")[1]
    close = dict(atol=1e-4, rtol=1e-3)
    answers = generate(model, tokenizer, ["Hello", "Hello you"], chat=False, max_new_tokens=4)
    torch.testing.assert_close(
        torch.cat([answer.logits for answer in answers]), plain["generate"], **close
    )
    scored = score(model, tokenizer, "Hello", " you", chat=False).logits
    torch.testing.assert_close(scored, plain["score"], **close)
    torch.testing.assert_close(logit_lens(model, IDS).entropy, plain["lens"], **close)


def test_a_final_norm_and_an_unembedding_on_disk_are_read(plain, tmp_path):
    model = offloaded({"model.norm": "disk", "lm_head": "disk"}, tmp_path)
    agree(readings(model), plain)
    assert model.model.norm.weight.is_meta and model.lm_head.weight.is_meta


def test_weights_that_are_nowhere_are_told():
    with torch.device("meta"):
        model = tiny_model("llama")
    with pytest.raises(ValueError, match="not in memory"):
        logit_lens(model, IDS)
    with pytest.raises(ValueError, match="not in memory"):
        generate(model, load_model("tiny")[1], "Hi", chat=False)
