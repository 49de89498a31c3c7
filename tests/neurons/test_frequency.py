"""The frequency direction and the neurons' cosines with it, against moving the stream."""

import numpy as np
import pytest
import torch
from families import FAMILIES, VOCABULARY, tiny_model
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from uncertainty.architecture import unembedding
from uncertainty.architecture.final_norm import final_norm
from uncertainty.architecture.last_mlp import last_layer_neurons
from uncertainty.architecture.parts import model_parts
from uncertainty.data.corpora import encyclopaedia_texts
from uncertainty.data.windows import text_chunks
from uncertainty.loading.models import load_model
from uncertainty.neurons.frequency import frequency_cosine, frequency_direction
from uncertainty.neurons.unigrams import count_unigram, predicted_unigram


@pytest.fixture(autouse=True)
def small_slices(monkeypatch):
    """260 rows of the vocabulary in slices of 128, so that every seam is crossed."""
    monkeypatch.setattr(unembedding, "ROWS_AT_A_TIME", 128)


@given(st.lists(st.floats(0.01, 100), min_size=2, max_size=30))
def test_the_direction_is_centred_long_one_and_blind_to_scale(weights):
    weights = torch.tensor(weights, dtype=torch.float64)
    if weights.log().std() < 1e-6:
        return
    v = frequency_direction(weights / weights.sum())
    assert (
        abs(v.sum()) < 1e-6
        and np.isclose(v.norm(), 1)
        and torch.allclose(frequency_direction(weights), v, atol=1e-6)
    )
    assert np.isclose(stats.pearsonr(v, weights.log())[0], 1)


def test_a_direction_needs_positive_and_unequal_probabilities():
    with pytest.raises(ValueError, match="2 probabilities are not positive: count with smoothing"):
        frequency_direction(torch.tensor([0.5, 0.5, 0.0, 0.0]))
    with pytest.raises(ValueError, match="equally likely"):
        frequency_direction(torch.full((7,), 1 / 7))


DENSE = [
    family for family in FAMILIES if family not in ("mixtral", "qwen2_moe", "qwen3_moe", "gpt_oss")
]


@pytest.mark.parametrize("family", DENSE)
def test_cosines_against_moving_the_stream(family):
    """A step either way along a neuron's weights moves the logits as the cosine says.

    The state is at right angles to the weights, so both steps change the norm's denominator alike.
    """
    model = tiny_model(family)
    direction = torch.randn(
        VOCABULARY, dtype=torch.float64, generator=torch.Generator().manual_seed(3)
    )
    neurons = last_layer_neurons(model)
    parts = model_parts(model)
    form = final_norm(parts)
    if not neurons.adds_to_stream:
        with pytest.raises(ValueError, match="a norm follows the last MLP"):
            frequency_cosine(model, direction)
        return
    found = frequency_cosine(model, direction)
    assert found.shape == (len(neurons.output_weights),)
    for i in range(0, len(found), 7):
        w = neurons.output_weights[i]
        x = form.centre(torch.randn(len(w), generator=torch.Generator().manual_seed(i)))
        x = x - x @ form.centre(w) / form.centre(w).square().sum() * form.centre(w)
        with torch.no_grad():
            effect = parts.logits(x + w) - parts.logits(x - w)
        assert np.isclose(found[i], stats.pearsonr(effect.double(), direction)[0], atol=1e-3)


def test_a_direction_of_another_length_is_refused():
    with pytest.raises(ValueError, match=r"shape \(5,\), the unembedding 260 rows"):
        frequency_cosine(tiny_model("llama"), torch.ones(5))


@pytest.mark.model
def test_the_default_model_has_neurons_on_the_frequency_direction():
    model, tokenizer = load_model()
    windows = text_chunks(tokenizer, encyclopaedia_texts(), length=64, count=400)
    assert windows.shape == (400, 64)
    counted = count_unigram(windows, len(model_parts(model).unembedding.weight))
    cosines = [
        frequency_cosine(model, frequency_direction(p))
        for p in (counted, predicted_unigram(model, windows[:32]))
    ]
    for cosine in cosines:
        assert {471, 645} <= set(cosine.argsort()[:3].tolist()) and cosine.min() < -0.3
    assert np.corrcoef(*cosines)[0, 1] > 0.8
