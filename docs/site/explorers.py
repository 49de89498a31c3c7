"""The explorers on the site: their pages as they are, and a page that leads to them."""

import re

from repository import ROOT

FOLDER = ROOT / "docs" / "explorers"


def explorer_files() -> dict[str, str]:
    """Return every file that the explorers need, by its path; lessons are linked as pages."""
    paths = [p for p in FOLDER.rglob("*") if p.suffix in (".html", ".css", ".js")]
    texts = {p.relative_to(FOLDER).as_posix(): p.read_text(encoding="utf-8") for p in paths}
    del texts["index.html"]  # the site's own page stands there
    return {name: text.replace('.ipynb"', '.html"') for name, text in sorted(texts.items())}


def about_explorers() -> str:
    """Return the page that leads to the explorers, as Markdown: what their own first page says."""
    page = (FOLDER / "index.html").read_text(encoding="utf-8")
    [said] = re.findall(r"<h1>Explorers</h1>\n(.+?)</main>", page, re.S)
    return f"# Explorers\n\n{said}"
