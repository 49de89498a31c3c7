"""The unembedding's slices, and its effective weights against the model's own logits."""

import pytest
import torch
from families import FAMILIES, tiny_model
from hypothesis import given
from hypothesis import strategies as st

from uncertainty.architecture import unembedding
from uncertainty.architecture.final_norm import final_norm
from uncertainty.architecture.parts import model_parts
from uncertainty.architecture.unembedding import effective_unembedding, slices, vocabulary_slices


@given(st.integers(0, 300), st.integers(1, 100))
def test_slices_cover_everything_once_and_in_order(length, size):
    parts = slices(length, size)
    covered = [place for part in parts for place in range(part.start, part.stop)]
    assert covered == list(range(length))
    assert all(part.stop - part.start == size for part in parts[:-1])


def test_the_size_of_the_vocabularys_slices_is_that_of_the_module(monkeypatch):
    monkeypatch.setattr(unembedding, "ROWS_AT_A_TIME", 100)
    assert vocabulary_slices(260) == [slice(0, 100), slice(100, 200), slice(200, 260)]


@pytest.mark.parametrize("family", sorted(set(FAMILIES) - {"gemma2"}))  # which has a softcap
def test_logits_are_the_effective_unembedding_of_the_normed_residual(family):
    parts = model_parts(tiny_model(family))
    form = final_norm(parts)
    residual = torch.randn(3, 32, generator=torch.Generator().manual_seed(0)).double()
    normed = form.centre(residual) / form.scale(residual)
    weights = [effective_unembedding(parts, form, torch.float64, rows) for rows in slices(260, 100)]
    with torch.no_grad():
        logits = parts.logits(residual) - parts.logits(torch.zeros_like(residual))
    torch.testing.assert_close(
        (normed @ torch.cat(weights).T).float(), logits.float(), atol=1e-4, rtol=1e-4
    )
