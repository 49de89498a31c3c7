"""Lay out the pages of another language, as Sphinx reads them.

They are the English pages with the same outputs; Sphinx puts the translated messages in their
place. Links differ: a page that is not translated is linked in English.
"""

import re
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from lesson_pages import lesson_page
from repository import ROOT
from staging import PAGES, TEXTS, text_page, write
from translated import SOURCES, page_words, translations, with_translated_links

# A heading such as "1. Set-up", which would be read as a list.
NUMBER = re.compile(r"^(\d+)(?=[.)]\s)")


def lay_out_translated(source: Path, language: str) -> None:
    """Write the pages of a language and its catalogs into a folder."""
    for name, path in SOURCES.items():
        write(source / PAGES[path], translated_page(path))
        write_catalog(source / "locale" / language / "LC_MESSAGES", language, name)
    write(source / "index.md", first_page(language))


def translated_page(path: str) -> str:
    """Return a page as it stands in the folder of a language: in English, with that one's links."""
    text = (ROOT / path).read_text(encoding="utf-8")
    if path in TEXTS:
        return text_page(text, path, with_translated_links)
    return lesson_page(text, path, PAGES, with_translated_links)


def write_catalog(folder: Path, language: str, name: str) -> None:
    """Write what Sphinx reads a page's translated messages from, with the links of the site."""
    path = SOURCES[name]
    catalog = Catalog(locale=language)
    for message, translation in translations(language, name).items():
        there = with_translated_links(NUMBER.sub(r"\1\\", translation), path, PAGES)
        catalog.add(with_translated_links(message, path, PAGES), there)
    target = folder / Path(PAGES[path]).with_suffix(".mo")
    target.parent.mkdir(parents=True, exist_ok=True)
    with target.open("wb") as file:
        write_mo(file, catalog)


def first_page(language: str) -> str:
    """Return the page that leads to the translated ones, as Markdown."""
    words = page_words(language)
    pages = [str(Path(PAGES[path]).with_suffix("")) for path in SOURCES.values()]
    lines = [f"# {words['title']}", "", words["about"], ""]
    options = [":maxdepth: 1", f":caption: {words['pages']}"]
    lists = ["```{toctree}", *options, "", *pages, "```", ""]
    return "\n".join([*lines, *lists])
