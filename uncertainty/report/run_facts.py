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
    weights = list(model.parameters())
    return {
        "name": name,
        "class": type(model).__name__,
        "parameters": sum(weight.numel() for weight in weights),
        "dtype": str(weights[0].dtype).removeprefix("torch."),
        "device": str(weights[0].device),
    }


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
