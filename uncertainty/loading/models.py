"""`load_model`: the course models, a tiny random one, any folder, any Hugging Face id."""

import difflib
import os
from collections.abc import Iterable
from pathlib import Path

import torch

from .cache import cache_folder
from .checksums import is_intact
from .course_models import convert, converted_folder, load_course_model
from .devices import Device, DeviceMap
from .disk import remove_abandoned_folders
from .downloads import fetch
from .hub import is_hub_id, load_from_hub
from .options import Kind, LoadOptions, checked_options
from .pinned_files import DEFAULT, MODEL_FILES, model_names
from .pretrained import load_pretrained
from .tiny import tiny_model

# From this ratio of difflib's on, a bare name counts as a misspelt course model.
MISSPELT_SIMILARITY = 0.65


def load_model(
    name: str | Path = DEFAULT,
    *,
    device: Device | None = None,
    quantize: str | None = None,
    dtype: torch.dtype | str | None = None,
    revision: str | None = None,
    attn_implementation: str | None = None,
    device_map: DeviceMap | None = None,
    trust_remote_code: bool = False,
    tp_plan: str | None = None,
):
    """Return a causal language model in eval mode, and its tokenizer.

    Args:
        name: "smollm2-135m"; "gemma3-270m" (asking for it by name accepts the Gemma terms); "tiny"
            (random weights, no download); a folder; or a Hugging Face id such as
            "HuggingFaceTB/SmolLM2-360M" or "gpt2".
        device: "cpu", "cuda", "cuda:1" or another device that torch finds on this machine.
            ``None`` takes "cuda" where there is one, else "cpu"; an empty string is refused.
        quantize: "nf4" (or "4bit") for 4-bit weights, "int8" (or "8bit") for 8-bit weights, through
            bitsandbytes, on CPU or CUDA. The unembedding keeps its precision. 8-bit layers round
            their inputs to 8 bits, too, in each pass anew (LLM.int8()), and compute in float16.
        dtype: "float32", "bfloat16", "float16" or "float64", or the torch.dtype of that name.
            ``None`` gives float32 for the course models and "tiny"; for others bfloat16 on CUDA
            (float16 on a card without it, such as the T4), float32 elsewhere. With `quantize` it is
            the precision of the computation, which cannot be float64.
        revision: a branch, a tag or a commit of a model on the hub; refused for all others.
        attn_implementation: passed on to transformers, such as "eager" or "sdpa". ``None`` leaves
            the choice to transformers. What needs a package that is not installed, such as
            "flash_attention_2", is refused in transformers' words.
        device_map: spreads the weights over several devices through accelerate: "auto", or a dict
            from module names to devices of this machine or to "disk". What lies in the CPU's
            memory or on the disk is brought to the GPU for each pass, which is slow. Takes the
            place of `device`; refused for "tiny".
        trust_remote_code: whether Python code that a folder or a hub repository brings may run on
            this machine. Course models and "tiny" bring none.
        tp_plan: "auto" splits every layer over the processes that torchrun started, by
            transformers' own plan. `generate`, `score` and what is built on them work so, in every
            process alike; functions that read weights (the lens, geometry, ablations) are refused.

    Returns:
        ``(model, tokenizer)``.

    Raises:
        ValueError: an unknown name or value, or options that do not go together.
        ModelUnavailable: the model cannot be loaded here and now; the message is one sentence with
            the likely cause and the remedy. One that does not fit into the memory that is free is
            refused before its weights are fetched or read, with the arithmetic.
    """
    name = os.fspath(name)
    kind = _kind_of(name)
    options = checked_options(
        kind,
        device=device,
        quantize=quantize,
        dtype=dtype,
        revision=revision,
        attn_implementation=attn_implementation,
        device_map=device_map,
        trust_remote_code=trust_remote_code,
        tp_plan=tp_plan,
    )
    if kind == "tiny":
        return tiny_model(options)
    if kind == "course model":
        return load_course_model(name, options)
    if kind == "folder":
        return load_pretrained(Path(name).expanduser(), options, local_files_only=True)
    return load_from_hub(name, options)


def checked_loading(
    name: str, *, quantize: str | None = None, device_map: DeviceMap | None = None
) -> tuple[Kind, LoadOptions]:
    """Return what a name means, and how `load_model` would load it; nothing is read yet.

    Args:
        name, quantize, device_map: as for `load_model`.

    Raises:
        ValueError: an unknown name or value, or options that do not go together.
        ModelUnavailable: a package that an option needs is not installed.
    """
    kind = _kind_of(name)
    options = checked_options(
        kind,
        device=None,
        quantize=quantize,
        dtype=None,
        revision=None,
        attn_implementation=None,
        device_map=device_map,
        trust_remote_code=False,
    )
    return kind, options


def prefetch(folder: str | Path | None = None, names: Iterable[str] = (DEFAULT,)) -> Path:
    """Put course models into the cache, or into `folder`.

    On another machine UNCERTAINTY_CACHE=folder makes them available offline. The GGUF file stays
    beside its copy, so that another version of transformers can make its own copy from it.

    Returns:
        The folder that was filled.

    Raises:
        ModelUnavailable: see `load_model`.
    """
    if folder is None:
        for name in names:
            load_model(name)
        return cache_folder()
    cache = Path(folder).expanduser()
    for name in names:
        remove_abandoned_folders(cache / name)
        if not is_intact(converted_folder(name, cache)):
            convert(name, cache)
        fetch(name, cache / name)  # beside an older copy the file itself may be missing
    return cache


def is_fetched(name: str) -> bool:
    """Return whether a course model is in the cache, so that `load_model` needs no network."""
    return is_intact(converted_folder(name, cache_folder()))


def _kind_of(name: str) -> Kind:
    """Return what kind of model a name means; ValueError for a name that means none."""
    if name == "tiny":
        return "tiny"
    if name in MODEL_FILES:
        return "course model"
    folder = Path(name).expanduser()
    if (folder / "config.json").is_file():
        return "folder"
    if name and folder.is_dir():  # transformers would take it for the model, too
        raise ValueError(_unknown_model_message(name, ": this folder has no config.json."))
    misspelt = _similar_model_name(name)
    if misspelt is not None:  # a typing error must not wait for the hub
        raise ValueError(_unknown_model_message(name, f", did you mean {misspelt!r}?"))
    if not is_hub_id(name):
        raise ValueError(_unknown_model_message(name))
    return "hub id"


def _similar_model_name(name: str) -> str | None:
    """Return the course model that a bare name looks like, if there is one."""
    if "/" in name:
        return None
    similar = difflib.get_close_matches(
        name.lower(), model_names(), n=1, cutoff=MISSPELT_SIMILARITY
    )
    return similar[0] if similar else None


def _unknown_model_message(name: str, hint: str = ".") -> str:
    return (
        f"Unknown model {name!r}{hint} The course models are {', '.join(model_names())}; anything "
        "else is the path of a folder with a config.json, or a Hugging Face id (owner/name, or a "
        "bare name such as gpt2)."
    )
