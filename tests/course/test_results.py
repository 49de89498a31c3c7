"""results.py: nothing is computed twice, no killed run is lost, nothing old is taken for new."""

import importlib
import json
import math

import pytest
import torch

from uncertainty import _progress, load_model
from uncertainty.course import results
from uncertainty.course.results import batch_seed, cached_results
from uncertainty.lens.logit_lens import logit_lens
from uncertainty.lens.profiles import window_means


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
    """Doubles the lengths of its items and counts its batches; is killed before batch `dies_at`."""

    def __init__(self, dies_at=None):
        self.batches = []
        self.dies_at = dies_at

    def __call__(self, items):
        if len(self.batches) == self.dies_at:
            raise KeyboardInterrupt
        self.batches.append(items)
        return [2 * len(item) for item in items]


ITEMS = ["ccc", "a", "bb", "a", "dddd", "ee"]
DOUBLED = [6, 2, 4, 2, 8, 4]
IN_PAIRS = dict(task="t", batch_size=2)


def test_the_second_run_computes_nothing_and_order_and_repeats_are_kept(model, tokenizer):
    first = Compute()
    second = Compute()
    assert cached_results(model, tokenizer, ITEMS, first, **IN_PAIRS) == DOUBLED
    assert cached_results(model, tokenizer, ITEMS, second, **IN_PAIRS) == DOUBLED
    asked = [item for batch in first.batches for item in batch]
    assert sorted(asked) == sorted({*ITEMS}) and second.batches == []
    assert [len(item) for item in asked] == [1, 2, 2, 3, 4]  # sorted, for little padding


def test_a_killed_run_goes_on_with_the_same_batches(model, tokenizer):
    whole = Compute()
    killed = Compute(dies_at=1)
    rest = Compute()
    cached_results(model, tokenizer, ITEMS, whole, task="whole", batch_size=2)
    with pytest.raises(KeyboardInterrupt):
        cached_results(model, tokenizer, ITEMS, killed, **IN_PAIRS)
    assert cached_results(model, tokenizer, ITEMS, rest, **IN_PAIRS) == DOUBLED
    assert killed.batches + rest.batches == whole.batches


def test_half_a_line_is_computed_again_and_harms_no_other(model, tokenizer, own_cache):
    cached_results(model, tokenizer, ITEMS, Compute(), **IN_PAIRS)
    [path] = (own_cache / "results").glob("t-*.jsonl")
    path.write_text(path.read_text().rstrip()[:-9])
    again = Compute()
    assert cached_results(model, tokenizer, ITEMS, again, **IN_PAIRS) == DOUBLED
    assert len(again.batches) == 1
    once_more = Compute()
    cached_results(model, tokenizer, ITEMS, once_more, **IN_PAIRS)
    assert once_more.batches == []


def test_a_stored_result_is_not_replaced_when_its_batch_is_computed_again(
    model, tokenizer, own_cache
):
    cached_results(model, tokenizer, ["a", "bb"], Compute(), **IN_PAIRS)
    minus_one = lambda items: [-1] * len(items)  # noqa: E731
    assert cached_results(model, tokenizer, ["a", "ccc"], minus_one, **IN_PAIRS) == [2, -1]
    [path] = (own_cache / "results").glob("t-*.jsonl")
    with path.open("a") as file:  # as another process might have done meanwhile
        file.write("\n" + path.read_text().splitlines()[1].replace("2", "99") + "\n")
    assert cached_results(model, tokenizer, ["a"], Compute(), task="t") == [2]


def change_the_model_or_the_tokenizer(model, tokenizer, what, monkeypatch):
    if what == "weight":
        with torch.no_grad():
            model.get_input_embeddings().weight[5, 7] += 1e-3
    if what == "precision":
        model.bfloat16()
    if what == "config":
        model.config.rms_norm_eps *= 2
    if what == "attention":
        before = model.config._attn_implementation
        model.set_attn_implementation("eager" if before != "eager" else "sdpa")
    if what == "vocabulary":
        tokenizer.add_tokens(["a token of its own"])
    if what == "chat template":
        tokenizer.chat_template += "!"
    if what == "stop":
        model.generation_config.eos_token_id = 7
    if what == "versions":
        monkeypatch.setattr(results.transformers, "__version__", "99")
    if what == "how a model is asked":
        monkeypatch.setattr(results, "ASKING", results.ASKING[1:-1])


@pytest.mark.parametrize(
    "change",
    [
        "setting",
        "task",
        "weight",
        "precision",
        "config",
        "attention",
        "vocabulary",
        "chat template",
        "stop",
        "versions",
        "how a model is asked",
    ],
)
def test_whatever_changes_the_answers_makes_a_new_file(model, tokenizer, change, monkeypatch):
    cached_results(model, tokenizer, ["a"], Compute(), task="t", settings={"limit": 24})
    change_the_model_or_the_tokenizer(model, tokenizer, change, monkeypatch)
    task = "u" if change == "task" else "t"
    settings = {"limit": 16 if change == "setting" else 24}
    again = Compute()
    cached_results(model, tokenizer, ["a"], again, task=task, settings=settings)
    assert len(again.batches) == 1


def test_the_code_that_computes_is_part_of_the_name(model, tokenizer):
    for code, batches in (
        ((), 1),
        ((logit_lens,), 1),
        ((logit_lens,), 0),
        ((logit_lens, logit_lens), 0),
        ((logit_lens, window_means), 1),
        ((window_means, logit_lens), 0),
    ):
        compute = Compute()
        cached_results(model, tokenizer, ITEMS, compute, task="code", code=code)
        assert len(compute.batches) == batches, code


def test_a_renamed_file_keeps_the_results_and_changed_code_does_not(
    model, tokenizer, tmp_path, monkeypatch
):
    monkeypatch.syspath_prepend(str(tmp_path))
    source = "def measure(items):\n    return [len(item) for item in items]\n"
    (tmp_path / "cached_one.py").write_text(source)
    (tmp_path / "cached_two.py").write_text(source)
    (tmp_path / "cached_three.py").write_text(source.replace("len(item)", "-len(item)"))
    batches = []
    for name in ("cached_one", "cached_two", "cached_three"):
        measure = importlib.import_module(name).measure
        compute = Compute()
        cached_results(model, tokenizer, ITEMS, compute, task="t", code=(measure,))
        batches.append(len(compute.batches))
    assert batches == [1, 0, 1]


def test_code_without_source_is_refused(model, tokenizer, own_cache):
    with pytest.raises(ValueError, match="has no source file"):
        cached_results(model, tokenizer, ITEMS, Compute(), task="t", code=(math.sqrt,))
    assert not (own_cache / "results").exists()


def test_each_batch_draws_its_own_numbers_and_the_seed_counts():
    assert batch_seed(0, ["one"]) == batch_seed(0, ["one"])
    assert batch_seed(0, ["one"]) != batch_seed(0, ["two"])
    assert batch_seed(0, ["one"]) != batch_seed(1, ["one"])


def test_weights_out_of_memory_are_refused(model, tokenizer):
    with pytest.raises(ValueError, match=r"is not in memory \(offloaded\)"):
        cached_results(model.to("meta"), tokenizer, ITEMS, Compute(), task="t")


def test_a_folder_that_cannot_be_written_costs_the_memory_only(model, tokenizer, own_cache):
    (own_cache / "results").write_text("a file where the folder should be")
    with pytest.warns(UserWarning, match="results cannot be kept.*UNCERTAINTY_CACHE") as warned:
        assert cached_results(model, tokenizer, ["a", "bb"], Compute(), task="t") == [2, 4]
    assert warned[0].filename == __file__


def test_bad_input_is_named_and_nothing_is_kept(model, tokenizer, own_cache):
    with pytest.raises(ValueError, match="t: compute returned 1 results for 2 items"):
        cached_results(model, tokenizer, ["a", "bb"], lambda items: [1], task="t")
    with pytest.raises(ValueError, match="batch_size must be at least 1, got 0"):
        cached_results(model, tokenizer, ["a"], Compute(), task="t", batch_size=0)
    assert not (own_cache / "results").exists()


def test_what_comes_back_is_the_same_before_and_after_the_disk(model, tokenizer):
    prompt = [{"role": "user", "content": "caf\u00e9?"}]
    compute = lambda items: [{"p": (0.1, 1 / 3), "n": None}]  # noqa: E731
    first = cached_results(model, tokenizer, [prompt], compute, task="t")
    second = cached_results(model, tokenizer, [prompt], Compute(), task="t")
    assert first == second == [{"p": [0.1, 1 / 3], "n": None}]
    assert json.dumps(first)


def test_a_bar_counts_what_has_to_be_computed(model, tokenizer, monkeypatch):
    bars = []
    silent = []

    class Bar(_progress.tqdm):
        def __init__(self, disable, **options):
            bars.append(self)
            silent.append(disable)
            super().__init__(disable=False, **options)

    monkeypatch.setattr(_progress, "tqdm", Bar)
    monkeypatch.setenv("TQDM_DISABLE", "1")
    cached_results(model, tokenizer, ["a", "bb"], Compute(), task="t", batch_size=1)
    monkeypatch.delenv("TQDM_DISABLE")
    cached_results(model, tokenizer, ["a", "bb", "ccc"], Compute(), task="t", batch_size=1)
    cached_results(model, tokenizer, ["a", "bb", "ccc"], Compute(), task="t", batch_size=1)
    assert [(bar.n, bar.total) for bar in bars] == [(2, 2), (1, 1)]
    assert silent == [True, False]
