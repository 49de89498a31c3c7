"""Weights that accelerate keeps elsewhere: every public function is right, or says why it cannot."""

import inspect

import pytest
import torch
from placed_models import CALLS, agree, said, small_model
from pretend_devices import pretend_devices

import uncertainty
from uncertainty import load_model, reround_linear_layers

accelerate = pytest.importorskip("accelerate")

PARTS = ("embed_tokens", "layers.0", "layers.1", "norm", "rotary_emb")
IN_MEMORY = {f"model.{part}": "cpu" for part in PARTS} | {"lm_head": "cpu"}
ON_DISK = {
    "one block": {"model.layers.0"},
    "the end": {"model.layers.1", "model.norm", "lm_head"},
    "everything": {""},
}
# What cannot work, and the words that say why. Kept results are named by the bytes of the weights.
CANNOT_BE_KEPT = r"is not in memory \(offloaded\), so results cannot be kept"
KEEPS_RESULTS = {
    "answers_by_step",
    "answers_by_token",
    "answers_with_depth",
    "cached_results",
    "decision_steps",
    "evidence_measures",
    "first_token_doubts",
    "given_answer_measures",
    "given_by_step",
    "greedy_answers",
    "losses_without_block",
    "option_log_probabilities",
    "prompt_entropies",
    "sampled_answers",
    "second_turn_replies",
    "word_choice_logits",
}
REFUSED = dict.fromkeys(KEEPS_RESULTS, CANNOT_BE_KEPT) | {
    "reround_linear_layers": "not in memory",
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    path = tmp_path_factory.mktemp("device_maps")
    for part in small_model():
        part.save_pretrained(path)
    return path


@pytest.fixture(scope="module", autouse=True)
def own_cache(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("UNCERTAINTY_CACHE", str(tmp_path_factory.mktemp("cache")))
        yield


@pytest.fixture(scope="module")
def plain(folder):
    """What every function says of the model in memory."""
    model, tokenizer = load_model(folder, device="cpu")
    return {name: said(name, model, tokenizer) for name in CALLS}


@pytest.fixture(scope="module", params=[*ON_DISK, "in the CPU's memory", "only hooks"])
def placed(request, folder, tmp_path_factory):
    """A model whose weights are elsewhere, and its tokenizer."""
    if request.param in ON_DISK:
        places = ON_DISK[request.param]
        device_map = {"": "disk"} if "" in places else IN_MEMORY | dict.fromkeys(places, "disk")
        return request.param, *load_model(folder, device_map=device_map)
    model, tokenizer = load_model(folder, device="cpu")
    if request.param == "only hooks":
        return (
            request.param,
            accelerate.dispatch_model(model, device_map=IN_MEMORY, force_hooks=True),
            tokenizer,
        )
    return request.param, accelerate.cpu_offload(model, execution_device="cpu"), tokenizer


ELSEWHERE = {
    "answers_from": "its model is a name on a server",
    "leaderboard": "it judges what greedy_answers and score say, which are above",
    "make_report": "it calls the others, for minutes",
    "asker": "it chooses how a question is put, and reads no weight",
    "make_server_report": "its model is a name on a server",
    "recorded_report": "its model is the name of a report",
}


def test_every_public_function_of_a_model_is_called():
    functions = {
        name
        for name in uncertainty.__all__
        if inspect.isfunction(getattr(uncertainty, name))
        and {"model", "parts"} & set(inspect.signature(getattr(uncertainty, name)).parameters)
    }
    assert functions == set(CALLS) | set(ELSEWHERE)


@pytest.mark.parametrize("name", CALLS)
def test_weights_elsewhere_give_the_same_or_a_clear_refusal(placed, plain, name):
    where, model, tokenizer = placed
    assert where == "only hooks" or any(weight.is_meta for weight in model.parameters())
    if name in REFUSED and where != "only hooks":
        with pytest.raises(ValueError, match=REFUSED[name]):
            said(name, model, tokenizer)
    else:
        agree(name, said(name, model, tokenizer), plain[name])
    assert where == "only hooks" or any(weight.is_meta for weight in model.parameters())


# Neighbours on different devices, also the last block, the norm and the unembedding.
ON_TWO_DEVICES = {
    "model.embed_tokens": "ve:0",
    "model.layers.0": "ve:0",
    "model.layers.1": "ve:1",
    "model.norm": "ve:0",
    "model.rotary_emb": "ve:0",
}


@pytest.fixture(scope="module", params=["ve:0", "ve:1"])
def spread(request):
    """A model over two devices that are pretended, its unembedding on one or the other."""
    with pretend_devices():
        model, tokenizer = small_model()
        device_map = ON_TWO_DEVICES | {"lm_head": request.param}
        return accelerate.dispatch_model(model, device_map=device_map), tokenizer


@pytest.mark.parametrize("name", CALLS)
def test_two_devices_give_the_same(plain, spread, name):
    with pretend_devices():
        model, tokenizer = spread
        assert {str(weight.device) for weight in model.parameters()} == {"ve:0", "ve:1"}
        agree(name, said(name, model, tokenizer), plain[name])


def test_pretended_devices_are_not_mixed():
    with pretend_devices():
        x = torch.ones(3).to("ve:0")
        assert str((x + 1).device) == "ve:0" and (x @ x).item() == 3
        assert str(x.to("ve:1").device) == "ve:1" and type(x.cpu()) is torch.Tensor
        with pytest.raises(RuntimeError, match="ve:0 and ve:1"):
            x + torch.ones(3, device="ve:1")
        with pytest.raises(RuntimeError, match="cpu and ve:0"):
            torch.cat([x, torch.ones(3)])
        with pytest.raises(TypeError, match="copy it first"):
            x.numpy()


def test_rerounding_refuses_what_it_could_not_change(folder):
    model, _ = load_model(folder, device_map=IN_MEMORY | {"model.layers.0": "disk"})
    refusal = pytest.raises(ValueError, match=r"model\.layers\.0\..* is not in memory")
    with refusal, reround_linear_layers(model):
        pytest.fail("it went on")


def test_a_weight_on_the_disk_is_read_at_each_call(folder):
    """An offloaded block changes nothing in memory, also after an error inside a call."""
    model, _ = load_model(folder, device_map=IN_MEMORY | {"lm_head": "disk"})
    parts = uncertainty.model_parts(model)
    assert parts.unembedding is not model.lm_head and model.lm_head.weight.is_meta
    assert torch.equal(parts.unembedding.weight, small_model()[0].lm_head.weight)
