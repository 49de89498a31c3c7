"""A module's weights as numbers, wherever they are kept and however they are packed.

accelerate keeps weights in the CPU's memory or on the disk until a module is called
(``device_map``); meanwhile they are on the device "meta", which holds no numbers. bitsandbytes
packs them into 4 or 8 bits. Code that reads weights, and does not call the module, uses this.
"""

import copy
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, TypeVar
from weakref import WeakKeyDictionary

import torch
from torch import Tensor, nn

UNIT_VECTORS_AT_A_TIME = 1024
AnyModule = TypeVar("AnyModule", bound=nn.Module)
_COPIES: WeakKeyDictionary[nn.Module, nn.Module] = WeakKeyDictionary()


@contextmanager
def weights_in_memory(module: nn.Module) -> Iterator[None]:
    """Bring a module's own weights to the device that computes with them, and put them back.

    Only for weights that accelerate has offloaded; others stay where they are. The module itself
    cannot be called inside, because its call ends by putting the weights back.

    Raises:
        ValueError: the weights are nowhere: on "meta" without an offloading hook.
    """
    if not has_weights_elsewhere(module):
        yield
        return
    hook: Any = getattr(module, "_hf_hook", None)
    if hook is None:
        raise ValueError(
            f"the weights of a {type(module).__name__} are not in memory (device 'meta'), and "
            "accelerate does not keep them elsewhere: load the model again."
        )
    hook.pre_forward(module)
    try:
        if has_weights_elsewhere(module):
            raise ValueError(
                f"accelerate did not bring the weights of a {type(module).__name__} to a device: "
                "load the model again."
            )
        yield
    finally:
        hook.post_forward(module, None)


def has_weights_elsewhere(module: nn.Module) -> bool:
    """Return whether one of a module's own weights is on the device "meta"."""
    return any(weight.is_meta for weight in module.parameters(recurse=False))


def plain_copy(module: AnyModule) -> AnyModule:
    """Return a copy of a norm or a linear layer: weights in memory, accelerate's hook gone.

    (`copy.deepcopy` would copy the hook, and with it every weight that accelerate keeps.)
    """
    if not hasattr(module, "_hf_hook"):
        return copy.deepcopy(module)
    clone = copy.copy(module)
    for name in ("forward", "_hf_hook", "_old_forward"):  # what accelerate puts on a module
        clone.__dict__.pop(name, None)
    with weights_in_memory(module):
        clone.__dict__["_parameters"] = {
            name: None if weight is None else nn.Parameter(weight.detach().clone(), False)
            for name, weight in module._parameters.items()
        }
    clone.__dict__["_buffers"] = dict(module._buffers)
    return clone


def in_memory(module: AnyModule) -> AnyModule:
    """Return the module, or a copy with its weights in memory where accelerate has offloaded them.

    The copy is made once and kept as long as the module: it costs the memory of its weights.
    """
    if not has_weights_elsewhere(module):
        return module
    if module not in _COPIES:
        _COPIES[module] = plain_copy(module)
    return _COPIES[module]  # type: ignore[return-value]


@torch.no_grad()
def linear_weights(layer: nn.Module) -> Tensor:
    """Return a linear layer's weights as numbers, ``(inputs, outputs)`` for every kind of layer.

    Weights of 4 or 8 bits (bitsandbytes) are returned as the numbers they stand for.

    Raises:
        ValueError: packed weights of another kind (GPTQ, AWQ), or weights that are nowhere.
    """
    weight: Any = getattr(layer, "weight", None)
    if weight is None:
        raise ValueError(
            f"a {type(layer).__name__} has no weights to read as numbers (GPTQ, AWQ?): load the "
            "model in floating point, or with quantize='nf4' or 'int8'."
        )
    if getattr(weight, "quant_state", None) is not None:
        return _four_bit_weights(layer)
    if weight.dtype == torch.int8 and hasattr(layer, "state"):
        return _eight_bit_weights(layer)
    if not weight.is_floating_point():
        raise ValueError(
            f"the weights of a {type(layer).__name__} are packed ({weight.dtype}): load the model "
            "in floating point, or with quantize='nf4' or 'int8'."
        )
    is_elsewhere = has_weights_elsewhere(layer)
    with weights_in_memory(layer):
        numbers: Tensor = _weight_of(layer).detach()
        if is_elsewhere:
            numbers = numbers.clone()  # before accelerate takes it away again
    if type(layer).__name__ == "Conv1D":  # GPT-2 stores (inputs, outputs)
        return numbers
    return numbers.T


def _weight_of(layer: Any) -> Tensor:
    """Return a layer's parameter ``weight`` as it is now."""
    return layer.weight


def _four_bit_weights(layer: Any) -> Tensor:
    """Return the numbers of a 4-bit layer, ``(inputs, outputs)``.

    On a CPU with bfloat16 instructions bitsandbytes rearranges the weights at the first call, and
    has no function that reads them from then on. So they are read off the layer's outputs: the
    output for the unit vector i is row i.
    """
    state = layer.weight.quant_state
    if not getattr(state, "packing_format_for_cpu", False):
        from bitsandbytes.functional import dequantize_4bit

        return dequantize_4bit(layer.weight.data, state).T
    inputs = layer.in_features
    rows = []
    for start in range(0, inputs, UNIT_VECTORS_AT_A_TIME):
        count = min(UNIT_VECTORS_AT_A_TIME, inputs - start)
        unit_vectors = torch.zeros(count, inputs, device=layer.weight.device)
        unit_vectors[:, start : start + count].fill_diagonal_(1)
        rows.append(layer(unit_vectors))
    weights = torch.cat(rows)
    return weights if layer.bias is None else weights - layer.bias


def _eight_bit_weights(layer: Any) -> Tensor:
    """Return the numbers of an 8-bit layer, ``(inputs, outputs)`` float32."""
    from bitsandbytes.functional import int8_vectorwise_dequant

    # the layer's first call moves both from the weight to the layer's state
    values = layer.weight.data if layer.state.CB is None else layer.state.CB
    scales = layer.weight.SCB if layer.state.SCB is None else layer.state.SCB
    return int8_vectorwise_dequant(values, scales).T
