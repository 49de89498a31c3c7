"""Lay out the pages of the site as Sphinx reads them, in the folders of the repository."""

import re
import shutil
from collections.abc import Callable
from importlib.metadata import files
from pathlib import Path

from contents import contents
from explorers import about_explorers, explorer_files
from lesson_pages import lesson_page
from links import pictures_of, with_site_links
from model_reports import about_reports, report_files
from reference import reference_pages
from repository import ROOT

# The Markdown of the repository that has a page: where it lies, and what it is called on the site.
TEXTS = {
    "README.md": "index.md",
    "TEACHING.md": "TEACHING.md",
    "CONTRIBUTING.md": "CONTRIBUTING.md",
    "FAMILIES.md": "FAMILIES.md",
    "CHANGELOG.md": "CHANGELOG.md",
    "docs/glossary.md": "docs/glossary.md",
    "docs/tour_practitioners.md": "docs/tour_practitioners.md",
    "docs/tour_researchers.md": "docs/tour_researchers.md",
    "docs/leaderboard.md": "docs/leaderboard.md",
    "docs/asked_elsewhere.md": "docs/asked_elsewhere.md",
    "docs/ledger/README.md": "docs/ledger/index.md",
    "docs/capstone/template.md": "docs/capstone/template.md",
    "docs/capstone/rubric.md": "docs/capstone/rubric.md",
}
LESSONS = sorted(f"notebooks/{path.name}" for path in ROOT.glob("notebooks/[0-9][0-9]_*.ipynb"))
PAGES = {**TEXTS, **{lesson: lesson for lesson in LESSONS}}
MATHJAX = "sphinx-mathjax-offline/static/mathjax/"
MATHJAX_FILES = re.compile(re.escape(MATHJAX) + r"(tex-mml-chtml\.js|output/chtml/fonts/.+\.woff)")


def lay_out(source: Path) -> None:
    """Write every page, picture and script that the site is made of into a folder."""
    for path, on_site in TEXTS.items():
        text = (ROOT / path).read_text(encoding="utf-8")
        write(source / on_site, text_page(text, path))
        for picture in pictures_of(text, path):
            copy(ROOT / picture, source / picture)
    for path in LESSONS:
        text = (ROOT / path).read_text(encoding="utf-8")
        write(source / path, lesson_page(text, path, PAGES))
    for name, text in reference_pages().items():
        write(source / "api" / name, text)
    write(source / "reports" / "index.md", about_reports())
    for name, text in report_files().items():
        write(source / "_whole" / "reports" / name, text)
    write(source / "docs" / "explorers" / "index.md", about_explorers())
    for name, text in explorer_files().items():
        write(source / "_whole" / "docs" / "explorers" / name, text)
    copy_mathjax(source / "_static" / "mathjax")


def text_page(text: str, path: str, links: Callable[..., str] = with_site_links) -> str:
    """Return a Markdown page; the first page ends with the contents of the site."""
    page = links(text, path, PAGES)
    if path == "docs/glossary.md":
        page = re.sub(r"^### ", "## ", page, flags=re.M)  # headings may not leave out a level
    return page + contents() if path == "README.md" else page


def copy_mathjax(folder: Path) -> None:
    """Copy the part of MathJax that the pages load, from the package that brings it."""
    for file in files("sphinx-mathjax-offline") or []:
        if MATHJAX_FILES.fullmatch(file.as_posix()):
            copy(Path(file.locate()), folder / file.as_posix().removeprefix(MATHJAX))


def write(path: Path, text: str) -> None:
    """Write a file, and the folder that it lies in."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def copy(path: Path, to: Path) -> None:
    """Copy a file, into a folder that is made for it."""
    to.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(path, to)
