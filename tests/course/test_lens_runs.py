"""The run of lesson 11 against the lenses themselves, and what it keeps."""

import numpy as np
import pytest
import torch

from uncertainty.architecture.parts import model_parts
from uncertainty.course import lens_runs
from uncertainty.course.lens_runs import COUNTED, lens_losses
from uncertainty.course.spot_check import first_difference
from uncertainty.lens.jacobian import jacobian_lens
from uncertainty.lens.logit_lens import logit_lens, read_stream
from uncertainty.lens.translators import translate

LEARNING = torch.randint(5, 200, (4, 12), generator=torch.Generator().manual_seed(1))
JUDGING = torch.randint(5, 200, (5, 14), generator=torch.Generator().manual_seed(2))
COUNT = slice(-1 - COUNTED, -1)


@pytest.fixture(autouse=True)
def own_cache(monkeypatch, tmp_path):
    monkeypatch.setenv("UNCERTAINTY_CACHE", str(tmp_path))
    return tmp_path


def read(model, window, lens):
    """Return loss and divergence of one window read through a lens, ``(depths, counted)`` each."""
    parts = model_parts(model)
    with parts.record_stream() as recorded, torch.no_grad():
        model.base_model(input_ids=window[None], use_cache=False)
    moved = translate([state[0] for state in recorded], lens)
    trace = read_stream(parts, moved, targets=[*window[1:].tolist(), -100])
    return trace.cross_entropy[:, COUNT], trace.kl_to_final[:, COUNT]


def test_losses_are_those_of_the_lenses_themselves(tiny):
    model, tokenizer = tiny
    found = lens_losses(model, tokenizer, LEARNING, JUDGING, depths=[0, 1])
    published = jacobian_lens(model, LEARNING[:2], later=True, offset=False)
    same = jacobian_lens(model, LEARNING)
    for row, window in enumerate(JUDGING):
        plain = logit_lens(model, window, targets=[*window[1:].tolist(), -100])
        expected = plain.cross_entropy[:-1, COUNT].mean(1)
        np.testing.assert_allclose(found["logit"][:, row], expected, atol=1e-3)
        for name, lens in {"published": published, "same": same}.items():
            loss, divergence = read(model, window, lens)
            np.testing.assert_allclose(found[name][:, row], loss[:-1].mean(1), atol=1e-3)
            np.testing.assert_allclose(
                found[f"{name} kl"][:, row], divergence[:-1].mean(1), atol=1e-3
            )


def test_controls_differ_from_the_lens_and_keep_its_mean(tiny):
    model, tokenizer = tiny
    found = lens_losses(model, tokenizer, LEARNING, JUDGING, depths=[0, 1])
    for name in ("shuffled 1", "other depth", "random weights", "offset", "later 1"):
        assert not np.allclose(found[name], found["later"], atol=1e-2), name
    shuffles = np.stack([found[f"shuffled {number}"] for number in range(1, 6)])
    assert (shuffles.std(0) > 1e-3).any()


def test_the_run_is_kept_and_a_small_lens_is_computed_again(tiny, monkeypatch):
    model, tokenizer = tiny
    first = lens_losses(model, tokenizer, LEARNING, JUDGING, depths=[0, 1])
    monkeypatch.setattr(lens_runs, "_all_lenses", None)  # it would have to be called
    again = lens_losses(model, tokenizer, LEARNING, JUDGING, depths=[0, 1])
    assert all(np.array_equal(first[name], again[name]) for name in first)
    assert "few" not in first


def test_a_lens_that_changed_is_noticed_among_recorded_losses(tiny, monkeypatch):
    """Recorded losses are compared with a small lens; a derivative that is off is another one."""
    model, tokenizer = tiny
    found = {}

    def keep(model, tokenizer, items, compute, *, recheck, **_):
        recorded = compute(items)
        found["same"] = [old == new for old, new in zip(recorded, recheck(items, recorded))]
        monkeypatch.setattr(
            lens_runs, "jacobian_lens", lambda *args, **named: jacobian_lens(*args, seed=1, **named)
        )
        changed = recheck(items, recorded)
        found["noticed"] = [
            first_difference(old, new) is not None for old, new in zip(recorded, changed)
        ]
        return recorded

    monkeypatch.setattr(lens_runs, "cached_results", keep)
    lens_losses(model, tokenizer, LEARNING, JUDGING, depths=[1, 0])
    assert all(found["same"]) and all(found["noticed"])
