"""Attention patterns and induction scores against transformers' own attention and against loops."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch
from families import FAMILIES, tiny_model

from uncertainty.heads import attention
from uncertainty.heads.attention import attention_patterns, induction_scores
from uncertainty.heads.repeats import random_repeats
from uncertainty.loading.models import load_model

AVERAGING = [family for family in FAMILIES if family != "gpt_oss"]  # which has sinks
IDS = torch.randint(3, 250, (2, 11), generator=torch.Generator().manual_seed(1))
SOFTMAX = torch.nn.functional.softmax


@pytest.fixture(scope="module")
def tiny():
    return load_model("tiny")


@pytest.mark.parametrize("family", [family for family in AVERAGING if family != "falcon"])
def test_patterns_are_the_probabilities_of_plain_attention(family, monkeypatch):
    model, seen = tiny_model(family), []
    before = model.config._attn_implementation
    ours = attention_patterns(model, IDS[0])
    assert model.config._attn_implementation == before and len(ours) == 3

    def cached_results(scores, *arguments, **options):
        weights = SOFTMAX(scores, *arguments, **options)
        if scores.ndim == 4:
            seen.append(weights)
        return weights

    model.config._attn_implementation = "eager"
    monkeypatch.setattr(torch.nn.functional, "softmax", cached_results)
    with torch.no_grad():
        model(input_ids=IDS[:1])
    for mine, theirs in zip(ours, seen, strict=True):
        torch.testing.assert_close(mine, theirs[0], atol=1e-5, rtol=1e-4)
        assert mine.triu(1).abs().max() == 0


def test_sdpa_comes_back_even_after_an_error(monkeypatch):
    model = tiny_model("llama")
    assert model.config._attn_implementation == "sdpa"
    monkeypatch.setattr(model.base_model, "forward", lambda **_: SimpleNamespace(attentions=()))
    with pytest.raises(ValueError, match="gives no attention weights of every layer"):
        attention_patterns(model, IDS[0])
    assert model.config._attn_implementation == "sdpa"


def test_a_model_that_cannot_switch_is_refused():
    """Falcon chooses its attention when it is made.

    Asked for weights later, it gives some without the causal mask.
    """
    model = tiny_model("falcon")
    with pytest.raises(ValueError, match="look ahead"):
        attention_patterns(model, IDS[0])
    model.config._attn_implementation = "eager"
    assert len(attention_patterns(model, IDS[0])) == 3


def test_rows_that_miss_one_are_refused():
    with pytest.raises(ValueError, match="sink"):
        attention_patterns(tiny_model("gpt_oss"), IDS[0])


def planted(monkeypatch, offset, length, weight):
    """Plant a head that attends ``offset`` positions back with this weight.

    The rest of its attention, and all of that of earlier positions, is at position 0.
    """
    tokens = 1 + 2 * length
    pattern = torch.zeros(1, tokens, tokens)
    for t in range(tokens):
        pattern[0, t, 0] += 1 - weight * (t >= offset)
        if t >= offset:
            pattern[0, t, t - offset] += weight
    monkeypatch.setattr(attention, "attention_patterns", lambda model, row: (pattern, 0 * pattern))


@pytest.mark.parametrize("length", [1, 2, 9])
def test_a_planted_induction_head_scores_its_weight(tiny, monkeypatch, length):
    rows = random_repeats(tiny[1], count=2, length=length)
    planted(monkeypatch, length - 1, length, 1.0)
    assert induction_scores(None, rows).tolist() == [[1.0], [0.0]]
    planted(monkeypatch, length - 1, length, 0.25)
    torch.testing.assert_close(induction_scores(None, rows)[0, 0], torch.tensor(0.25))
    planted(monkeypatch, length, length, 1.0)  # at the same token, not at the one after it
    assert induction_scores(None, rows)[0, 0] == 0


@pytest.mark.parametrize("family", ["gpt2", "llama", "bloom", "gpt_neox"])
def test_scores_against_a_loop_over_transformers_own_attentions(tiny, family):
    model, length = tiny_model(family), 6
    rows = random_repeats(tiny[1], count=3, length=length) % 250
    model.config._attn_implementation = "eager"
    with torch.no_grad():
        attentions = [
            layer.numpy() for layer in model(input_ids=rows, output_attentions=True).attentions
        ]
    expected = np.zeros((3, 4))
    for layer, head, row, i in np.ndindex(3, 4, 3, length):
        here = 1 + length + i
        after_the_earlier = 1 + i + 1
        expected[layer, head] += attentions[layer][row, head, here, after_the_earlier] / (
            3 * length
        )
    assert np.allclose(induction_scores(model, rows), expected, atol=1e-6)
    assert induction_scores(model, rows[0]).shape == (3, 4)


@pytest.mark.parametrize("rows", [[[1, 5, 6, 5, 7]], [[1, 5, 6, 5]], [[1]], [[[1, 5, 5]]]])
def test_rows_that_are_no_repeats_have_no_score(rows):
    with pytest.raises(ValueError, match="first, S, S"):
        induction_scores(tiny_model("llama"), torch.tensor(rows))
