"""Keep what a model answered: a second run is quick, and a killed run can be resumed.

Results are kept in the cache of this machine, under a name that tells everything they rest on, so
they are used without a further look. What the default model answered for the lessons also came with
the package (`recorded.py`), under a name that tells the weights and what was asked, but no version
of a library and no code; so a handful is asked again first (`spot_check.py`). Where that agrees,
the recorded results go into the cache; where it does not, a warning says so and all are asked anew.
"""

import hashlib
import json
import os
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
from ..generation.probes import reads_batches
from ..generation.prompts import prompt_token_ids, stop_token_ids
from ..generation.scoring import choice_log_probabilities
from ..generation.shared_prefix import read_prompts
from ..loading.cache import cache_folder
from .fingerprint import fingerprint, weights_fingerprint
from .recorded import file_lines, recorded_results, result_lines
from .source_code import Code, source_checksums
from .spot_check import spot_check

# How a model is asked: the code of these always counts, whatever a caller adds to it.
ASKING = (
    generate,
    decode_batch,
    choice_log_probabilities,
    prompt_token_ids,
    reads_batches,
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
    recheck: Callable[[list, list], list] | None = None,
) -> list:
    """Return ``compute`` of all items, and keep each batch's results on disk as soon as it is done.

    Items are sorted by length first, so that a batch needs little padding, and the same items
    always make the same batches: a run that was killed and resumed draws the same samples as one
    that was not. A progress bar counts the items that have to be computed.

    Whatever changes the results changes the name they are kept under: the weights, the precision or
    kind of device, the configuration, the tokenizer's vocabulary and chat template, the tokens that
    stop an answer, a setting, the versions of torch and transformers, and the code that asks and
    measures.

    Results that came with the package were computed by the default model in float32 on a CPU. They
    are named by the weights with their precision, the kind of device, the tokenizer's vocabulary,
    the chat template, the tokens that stop an answer, task and settings, *not* by library versions
    nor by code. A GPU or another precision has another name, so the model is asked there. Before
    they are used, a random handful is computed again (`spot_check`), which takes a few seconds; a
    difference gives a warning, and all items are computed. What agreed is kept like results that
    were computed here.

    With the environment variable UNCERTAINTY_RECORD=folder all results are kept in that folder, and
    what came with the package is not used: this is how it is made (``make outputs``).

    Args:
        items: what is asked, anything JSON can hold (a prompt, a list of messages, ...).
        compute: takes a list of items, returns one JSON-ready result for each.
        task: the experiment's name, part of the file name.
        settings: everything else the results depend on (limits, temperature, seed, wording),
            JSON-ready.
        code: the functions (or modules) that compute the results, besides those in `ASKING`. When
            the source of a module they come from changes, everything is computed again. List each
            module that matters: what these functions import is not followed.
        recheck: takes items and their recorded results, returns what these must agree with. By
            default ``compute`` of the items. Samples need another one, since they depend on their
            batch and on the processor's random numbers.

    Returns:
        One result per item, in the items' order. When the folder cannot be written: a warning, and
        nothing is kept.

    Raises:
        ValueError: batch_size below 1, compute returned another number of results, ``code`` without
            source (`source_checksums`), or weights that are not in memory (`fingerprint`).
    """
    if batch_size < 1:
        raise ValueError(f"batch_size must be at least 1, got {batch_size}.")
    shared_name = record_name(model, tokenizer, task, settings)
    path = results_folder() / f"{shared_name}-{exact_name(model, code)}.jsonl"
    results = _read_results(path)
    keys = [_digest(item) for item in items]
    item_of_key = dict(zip(keys, items))
    header = {"task": task, "settings": settings, "batch_size": batch_size}

    def keep(new: dict) -> None:
        entries = [{"item": k, "asked": item_of_key[k], "result": v} for k, v in new.items()]
        _append_lines(path, result_lines(header, entries))
        results.update(new)

    # 1. what came with the package, if it still holds
    unknown = {key: item for key, item in item_of_key.items() if key not in results}
    if unknown and not is_recording():
        recorded = recorded_results(shared_name)
        wanted = {key: recorded[key] for key in unknown if key in recorded}
        if wanted and _hold(unknown, wanted, compute, recheck, task):
            keep(wanted)

    # 2. the batches, always the same for the same items
    ordered = sorted(item_of_key, key=lambda key: (len(json.dumps(item_of_key[key])), key))
    batches = [ordered[start : start + batch_size] for start in range(0, len(ordered), batch_size)]

    # 3. those that lack a result are computed
    missing = [batch for batch in batches if not results.keys() >= set(batch)]
    if missing:
        total = sum(len(batch) for batch in missing)
        with progress_bar(total=total, description=task) as bar:
            for batch in missing:
                computed = _compute_batch(compute, [item_of_key[key] for key in batch], task)
                keep({key: value for key, value in zip(batch, computed) if key not in results})
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


def record_name(model, tokenizer, task: str, settings: dict | None) -> str:
    """Return the name of recorded results: weights, how text is read, task and settings tell it."""
    reading = [
        _digest(tokenizer.get_vocab()),
        tokenizer.chat_template,
        sorted(stop_token_ids(model, tokenizer)),
    ]
    return f"{task}-{_digest([weights_fingerprint(model), reading, settings])}"


def _compute_batch(compute: Callable[[list], list], items: list, task: str) -> list:
    return _as_read_from_file(compute(items), items, task)


def _as_read_from_file(computed: list, items: list, task: str) -> list:
    """Return the results of these items as a file will hold them (tuples become lists)."""
    if len(computed) != len(items):
        raise ValueError(
            f"{task}: compute returned {len(computed)} results for {len(items)} items."
        )
    return json.loads(json.dumps(computed))


def _hold(
    asked: dict,
    recorded: dict,
    compute: Callable[[list], list],
    recheck: Callable[[list, list], list] | None,
    task: str,
) -> bool:
    """Return whether a handful of recorded results agrees with what is computed here; else warn."""

    def ask_again(items: list, results: list) -> list:
        again = recheck(items, results) if recheck else compute(items)
        return _as_read_from_file(again, items, task)

    difference = spot_check(asked, recorded, ask_again)
    if difference is not None:
        warnings.warn(
            f"{task}: the recorded answers do not hold here, so all {len(recorded)} are asked "
            f"anew. {difference}. The cause can be another version of torch or transformers, code "
            "that was changed, or a hook on the model.",
            stacklevel=3,
        )
    return difference is None


def exact_name(model, code: Sequence[Code]) -> str:
    """Return a name for all else that results rest on: configuration, versions, code."""
    versions = [torch.__version__.split("+")[0], transformers.__version__]
    sources = source_checksums([*ASKING, *code])
    return _digest([fingerprint(model), versions, sources])


def is_recording() -> bool:
    """Return whether UNCERTAINTY_RECORD names a folder: then all is asked anew."""
    return bool(os.environ.get("UNCERTAINTY_RECORD"))


def results_folder() -> Path:
    """Return the folder of the kept results."""
    if is_recording():
        return Path(os.environ["UNCERTAINTY_RECORD"])
    return cache_folder() / "results"


def _digest(value) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()[:16]


def _read_results(path: Path) -> dict:
    """Return the results by their items' keys; a line that a kill cut short is left out.

    A file that cannot be read gives a warning, and none of its results.
    """
    results: dict = {}
    try:
        for line in file_lines(path):
            if {"item", "result"} <= line.keys():
                results.setdefault(line["item"], line["result"])
    except (FileNotFoundError, NotADirectoryError):
        pass
    except OSError as error:
        warnings.warn(
            f"results kept in {path} cannot be read ({error.strerror}), so all are computed again.",
            stacklevel=3,
        )
    return results


def _append_lines(path: Path, lines: str) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("a", encoding="utf-8") as file:
            file.write("\n" + lines)
    except OSError as error:
        warnings.warn(
            f"results cannot be kept in {path.parent} ({error}); set UNCERTAINTY_CACHE to a folder "
            "you can write to, or every run starts anew.",
            stacklevel=4,
        )
