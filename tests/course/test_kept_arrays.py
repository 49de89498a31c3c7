"""kept_arrays.py and state_runs.py: computed once, named by what they rest on, never half a file."""

import os
import zipfile

import numpy as np
import pytest
import torch

from uncertainty import answer_states, kept_answer_states, load_model
from uncertainty.course import kept_arrays
from uncertainty.course.kept_arrays import cached_arrays

PROMPTS = ["one", "two"]
ANSWERS = [[5, 6, 7], [8]]
ARRAYS = {"a": np.arange(6.0).reshape(2, 3), "b": np.array([1, 2])}


@pytest.fixture(autouse=True)
def own_cache(monkeypatch, tmp_path):
    monkeypatch.setenv("UNCERTAINTY_CACHE", str(tmp_path))
    return tmp_path / "results"


@pytest.fixture
def tiny():
    return load_model("tiny")


class Compute:
    def __init__(self):
        self.calls = 0

    def __call__(self):
        self.calls += 1
        return ARRAYS


def ask(tiny, compute, *, settings=None, code=(answer_states,)):
    found = cached_arrays(*tiny, compute, task="t", settings=settings or {}, code=code)
    for name, value in ARRAYS.items():
        np.testing.assert_array_equal(found[name], value)
        assert found[name].dtype == value.dtype


def test_the_second_call_reads_the_file(tiny, own_cache):
    compute = Compute()
    ask(tiny, compute)
    ask(tiny, compute)
    assert compute.calls == 1
    assert [path.suffix for path in own_cache.iterdir()] == [".npz"]


def test_weights_settings_and_code_change_the_name(tiny):
    compute = Compute()
    ask(tiny, compute)
    ask(tiny, compute, settings={"depths": [1]})
    ask(tiny, compute, code=(answer_states, cached_arrays))
    with torch.no_grad():
        tiny[0].get_input_embeddings().weight[3] += 1
    ask(tiny, compute)
    assert compute.calls == 4


@pytest.mark.parametrize("place", [0, 30, 60, 100, 200, -40, -5])
def test_a_damaged_or_shortened_file_is_told_and_computed_again(tiny, own_cache, place):
    ask(tiny, Compute())
    [path] = own_cache.iterdir()
    whole = path.read_bytes()
    for damaged in (whole[:place], whole[:place] + bytes([whole[place] ^ 255]) + whole[place:][1:]):
        path.write_bytes(damaged)
        compute = Compute()
        try:
            with pytest.warns(UserWarning, match="cannot be read .*computed again"):
                ask(tiny, compute)
        except pytest.fail.Exception:  # a byte that says nothing, such as a date: no harm
            assert compute.calls == 0
        assert path.read_bytes() == whole or compute.calls == 0
    with zipfile.ZipFile(path) as kept:
        assert kept.testzip() is None or place


def test_a_run_that_is_killed_while_writing_leaves_no_file(tiny, own_cache, monkeypatch):
    def killed(file, **arrays):
        file.write(b"half")
        raise KeyboardInterrupt

    monkeypatch.setattr(kept_arrays.np, "savez", killed)
    with pytest.raises(KeyboardInterrupt):
        ask(tiny, Compute())
    monkeypatch.undo()
    assert not list(own_cache.glob("*.npz"))


def test_a_folder_that_cannot_be_written_costs_the_memory_only(tiny, own_cache):
    own_cache.write_text("a file where the folder should be")
    with pytest.warns(UserWarning, match="arrays cannot be kept"):
        ask(tiny, Compute())
    assert own_cache.read_text().startswith("a file")


def test_a_full_disk_leaves_nothing_behind(tiny, own_cache, monkeypatch):
    def full(file, **arrays):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(kept_arrays.np, "savez", full)
    with pytest.warns(UserWarning, match="No space left"):
        ask(tiny, Compute())
    assert list(own_cache.iterdir()) == []


def test_while_answers_are_recorded_nothing_is_read_or_kept(tiny, own_cache, monkeypatch):
    monkeypatch.setenv("UNCERTAINTY_RECORD", os.fspath(own_cache))
    compute = Compute()
    ask(tiny, compute)
    ask(tiny, compute)
    assert compute.calls == 2 and not own_cache.exists()


def test_objects_are_refused(tiny):
    with pytest.raises(ValueError, match="t: a holds Python objects"):
        cached_arrays(*tiny, lambda: {"a": [None]}, task="t", settings={}, code=(answer_states,))


@pytest.mark.parametrize("along", [None, 1])
def test_kept_states_are_those_that_were_read(tiny, own_cache, along):
    wanted = dict(answers=ANSWERS, depths=[0, 2], along=along)
    first = kept_answer_states(*tiny, PROMPTS, **wanted)
    again = kept_answer_states(*tiny, PROMPTS, **wanted)
    fresh = answer_states(*tiny, PROMPTS, **wanted)
    assert len(list(own_cache.iterdir())) == 1
    for states in (first, again):
        assert states.depths == fresh.depths == [0, 2]
        for name in ("before", "mean", "last", "tokens"):
            np.testing.assert_array_equal(getattr(states, name), getattr(fresh, name))
    kept_answer_states(*tiny, PROMPTS, answers=[[5, 6, 7], [9]], depths=[0, 2], along=along)
    assert len(list(own_cache.iterdir())) == 2
