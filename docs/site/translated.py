"""The pages that are translated: which they are, their messages, and the catalogs that hold them.

A message is a heading, a paragraph, an item of a list, a cell of a table or the line of a fold, as
Sphinx's gettext builder finds them. A catalog is a page's file of messages with their translation,
``locale/<language>/LC_MESSAGES/<page>.po``, named without a lesson's number.
"""

import json
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path, PurePosixPath

from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po
from links import CODE_OR_TARGET, with_site_links
from repository import ROOT

LOCALE = Path(__file__).parent / "locale"
LANGUAGES = tuple(sorted(path.name for path in LOCALE.iterdir() if path.is_dir()))
# The names that the pages' catalogs have: the first lessons and the glossary.
TRANSLATED = ("start_here", "generation_with_scores", "token_uncertainty", "is_it_any_good")
LESSONS = {path.stem[3:]: path for path in ROOT.glob("notebooks/[0-9][0-9]_*.ipynb")}
SOURCES = {
    **{name: LESSONS[name].relative_to(ROOT).as_posix() for name in TRANSLATED},
    "glossary": "docs/glossary.md",
}
ORIGINAL = "original:"  # the scheme of links from a translated page to one that is not
SUMMARY = re.compile(r"<summary>(.*?)</summary>", re.S)


def page_words(language: str) -> dict:
    """Return the site's own words in a language: titles, notes, links between the languages."""
    return tomllib.loads((LOCALE / language / "words.toml").read_text(encoding="utf-8"))


def catalog_path(language: str, name: str) -> Path:
    """Return where a page's catalog lies."""
    return LOCALE / language / "LC_MESSAGES" / f"{name}.po"


def read_catalog(language: str, name: str) -> Catalog:
    """Return a page's catalog, which is empty where there is no file yet."""
    path = catalog_path(language, name)
    if not path.exists():
        return Catalog(locale=language)
    with path.open("rb") as file:
        return read_po(file, locale=language)


def translations(language: str, name: str) -> dict[str, str]:
    """Return a page's translated messages; those that wait for a translator are left out."""
    catalog = read_catalog(language, name)
    return {entry.id: entry.string for entry in catalog if entry.id and is_done(entry)}


def is_done(entry) -> bool:
    """Whether a message has a translation that nobody needs to look at again."""
    return bool(entry.string) and not entry.fuzzy


def prose(path: str) -> str:
    """Return a page's text for the translator: no code cells, outputs, comments and formulas apart.

    The line of a fold becomes a paragraph, so that it is a message of its own.
    """
    text = (ROOT / path).read_text(encoding="utf-8")
    if path.endswith(".ipynb"):
        cells = [c for c in json.loads(text)["cells"] if c["cell_type"] == "markdown"]
        text = "\n\n".join("".join(cell["source"]) for cell in cells)
    text = re.sub(r"<!--.*?-->|</?details>|^\$\$.*?\$\$$", "\n\n", text, flags=re.S | re.M)
    return SUMMARY.sub(lambda found: f"\n\n{' '.join(found[1].split())}\n\n", text)


def with_translated_links(text: str, path: str, pages: Mapping[str, str]) -> str:
    """Return Markdown whose links lead to translated pages, or to `ORIGINAL` ones by their path.

    Args:
        path: the page that the text stands in, from the repository's root.
        pages: the path of every English page, with the path that it has on the site.
    """
    folder = PurePosixPath(pages[path]).parent
    translated = {pages[source] for source in SOURCES.values()}

    def rewritten(match: re.Match) -> str:
        if match["code"] or re.match(r"[a-z]+:|#", match["target"]):
            return match[0]
        file, hash_sign, anchor = match["target"].partition("#")
        on_site = normal(folder / file)
        if on_site in translated:
            return match[0]
        page = re.sub(r"\.(md|ipynb)$", ".html", on_site)
        return f"]({ORIGINAL}{page}{hash_sign}{anchor})"

    return CODE_OR_TARGET.sub(rewritten, with_site_links(text, path, pages))


def normal(path: PurePosixPath) -> str:
    """Return a path without "..", as it stands below the first folder of the site."""
    parts: list[str] = []
    for part in path.parts:
        if part == "..":
            parts.pop()
        else:
            parts.append(part)
    return "/".join(parts)
