"""Activations against the MLP's output, and clipping against a loop."""

import numpy as np
import pytest
import torch
from families import tiny_model
from hypothesis import given, settings
from hypothesis import strategies as st

from uncertainty.architecture.last_mlp import last_layer_neurons
from uncertainty.neurons.activations import activations, clip_to_mean


@pytest.mark.parametrize("family", ["llama", "gpt2", "opt", "bloom", "falcon"])
def test_activations_rebuild_the_mlps_output(family):
    """Activations times output weights, plus the layer's bias, is what the MLP's last linear layer writes."""
    model = tiny_model(family)
    ids = torch.arange(3, 12)
    seen = []
    neurons = last_layer_neurons(model)
    hook = neurons.output_projection.register_forward_hook(
        lambda _, arguments, output: seen.append(output.detach().clone())
    )
    found = activations(model, ids)
    hook.remove()
    bias = getattr(neurons.output_projection, "bias", None)
    rebuilt = found @ neurons.output_weights + (0 if bias is None else bias.detach())
    torch.testing.assert_close(rebuilt, seen[-1].reshape(len(ids), -1), atol=1e-4, rtol=1e-4)


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10**6), st.integers(1, 6), st.integers(1, 6))
def test_clipping_against_a_loop_and_its_properties(seed, tokens, neurons):
    first, second, a = (
        np.random.default_rng(seed).normal(size=(3, tokens, neurons)).astype(np.float32)
    )
    clip = clip_to_mean(first=torch.tensor(first), second=torch.tensor(second))
    ours = clip(torch.tensor(a)).numpy()
    for n in range(neurons):
        mean = first[:, n].mean()
        for t in range(tokens):
            rose = second[:, n].mean() > mean
            undone = min(a[t, n], mean) if rose else max(a[t, n], mean)
            assert abs(ours[t, n] - undone) < 1e-6
    assert np.array_equal(clip(torch.tensor(ours)).numpy(), ours), "clipping twice is clipping once"
    falls = np.sign(second.mean(0) - first.mean(0)) * (ours - a) <= 0
    assert falls.all(), "it only ever undoes the change"


def test_clipping_by_hand():
    first = torch.tensor([[1.0, 5.0], [3.0, 7.0]])  # means 2 and 6
    second = torch.tensor([[4.0, 1.0], [1.0, 9.0]])  # means 2.5 (rises) and 5 (falls)
    assert clip_to_mean(first=first, second=second)(second).tolist() == [[2.0, 6.0], [1.0, 9.0]]
    assert clip_to_mean(first=first, second=second)(second.view(1, 2, 2)).shape == (1, 2, 2)


def test_the_two_copies_cannot_be_swapped_by_accident():
    with pytest.raises(TypeError):
        clip_to_mean(torch.zeros(3, 4), torch.zeros(3, 4))


@pytest.mark.parametrize(
    "shapes",
    [((3, 4), (3, 5)), ((0, 4), (3, 4)), ((3, 4), (0, 4)), ((4,), (4,)), ((1, 3, 4), (1, 3, 4))],
)
def test_clipping_needs_activations_of_both_copies(shapes):
    with pytest.raises(ValueError, match=r"\(positions, neurons\) twice"):
        clip_to_mean(first=torch.zeros(shapes[0]), second=torch.zeros(shapes[1]))
