"""The options of `load_model`, checked before anything is read, downloaded or waited for."""

import importlib.util
import os
from dataclasses import dataclass
from typing import Literal

import torch

from .devices import (
    Device,
    DeviceMap,
    cards_without_bfloat16,
    check_device_map,
    checked_device,
    default_device,
    device_types,
)
from .errors import ModelUnavailable

Kind = Literal["tiny", "course model", "folder", "hub id"]

NAMED_DTYPES = {
    "float32": torch.float32,
    "bfloat16": torch.bfloat16,
    "float16": torch.float16,
    "float64": torch.float64,
}
QUANTISED_DTYPES = (torch.float32, torch.bfloat16, torch.float16)
# The ways to quantise, and their other names.
QUANTISATIONS = {"nf4": "nf4", "4bit": "nf4", "int8": "int8", "8bit": "int8"}
WHY_NO_REVISION = {
    "tiny": "the tiny model is made here and has no versions",
    "course model": "a course model is one file, pinned by its checksum",
    "folder": "a folder holds one version of a model",
}


@dataclass(frozen=True, kw_only=True)
class LoadOptions:
    """How a model is loaded; `checked_options` makes it from the arguments of `load_model`."""

    device: torch.device
    dtype: torch.dtype
    quantize: str | None = None
    revision: str | None = None
    attn_implementation: str | None = None
    device_map: DeviceMap | None = None
    trust_remote_code: bool = False
    tp_plan: str | None = None


def checked_options(
    kind: Kind,
    *,
    device: Device | None,
    quantize: str | None,
    dtype: torch.dtype | str | None,
    revision: str | None,
    attn_implementation: str | None,
    device_map: DeviceMap | None,
    trust_remote_code: bool,
    tp_plan: str | None = None,
) -> LoadOptions:
    """Return the options with their defaults filled in.

    Args:
        kind: what is to be loaded. Each kind has its own defaults, and refuses other options.

    Raises:
        ValueError: an unknown value, or options that do not go together.
        ModelUnavailable: a package that an option needs is not installed.
    """
    # 1. each option on its own
    _check_revision(kind, revision)
    _check_device_map(kind, device_map, device)
    _check_tp_plan(kind, tp_plan, device=device, device_map=device_map, quantize=quantize)
    chosen_quantize = _checked_quantize(kind, quantize)
    chosen_dtype = None if dtype is None else _as_dtype(dtype)
    chosen_device = default_device() if device is None else checked_device(device)

    # 2. dtype together with device and quantize
    types = device_types(chosen_device, device_map)
    if chosen_dtype is None:
        has_bfloat16 = not cards_without_bfloat16(chosen_device, device_map)
        chosen_dtype = _default_dtype(kind, types, has_bfloat16=has_bfloat16)
    if quantize is not None and chosen_dtype not in QUANTISED_DTYPES:
        raise ValueError(
            f"dtype={dtype!r} does not go with quantize={quantize!r}: quantised models compute in "
            "float32, bfloat16 or float16."
        )
    if chosen_dtype is torch.bfloat16 and cards_without_bfloat16(chosen_device, device_map):
        raise ValueError(
            f"dtype={dtype!r} does not suit {cards_without_bfloat16(chosen_device, device_map)}, "
            "which has no bfloat16 (compute capability below 8, as on a T4): use dtype='float16', "
            "or 'float32' for a model that overflows in it."
        )
    if chosen_dtype is torch.float64 and "mps" in types:
        raise ValueError(
            "dtype=torch.float64 does not work on Apple's GPU (device 'mps'), which has no float64;"
            " use device='cpu' or dtype='float32'."
        )

    return LoadOptions(
        device=chosen_device,
        dtype=chosen_dtype,
        quantize=chosen_quantize,
        revision=revision,
        attn_implementation=attn_implementation,
        device_map=device_map,
        # nothing that we made or pinned brings code of its own
        trust_remote_code=trust_remote_code and kind in ("folder", "hub id"),
        tp_plan=tp_plan,
    )


def _check_revision(kind: Kind, revision: str | None) -> None:
    if revision is not None and kind != "hub id":
        raise ValueError(
            f"revision={revision!r} is for models from the Hugging Face hub only: "
            f"{WHY_NO_REVISION[kind]}; use revision=None."
        )


def _check_device_map(kind: Kind, device_map: DeviceMap | None, device: Device | None) -> None:
    if device_map is None:
        return
    check_device_map(device_map)
    if device is not None:
        raise ValueError(
            f"device={device!r} and device_map={device_map!r} both say where the weights go; "
            "give only one of them."
        )
    if kind == "tiny":
        raise ValueError(
            "The tiny model fits on any one device; use device= instead of device_map=."
        )
    _require_packages("device_map= needs", ["accelerate"])


def _check_tp_plan(
    kind: Kind,
    tp_plan: str | None,
    *,
    device: Device | None,
    device_map: DeviceMap | None,
    quantize: str | None,
) -> None:
    if tp_plan is None:
        return
    if tp_plan != "auto":
        raise ValueError(f"tp_plan={tp_plan!r} is not known; use 'auto' or None.")
    if kind == "tiny":
        raise ValueError("The tiny model fits on any one device; use tp_plan=None.")
    others = {"device": device, "device_map": device_map, "quantize": quantize}
    given = [f"{name}={value!r}" for name, value in others.items() if value is not None]
    if given:
        raise ValueError(
            f"tp_plan='auto' does not go with {' and '.join(given)}: each process holds its share "
            "of the weights, in floating point, on its own device."
        )
    if int(os.environ.get("WORLD_SIZE", "1")) < 2:
        raise ValueError(
            "tp_plan='auto' splits a model over processes, and this is only one: start your script "
            "with `torchrun --nproc-per-node=GPUS script.py`, or use device_map='auto' here."
        )


def _checked_quantize(kind: Kind, quantize: str | None) -> str | None:
    """Return "nf4", "int8" or None."""
    if quantize is None:
        return None
    if quantize not in QUANTISATIONS:
        raise ValueError(
            f"quantize={quantize!r} is not known; use 'nf4' (or '4bit'), 'int8' (or '8bit'), or "
            "None."
        )
    if kind == "tiny":
        raise ValueError("The tiny model is too small to quantise; use quantize=None.")
    _require_packages("4-bit and 8-bit models need", ["bitsandbytes", "accelerate"])
    return QUANTISATIONS[quantize]


def _require_packages(demand: str, packages: list[str]) -> None:
    missing = [package for package in packages if not importlib.util.find_spec(package)]
    if missing:
        names = " ".join(missing)
        raise ModelUnavailable(
            f"{demand} {names}, not installed here; run `python -m pip install {names}`."
        )


def _as_dtype(dtype: torch.dtype | str) -> torch.dtype:
    chosen = NAMED_DTYPES.get(dtype) if isinstance(dtype, str) else dtype
    if chosen is None or chosen not in NAMED_DTYPES.values():
        names = ", ".join(repr(name) for name in NAMED_DTYPES)
        raise ValueError(
            f"dtype={dtype!r} is not known; use {names}, or the torch.dtype of that name."
        )
    return chosen


def _default_dtype(kind: Kind, types: set[str], *, has_bfloat16: bool) -> torch.dtype:
    """Course models and tiny keep the precision that the lessons' numbers were printed with."""
    if kind in ("folder", "hub id") and "cuda" in types:
        return torch.bfloat16 if has_bfloat16 else torch.float16
    return torch.float32
