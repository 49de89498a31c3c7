"""Entropy profiles: windows, depth, settling and nuclei against plain loops."""

import numpy as np
import pytest
import torch
from families import tiny_model
from hypothesis import given
from hypothesis import strategies as st

from uncertainty.architecture.parts import model_parts
from uncertainty.lens.profiles import nucleus_sizes, resample_depth, settled_depth, window_means

PROFILE = np.arange(24.0).reshape(3, 8) ** 2


def test_windows_are_means_of_equal_stretches():
    assert np.allclose(
        window_means(torch.tensor(PROFILE), 4),
        [[row[i : i + 2].mean() for i in range(0, 8, 2)] for row in PROFILE],
    )
    for count in (3, 0, 16):
        with pytest.raises(ValueError, match="8 tokens"):
            window_means(PROFILE, count)


@given(st.integers(2, 40), st.integers(2, 40))
def test_resampling_interpolates_and_keeps_both_ends(depths, points):
    profile = np.random.default_rng(depths).normal(size=(depths, 3))
    ours = resample_depth(profile, points)
    grid = np.linspace(0, 1, points)
    theirs = np.stack(
        [np.interp(grid, np.linspace(0, 1, depths), column) for column in profile.T], 1
    )
    assert ours.shape == (points, 3) and np.allclose(ours, theirs)
    assert np.allclose(resample_depth(np.ones((depths, 1)), points), 1), (
        "depth itself must leave no trace"
    )


def test_resampling_needs_two_depths_and_points():
    for profile, points in ((PROFILE[:1], 5), (PROFILE, 1)):
        with pytest.raises(ValueError, match="at least two"):
            resample_depth(profile, points)


def test_a_column_that_is_not_defined_stays_so_and_leaves_the_others_alone():
    profile = PROFILE.copy()
    profile[:, 2] = np.nan  # an empty answer
    profile[1, 5] = np.nan  # one value is missing
    resampled = resample_depth(profile, 7)
    assert np.isnan(resampled[:, [2, 5]]).all()
    others = [0, 1, 3, 4, 6, 7]
    assert np.array_equal(resampled[:, others], resample_depth(PROFILE, 7)[:, others])
    assert np.isnan(resample_depth([np.nan, 1.0], 3)).all()


def test_settled_depth():
    top = np.array([[1, 5, 7], [2, 5, 8], [1, 5, 7], [1, 5, 9]])
    assert settled_depth(torch.tensor(top)).tolist() == [2, 0, 3]


def test_nuclei_against_a_loop():
    model, ids = tiny_model("llama"), [5, 6, 7, 8]
    sizes = nucleus_sizes(model, ids, mass=0.6, rows=3)
    parts = model_parts(model)
    with torch.no_grad(), parts.record_stream() as stream:
        model(input_ids=torch.tensor([ids]))
    for depth in range(4):
        for place in range(4):
            p = np.sort(
                parts.logits(stream[depth][0, place]).detach().double().softmax(-1).numpy()
            )[::-1]
            count, held = 0, 0.0
            while held < 0.6:
                held, count = held + p[count], count + 1
            assert sizes[depth, place] == count
    with pytest.raises(ValueError, match="one text"):
        nucleus_sizes(model, [[5, 6], [7, 8]])
    with pytest.raises(ValueError, match=r"between 0 and 1, got 1\.5"):
        nucleus_sizes(model, ids, mass=1.5)
    with pytest.raises(TypeError, match="positional"):
        nucleus_sizes(model, ids, 0.6, 3)
