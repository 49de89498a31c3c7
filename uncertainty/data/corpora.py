"""Text to measure on: an encyclopaedia and news, the same everywhere, and documentation.

To add a corpus, write a function beside `news_texts` that returns its texts as a list of str, in an
order that never changes; say in its docstring where they come from and under which licence; add a
test that they are the same everywhere. `text_chunks` takes any such list.
"""

import gzip
import json
from pathlib import Path

from .corpus_files import corpus_articles

PARTS = ("fit", "held-out")
DOCUMENTATION = Path(__file__).with_name("documentation.jsonl.gz")


def encyclopaedia_texts(part: str | None = None) -> list[str]:
    """Return articles of English Wikipedia, from April 2016, as running prose.

    About 80 articles whose titles begin with A: countries, sciences, people, myths. Without
    tables, lists, formulas and references, and without what is unpleasant in a classroom (see
    `uncertainty.data.selection`). An empty line stands between two paragraphs. The first call
    fetches the text, 28 MB, unless ``python -m uncertainty prefetch`` has; later calls need no
    network.

    Licence: CC BY-SA, by the authors of Wikipedia; this text is an adaptation. Titles and revisions
    are kept with the text in the folder "corpora" of the cache, where NOTICE.txt names the source.

    Args:
        part: "fit" for every other article, to fit or choose something on; "held-out" for the
            others, to measure it on; ``None`` for all, in the order of the encyclopaedia.

    Raises:
        ValueError: another part.
        ModelUnavailable: the text can neither be read nor fetched; the message says what to do.
    """
    return _texts("encyclopaedia", part)


def news_texts(part: str | None = None) -> list[str]:
    """Return news articles of the Australian Broadcasting Corporation, from 2001 and 2002.

    What remains of 300 headline stories without those that are unpleasant in a classroom, or say
    again what an earlier one says. Each is one paragraph. Fetched with `encyclopaedia_texts`.

    Source: chosen by Lee, Pincombe and Welsh, An empirical evaluation of models of text document
    similarity, Proceedings of CogSci 2005, for experiments with readers. Licence: none is stated;
    the articles are the broadcaster's, and come with the test data of gensim. Measure on them, and
    do not publish them.

    Args:
        part: as in `encyclopaedia_texts`.

    Raises:
        ValueError: another part.
        ModelUnavailable: as in `encyclopaedia_texts`.
    """
    return _texts("news", part)


def documentation_texts() -> list[str]:
    """Return documentation of a program: what the modules of this package say about themselves.

    A copy that does not change, so that counts on it are the same everywhere, whatever Python runs:
    the docstrings of version 0.1.0, one text for each of 182 modules. Licence: this package's.
    """
    lines = gzip.decompress(DOCUMENTATION.read_bytes()).decode().splitlines()
    return [json.loads(line) for line in lines]


def _texts(corpus: str, part: str | None) -> list[str]:
    if part is not None and part not in PARTS:
        raise ValueError(f'part must be "fit", "held-out" or None, got {part!r}.')
    texts = [article["text"] for article in corpus_articles(corpus)]
    if part is None:
        return texts
    return texts[PARTS.index(part) :: len(PARTS)]
