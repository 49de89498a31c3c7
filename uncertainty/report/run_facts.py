"""On what a report was made: versions, processor, memory."""

import importlib.metadata
import platform
import sys

import psutil
import torch

PACKAGES = ("llm-uncertainty-course", "torch", "transformers", "numpy", "scipy", "scikit-learn")


def run_facts() -> dict:
    """Return versions and machine, without the machine's name or a path on it."""
    versions = {name: _version(name) for name in PACKAGES}
    return {
        "python": platform.python_version(),
        "versions": versions,
        "system": f"{platform.system()} on {platform.machine()}",
        "threads": torch.get_num_threads(),
        "peak_memory": peak_memory(),
    }


def model_facts(name: str, model) -> dict:
    """Return what a model is: class, parameters, precision, device."""
    embedding = model.get_input_embeddings().weight
    return {
        "name": name,
        "class": type(model).__name__,
        "parameters": model.num_parameters(),
        "dtype": _precision(model, embedding.dtype),
        "device": _places(model, embedding.device),
    }


def _precision(model, dtype: torch.dtype) -> str:
    """Return the precision of the weights; packed ones are those of the linear layers."""
    name = str(dtype).removeprefix("torch.")
    for flag, packed in (("is_loaded_in_4bit", "4-bit"), ("is_loaded_in_8bit", "8-bit")):
        if getattr(model, flag, False):
            return f"{packed} linear layers, the rest {name}"
    return name


def _places(model, device: torch.device) -> str:
    """Return where the weights lie: one device, or all that a device map names."""
    placed = getattr(model, "hf_device_map", None) or {"": device}
    names = [f"cuda:{place}" if isinstance(place, int) else str(place) for place in placed.values()]
    return " and ".join(dict.fromkeys(names))


def peak_memory() -> int | None:
    """Return the most bytes this process has held so far; None where the system does not tell."""
    if sys.platform == "win32":
        return int(psutil.Process().memory_info().peak_wset)
    import resource

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else 1024 * peak


def _version(package: str) -> str:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return "not installed"
