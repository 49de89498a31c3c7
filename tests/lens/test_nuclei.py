"""Top-p sets at each depth, against sets made by a loop."""

import numpy as np
import pytest
import torch
from families import tiny_model

from uncertainty.architecture.parts import model_parts
from uncertainty.lens.nuclei import read_nuclei
from uncertainty.lens.profiles import nucleus_sizes

IDS = [5, 6, 7, 8]


def recorded(model):
    parts = model_parts(model)
    with torch.no_grad(), parts.record_stream() as stream:
        model(input_ids=torch.tensor([IDS]))
    return parts, [state[0] for state in stream]


def set_by_hand(parts, state, mass):
    p = parts.logits(state).detach().double().softmax(-1).numpy()
    members, held = set(), 0.0
    for token in np.argsort(-p, kind="stable"):
        if held >= mass:
            break
        members.add(int(token))
        held += p[token]
    return members


@pytest.mark.parametrize("mass", [0.3, 0.6, 0.95])
def test_sizes_and_overlaps_are_those_of_sets(mass):
    parts, stream = recorded(tiny_model("llama"))
    found = read_nuclei(parts, stream, mass=mass)
    sets = [[set_by_hand(parts, state[t], mass) for t in range(4)] for state in stream]
    assert found.sizes.tolist() == [[len(members) for members in row] for row in sets]
    for depth in range(len(stream) - 1):
        for token in range(4):
            here = sets[depth][token]
            for name, there in (
                ("overlap", sets[depth + 1][token]),
                ("crossed_overlap", sets[depth + 1][(token + 1) % 4]),
            ):
                expected = len(here & there) / len(here | there)
                assert getattr(found, name)[depth, token] == pytest.approx(expected)


def test_sizes_agree_with_nucleus_sizes():
    model = tiny_model("gpt2")
    parts, stream = recorded(model)
    assert np.array_equal(read_nuclei(parts, stream).sizes, nucleus_sizes(model, IDS))


def test_one_position_has_nothing_to_be_crossed_with():
    parts, stream = recorded(tiny_model("llama"))
    found = read_nuclei(parts, [state[:1] for state in stream])
    assert np.isnan(found.crossed_overlap).all() and not np.isnan(found.overlap).any()


def test_a_mass_outside_0_to_1_is_refused():
    parts, stream = recorded(tiny_model("llama"))
    with pytest.raises(ValueError, match="between 0 and 1, got 1"):
        read_nuclei(parts, stream, mass=1)
