"""What every test of the lens shares."""

import pytest

from uncertainty.lens import _vocabulary_slices


@pytest.fixture(autouse=True)
def small_slices(monkeypatch):
    """260 tokens in slices of 128 and 9 positions in blocks of 2, so that every seam is crossed."""
    monkeypatch.setattr(_vocabulary_slices, "SLICE_SIZE", 128)
    monkeypatch.setattr(_vocabulary_slices, "TOKEN_DEPTH_PAIRS", {"cpu": 8, "cuda": 8})
