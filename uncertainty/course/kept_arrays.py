"""Keep arrays that take long to compute, such as hidden states, in the cache of this machine.

They lie beside the kept results, under names made by the same rules, and are too large to come with
the package.
"""

import os
import tempfile
import warnings
import zipfile
import zlib
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np

from .results import exact_name, is_recording, record_name, results_folder
from .source_code import Code


def cached_arrays(
    model,
    tokenizer,
    compute: Callable[[], Mapping[str, np.ndarray]],
    *,
    task: str,
    settings: dict,
    code: Sequence[Code],
) -> dict[str, np.ndarray]:
    """Return the arrays of ``compute``, from disk where they were computed before.

    Whatever changes them changes the name they are kept under, as for `cached_results`: weights,
    configuration, tokenizer, settings, versions of torch and transformers, and code. A file is
    written beside its place and then renamed, so nobody reads half of it.

    With the environment variable UNCERTAINTY_RECORD they are computed and not kept.

    Args:
        task: the beginning of the file's name.
        settings: everything else that the arrays rest on, what is asked included; JSON-ready.
        code: as of `cached_results`.

    Returns:
        The arrays by name. A file that is damaged or cannot be read gives a warning, and the arrays
        are computed again; where the folder cannot be written, a warning, and nothing is kept.

    Raises:
        ValueError: ``code`` without source, weights that are not in memory, or an array of Python
            objects.
    """
    name = f"{record_name(model, tokenizer, task, settings)}-{exact_name(model, code)}.npz"
    if is_recording():
        return dict(compute())
    path = results_folder() / name
    kept = _read_arrays(path)
    if kept is not None:
        return kept
    arrays = {key: np.asarray(value) for key, value in compute().items()}
    for key, value in arrays.items():
        if value.dtype == object:
            raise ValueError(f"{task}: {key} holds Python objects, which are not kept as an array.")
    _write_arrays(path, arrays)
    return arrays


def _read_arrays(path: Path) -> dict[str, np.ndarray] | None:
    """Return the arrays of a file, all read and checked; None without one, or where it is bad."""
    try:
        with np.load(path, allow_pickle=False) as file:
            return {key: file[key] for key in file.files}
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (OSError, EOFError, ValueError, KeyError, zipfile.BadZipFile, zlib.error) as error:
        warnings.warn(
            f"the arrays kept in {path} cannot be read ({error}), so they are computed again.",
            stacklevel=3,
        )
        return None


def _write_arrays(path: Path, arrays: Mapping[str, np.ndarray]) -> None:
    aside = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=path.parent, suffix=".aside", delete=False) as file:
            aside = Path(file.name)
            np.savez(file, allow_pickle=False, **dict(arrays))
        os.replace(aside, path)
    except OSError as error:
        if aside is not None:
            aside.unlink(missing_ok=True)
        warnings.warn(
            f"arrays cannot be kept in {path.parent} ({error}); set UNCERTAINTY_CACHE to a folder "
            "you can write to, or every run starts anew.",
            stacklevel=3,
        )
