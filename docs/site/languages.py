"""A page in more than one language: each leads to the other, and a note says which one holds.

A Sphinx extension, for the English pages and for those of another language.
"""

import html
import posixpath
import re
import shutil
from collections.abc import Mapping
from pathlib import Path

from lesson_pages import NEEDS_KERNEL
from repository import PROJECT
from sphinx.application import Sphinx
from staging import PAGES
from translated import LANGUAGES, ORIGINAL, SOURCES, SUMMARY, page_words, translations

# The catalogs' names by the names that Sphinx has for the pages.
DOCUMENTS = {posixpath.splitext(PAGES[path])[0]: name for name, path in SOURCES.items()}
TITLE_END = "</h1>"
NAMED = re.compile(r'\b(title|aria-label|placeholder)="([^"]*)"')


def setup(app: Sphinx) -> dict[str, bool]:
    """Change the pages as they are written."""
    app.connect("config-inited", with_mathjax_of_english)
    app.connect("html-page-context", with_languages)
    app.connect("build-finished", finish_translated)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def with_mathjax_of_english(app: Sphinx, config) -> None:
    """Let a translated page load the formulas' script from the English pages' folder."""
    if config.language in LANGUAGES:
        config.mathjax_path = f"../../_static/{config.mathjax_path}"


def with_languages(app: Sphinx, page: str, template, context: dict, doctree) -> None:
    """Link a page to its twins, and mark in a translated one what is English."""
    language = app.config.language
    if "body" not in context:
        return
    if language in LANGUAGES:
        context["body"] = translated_body(context["body"], page, language)
    elif page in DOCUMENTS or page == "index":
        links = [link_to_twin(page, other) for other in LANGUAGES]
        context["body"] = below_title(context["body"], f'<p class="twin">{" · ".join(links)}</p>')


def link_to_twin(page: str, language: str) -> str:
    """Return the link of an English page to its translation; both have a first page."""
    address = posixpath.relpath(f"{language}/{page}.html", posixpath.dirname(page))
    words = page_words(language)["begin" if page == "index" else "here"]
    return f'<a href="{address}" hreflang="{language}" lang="{language}">{words}</a>'


def translated_body(body: str, page: str, language: str) -> str:
    """Return a translated page's HTML: folds in its language, cells marked as English, a note."""
    words = page_words(language)
    up = posixpath.relpath(".", posixpath.dirname(f"{language}/{page}"))
    done = translations(language, DOCUMENTS[page]) if page in DOCUMENTS else {}

    def fold(found: re.Match) -> str:
        message = " ".join(found[1].split())
        return f"<summary>{done.get(message, message)}</summary>"

    body = SUMMARY.sub(fold, body).replace('<div class="cell ', '<div lang="en" class="cell ')
    waiting = f'<p lang="{language}" class="needs-kernel">{words["needs_kernel"].strip()}</p>'
    body = body.replace(NEEDS_KERNEL, waiting)
    external = rf'class="reference external" href="{ORIGINAL}'
    body = body.replace(external, f'class="reference internal" hreflang="en" href="{up}/')
    if page not in DOCUMENTS:
        return body
    original = f"{up}/{page}.html"
    note = words["note"].format(original=html.escape(original), version=PROJECT["version"])
    if page.startswith("notebooks/"):
        note = f"{note.strip()} {words['note_notebook']}"
    return below_title(body, f'<p class="twin">{note.strip()}</p>')


def below_title(body: str, paragraph: str) -> str:
    """Return a page's HTML with a paragraph after its first heading."""
    return body.replace(TITLE_END, f"{TITLE_END}\n{paragraph}", 1)


def finish_translated(app: Sphinx, exception: Exception | None) -> None:
    """Let a translated page offer the English notebook with its links, and name its buttons."""
    if app.config.language not in LANGUAGES or exception:
        return
    there, here = (Path(out) / "_sources" for out in (app.outdir.parent, app.outdir))
    for path in SOURCES.values():
        shutil.copyfile(there / PAGES[path], here / PAGES[path])
    names = page_words(app.config.language)["theme"]
    for page in Path(app.outdir).rglob("*.html"):
        page.write_text(with_names(page.read_text(encoding="utf-8"), names), encoding="utf-8")


def with_names(text: str, names: Mapping[str, str]) -> str:
    """Return HTML whose buttons and lists have names in its language."""
    return NAMED.sub(lambda found: f'{found[1]}="{names.get(found[2], found[2])}"', text)
