"""Logits of some steps, on which the measures are tested."""

import numpy as np
import torch
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

steps_of_logits = arrays(
    np.float64, st.tuples(st.integers(1, 20), st.integers(2, 12)), elements=st.floats(-20, 20)
)


def random_logits(steps=6, vocabulary=40, seed=0):
    """Return float64 logits ``(steps, vocabulary)``, normal with standard deviation 4."""
    generator = torch.Generator().manual_seed(seed)
    return 4 * torch.randn(steps, vocabulary, generator=generator, dtype=torch.float64)
