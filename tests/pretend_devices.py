"""Two devices on a machine that has none: tensors that say they are on "ve:0" or "ve:1", and refuse to be mixed.

torch knows the device type "ve" and has no code for it. A `PlacedTensor` keeps its numbers on the
CPU. While `pretend_devices` is active each function of torch runs on those, and what it returns
says that it is on the device of what it was given. Tensors of two devices in one call raise an
error, as on two GPUs; so do numpy and plain CPU tensors, of which only single numbers may be mixed.
"""

from contextlib import contextmanager

import torch
from torch.overrides import TorchFunctionMode
from torch.utils._pytree import tree_flatten, tree_map

TYPE = "ve"
OWN_PLACE = {
    getattr(torch.Tensor, name).__get__ for name in ("device", "is_cpu", "is_cuda", "is_meta")
}
MOVES = {torch.Tensor.to, torch.Tensor.cpu}
FOR_NUMPY = {torch.Tensor.numpy, torch.Tensor.__array__}
COPIES = {torch.Tensor.copy_}
GRAPHS = {torch.autograd.grad}  # a backward pass crosses devices as the forward pass did
INDEXES = {torch.Tensor.__getitem__, torch.Tensor.__setitem__}  # an index may be on the CPU


class PlacedTensor(torch.Tensor):
    """A tensor that says it is on a device which does not exist."""

    @staticmethod
    def __new__(cls, numbers, device):
        placed = torch.Tensor._make_wrapper_subclass(
            cls,
            numbers.size(),
            strides=numbers.stride(),
            storage_offset=numbers.storage_offset(),
            dtype=numbers.dtype,
            device=device,
        )
        placed.numbers = numbers
        return placed

    @classmethod
    def __torch_dispatch__(cls, function, types, args=(), kwargs=None):
        raise RuntimeError(f"{function} of a tensor on {TYPE}, outside of pretend_devices")


class _Devices(TorchFunctionMode):
    def __torch_function__(self, function, types, args=(), kwargs=None):
        kwargs = kwargs or {}
        leaves = [
            leaf for leaf in tree_flatten((args, kwargs))[0] if isinstance(leaf, torch.Tensor)
        ]
        placed = [leaf for leaf in leaves if isinstance(leaf, PlacedTensor)]
        asked = kwargs.get("device")
        if function in OWN_PLACE and placed:
            with torch._C.DisableTorchFunctionSubclass():
                return function(*args)
        if function is torch._has_compatible_shallow_copy_type:
            return False  # a module then takes a new parameter, as it does between GPU and CPU
        if function in MOVES:
            return _move(function, args, kwargs)
        if not placed and (asked is None or torch.device(asked).type != TYPE):
            return function(*args, **kwargs)
        if function in FOR_NUMPY:
            raise TypeError(f"can't convert a tensor on {placed[0].device} to numpy: copy it first")
        if function not in COPIES | GRAPHS:
            _require_one_device(function, leaves)
        device = torch.device(asked) if asked is not None else placed[0].device
        if function in COPIES:
            device = args[0].device
        if asked is not None:
            kwargs = kwargs | {"device": "cpu"}
        result = function(*tree_map(_bare, args), **tree_map(_bare, kwargs))
        return _placed(result, device, placed)


def _move(function, args, kwargs):
    """Run `Tensor.to` or `Tensor.cpu`."""
    tensor = args[0]
    device = torch.device("cpu") if function is torch.Tensor.cpu else tensor.device
    dtype = kwargs.get("dtype") or tensor.dtype
    for value in [*args[1:], kwargs.get("device")]:
        if isinstance(value, torch.Tensor):
            device = value.device
            dtype = value.dtype
        elif isinstance(value, (str, torch.device)):
            device = torch.device(value)
        elif isinstance(value, torch.dtype):
            dtype = value
    numbers = _bare(tensor).to(dtype)
    if device == tensor.device and numbers is _bare(tensor):
        return tensor
    if device != tensor.device and numbers is _bare(tensor):
        numbers = numbers.clone()  # a copy on the other device shares no memory
    return PlacedTensor(numbers, device) if device.type == TYPE else numbers


def _require_one_device(function, leaves):
    places = {
        str(leaf.device)
        for leaf in leaves
        if isinstance(leaf, PlacedTensor) or (leaf.ndim and function not in INDEXES)
    }
    if len(places) > 1:
        raise RuntimeError(f"{function}: tensors on {' and '.join(sorted(places))}")


def _bare(leaf):
    return leaf.numbers if isinstance(leaf, PlacedTensor) else leaf


def _placed(result, device, inputs):
    """Place what a function returned; what it was given and returns comes back as it was."""
    if isinstance(result, torch.Size):
        return result
    known = {id(leaf.numbers): leaf for leaf in inputs}

    def place(leaf):
        if not isinstance(leaf, torch.Tensor):
            return leaf
        if id(leaf) in known:
            return known[id(leaf)]
        return PlacedTensor(leaf, device) if device.type == TYPE else leaf

    return tree_map(place, result)


@contextmanager
def pretend_devices():
    """Let tensors be moved to "ve:0" and "ve:1" inside the context."""
    with torch.no_grad(), _Devices():
        yield
