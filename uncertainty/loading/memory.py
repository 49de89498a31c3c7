"""Whether a model fits into memory, found from its configuration before any weight is read."""

import math
import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import torch
import transformers
from torch import nn

from .devices import used_devices
from .errors import ModelUnavailable
from .options import LoadOptions

TEXT_LENGTH = 512  # tokens of the text that there must be room for
FOUR_BIT_BYTES = 0.5 + 4 / 64  # of a weight: 4 bits, and a float32 scale for each 64
EIGHT_BIT_BYTES = 1.0
CHUNK_SHARE = 0.25  # of the free memory: what a chunk of a computation may take
FREE_MEMORY_VARIABLE = "UNCERTAINTY_FREE_MEMORY"
CONTAINER_LIMIT = Path("/sys/fs/cgroup/memory.max")


@dataclass(frozen=True)
class MemoryNeed:
    """What a model needs, in bytes.

    Attributes:
        parameters: how many there are; weights that two layers share count once.
        in_linear_layers: how many of them quantising packs: those of linear layers except the
            unembedding.
        bytes_per_parameter: of the precision in which it is loaded.
        quantize: None, "nf4" or "int8".
        vocabulary: how many logits there are at each place of a text.
        text: for a text of `TEXT_LENGTH` tokens: the keys and values that are kept, the residual
            stream at every depth, and its logits twice in float32.
    """

    parameters: int
    in_linear_layers: int
    bytes_per_parameter: int
    quantize: str | None
    vocabulary: int
    text: int

    @property
    def weights(self) -> float:
        """What the weights need."""
        packed = {None: self.bytes_per_parameter, "nf4": FOUR_BIT_BYTES, "int8": EIGHT_BIT_BYTES}
        others = self.parameters - self.in_linear_layers
        return self.in_linear_layers * packed[self.quantize] + others * self.bytes_per_parameter

    @property
    def total(self) -> float:
        """What the weights and a text need."""
        return self.weights + self.text

    def product(self) -> str:
        """Return in words which parameters take how many bits."""
        if self.quantize is None:
            return f"{self.parameters:,} parameters x {self.bytes_per_parameter} bytes"
        bits = {"nf4": "4.5", "int8": "8"}[self.quantize]
        others = self.parameters - self.in_linear_layers
        return (
            f"{self.in_linear_layers:,} parameters x {bits} bits and {others:,} x "
            f"{self.bytes_per_parameter} bytes"
        )

    def arithmetic(self) -> str:
        """Return in words how the total comes about."""
        return (
            f"{self.product()} are {gigabytes(self.weights)}, and a text of {TEXT_LENGTH} tokens "
            f"takes {gigabytes(self.text)}"
        )


def memory_needed(
    name: str | Path,
    *,
    dtype: torch.dtype = torch.float32,
    quantize: str | None = None,
    revision: str | None = None,
    trust_remote_code: bool = False,
    local_files_only: bool = True,
) -> MemoryNeed | None:
    """Return what a model needs, from its configuration alone; None where that does not tell.

    The model is built without weights (on torch's device "meta"), and its parameters are counted.

    Args:
        name: a folder, or an id on the hub.
        dtype, quantize, revision, trust_remote_code: as for `load_model`; quantize is "nf4", "int8"
            or None.
        local_files_only: whether to do without the network; else the configuration, a small file,
            is fetched.
    """
    try:
        config = transformers.AutoConfig.from_pretrained(
            name,
            revision=revision or "main",
            trust_remote_code=trust_remote_code,
            local_files_only=local_files_only,
        )
        with torch.device("meta"):
            model = transformers.AutoModelForCausalLM.from_config(
                config, trust_remote_code=trust_remote_code
            )
    except Exception:  # whatever is wrong with it, loading says it better
        return None
    if getattr(config, "quantization_config", None) is not None:
        return None  # packed in a way of its own
    return MemoryNeed(
        parameters=sum(weight.numel() for weight in model.parameters()),
        in_linear_layers=_count_in_linear_layers(model),
        bytes_per_parameter=dtype.itemsize,
        quantize=quantize,
        vocabulary=config.get_text_config().vocab_size,
        text=_text_bytes(config.get_text_config(), dtype),
    )


def require_memory(source: str | Path, options: LoadOptions, *, local_files_only: bool) -> None:
    """Raise ModelUnavailable where a model does not fit into the memory that is free.

    Nothing is refused where it is not known what the model needs or what is free, or where a device
    map names the disk.

    Args:
        source: a folder, or an id on the hub.
        options: how it is to be loaded.
        local_files_only: whether to do without the network.
    """
    if isinstance(options.device_map, dict) and "disk" in options.device_map.values():
        return
    places = used_devices(options.device, options.device_map)
    free = total_free(places)
    if free is None:
        return
    need = memory_needed(
        source,
        dtype=options.dtype,
        quantize=options.quantize,
        revision=options.revision,
        trust_remote_code=options.trust_remote_code,
        local_files_only=local_files_only,
    )
    if need is None or need.total <= free:
        return
    names = " and ".join(str(place) for place in places)
    raise ModelUnavailable(
        f"{source} needs {gigabytes(need.total)}, and {gigabytes(free)} are free on {names}: "
        f"{need.arithmetic()}; use {', '.join(_remedies(need, options, free))}. (If more is free "
        f"than that, set {FREE_MEMORY_VARIABLE} to the gigabytes that are.)"
    )


def free_memory(device: torch.device) -> int | None:
    """Return how many bytes are free on a device, None where that is not known.

    The environment variable UNCERTAINTY_FREE_MEMORY, in gigabytes, takes its place.

    Raises:
        ModelUnavailable: the variable holds no number above 0.
    """
    told = os.environ.get(FREE_MEMORY_VARIABLE)
    if told:
        return int(_told_gigabytes(told) * 1e9)
    if device.type == "cpu":
        available = psutil.virtual_memory().available
        limit = _container_limit()
        return available if limit is None else min(available, limit)
    if device.type == "cuda":
        return torch.cuda.mem_get_info(device)[0]
    return None


def _told_gigabytes(told: str) -> float:
    """Return a number of gigabytes, written as 4, 4.5, 4GB or 4 GB."""
    number = re.fullmatch(r"\s*(\d*\.?\d+(?:e-?\d+)?)\s*(?:GB?)?\s*", told, re.IGNORECASE)
    if number is None or not 0 < float(number[1]) < math.inf:
        raise ModelUnavailable(
            f"{FREE_MEMORY_VARIABLE} must be a number of gigabytes above 0, such as 4.5, "
            f"got {told!r}."
        )
    return float(number[1])


def fitting_count(wanted: int, *, bytes_each: float, device: torch.device) -> int:
    """Return how many of something to hold at a time; fewer than wanted where memory is short.

    ``min(wanted, free * CHUNK_SHARE / bytes_each)``, and at least 1; where it is not known what is
    free, as many as wanted.

    Args:
        wanted: what is fastest on this kind of device.
        bytes_each: what each needs while it is worked on.
        device: where they are held.
    """
    free = free_memory(device)
    if free is None:
        return wanted
    return max(1, min(wanted, int(free * CHUNK_SHARE / bytes_each)))


def total_free(places: list[torch.device]) -> int | None:
    """Return how many bytes are free on these devices together, None where one is not known."""
    free = [free_memory(place) for place in places]
    if any(size is None for size in free):
        return None
    return sum(size for size in free if size is not None)


def gigabytes(size: float) -> str:
    """Return a size in words, small ones in megabytes."""
    if size < 1e8:
        return f"{size / 1e6:.2f} MB"
    return f"{size / 1e9:.2f} GB" if size < 1e10 else f"{size / 1e9:.1f} GB"


def _count_in_linear_layers(model: Any) -> int:
    """Count the weights that bitsandbytes packs."""
    unembedding = model.get_output_embeddings()
    return sum(
        module.weight.numel()
        for module in model.modules()
        if isinstance(module, nn.Linear) and module is not unembedding
    )


def _text_bytes(config: Any, dtype: torch.dtype) -> int:
    """Return what a text of `TEXT_LENGTH` tokens needs, in bytes."""
    heads = getattr(config, "num_key_value_heads", None) or config.num_attention_heads
    head_size = getattr(config, "head_dim", None)
    if head_size is None:
        head_size = config.hidden_size // config.num_attention_heads
    layers = config.num_hidden_layers
    kept = 2 * layers * heads * head_size * dtype.itemsize
    stream = (layers + 1) * config.hidden_size * dtype.itemsize
    logits = 2 * config.vocab_size * 4
    return TEXT_LENGTH * (kept + stream + logits)


def _remedies(need: MemoryNeed, options: LoadOptions, free: int) -> list[str]:
    """Return what would help, in words, the first that suffices first."""
    remedies = []
    four_bit = MemoryNeed(**vars(need) | {"quantize": "nf4"})
    if options.quantize != "nf4" and four_bit.total <= free:
        remedies.append(f"quantize='4bit' ({gigabytes(four_bit.total)})")
    half = MemoryNeed(**vars(need) | {"bytes_per_parameter": 2})
    if need.bytes_per_parameter > 2 and half.total <= free:
        remedies.append(f"dtype='bfloat16' or 'float16' ({gigabytes(half.total)})")
    everywhere = total_free(used_devices(options.device, "auto"))
    if options.device_map is None and everywhere is not None and need.total <= everywhere > free:
        remedies.append(f"device_map='auto' ({gigabytes(everywhere)} free on all devices)")
    remedies.append("a smaller model" if not remedies else "or a smaller model")
    return remedies


def _container_limit() -> int | None:
    """Return how many bytes this container may use, None where nothing limits it."""
    try:
        return int(CONTAINER_LIMIT.read_text())
    except (OSError, ValueError):  # no such file, or "max"
        return None
