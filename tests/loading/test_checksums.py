"""checksums.py: damage is found, and a folder put in its place only once."""

import os

import pytest
from loading_helpers import cut, flip

from uncertainty.loading import checksums
from uncertainty.loading.checksums import (
    find_damage,
    is_intact,
    rename_unless_intact,
    write_checksums,
)


@pytest.fixture
def intact(tmp_path):
    folder = tmp_path / "intact"
    folder.mkdir()
    (folder / "weights").write_bytes(bytes(range(256)) * 1000)
    (folder / "settings").write_text("{}")
    write_checksums(folder)
    return folder


def test_an_intact_folder_has_no_damage(intact, tmp_path):
    assert find_damage(intact) is None and is_intact(intact)
    assert not is_intact(tmp_path / "missing")


@pytest.mark.parametrize("damage", [cut, flip, os.remove])
@pytest.mark.parametrize("file", ["weights", "settings", "checksums.json"])
def test_damage_names_the_file(intact, damage, file):
    damage(intact / file)
    assert str(intact / file) in find_damage(intact) and not is_intact(intact)


def test_a_folder_put_there_meanwhile_by_another_process_stays(intact, tmp_path):
    theirs = (intact / "weights").stat().st_ino
    (tmp_path / "ours").mkdir()
    rename_unless_intact(new=tmp_path / "ours", final=intact, damaged=tmp_path / "damaged")
    assert (intact / "weights").stat().st_ino == theirs
    assert not (tmp_path / "damaged").exists()


def test_the_two_folders_cannot_be_swapped_silently(intact, tmp_path):
    with pytest.raises(TypeError, match="positional"):
        rename_unless_intact(intact, tmp_path / "final", damaged=tmp_path / "damaged")


def test_a_damaged_folder_makes_way(intact, tmp_path):
    final = tmp_path / "final"
    final.mkdir()
    rename_unless_intact(new=intact, final=final, damaged=tmp_path / "damaged")
    assert is_intact(final) and (tmp_path / "damaged").exists()


def test_a_rename_that_fails_counts_only_if_nothing_is_there(tmp_path, monkeypatch):
    def lose_the_race(new, final):
        final.mkdir()
        raise FileExistsError

    def refuse(new, final):
        raise PermissionError

    places = {"new": tmp_path / "new", "final": tmp_path / "final", "damaged": tmp_path / "old"}
    monkeypatch.setattr(checksums.os, "rename", refuse)
    with pytest.raises(PermissionError):
        rename_unless_intact(**places)
    monkeypatch.setattr(checksums.os, "rename", lose_the_race)
    rename_unless_intact(**places)
