"""Tiny models as if they were trained, and float64 throughout."""

from contextlib import contextmanager
from unittest.mock import patch

import torch
from families import tiny_model


@contextmanager
def float64_throughout():
    """Norms compute in float32 even in a float64 model; not in here."""
    with (
        patch.object(torch, "float32", torch.float64),
        patch.object(torch.Tensor, "float", torch.Tensor.double),
    ):
        yield


def trained(family):
    """A tiny model in float64 whose gains and biases are not what they are initialised with."""
    model = tiny_model(family).double()
    torch.manual_seed(1)
    with torch.no_grad():
        for weights in model.parameters():
            if weights.ndim == 1:
                weights.add_(0.3 * torch.randn_like(weights))
    return model
