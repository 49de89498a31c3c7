"""Text to measure on: an encyclopaedia and news, the same everywhere, and documentation.

To add a corpus, write a function beside `news_texts` that returns its texts as a list of str, in an
order that never changes; say in its docstring where they come from and under which licence; add a
test that they are the same everywhere. `text_chunks` takes any such list.
"""

from pydoc_data.topics import topics

from sklearn import datasets

from .corpus_files import corpus_articles

PARTS = ("fit", "held-out")
# Data sets of scikit-learn that come with a description in English.
DESCRIBED = ("breast_cancer", "diabetes", "digits", "iris", "linnerud", "wine")


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
    """Return English text about programming that ships with Python and scikit-learn.

    Python's help topics come first, then the descriptions of scikit-learn's data sets. The order is
    fixed; the topics differ a little between versions of Python, and so do counts on them.
    Licences: Python's (PSF-2.0) and scikit-learn's (BSD-3-Clause).
    """
    help_topics = [topics[name] for name in sorted(topics)]
    loaders = [getattr(datasets, f"load_{name}") for name in DESCRIBED]
    descriptions = [load().DESCR for load in loaders]
    return help_topics + descriptions


def _texts(corpus: str, part: str | None) -> list[str]:
    if part is not None and part not in PARTS:
        raise ValueError(f'part must be "fit", "held-out" or None, got {part!r}.')
    texts = [article["text"] for article in corpus_articles(corpus)]
    if part is None:
        return texts
    return texts[PARTS.index(part) :: len(PARTS)]
