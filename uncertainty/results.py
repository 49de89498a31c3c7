"""Keep on disk what a model answered, so that a lesson run again is quick and a run that was killed goes on.

One file of JSON lines per model, task and settings; a line per item. Whatever changes the answers changes the file's
name: a weight of the model, its precision or device, a setting, the versions of torch, transformers and this package.
"""

import hashlib
import json
import warnings
from collections.abc import Callable
from pathlib import Path

import torch
import transformers
from tqdm import tqdm

from . import __version__
from .cache import cache_folder


def remembered(task: str, model, items: list, compute: Callable[[list], list], *, settings: dict | None = None,
               batch_size: int = 32) -> list:
    """``compute`` applied to all items in batches, each result kept on disk as soon as its batch is done.

    Items are sorted by length first, so that a batch needs little padding, and batches are always the same for the
    same items; so a run that was killed and goes on draws the same samples as one that was not. A progress bar
    counts the items that had to be computed.

    Args:
        task: the experiment's name, part of the file name.
        items: what is asked, anything JSON can hold (a prompt, a list of messages, ...).
        compute: takes a list of items, returns one JSON-ready result for each.
        settings: everything else the results depend on (limits, temperature, seed, wording), JSON-ready.

    Returns:
        One result per item, in the items' order. When the folder cannot be written: a warning, and nothing is kept.

    Raises:
        ValueError: batch_size below 1, or compute returned another number of results.
    """
    if batch_size < 1:
        raise ValueError(f"batch_size must be at least 1, got {batch_size}.")
    path = _path(task, model, settings)
    keys = [_digest(item) for item in items]
    known = _load(path)
    unique = dict(zip(keys, items))
    order = sorted(unique, key=lambda key: (len(json.dumps(unique[key])), key))
    batches = [order[start : start + batch_size] for start in range(0, len(order), batch_size)]
    missing = [batch for batch in batches if not known.keys() >= set(batch)]
    with tqdm(total=sum(map(len, missing)), desc=task, disable=not missing, leave=False) as bar:
        for batch in missing:
            found = compute([unique[key] for key in batch])
            if len(found) != len(batch):
                raise ValueError(f"{task}: compute returned {len(found)} results for {len(batch)} items.")
            new = {key: json.loads(json.dumps(result)) for key, result in zip(batch, found) if key not in known}
            _append(path, new)
            known |= new
            bar.update(len(batch))
    return [known[key] for key in keys]


def fingerprint(model) -> str:
    """A name for exactly these weights in this precision on this kind of device; hooks and adapters are not seen.

    Exact integer sums over rows and columns of every parameter's bits: one changed weight, or two swapped ones, give
    another name.
    """
    seen = hashlib.sha256(f"{type(model).__name__} {model.device.type} {_config(model)}".encode())
    for name, weight in [*model.named_parameters(), *model.named_buffers()]:
        bits = _as_integers(weight.detach())
        sums = [bits.sum(axis, dtype=torch.int64).cpu().numpy().tobytes() for axis in range(bits.ndim)] or [bits.item()]
        seen.update(f"{name} {weight.dtype} {tuple(weight.shape)} {sums}".encode())
    return seen.hexdigest()[:16]


def _config(model) -> str:
    config = {k: v for k, v in model.config.to_dict().items() if k not in ("_name_or_path", "transformers_version")}
    return json.dumps(config, sort_keys=True, default=str)


def _as_integers(weight: torch.Tensor) -> torch.Tensor:
    size = {1: torch.uint8, 2: torch.int16, 4: torch.int32, 8: torch.int64}[weight.element_size()]
    return weight.contiguous().view(size)


def _path(task: str, model, settings: dict | None) -> Path:
    versions = [torch.__version__.split("+")[0], transformers.__version__, __version__]
    return cache_folder() / "results" / f"{task}-{_digest([fingerprint(model), settings, versions])}.jsonl"


def _digest(value) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()[:16]


def _load(path: Path) -> dict:
    """Every whole line; a line cut short by a kill is left out, and computed again."""
    known = {}
    for line in path.read_text(encoding="utf-8", errors="replace").splitlines() if path.exists() else []:
        try:
            entry = json.loads(line)
            known[entry["item"]] = entry["result"]
        except (ValueError, KeyError, TypeError):
            continue
    return known


def _append(path: Path, results: dict) -> None:
    lines = "".join("\n" + json.dumps({"item": key, "result": result}) for key, result in results.items())
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("a", encoding="utf-8") as file:
            file.write(lines + "\n")
    except OSError as error:
        warnings.warn(f"results cannot be kept in {path.parent} ({error}); set UNCERTAINTY_CACHE to a folder you can "
                      "write to, or every run starts anew.", stacklevel=3)
