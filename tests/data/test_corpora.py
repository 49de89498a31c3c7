"""corpora.py: the corpora are the same everywhere, in parts that share nothing."""

import hashlib
import json

import pytest

import uncertainty
from uncertainty import documentation_texts, encyclopaedia_texts, load_model, news_texts
from uncertainty.data import corpora, corpus_files
from uncertainty.data.selection import UNPLEASANT, word_sequences

LETTERS = [{"text": letter} for letter in "abcde"]


@pytest.fixture
def letters(monkeypatch):
    """Corpora of five letters each."""
    monkeypatch.setattr(corpora, "corpus_articles", lambda name: LETTERS)


@pytest.mark.parametrize("texts", [encyclopaedia_texts, news_texts])
def test_the_parts_take_turns(letters, texts):
    assert texts() == ["a", "b", "c", "d", "e"]
    assert texts("fit") == ["a", "c", "e"]
    assert texts(part="held-out") == ["b", "d"]


@pytest.mark.parametrize("part", ["heldout", "train", "", 0])
def test_another_part_is_refused_with_the_right_ones(letters, part):
    with pytest.raises(ValueError, match=f'"fit", "held-out" or None, got {part!r}'):
        news_texts(part)


def test_documentation_is_there_offline_and_always_the_same(monkeypatch):
    monkeypatch.setattr("socket.socket.connect", lambda *_: pytest.fail("the network was asked"))
    texts = documentation_texts()
    assert texts == documentation_texts() == uncertainty.documentation_texts()
    assert all(isinstance(text, str) and text.strip() for text in texts)
    digest = hashlib.sha256("\n".join(texts).encode()).hexdigest()
    assert (len(texts), digest[:16]) == (182, "a3786e983585afe9")


# --- the real text --------------------------------------------------------------------------------

TEXTS = {"encyclopaedia": encyclopaedia_texts, "news": news_texts}
# (articles, tokens of the default model) of each part
SIZES = {
    "encyclopaedia": {"fit": (41, 228121), "held-out": (40, 191569)},
    "news": {"fit": (99, 22292), "held-out": (99, 20866)},
}


@pytest.mark.model
@pytest.mark.parametrize("name", TEXTS)
def test_the_corpora_have_the_sizes_that_they_had(name):
    _, tokenizer = load_model()
    for part, (articles, tokens) in SIZES[name].items():
        texts = TEXTS[name](part)
        lengths = [
            len(tokenizer(text, add_special_tokens=False, verbose=False).input_ids)
            for text in texts
        ]
        assert (len(texts), sum(lengths)) == (articles, tokens)


@pytest.mark.model
@pytest.mark.parametrize("name", TEXTS)
def test_what_the_functions_return_is_what_was_cleaned(name):
    """Byte for byte, whatever the Python: written again, the articles have the pinned sha256."""
    articles = corpus_files.corpus_articles(name)
    content = "".join(json.dumps(article, ensure_ascii=False) + "\n" for article in articles)
    assert hashlib.sha256(content.encode()).hexdigest() == corpus_files.CORPORA_SHA256[name]
    assert TEXTS[name]() == [article["text"] for article in articles]


@pytest.mark.model
@pytest.mark.parametrize("name", TEXTS)
def test_the_parts_share_no_article_and_hardly_a_run_of_words(name):
    fit = TEXTS[name]("fit")
    held_out = TEXTS[name]("held-out")
    assert not set(fit) & set(held_out)
    assert sorted(fit + held_out) == sorted(TEXTS[name]())
    seen = set().union(*map(word_sequences, fit))
    new = set().union(*map(word_sequences, held_out))
    assert len(seen & new) / len(new) < 0.001


@pytest.mark.model
def test_the_text_reads_like_text():
    paragraphs = [p for text in encyclopaedia_texts() for p in text.split("\n\n")]
    assert len(paragraphs) > 3000
    for paragraph in paragraphs + news_texts():
        assert "\n" not in paragraph and "  " not in paragraph and len(paragraph.split()) >= 15
        assert not any(mark in paragraph for mark in ("[[", "{{", "<", "''", "|", "\ue000"))
        assert UNPLEASANT.search(paragraph) is None
