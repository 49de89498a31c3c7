"""The site, built once for all of its tests."""

import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pytest
from filelock import FileLock

ROOT = Path(__file__).parent.parent.parent


class Site(NamedTuple):
    """Where the built pages lie, and what Sphinx said while it built them."""

    folder: Path
    said: str

    def read(self, page: str) -> str:
        return (self.folder / page).read_text(encoding="utf-8")

    @property
    def pages(self) -> list[str]:
        files = sorted(self.folder.rglob("*.html"))
        names = [path.relative_to(self.folder).as_posix() for path in files]
        return [name for name in names if "_static/" not in name]


@pytest.fixture(scope="session")
def site(tmp_path_factory, worker_id) -> Site:
    """The site as `make site` builds it; workers that run side by side share one."""
    pytest.importorskip("myst_nb", reason="needs the site extra: pip install -e '.[site]'")
    base = tmp_path_factory.getbasetemp()
    shared = base if worker_id == "master" else base.parent
    folder, said = shared / "site", shared / "site.txt"
    with FileLock(shared / "site.lock"):
        if not said.exists():
            command = [
                sys.executable,
                str(ROOT / "docs" / "site" / "make.py"),
                "--out",
                str(folder),
            ]
            build = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
            said.write_text(build.stdout + build.stderr, encoding="utf-8")
    return Site(folder, said.read_text(encoding="utf-8"))


@pytest.fixture
def site_modules(monkeypatch):
    """The folder of the modules that build the site, ready to be imported from."""
    monkeypatch.syspath_prepend(ROOT / "docs" / "site")
