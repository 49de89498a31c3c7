"""Keep on disk what a model answered: a second run is quick, and a killed run can be resumed.

One file of JSON lines holds one task of one model; one line holds one item. Whatever changes the
answers changes the file's name: the weights, the precision or kind of device, the attention
implementation, the tokenizer's vocabulary and chat template, the tokens that stop an answer, a
setting, the versions of torch and transformers, and the code that asks and measures.
"""

import hashlib
import json
import warnings
import zlib
from collections.abc import Callable, Sequence
from pathlib import Path

import torch
import transformers

from .._progress import progress_bar
from ..generation.answers import Generation
from ..generation.batch_decoding import decode_batch
from ..generation.decoding import generate
from ..generation.prompts import prompt_token_ids, stop_token_ids
from ..generation.scoring import choice_log_probabilities
from ..generation.shared_prefix import read_prompts
from ..loading.cache import cache_folder
from .fingerprint import fingerprint
from .source_code import Code, source_checksums

# How a model is asked: the code of these always counts, whatever a caller adds to it.
ASKING = (
    generate,
    decode_batch,
    choice_log_probabilities,
    prompt_token_ids,
    read_prompts,
    Generation,
)


def cached_results(
    model,
    tokenizer,
    items: Sequence,
    compute: Callable[[list], list],
    *,
    task: str,
    settings: dict | None = None,
    batch_size: int = 32,
    code: Sequence[Code] = (),
) -> list:
    """Return ``compute`` of all items, and keep each batch's results on disk as soon as it is done.

    Items are sorted by length first, so that a batch needs little padding, and the same items
    always make the same batches: a run that was killed and resumed draws the same samples as one
    that was not. A progress bar counts the items that have to be computed.

    Args:
        items: what is asked, anything JSON can hold (a prompt, a list of messages, ...).
        compute: takes a list of items, returns one JSON-ready result for each.
        task: the experiment's name, part of the file name.
        settings: everything else the results depend on (limits, temperature, seed, wording),
            JSON-ready.
        code: the functions (or modules) that compute the results, besides those in `ASKING`. When
            the source of a module they come from changes, everything is computed again. List each
            module that matters: what these functions import is not followed.

    Returns:
        One result per item, in the items' order. When the folder cannot be written: a warning, and
        nothing is kept.

    Raises:
        ValueError: batch_size below 1, compute returned another number of results, ``code`` without
            source (`source_checksums`), or weights that are not in memory (`fingerprint`).
    """
    if batch_size < 1:
        raise ValueError(f"batch_size must be at least 1, got {batch_size}.")
    path = _results_file(model, tokenizer, task, settings, code)
    results = _read_results(path)

    # 1. the batches, always the same for the same items
    keys = [_digest(item) for item in items]
    item_of_key = dict(zip(keys, items))
    ordered = sorted(item_of_key, key=lambda key: (len(json.dumps(item_of_key[key])), key))
    batches = [ordered[start : start + batch_size] for start in range(0, len(ordered), batch_size)]

    # 2. those that lack a result are computed
    missing = [batch for batch in batches if not results.keys() >= set(batch)]
    if missing:
        total = sum(len(batch) for batch in missing)
        with progress_bar(total=total, description=task) as bar:
            for batch in missing:
                computed = _compute_batch(compute, [item_of_key[key] for key in batch], task)
                new = {key: value for key, value in zip(batch, computed) if key not in results}
                _append_results(path, new)
                results |= new
                bar.update(len(batch))
    return [results[key] for key in keys]


def batch_seed(seed: int, batch: list) -> int:
    """Return a seed of its own for one batch.

    With equal seeds all batches would draw the same random numbers.
    """
    return seed + json_checksum(batch)


def json_checksum(value) -> int:
    """Return the CRC-32 of anything that JSON can hold."""
    return zlib.crc32(json.dumps(value).encode())


def _compute_batch(compute: Callable[[list], list], items: list, task: str) -> list:
    """Return the results of one batch as they will be read from the file (tuples become lists)."""
    computed = compute(items)
    if len(computed) != len(items):
        raise ValueError(
            f"{task}: compute returned {len(computed)} results for {len(items)} items."
        )
    return json.loads(json.dumps(computed))


def _results_file(model, tokenizer, task: str, settings: dict | None, code: Sequence[Code]) -> Path:
    """Return the file whose name encodes everything that the results depend on."""
    reading = [
        _digest(tokenizer.get_vocab()),
        tokenizer.chat_template,
        sorted(stop_token_ids(model, tokenizer)),
    ]
    versions = [torch.__version__.split("+")[0], transformers.__version__]
    sources = source_checksums([*ASKING, *code])
    name = f"{task}-{_digest([fingerprint(model), reading, settings, versions, sources])}.jsonl"
    return cache_folder() / "results" / name


def _digest(value) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()[:16]


def _read_results(path: Path) -> dict:
    """Return the results by their items' keys; a line that a kill cut short is left out."""
    results: dict = {}
    if not path.exists():
        return results
    for line in path.read_bytes().splitlines():
        try:
            entry = json.loads(line)
            results.setdefault(entry["item"], entry["result"])
        except (ValueError, KeyError, TypeError):
            continue
    return results


def _append_results(path: Path, results: dict) -> None:
    entries = [json.dumps({"item": key, "result": result}) for key, result in results.items()]
    lines = "".join(f"\n{entry}" for entry in entries) + "\n"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("a", encoding="utf-8") as file:
            file.write(lines)
    except OSError as error:
        warnings.warn(
            f"results cannot be kept in {path.parent} ({error}); set UNCERTAINTY_CACHE to a folder "
            "you can write to, or every run starts anew.",
            stacklevel=3,
        )
