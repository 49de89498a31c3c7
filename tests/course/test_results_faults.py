"""Kept results on a disk that fails: each run has the right results, and says what was lost."""

import os
import random
import shutil
import tempfile

import pytest
from fault_helpers import exit_code, needs_fork, remount, small_disk, start_process

from uncertainty.course.results import cached_results

ITEMS = ["a", "bb", "ccc", "dddd"]
LENGTHS = [1, 2, 3, 4]
IN_PAIRS = dict(task="t", batch_size=2)


@pytest.fixture
def kept(tiny, tmp_path, monkeypatch):
    """The file that keeps the results."""
    monkeypatch.setenv("UNCERTAINTY_CACHE", str(tmp_path))
    assert cached_results(*tiny, ITEMS, lengths, **IN_PAIRS) == LENGTHS
    [path] = (tmp_path / "results").glob("t-*.jsonl")
    return path


def lengths(items):
    return [len(item) for item in items]


def test_a_file_cut_at_any_place_loses_no_more_than_its_last_line(tiny, kept):
    whole = kept.read_bytes()
    for end in range(0, len(whole), 5):
        kept.write_bytes(whole[:end])
        assert cached_results(*tiny, ITEMS, lengths, **IN_PAIRS) == LENGTHS
        again = lambda items: pytest.fail(f"{items} were asked again")  # noqa: E731
        assert cached_results(*tiny, ITEMS, again, **IN_PAIRS) == LENGTHS


@pytest.mark.parametrize(
    "garbage", [bytes(500), random.Random(0).randbytes(500), b"[1]\n7\nnull\n"]
)
def test_garbage_in_the_file_is_passed_over(tiny, kept, garbage):
    lines = kept.read_bytes().splitlines()
    kept.write_bytes(b"\n".join([*lines[:2], garbage, *lines[2:]]))
    assert cached_results(*tiny, ITEMS, lengths, **IN_PAIRS) == LENGTHS


def test_a_folder_in_the_place_of_the_file_costs_the_memory_only(tiny, kept):
    kept.unlink()
    kept.mkdir()
    with (
        pytest.warns(UserWarning, match="results kept in .* cannot be read.*computed again"),
        pytest.warns(UserWarning, match="results cannot be kept"),
    ):
        assert cached_results(*tiny, ITEMS, lengths, **IN_PAIRS) == LENGTHS


@needs_fork
@pytest.mark.parametrize("hidden", ["results", "results/{file}"])
def test_what_belongs_to_somebody_else_costs_the_memory_only(tiny, kept, hidden, monkeypatch):
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o755)  # every user can reach it; pytest's own folders are for one
        shutil.copytree(kept.parent, f"{folder}/results")
        os.chmod(f"{folder}/{hidden.format(file=kept.name)}", 0)
        monkeypatch.setenv("UNCERTAINTY_CACHE", folder)

        def ask():
            if os.getuid() == 0:
                os.setuid(65534)
            with (
                pytest.warns(UserWarning, match=r"results kept in .* cannot be read \(Permission"),
                pytest.warns(UserWarning, match="results cannot be kept"),
            ):
                assert cached_results(*tiny, ITEMS, lengths, **IN_PAIRS) == LENGTHS

        code = exit_code(start_process(ask))
        os.chmod(f"{folder}/{hidden.format(file=kept.name)}", 0o755)
    assert code == 0


def test_a_full_disk_keeps_what_it_can_and_loses_nothing_else(tiny, tmp_path, monkeypatch):
    long = lambda items: [item * 30_000 for item in items]  # noqa: E731
    expected = long(ITEMS)
    with small_disk(tmp_path / "disk", 100):
        monkeypatch.setenv("UNCERTAINTY_CACHE", str(tmp_path / "disk"))
        with pytest.warns(UserWarning, match="results cannot be kept.*No space left"):
            assert cached_results(*tiny, ITEMS, long, **IN_PAIRS) == expected
        remount(tmp_path / "disk", "size=10m")
        asked = []
        count = lambda items: asked.extend(items) or long(items)  # noqa: E731
        assert cached_results(*tiny, ITEMS, count, **IN_PAIRS) == expected
        assert asked == ["ccc", "dddd"]
        assert cached_results(*tiny, ITEMS, pytest.fail, **IN_PAIRS) == expected
