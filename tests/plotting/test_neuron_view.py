"""The neuron card shows what the sweep says."""

import matplotlib.pyplot as plt
import pytest
import torch
from families import tiny_model

from uncertainty import ablation_sweep
from uncertainty.neurons.geometry import geometry
from uncertainty.plotting.neuron_view import firing_contexts, neuron_figure

IDS = torch.arange(3, 27).view(2, 12)


class Letters:
    def decode(self, ids):
        return "".join(chr(97 + int(i) % 26) for i in ids)


@pytest.fixture(scope="module")
def layer():
    model = tiny_model("llama")
    return ablation_sweep(model, IDS, progress=False), geometry(model)


def test_the_figure_draws_the_sweeps_own_numbers(layer):
    sweep, shape = layer
    figure = neuron_figure(IDS, sweep, shape, neuron=7, k=3)
    left, middle, right = figure.axes
    drawn = right.lines[1].get_xdata()
    assert torch.allclose(
        torch.as_tensor(drawn),
        (sweep.entropy[:, 7] - sweep.clean.entropy).view(2, 12)[:, 4:].flatten(),
    )
    assert [bar.get_height() for bar in left.patches[:32]] == pytest.approx(
        shape.cosines[7].abs().tolist()
    )
    assert sum(bar.get_height() for bar in middle.patches) == 16
    plt.close(figure)


def test_only_the_last_directions_can_be_drawn(layer):
    sweep, shape = layer
    figure = neuron_figure(IDS, sweep, shape, neuron=7, k=3, last=5)
    left = figure.axes[0]
    bars = left.containers[0]
    assert [bar.get_height() for bar in bars] == pytest.approx(shape.cosines[7, -5:].abs().tolist())
    assert [bar.get_x() + bar.get_width() / 2 for bar in bars] == pytest.approx(
        [28, 29, 30, 31, 32]
    )
    assert "the last 5" in left.get_xlabel()
    plt.close(figure)


def test_contexts_are_the_tokens_furthest_from_the_mean(layer):
    sweep, _ = layer
    acts = sweep.activations[:, 7].view(2, 12)
    distance = (acts - acts.mean()).abs()[:, 4:]
    row, column = divmod(int(distance.argmax()), 8)
    [line] = firing_contexts(Letters(), IDS, sweep, neuron=7, count=1)
    before = Letters().decode(IDS[row, : column + 4])[-10:]
    token = Letters().decode(IDS[row, column + 4 : column + 5])
    assert f"{before}[{token}]" in line, "the token itself stands in brackets"
    assert f"{acts[row, column + 4]:.2f}" in line


def test_no_such_neuron_part_of_a_sweep_other_text(layer):
    sweep, shape = layer
    with pytest.raises(ValueError, match="neuron 48"):
        neuron_figure(IDS, sweep, shape, neuron=48)
    part = ablation_sweep(tiny_model("llama"), IDS, [1, 2], progress=False)
    with pytest.raises(ValueError, match="got 2 columns"):
        neuron_figure(IDS, part, shape, neuron=1)
    with pytest.raises(ValueError, match="has 24 tokens"):
        firing_contexts(Letters(), IDS[0], sweep, neuron=3)
