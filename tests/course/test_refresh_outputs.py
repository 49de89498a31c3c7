"""refresh_outputs.py: only a run of all lessons, none of which failed, replaces the record.

A run of some lessons may add to it.
"""

import os
from pathlib import Path

import pytest
import refresh_outputs

from uncertainty.course.lessons import LESSONS

ALL = [Path("notebooks") / lesson.file for lesson in LESSONS]


@pytest.fixture
def replaced(monkeypatch):
    """The folders that became the record; a lesson leaves one file where it was told to."""
    monkeypatch.setenv("TQDM_DISABLE", "0")
    monkeypatch.setenv("UNCERTAINTY_RECORD", "")
    folders = []

    def refresh(path):
        (Path(os.environ["UNCERTAINTY_RECORD"]) / path.stem).touch()
        return 1.0

    def replace_record(folder):
        folders.append(sorted(path.name for path in folder.iterdir()))
        return ["greedy-1"]

    monkeypatch.setattr(refresh_outputs, "refresh", refresh)
    monkeypatch.setattr(refresh_outputs, "replace_record", replace_record)
    monkeypatch.setattr(refresh_outputs, "add_to_record", lambda folder: ["depth-2"])
    return folders


def test_a_run_of_all_lessons_replaces_the_record(replaced, capsys):
    refresh_outputs.refresh_all(ALL[::-1])
    assert replaced == [[path.stem for path in ALL]]
    assert "recorded anew: greedy-1" in capsys.readouterr().out


def test_a_run_of_some_lessons_adds_to_it(replaced, capsys):
    refresh_outputs.refresh_all(ALL[:-1])
    assert replaced == []
    assert "added to the record: depth-2" in capsys.readouterr().out


def test_a_lesson_that_fails_leaves_it_alone(replaced, monkeypatch):
    def fail(path):
        raise RuntimeError(path)

    monkeypatch.setattr(refresh_outputs, "refresh", fail)
    with pytest.raises(RuntimeError):
        refresh_outputs.refresh_all(ALL)
    assert replaced == []
