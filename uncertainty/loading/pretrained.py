"""transformers' `from_pretrained` with the course's settings, for a folder as for the hub."""

import gc
import importlib.util
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
import transformers
from transformers.utils import logging as transformers_logging

from .errors import ModelUnavailable, UnsupportedOption
from .memory import require_memory
from .options import LoadOptions


def load_pretrained(source: str | Path, options: LoadOptions, *, local_files_only: bool):
    """Return the model, in eval mode, and the tokenizer that are kept in a folder or on the hub.

    End and padding tokens are filled in, so that generate() need not guess them.

    Args:
        source: a folder, or an id on the hub.
        options: how to load it.
        local_files_only: whether to do without the network.

    Raises:
        OSError, ValueError: from transformers; the files are missing or damaged, for example.
        UnsupportedOption: transformers does not know the attention implementation.
        ModelUnavailable: the model does not fit into memory; it needs `trust_remote_code`; a
            package is missing; bitsandbytes would misread the 4-bit weights; or accelerate left
            weights on the disk unasked.
    """
    if options.tp_plan is None:  # else each process needs a share that the plan decides
        require_memory(source, options, local_files_only=local_files_only)
    shared = _shared_settings(options, local_files_only=local_files_only)
    model: Any  # transformers' own types are loose
    try:
        tokenizer = transformers.AutoTokenizer.from_pretrained(source, **shared)
        model = transformers.AutoModelForCausalLM.from_pretrained(
            source, **shared, **_model_settings(options)
        )
    except ImportError as error:
        message = missing_package_message(source, options.attn_implementation, error)
        raise ModelUnavailable(message) from None
    except ValueError as error:
        message = str(error)
        if "`trust_remote_code=True`" in message:
            raise ModelUnavailable(_needs_trust_message(source)) from None
        if options.attn_implementation is not None and "attn_implementation" in message:
            raise UnsupportedOption(message) from None
        raise
    _refuse_spilt_weights(model, source, options)
    _fill_in_end_tokens(model, tokenizer)
    if options.quantize is None and options.device_map is None and options.tp_plan is None:
        model.to(options.device)
    if options.quantize == "nf4":
        _refuse_misread_widths(model, source)
        _compute_as_asked(model, options)
    if options.quantize == "int8":
        _silence_conversions()
    return model.eval(), tokenizer


def _shared_settings(options: LoadOptions, *, local_files_only: bool) -> dict[str, Any]:
    """Return the settings that model and tokenizer have in common."""
    settings: dict[str, Any] = {
        "local_files_only": local_files_only,
        # said even when False: left out, transformers asks the user and waits for an answer
        "trust_remote_code": options.trust_remote_code,
    }
    if options.revision is not None:
        settings["revision"] = options.revision
    return settings


def _model_settings(options: LoadOptions) -> dict[str, Any]:
    settings: dict[str, Any] = {"dtype": options.dtype}
    if options.attn_implementation is not None:
        settings["attn_implementation"] = options.attn_implementation
    if options.tp_plan is not None:
        settings["tp_plan"] = options.tp_plan
    elif options.device_map is not None:
        settings["device_map"] = options.device_map
    elif options.device.type == "cuda" and importlib.util.find_spec("accelerate"):
        settings["device_map"] = {"": options.device}  # straight to the card: a CPU may be smaller
    if options.quantize is not None:
        settings.setdefault("device_map", {"": options.device})
        settings["quantization_config"] = _quantization_config(options)
    return settings


def _quantization_config(options: LoadOptions):
    if options.quantize == "int8":
        return transformers.BitsAndBytesConfig(load_in_8bit=True)
    return transformers.BitsAndBytesConfig(
        load_in_4bit=True,
        bnb_4bit_quant_type="nf4",
        bnb_4bit_compute_dtype=options.dtype,
    )


def _refuse_spilt_weights(model, source: str | Path, options: LoadOptions) -> None:
    """Raise ModelUnavailable where accelerate left weights on the disk, as there is no room."""
    if isinstance(options.device_map, dict):
        return  # as asked
    places = getattr(model, "hf_device_map", None) or {}
    spilt = [module for module, place in places.items() if place == "disk"]
    if spilt:
        raise ModelUnavailable(
            f"{source} does not fit into the memory that is free: accelerate left {spilt[0]} and "
            f"{len(spilt) - 1} other parts on the disk, from where every token reads them again; "
            "free some memory, choose a smaller model, dtype='bfloat16' or quantize='4bit', or "
            "pass a dict as device_map= that says 'disk' where you want it."
        )


def _refuse_misread_widths(model, source: str | Path) -> None:
    """Raise ModelUnavailable where bitsandbytes would compute with wrong weights on a CPU.

    Its code for CPUs with AVX-512 expects that every row of a weight matrix consists of whole
    blocks, each with its own scale. Other rows it reads with the wrong scales, mostly without any
    error (measured with bitsandbytes 0.50.2).
    """
    import bitsandbytes  # optional, and slow to import

    for name, layer in model.named_modules():
        if not isinstance(layer, bitsandbytes.nn.Linear4bit):
            continue
        weight: Any = layer.weight  # torch's types know no quant_state
        if weight.device.type != "cpu":
            continue
        block_size = weight.quant_state.blocksize
        if layer.in_features % block_size != 0:
            raise ModelUnavailable(
                "bitsandbytes misreads 4-bit weights on a CPU when a layer's input width is no "
                f"multiple of {block_size}, and {name} of {source} has the width "
                f"{layer.in_features}; load the model without quantize=."
            )


def _compute_as_asked(model, options: LoadOptions) -> None:
    """Keep 4-bit layers from computing in bfloat16 on a CPU that has it, when not asked to.

    There bitsandbytes rearranges the weights at the first call, rounds their scales and their
    inputs to bfloat16, and so gives other numbers than on other CPUs.
    """
    import bitsandbytes  # optional, and slow to import

    if options.dtype is torch.bfloat16:
        return
    for layer in model.modules():
        if isinstance(layer, bitsandbytes.nn.Linear4bit):
            layer.support_avx512bf16_for_cpu = False


def _silence_conversions() -> None:
    """Silence what bitsandbytes says at each call of an 8-bit layer: that it computes in float16.

    `load_model` says it once.
    """
    logging.getLogger("bitsandbytes.autograd._functions").setLevel(logging.ERROR)


def missing_package_message(
    source: str | Path, attn_implementation: str | None, error: ImportError
) -> str:
    """Return in one sentence what transformers says of a package that it cannot import."""
    wanted = str(source)
    remedy = "install it"
    if attn_implementation is not None:
        wanted += f" with attn_implementation={attn_implementation!r}"
        remedy += ", or leave attn_implementation= out"
    words = " ".join(str(error).split()).rstrip(".")
    return f"transformers lacks a package for {wanted} ({words}); {remedy}."


def _needs_trust_message(source: str | Path) -> str:
    return (
        f"{source} brings Python code of its own, which does not run unless you ask for it; read "
        "that code, and if you trust it pass trust_remote_code=True, which runs the code from the "
        "repository on this machine."
    )


def _fill_in_end_tokens(model, tokenizer) -> None:
    tokenizer.pad_token = tokenizer.pad_token or tokenizer.eos_token
    generation = model.generation_config
    if generation.eos_token_id is None:
        generation.eos_token_id = tokenizer.eos_token_id
    if generation.pad_token_id is None:
        generation.pad_token_id = tokenizer.pad_token_id


@contextmanager
def silent_progress_bars() -> Iterator[None]:
    """Silence transformers' progress bars, then restore the setting.

    The times they show would change the outputs of committed notebooks.
    """
    were_on = transformers_logging.is_progress_bar_enabled()
    if were_on:
        transformers_logging.disable_progress_bar()
    try:
        yield
    finally:
        if were_on:
            transformers_logging.enable_progress_bar()


@contextmanager
def garbage_collection_off() -> Iterator[None]:
    """Switch garbage collection off for a while.

    Loading imports much of transformers; looking for garbage among all those new objects takes a
    second.
    """
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()
