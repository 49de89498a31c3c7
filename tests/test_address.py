"""address.py: the repository's address stands in one place, and one command writes it everywhere."""

import importlib.util
import json
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
NEW = "https://github.com/somebody/their-fork.of-it"


@pytest.fixture(scope="module")
def address():
    spec = importlib.util.spec_from_file_location("address", ROOT / "docs" / "address.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def copy(address, tmp_path):
    """A copy of every file that names the address."""
    for path in address.holders():
        target = tmp_path / path.relative_to(ROOT)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, target)
    return tmp_path


def test_every_tracked_file_that_names_the_address_is_found(address):
    owner_and_name = "/".join(address.repository().split("/")[-2:])
    search = ["git", "grep", "-l", "--fixed-strings", owner_and_name]
    found = subprocess.run(search, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert {ROOT / name for name in found.split()} == set(address.holders())


def test_badge_and_set_up_cell_of_every_lesson_have_it(address):
    for path in sorted(ROOT.glob("notebooks/[0-9][0-9]_*.ipynb")):
        cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
        badge = "".join(cells[0]["source"])
        setup = next("".join(c["source"]) for c in cells if c["cell_type"] == "code")
        place = address.repository().removeprefix("https://github.com/")
        assert f"colab.research.google.com/github/{place}/blob/main/notebooks/{path.name}" in badge
        assert f"git+{address.repository()}" in setup, path.name


def test_a_new_address_replaces_the_old_one_everywhere(address, copy):
    old = address.repository()
    changed = address.write_address(NEW + ".git", copy)
    assert address.repository(copy) == NEW
    assert {path.relative_to(copy) for path in changed} == {
        path.relative_to(ROOT) for path in address.holders()
    }
    assert all(old not in path.read_text(encoding="utf-8") for path in changed)
    lesson = next(copy.glob("notebooks/*.ipynb"))
    assert json.loads(lesson.read_text(encoding="utf-8"))["nbformat"] == 4
    assert "their-fork.of-it/blob/main/notebooks" in lesson.read_text(encoding="utf-8")


def test_the_same_address_changes_nothing(address, copy):
    assert address.write_address(address.repository() + "/", copy) == []


@pytest.mark.parametrize(
    "wrong", ["github.com/a/b", "https://github.com/a", "https://x.org/a/b", ""]
)
def test_another_form_is_refused_and_nothing_is_written(address, copy, wrong):
    before = {path: path.read_bytes() for path in copy.rglob("*") if path.is_file()}
    with pytest.raises(ValueError, match="must look like"):
        address.write_address(wrong, copy)
    assert before == {path: path.read_bytes() for path in before}
