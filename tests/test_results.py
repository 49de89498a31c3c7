"""results.py: nothing is computed twice, nothing is lost when a run is killed, nothing old is taken for new."""

import json

import pytest
import torch

from uncertainty import load_model
from uncertainty.results import fingerprint, remembered


@pytest.fixture(autouse=True)
def own_cache(monkeypatch, tmp_path):
    monkeypatch.setenv("UNCERTAINTY_CACHE", str(tmp_path))
    return tmp_path


@pytest.fixture
def model():
    return load_model("tiny")[0]


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


def test_the_second_run_computes_nothing_and_order_and_repeats_are_kept(model):
    first, second = Compute(), Compute()
    assert remembered("t", model, ITEMS, first, batch_size=2) == [6, 2, 4, 2, 8, 4]
    assert remembered("t", model, ITEMS, second, batch_size=2) == [6, 2, 4, 2, 8, 4]
    asked = [item for batch in first.batches for item in batch]
    assert sorted(asked) == sorted({*ITEMS}) and second.batches == []
    assert [len(item) for item in asked] == [1, 2, 2, 3, 4]  # sorted, for little padding


def test_a_killed_run_goes_on_with_the_same_batches(model):
    whole, killed, rest = Compute(), Compute(dies_at=1), Compute()
    remembered("whole", model, ITEMS, whole, batch_size=2)
    with pytest.raises(KeyboardInterrupt):
        remembered("t", model, ITEMS, killed, batch_size=2)
    assert remembered("t", model, ITEMS, rest, batch_size=2) == [6, 2, 4, 2, 8, 4]
    assert killed.batches + rest.batches == whole.batches


def test_half_a_line_is_computed_again_and_harms_no_other(model, own_cache):
    remembered("t", model, ITEMS, Compute(), batch_size=2)
    [path] = (own_cache / "results").glob("t-*.jsonl")
    path.write_text(path.read_text().rstrip()[:-9])
    again = Compute()
    assert remembered("t", model, ITEMS, again, batch_size=2) == [6, 2, 4, 2, 8, 4] and len(again.batches) == 1
    once_more = Compute()
    remembered("t", model, ITEMS, once_more, batch_size=2)
    assert once_more.batches == []


def test_a_stored_result_is_not_replaced_when_its_batch_is_computed_again(model, own_cache):
    remembered("t", model, ["a", "bb"], Compute(), batch_size=2)
    assert remembered("t", model, ["a", "ccc"], lambda items: [-1] * len(items), batch_size=2) == [2, -1]


@pytest.mark.parametrize("change", ["setting", "task", "weight", "precision", "swapped rows"])
def test_whatever_changes_the_answers_makes_a_new_file(model, change):
    remembered("t", model, ["a"], Compute(), settings={"limit": 24})
    before = fingerprint(model)
    weights = model.get_input_embeddings().weight
    with torch.no_grad():
        if change == "weight":
            weights[5, 7] += 1e-3
        if change == "swapped rows":
            weights[[5, 6]] = weights[[6, 5]]
    if change == "precision":
        model.bfloat16()
    asked = Compute()
    remembered("u" if change == "task" else "t", model, ["a"], asked, settings={"limit": 16 if change == "setting" else 24})
    assert len(asked.batches) == 1
    assert (fingerprint(model) != before) == (change in ("weight", "precision", "swapped rows"))


def test_the_same_weights_have_the_same_name(model):
    assert fingerprint(model) == fingerprint(load_model("tiny")[0])


def test_a_folder_that_cannot_be_written_costs_the_memory_only(model, own_cache):
    (own_cache / "results").write_text("a file where the folder should be")
    with pytest.warns(UserWarning, match="results cannot be kept.*UNCERTAINTY_CACHE"):
        assert remembered("t", model, ["a", "bb"], Compute()) == [2, 4]


def test_bad_input_is_named_and_nothing_is_kept(model, own_cache):
    with pytest.raises(ValueError, match="1 results for 2 items"):
        remembered("t", model, ["a", "bb"], lambda items: [1])
    with pytest.raises(ValueError, match="batch_size must be at least 1, got 0"):
        remembered("t", model, ["a"], Compute(), batch_size=0)
    assert not (own_cache / "results").exists()


def test_what_comes_back_is_the_same_before_and_after_the_disk(model):
    prompt = [{"role": "user", "content": "caf\u00e9?"}]
    first = remembered("t", model, [prompt], lambda items: [{"p": (0.1, 1 / 3), "n": None}])
    assert first == remembered("t", model, [prompt], Compute()) == [{"p": [0.1, 1 / 3], "n": None}]
    assert json.dumps(first)
