"""Names for exactly the weights of a model, returned at once while nothing has changed."""

import hashlib
import json
import zlib
from collections.abc import Iterator
from typing import NamedTuple
from weakref import WeakKeyDictionary

import torch
from torch import Tensor, nn

from .._inputs import require_whole_layers

BLOCK_BYTES = 8 * 31  # an odd number of words: negating a whole block changes its sum
SMALL_BYTES = 1024  # tensors up to this size are checksummed as a whole


class _Known(NamedTuple):
    """Both names of a model, and the snapshot of the weights when they were computed."""

    snapshot: list
    fingerprint: str
    weights: str


_known: WeakKeyDictionary[nn.Module, _Known] = WeakKeyDictionary()


def fingerprint(model) -> str:
    """Return a name for exactly these weights and this configuration, on this kind of device.

    Buffers outside the state dict count too (rotary frequencies). The first call takes a checksum
    of every byte. The name is kept with the model object, and a later call returns it as long as a
    quicker check finds nothing changed: the configuration, and of every tensor the address,
    PyTorch's count of in-place changes, shape, dtype, device and the exact sums of all its bits,
    `BLOCK_BYTES` by `BLOCK_BYTES`.

    The sums are there because changes through ``.data`` (or through a NumPy array that shares the
    memory) are not counted. Such a change goes unseen only where it keeps the sum of every block
    that it touches, as 64-bit integers: 8-byte words swapped within one block, or edits of several
    words in a block that cancel exactly. Tensors of up to `SMALL_BYTES` have a checksum in place of
    sums. A change of one word in a block is always seen, such as a neuron's column (in a matrix
    with rows no shorter than a block) that is set to zero or negated. The sums of all blocks are
    kept as a CRC-32, which two different lists of sums share with probability 2^-32.

    What is not a tensor is not seen at all: hooks, code that was replaced in the model's classes,
    and Python attributes outside the configuration, such as a module's ``forward``, ``scaling`` or
    activation function.

    Raises:
        ValueError: weights that are not in memory (offloaded to disk), whose bytes cannot be read.
    """
    return _known_names(model).fingerprint


def weights_fingerprint(model) -> str:
    """Return a name for exactly these weights on this kind of device, in any version of a library.

    Only the state dict and the kind of device count. Versions of transformers write the
    configuration, and compute the buffers outside the state dict, each in its own way, so neither
    counts: two models of this name can answer differently.

    Raises:
        ValueError: as `fingerprint`.
    """
    return _known_names(model).weights


def checksum(tensor: Tensor) -> int:
    """Return the CRC-32 of all bytes of a tensor, wherever it lies."""
    return _crc32(_tensor_bytes(tensor))


def block_sums(data: Tensor) -> Tensor:
    """Return the sum of each whole block of bytes, read as 64-bit integers, modulo 2^64."""
    blocks = len(data) // BLOCK_BYTES
    words = data[: blocks * BLOCK_BYTES].view(torch.int64)
    return words.view(blocks, BLOCK_BYTES // 8).sum(1)  # (blocks, words) -> (blocks,)


def _known_names(model) -> _Known:
    """Return both names of a model, computed only when something has changed."""
    tensors = _tensors_in_memory(model)
    settings = _settings(model)
    snapshot = [settings, *(_tensor_snapshot(name, tensor) for name, tensor in tensors.items())]
    if model not in _known or _known[model].snapshot != snapshot:
        described = {name: _described(name, tensor) for name, tensor in tensors.items()}
        weights = [described[name] for name, _ in _state_tensors(model)]
        whole = _digest([settings, *described.values()])
        _known[model] = _Known(snapshot, whole, _digest([model.device.type, *sorted(weights)]))
    return _known[model]


def _described(name: str, tensor: Tensor) -> str:
    return f"{name} {tensor.dtype} {tuple(tensor.shape)} {checksum(tensor)}"


def _digest(parts: list[str]) -> str:
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:16]


def _tensors_in_memory(model) -> dict[str, Tensor]:
    """Return the tensors of the state dict and the buffers outside it, by name."""
    require_whole_layers(model)
    tensors = dict(_state_tensors(model))
    for name, buffer in model.named_buffers():
        tensors.setdefault(name, buffer)
    for name, tensor in tensors.items():
        if tensor.is_meta:
            raise ValueError(
                f"{name} is not in memory (offloaded), so results cannot be kept for this model: "
                "load all of it."
            )
    return tensors


def _state_tensors(model) -> Iterator[tuple[str, Tensor]]:
    """Yield the tensors of the state dict; PyTorch's quantised layers keep theirs in a tuple."""
    for name, value in model.state_dict().items():
        if isinstance(value, Tensor):
            yield name, value
        elif isinstance(value, tuple):
            for position, part in enumerate(value):
                if isinstance(part, Tensor):
                    yield f"{name}.{position}", part


def _settings(model) -> str:
    """Return class, kind of device and configuration as text, without names and versions."""
    config = model.config.to_dict()
    for key in ("_name_or_path", "transformers_version"):
        config.pop(key, None)
    described = json.dumps(config, sort_keys=True, default=str)
    attention = getattr(model.config, "_attn_implementation", None)  # to_dict leaves it out
    return f"{type(model).__name__} {model.device.type} {attention} {described}"


def _tensor_snapshot(name: str, tensor: Tensor) -> tuple:
    """Return what differs when a tensor has changed: its bits, summed, and where it lies.

    A small tensor is checksummed as a whole. It may be put together anew at each call (quantised
    layers do that), so its address says nothing.
    """
    data = _tensor_bytes(tensor)
    if len(data) <= SMALL_BYTES:
        address = None
        contents = [_crc32(data)]
    else:
        address = tensor.data_ptr()
        sums = block_sums(data)
        rest = data[len(sums) * BLOCK_BYTES :]
        contents = [_crc32(sums), _crc32(rest)]
    changes = None if tensor.is_inference() else tensor._version
    place = (address, changes, tensor.device)
    return name, *place, tensor.dtype, tuple(tensor.shape), contents


def _tensor_bytes(tensor: Tensor) -> Tensor:
    """Return all bytes of a tensor in a row; a copy only where they do not lie in a row."""
    tensor = tensor.detach()
    if tensor.is_quantized:
        tensor = tensor.dequantize()  # the values: integers, scale and zero point in one
    flat = tensor.flatten().contiguous()
    if flat.storage_offset() * flat.element_size() % 8:
        flat = flat.clone()  # 64-bit integers have to start at a multiple of 8 bytes
    return flat.view(torch.uint8)


def _crc32(flat: Tensor) -> int:
    return zlib.crc32(flat.cpu().contiguous().view(torch.uint8).numpy().data)
