"""Translators against scikit-learn's ridge regression, and what they must not change."""

import pytest
import torch
from sklearn.linear_model import LinearRegression, Ridge

from uncertainty.lens.translators import fit_translators, translate

STREAM = list(torch.randn(3, 200, 6, generator=torch.Generator().manual_seed(0)))


def test_a_hidden_affine_map_is_found():
    hidden = [STREAM[0] @ torch.diag(torch.arange(1.0, 7)) + 3, STREAM[0]]
    moved = translate(hidden, fit_translators(hidden, penalty=1e-9))
    torch.testing.assert_close(moved[0], STREAM[0], atol=1e-5, rtol=1e-4)
    assert moved[1] is STREAM[0]


def test_against_scikit_learn():
    """Equal mean squares of the coordinates make our ridge the usual one.

    Apart from its constant, which has no penalty either.
    """
    scaled = [states / states.pow(2).mean(0).sqrt() for states in STREAM]
    ours = translate(scaled, fit_translators(scaled, penalty=0.3))[0]
    theirs = (
        Ridge(alpha=0.3 * 200).fit(scaled[0].numpy(), scaled[-1].numpy()).predict(scaled[0].numpy())
    )
    torch.testing.assert_close(ours.double(), torch.tensor(theirs).double(), atol=1e-5, rtol=1e-4)
    loose = translate(scaled, fit_translators(scaled, penalty=1e-12))[0]
    exact = LinearRegression().fit(scaled[0].numpy(), scaled[-1].numpy()).predict(scaled[0].numpy())
    torch.testing.assert_close(loose.double(), torch.tensor(exact).double(), atol=1e-5, rtol=1e-4)


def test_more_coordinates_than_tokens_and_dead_ones_are_no_trouble():
    few = [torch.zeros(4, 6), STREAM[1][:4]]
    assert torch.allclose(translate(few, fit_translators(few))[0], few[1].mean(0), atol=1e-5), (
        "nothing to go by: the mean"
    )
    with pytest.raises(ValueError, match="belong together"):
        translate(STREAM, fit_translators(few))


@pytest.mark.parametrize(
    ("stream", "penalty"),
    [(STREAM[:1], 0.1), (STREAM, 0.0), ([torch.zeros(0, 6)] * 2, 0.1), ([], 0.1)],
)
def test_what_cannot_be_fitted_is_refused(stream, penalty):
    with pytest.raises(ValueError, match="two depths"):
        fit_translators(stream, penalty)
