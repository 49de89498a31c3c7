"""The runs of lessons 15 and 16 against what the lens says directly, and kept without their texts."""

import numpy as np
import pytest
import torch

from uncertainty.course.decision_runs import (
    decision_steps,
    losses_without_block,
    prompt_entropies,
)
from uncertainty.lens.generated import generate_with_lens
from uncertainty.lens.logit_lens import logit_lens
from uncertainty.lens.profiles import nucleus_sizes
from uncertainty.lens.skipping import skipped_block

PROMPTS = ["Name a fruit.", "a secret that must stay here", "b"]


@pytest.fixture(autouse=True)
def own_cache(monkeypatch, tmp_path):
    monkeypatch.setenv("UNCERTAINTY_CACHE", str(tmp_path))
    return tmp_path


def windows():
    return torch.randint(0, 250, (3, 9), generator=torch.Generator().manual_seed(1))


def test_prompt_entropies_are_the_profile_of_the_first_token(tiny, own_cache):
    model, tokenizer = tiny
    found = prompt_entropies(model, tokenizer, PROMPTS)
    for row, prompt in zip(found, PROMPTS):
        [(_, trace)] = generate_with_lens(model, tokenizer, [prompt], max_new_tokens=1)
        np.testing.assert_allclose(row, trace.entropy[:, 0], atol=2e-4)
    kept = "".join(path.read_text() for path in own_cache.rglob("*.jsonl"))
    assert kept and "secret" not in kept
    assert np.array_equal(prompt_entropies(model, tokenizer, PROMPTS[::-1]), found[::-1])


def test_decision_steps_are_entropies_and_sizes_at_the_positions(tiny):
    model, tokenizer = tiny
    steps = decision_steps(model, tokenizer, windows(), positions=(4, 8))
    for window, entropy, sizes in zip(windows(), steps["entropy"], steps["sizes"]):
        np.testing.assert_allclose(entropy, logit_lens(model, window).entropy[:, [4, 8]], atol=2e-4)
        assert np.array_equal(sizes, nucleus_sizes(model, window)[:, [4, 8]])
    assert steps["overlap"].shape == steps["crossed_overlap"].shape == (3, 2, 2)


def test_losses_are_those_of_the_model_with_the_block_left_out(tiny):
    model, tokenizer = tiny
    found = losses_without_block(model, tokenizer, windows(), blocks=[1], first=5)
    for window, (whole, without) in zip(windows(), found):
        labels = window.clone()
        labels[:6] = -100
        with torch.no_grad():
            expected = model(window[None], labels=labels[None]).loss
            with skipped_block(model, 1):
                expected_without = model(window[None], labels=labels[None]).loss
        assert whole == pytest.approx(float(expected), abs=1e-3)
        assert without == pytest.approx(float(expected_without), abs=1e-3)
        assert abs(whole - without) > 1e-2
