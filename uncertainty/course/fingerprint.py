"""A name for exactly the weights of a model, returned at once while nothing has changed."""

import hashlib
import json
import math
import zlib
from typing import NamedTuple
from weakref import WeakKeyDictionary

import torch
from torch import Tensor, nn

SAMPLE_SIZE = 256  # elements of a tensor that the cheap check reads, at most


class _Known(NamedTuple):
    """A fingerprint, and the snapshot of the weights when it was computed."""

    snapshot: list
    fingerprint: str


_known: WeakKeyDictionary[nn.Module, _Known] = WeakKeyDictionary()


def fingerprint(model) -> str:
    """Return a name for exactly these weights and this configuration, on this kind of device.

    The first call reads every byte. The name is kept with the model object, and a later call
    returns it as long as a cheap check finds nothing changed: the configuration, and of every
    tensor the address, PyTorch's count of in-place changes, shape, dtype, device and a sample of
    `SAMPLE_SIZE` elements at even distances.

    The sample is there because changes through ``.data`` (or through a NumPy array that shares the
    memory) are not counted. Such a change goes unseen when it touches no element of the sample; so
    does a new tensor at the address of the old one, with the same count and the same
    sample. Hooks are not seen, neither is code that was replaced in the model's classes.

    Raises:
        ValueError: weights that are not in memory (offloaded to disk), whose bytes cannot be read.
    """
    tensors = _tensors_in_memory(model)
    settings = _settings(model)
    snapshot = [settings, *(_tensor_snapshot(name, tensor) for name, tensor in tensors.items())]
    if model in _known and _known[model].snapshot == snapshot:
        return _known[model].fingerprint
    digest = hashlib.sha256(settings.encode())
    for name, tensor in tensors.items():
        shape = tuple(tensor.shape)
        digest.update(f"{name} {tensor.dtype} {shape} {checksum(tensor)}".encode())
    _known[model] = _Known(snapshot, digest.hexdigest()[:16])
    return _known[model].fingerprint


def checksum(tensor: Tensor) -> int:
    """Return the CRC-32 of all bytes of a tensor, wherever it lies."""
    return _crc32(tensor.detach().flatten())


def _tensors_in_memory(model) -> dict[str, Tensor]:
    """Return the tensors of the state dict by name."""
    tensors = {}
    for name, value in model.state_dict().items():
        if not isinstance(value, Tensor):
            continue
        if value.is_meta:
            raise ValueError(
                f"{name} is not in memory (offloaded), so results cannot be kept for this model: "
                "load all of it."
            )
        tensors[name] = value
    return tensors


def _settings(model) -> str:
    """Return class, kind of device and configuration as text, without names and versions."""
    config = model.config.to_dict()
    for key in ("_name_or_path", "transformers_version"):
        config.pop(key, None)
    described = json.dumps(config, sort_keys=True, default=str)
    attention = getattr(model.config, "_attn_implementation", None)  # to_dict leaves it out
    return f"{type(model).__name__} {model.device.type} {attention} {described}"


def _tensor_snapshot(name: str, tensor: Tensor) -> tuple:
    """Return what differs when a tensor has changed, without reading all of it.

    A tensor that the sample covers may be put together anew at each call (quantised layers do
    that), so its address says nothing.
    """
    flat = tensor.detach().flatten()
    step = math.ceil(flat.numel() / SAMPLE_SIZE) | 1  # odd: else it could stay in one column
    address = None if step == 1 else tensor.data_ptr()
    changes = None if tensor.is_inference() else tensor._version
    place = (address, changes, tensor.device)
    return name, *place, tensor.dtype, tuple(tensor.shape), _crc32(flat[::step])


def _crc32(flat: Tensor) -> int:
    return zlib.crc32(flat.cpu().contiguous().view(torch.uint8).numpy().data)
