"""disk.py: a temporary folder that is gone afterwards, whatever happens."""

import os
import time

import pytest

from uncertainty.loading.disk import temporary_folder


@pytest.fixture
def cache(tmp_path):
    return tmp_path / "cache"


@pytest.mark.parametrize("error", [KeyboardInterrupt, FileNotFoundError, ValueError])
def test_other_errors_pass_and_the_folder_is_gone(cache, error):
    with pytest.raises(error), temporary_folder(cache, bytes_needed=0) as folder:
        (folder / "half").write_text("half")
        raise error
    assert not list(cache.iterdir())


def test_what_was_renamed_into_place_stays(cache):
    with temporary_folder(cache, bytes_needed=0) as folder:
        (folder / "whole").write_text("whole")
        os.rename(folder / "whole", cache / "whole")
    assert [path.name for path in cache.iterdir()] == ["whole"]


def test_only_what_was_abandoned_long_ago_is_removed(cache):
    for name, age in ((".making-old", 90_000), (".making-young", 600)):
        (cache / name).mkdir(parents=True)
        os.utime(cache / name, (time.time() - age,) * 2)
    with temporary_folder(cache, bytes_needed=0):
        pass
    assert [path.name for path in cache.iterdir()] == [".making-young"]
