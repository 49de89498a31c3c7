"""results.py: nothing is computed twice, nothing is lost when a run is killed, nothing old is taken for new."""

import json

import pytest
import torch

from uncertainty import load_model
from uncertainty.course import results
from uncertainty.course.results import cached_results, fingerprint


@pytest.fixture(autouse=True)
def own_cache(monkeypatch, tmp_path):
    monkeypatch.setenv("UNCERTAINTY_CACHE", str(tmp_path))
    return tmp_path


@pytest.fixture
def model():
    return load_model("tiny")[0]


@pytest.fixture
def tokenizer():
    return load_model("tiny")[1]


class Compute:
    """Doubles the lengths of its items; counts what it was given; is killed before batch number `dies_at`."""

    def __init__(self, dies_at=None):
        self.batches, self.dies_at = [], dies_at

    def __call__(self, items):
        if len(self.batches) == self.dies_at:
            raise KeyboardInterrupt
        self.batches.append(items)
        return [2 * len(item) for item in items]


ITEMS = ["ccc", "a", "bb", "a", "dddd", "ee"]


def test_the_second_run_computes_nothing_and_order_and_repeats_are_kept(model, tokenizer):
    first, second = Compute(), Compute()
    assert cached_results("t", model, tokenizer, ITEMS, first, batch_size=2) == [6, 2, 4, 2, 8, 4]
    assert cached_results("t", model, tokenizer, ITEMS, second, batch_size=2) == [6, 2, 4, 2, 8, 4]
    asked = [item for batch in first.batches for item in batch]
    assert sorted(asked) == sorted({*ITEMS}) and second.batches == []
    assert [len(item) for item in asked] == [1, 2, 2, 3, 4]  # sorted, for little padding


def test_a_killed_run_goes_on_with_the_same_batches(model, tokenizer):
    whole, killed, rest = Compute(), Compute(dies_at=1), Compute()
    cached_results("whole", model, tokenizer, ITEMS, whole, batch_size=2)
    with pytest.raises(KeyboardInterrupt):
        cached_results("t", model, tokenizer, ITEMS, killed, batch_size=2)
    assert cached_results("t", model, tokenizer, ITEMS, rest, batch_size=2) == [6, 2, 4, 2, 8, 4]
    assert killed.batches + rest.batches == whole.batches


def test_half_a_line_is_computed_again_and_harms_no_other(model, tokenizer, own_cache):
    cached_results("t", model, tokenizer, ITEMS, Compute(), batch_size=2)
    [path] = (own_cache / "results").glob("t-*.jsonl")
    path.write_text(path.read_text().rstrip()[:-9])
    again = Compute()
    assert (
        cached_results("t", model, tokenizer, ITEMS, again, batch_size=2) == [6, 2, 4, 2, 8, 4]
        and len(again.batches) == 1
    )
    once_more = Compute()
    cached_results("t", model, tokenizer, ITEMS, once_more, batch_size=2)
    assert once_more.batches == []


def test_a_stored_result_is_not_replaced_when_its_batch_is_computed_again(
    model, tokenizer, own_cache
):
    cached_results("t", model, tokenizer, ["a", "bb"], Compute(), batch_size=2)
    assert cached_results(
        "t", model, tokenizer, ["a", "ccc"], lambda items: [-1] * len(items), batch_size=2
    ) == [2, -1]
    [path] = (own_cache / "results").glob("t-*.jsonl")
    with path.open("a") as file:  # as another process might have done meanwhile
        file.write("\n" + path.read_text().splitlines()[1].replace("2", "99") + "\n")
    assert cached_results("t", model, tokenizer, ["a"], Compute()) == [2]


def change_what(model, tokenizer, what, monkeypatch):
    weights = model.get_input_embeddings().weight
    with torch.no_grad():
        if what == "weight":
            weights[5, 7] += 1e-3
        if what == "swapped rows":
            weights[[5, 6]] = weights[[6, 5]]
        if what == "swapped gains":
            model.model.norm.weight[0] = 2.0
            cached_results("t", model, tokenizer, ["a"], Compute(), settings={"limit": 24})
            model.model.norm.weight[[0, 1]] = model.model.norm.weight[[1, 0]]
    if what == "precision":
        model.bfloat16()
    if what == "config":
        model.config.rms_norm_eps *= 2
    if what == "chat template":
        tokenizer.chat_template += "!"
    if what == "stop":
        model.generation_config.eos_token_id = 7
    if what == "versions":
        monkeypatch.setattr(results.transformers, "__version__", "99")
    if what == "code":
        monkeypatch.setattr(results, "ASKING", results.ASKING[:-1])


@pytest.mark.parametrize(
    "change",
    [
        "setting",
        "task",
        "weight",
        "precision",
        "swapped rows",
        "swapped gains",
        "config",
        "chat template",
        "stop",
        "versions",
        "code",
    ],
)
def test_whatever_changes_the_answers_makes_a_new_file(model, tokenizer, change, monkeypatch):
    cached_results("t", model, tokenizer, ["a"], Compute(), settings={"limit": 24})
    before = fingerprint(model)
    change_what(model, tokenizer, change, monkeypatch)
    asked, limit = Compute(), 16 if change == "setting" else 24
    cached_results(
        "u" if change == "task" else "t", model, tokenizer, ["a"], asked, settings={"limit": limit}
    )
    assert len(asked.batches) == 1
    of_the_model = change in ("weight", "precision", "swapped rows", "swapped gains", "config")
    assert (fingerprint(model) != before) == of_the_model


def test_the_code_that_computes_is_part_of_the_name(model, tokenizer):
    for code, batches in (
        ((), 1),
        (("lens.logit_lens",), 1),
        (("lens.logit_lens",), 0),
        (("lens.logit_lens", "lens.profiles"), 1),
    ):
        compute = Compute()
        cached_results("code", model, tokenizer, ITEMS, compute, code=code)
        assert len(compute.batches) == batches, code


def test_packed_4_bit_weights_are_seen_with_their_scales(model):
    bitsandbytes = pytest.importorskip("bitsandbytes")
    layer = bitsandbytes.nn.Linear4bit(64, 64, bias=False, quant_type="nf4").to("cpu")
    layer.weight = bitsandbytes.nn.Params4bit(
        torch.randn(64, 64), requires_grad=False, quant_type="nf4"
    )._quantize("cpu")
    model.model.layers[0].mlp.down_proj = layer
    before = fingerprint(model)
    layer.weight.quant_state.absmax.mul_(2)
    assert fingerprint(model) != before


def test_weights_out_of_memory_are_refused(model):
    with pytest.raises(ValueError, match=r"is not in memory \(offloaded\)"):
        fingerprint(model.to("meta"))


def test_the_same_weights_have_the_same_name(model):
    assert fingerprint(model) == fingerprint(load_model("tiny")[0])


def test_a_folder_that_cannot_be_written_costs_the_memory_only(model, tokenizer, own_cache):
    (own_cache / "results").write_text("a file where the folder should be")
    with pytest.warns(UserWarning, match="results cannot be kept.*UNCERTAINTY_CACHE"):
        assert cached_results("t", model, tokenizer, ["a", "bb"], Compute()) == [2, 4]


def test_bad_input_is_named_and_nothing_is_kept(model, tokenizer, own_cache):
    with pytest.raises(ValueError, match="1 results for 2 items"):
        cached_results("t", model, tokenizer, ["a", "bb"], lambda items: [1])
    with pytest.raises(ValueError, match="batch_size must be at least 1, got 0"):
        cached_results("t", model, tokenizer, ["a"], Compute(), batch_size=0)
    assert not (own_cache / "results").exists()


def test_what_comes_back_is_the_same_before_and_after_the_disk(model, tokenizer):
    prompt = [{"role": "user", "content": "caf\u00e9?"}]
    first = cached_results(
        "t", model, tokenizer, [prompt], lambda items: [{"p": (0.1, 1 / 3), "n": None}]
    )
    assert (
        first
        == cached_results("t", model, tokenizer, [prompt], Compute())
        == [{"p": [0.1, 1 / 3], "n": None}]
    )
    assert json.dumps(first)
