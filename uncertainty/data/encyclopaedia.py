"""From an excerpt of Wikipedia, as MediaWiki exports it, to articles of running prose."""

import io
from collections.abc import Iterator
from typing import NamedTuple
from xml.etree import ElementTree

from tqdm.auto import tqdm

from .selection import LEFT_OUT, Repeats, chosen_passages

NAMESPACE = "{http://www.mediawiki.org/xml/export-0.10/}"
ARTICLES = "0"  # the number of the namespace that articles are in
FEWEST_WORDS = 250  # of an article


class Page(NamedTuple):
    """An article as it was written: its title, the number of its revision, and its wikitext."""

    title: str
    revision: int
    wikitext: str


def article_pages(export: bytes) -> Iterator[Page]:
    """Yield the articles of an export in its order; redirects and other pages are passed over.

    Raises:
        ValueError: the export declares entities of its own, which could grow without end.
    """
    if b"<!DOCTYPE" in export or b"<!ENTITY" in export:
        raise ValueError("this export of MediaWiki declares entities, which no true one does.")
    for _, element in ElementTree.iterparse(io.BytesIO(export)):
        if element.tag != f"{NAMESPACE}page":
            continue
        is_redirect = element.find(f"{NAMESPACE}redirect") is not None
        if _text(element, "ns") == ARTICLES and not is_redirect:
            revision = int(_text(element, "revision", "id"))
            yield Page(_text(element, "title"), revision, _text(element, "revision", "text"))
        element.clear()


def encyclopaedia_articles(export: bytes) -> list[dict]:
    """Return the articles of an export that are worth reading, in its order.

    Left out are the titles in `LEFT_OUT`, lists, pages that only tell titles apart, paragraphs
    that are not for a classroom or were said before, and articles of which less than 250 words of
    prose remain.

    Returns:
        Dictionaries with "title", "revision" and "text", in which an empty line stands between two
        paragraphs.
    """
    from .wikitext import prose_paragraphs  # needs a package that only cleaning needs

    repeats = Repeats()
    articles = []
    pages = list(article_pages(export))
    for page in tqdm(pages, desc="Cleaning the encyclopaedia, once", unit="article"):
        if not _is_wanted(page.title):
            continue
        paragraphs = chosen_passages(prose_paragraphs(page.wikitext), repeats)
        text = "\n\n".join(paragraphs)
        if len(text.split()) >= FEWEST_WORDS:
            articles.append({"title": page.title, "revision": page.revision, "text": text})
    return articles


def _is_wanted(title: str) -> bool:
    return (
        title not in LEFT_OUT
        and not title.startswith("List of ")
        and not title.endswith("(disambiguation)")
    )


def _text(element: ElementTree.Element, *path: str) -> str:
    """Return the text of an element below another one, empty where there is none."""
    found = element.findtext("/".join(NAMESPACE + name for name in path))
    return found or ""
