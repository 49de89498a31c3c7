"""Processes that are killed at any moment, and two at once: the next run finds or makes what is good."""

import os
import signal
import sys
import threading
import warnings

import pytest
from fault_helpers import (
    exit_code,
    needs_fork,
    send_head,
    start_process,
    wait_until,
    without_pip,
)
from loading_helpers import cut, flip

from uncertainty.loading import disk
from uncertainty.loading.disk import temporary_folder

pytestmark = needs_fork
KINDS = ("model", "corpora")
# What Python tells an audit hook of when a file or a folder changes.
CHANGES = {"open", "os.mkdir", "os.rename", "os.remove", "os.rmdir", "os.chmod", "shutil.copytree"}


def kill_oneself_at(moment, folder):
    """Let this process be killed right before its n-th change below a folder."""
    left = [moment]

    def watch(event, arguments):
        if event in CHANGES and str(folder) in str(arguments):
            left[0] -= 1
            if left[0] == 0:
                os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(watch)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("start", ["empty", "damaged"])
def test_a_run_that_is_killed_at_any_change_harms_no_later_run(
    make_thing, monkeypatch, kind, start
):
    thing = make_thing(kind, content=b"small")
    without_pip(monkeypatch, thing)
    moment = 0
    code = -signal.SIGKILL
    while code == -signal.SIGKILL:
        moment += 1
        if start == "damaged":
            thing.run()
            flip(thing.damaged_file())
        elif thing.cache.exists():
            _empty(thing.cache)

        def run(moment=moment):
            kill_oneself_at(moment, thing.cache)
            thing.fetch()

        with warnings.catch_warnings():
            # where nothing was, a killed run leaves nothing damaged
            warnings.filterwarnings("error" if start == "empty" else "ignore", ".*damaged")
            code = exit_code(start_process(run))
            thing.run()
        thing.assert_good()
    assert code == 0 and moment > 10


def _empty(cache):
    for path in sorted(cache.rglob("*"), reverse=True):
        path.unlink() if path.is_file() else path.rmdir()


@pytest.mark.parametrize("kind", KINDS)
def test_a_run_that_is_killed_during_the_download(make_thing, package_index, monkeypatch, kind):
    """pip lives on for a while; its folder stays until it has ended, and is removed then."""
    thing = make_thing(kind)
    half_sent = threading.Event()
    goes_on = threading.Event()

    def answer(request, content):
        send_head(request, len(content))
        request.wfile.write(content[: len(content) // 2])
        request.wfile.flush()
        half_sent.set()
        goes_on.wait(60)
        request.wfile.write(content[len(content) // 2 :])

    package_index.wheels[thing.wheel.file] = thing.content
    package_index.answer = answer
    pid = start_process(thing.fetch)
    assert half_sent.wait(60)
    os.kill(pid, signal.SIGKILL)
    assert exit_code(pid) == -signal.SIGKILL

    without_pip(monkeypatch, thing)
    thing.run()
    assert thing.is_good() and len(thing.left_over()) >= 1  # pip's own folder
    goes_on.set()
    wait_until(lambda: thing.run() or thing.left_over() == [])
    thing.assert_good()


@pytest.mark.parametrize("kind", KINDS)
def test_two_processes_download_at_once(make_thing, package_index, kind):
    thing = make_thing(kind)
    both_wait = threading.Barrier(2)

    def answer(request, content):
        send_head(request, len(content))
        request.wfile.write(content[:1000])
        both_wait.wait(60)
        request.wfile.write(content[1000:])

    package_index.wheels[thing.wheel.file] = thing.content
    package_index.answer = answer
    pids = [start_process(thing.fetch) for _ in range(2)]
    assert [exit_code(pid) for pid in pids] == [0, 0]
    assert package_index.requests == 2
    thing.assert_good()


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.filterwarnings("ignore:.*damaged")
def test_many_processes_mend_the_same_damage(make_thing, monkeypatch, kind):
    thing = make_thing(kind, content=b"small")
    without_pip(monkeypatch, thing)
    thing.run()
    cut(thing.damaged_file())
    pids = [start_process(thing.fetch) for _ in range(6)]
    assert [exit_code(pid) for pid in pids] == [0] * 6
    thing.assert_good()


# --- temporary folders ----------------------------------------------------------------------------


def test_the_folder_of_a_living_process_stays_and_that_of_a_killed_one_goes(tmp_path):
    inside, outside = os.pipe()

    def work():
        with temporary_folder(tmp_path, bytes_needed=0):
            os.write(outside, b"x")
            signal.pause()

    pid = start_process(work)
    os.read(inside, 1)
    with temporary_folder(tmp_path, bytes_needed=0):
        assert len(list(tmp_path.iterdir())) == 2
    [folder] = tmp_path.iterdir()

    os.kill(pid, signal.SIGKILL)
    exit_code(pid)
    disk.remove_abandoned_folders(tmp_path)
    assert not folder.exists()


def test_a_folder_that_is_taken_for_abandoned_before_it_is_locked_is_made_again(
    tmp_path, monkeypatch
):
    make = disk.tempfile.mkdtemp
    made = []

    def make_and_lose(**options):
        folder = make(**options)
        made.append(folder)
        if len(made) == 1:
            disk.remove_abandoned_folders(tmp_path)
        return folder

    monkeypatch.setattr(disk.tempfile, "mkdtemp", make_and_lose)
    with temporary_folder(tmp_path, bytes_needed=0) as folder:
        assert str(folder) == made[1] and folder.exists() and not os.path.exists(made[0])


def test_a_folder_that_goes_between_opening_and_locking_is_made_again(tmp_path, monkeypatch):
    flock = disk.fcntl.flock
    made = []

    def lock_too_late(handle, how):
        made.extend(tmp_path.iterdir())
        if len(made) == 1:
            made[0].rmdir()
        flock(handle, how)

    monkeypatch.setattr(disk.fcntl, "flock", lock_too_late)
    with temporary_folder(tmp_path, bytes_needed=0) as folder:
        assert folder.exists() and [folder] == made[1:] and folder != made[0]


def test_another_machines_folder_is_judged_by_its_age(tmp_path):
    other = tmp_path / f"{disk.PREFIX}another_machine-x"
    other.mkdir()
    disk.remove_abandoned_folders(tmp_path)
    assert other.exists()
    os.utime(other, (0, 0))
    disk.remove_abandoned_folders(tmp_path)
    assert not other.exists()


def test_a_disk_without_locks_does_with_ages(tmp_path, monkeypatch):
    def no_locks(*_):
        raise OSError("no locks on this disk")

    monkeypatch.setattr(disk.fcntl, "flock", no_locks)
    with temporary_folder(tmp_path, bytes_needed=0) as folder:
        disk.remove_abandoned_folders(tmp_path)
        assert folder.exists()
    assert list(tmp_path.iterdir()) == []
