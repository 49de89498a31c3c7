"""Keep on disk what a model answered, so that a lesson run again is quick and a run that was killed goes on.

One file of JSON lines per task, model, tokenizer and settings; a line per item. What changes the answers changes the
file's name: a weight, the precision or kind of device, the chat template, the tokens that stop an answer, a setting, the
versions of torch and transformers, and the code of this package that asks and measures.
"""

import hashlib
import importlib
import inspect
import json
import warnings
import zlib
from collections.abc import Callable
from pathlib import Path

import torch
import transformers
from tqdm import tqdm

from ..generation.prompts import stop_token_ids
from ..loading.cache import cache_folder

ASKING = (
    "information",
    "generation.decoding",
    "generation.prompts",
    "generation.scoring",
    "generation.shared_prefix",
    "measures.raw_logits",
    "measures.token_measures",
    "measures.evidence",
    "measures.answer_measures",
    "measures.verbalised",
    "measures.sampling",
    "measures.meaning",
    "measures.self_evaluation",
    "measures.judges",
    "evaluation.grader",
    "course.answer_runs",
)


def cached_results(
    task: str,
    model,
    tokenizer,
    items: list,
    compute: Callable[[list], list],
    *,
    settings: dict | None = None,
    batch_size: int = 32,
    code: tuple[str, ...] = (),
) -> list:
    """``compute`` applied to all items in batches, each result kept on disk as soon as its batch is done.

    Items are sorted by length first, so that a batch needs little padding, and the same items always make the same
    batches; so a run that was killed and goes on draws the same samples as one that was not. A progress bar counts the
    items that have to be computed.

    Args:
        task: the experiment's name, part of the file name.
        items: what is asked, anything JSON can hold (a prompt, a list of messages, ...).
        compute: takes a list of items, returns one JSON-ready result for each.
        settings: everything else the results depend on (limits, temperature, seed, wording), JSON-ready.
        code: modules of this package that compute them, besides those that ask.

    Returns:
        One result per item, in the items' order. When the folder cannot be written: a warning, and nothing is kept.

    Raises:
        ValueError: batch_size below 1, or compute returned another number of results.
    """
    if batch_size < 1:
        raise ValueError(f"batch_size must be at least 1, got {batch_size}.")
    path = _path(task, model, tokenizer, settings, code)
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
                raise ValueError(
                    f"{task}: compute returned {len(found)} results for {len(batch)} items."
                )
            new = {
                key: json.loads(json.dumps(result))
                for key, result in zip(batch, found)
                if key not in known
            }
            _append(path, new)
            known |= new
            bar.update(len(batch))
    return [known[key] for key in keys]


def fingerprint(model) -> str:
    """A name for exactly these weights, in this precision, on this kind of device; hooks are not seen.

    Raises:
        ValueError: weights that are not in memory (offloaded to disk), whose bytes cannot be read.
    """
    seen = hashlib.sha256(f"{type(model).__name__} {model.device.type} {_config(model)}".encode())
    for name, weight in model.state_dict().items():
        if isinstance(weight, torch.Tensor):
            seen.update(
                f"{name} {weight.dtype} {tuple(weight.shape)} {_checksum(name, weight)}".encode()
            )
    return seen.hexdigest()[:16]


def _checksum(name: str, weight: torch.Tensor) -> int:
    if weight.is_meta:
        raise ValueError(
            f"{name} is not in memory (offloaded), so results cannot be kept for this model: load all of it."
        )
    return zlib.crc32(weight.detach().cpu().contiguous().flatten().view(torch.uint8).numpy())


def _config(model) -> str:
    config = {
        k: v
        for k, v in model.config.to_dict().items()
        if k not in ("_name_or_path", "transformers_version")
    }
    return json.dumps(config, sort_keys=True, default=str)


def _path(task: str, model, tokenizer, settings: dict | None, modules: tuple[str, ...]) -> Path:
    reads = [
        _digest(tokenizer.get_vocab()),
        tokenizer.chat_template,
        sorted(stop_token_ids(model, tokenizer)),
    ]
    versions = [torch.__version__.split("+")[0], transformers.__version__]
    loaded = [importlib.import_module(f"uncertainty.{name}") for name in [*ASKING, *modules]]
    code = [zlib.crc32(inspect.getsource(module).encode()) for module in loaded]
    return (
        cache_folder()
        / "results"
        / f"{task}-{_digest([fingerprint(model), reads, settings, versions, code])}.jsonl"
    )


def _digest(value) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()[:16]


def _load(path: Path) -> dict:
    """Every whole line; a line cut short by a kill is left out, and computed again."""
    known = {}
    for line in path.read_bytes().splitlines() if path.exists() else []:
        try:
            entry = json.loads(line)
            known.setdefault(entry["item"], entry["result"])
        except (ValueError, KeyError, TypeError):
            continue
    return known


def _append(path: Path, results: dict) -> None:
    lines = "".join(
        "\n" + json.dumps({"item": key, "result": result}) for key, result in results.items()
    )
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("a", encoding="utf-8") as file:
            file.write(lines + "\n")
    except OSError as error:
        warnings.warn(
            f"results cannot be kept in {path.parent} ({error}); set UNCERTAINTY_CACHE to a folder you can "
            "write to, or every run starts anew.",
            stacklevel=3,
        )
