"""encyclopaedia.py: which pages of an export are articles, and which articles are kept."""

import pytest

from uncertainty.data.encyclopaedia import Page, article_pages, encyclopaedia_articles


def prose(subject):
    """Ten paragraphs of thirty words, all of them different."""
    paragraphs = []
    for number in range(10):
        words = [f"{subject}{number}x{position}" for position in range(30)]
        paragraphs.append(" ".join(words).capitalize() + ".")
    return "\n\n".join(paragraphs)


def page(title, text, *, namespace=0, redirect=""):
    return (
        f"<page><title>{title}</title><ns>{namespace}</ns><id>1</id>{redirect}"
        f"<revision><id>7</id><text>{text}</text></revision></page>"
    )


def export(*pages):
    root = '<mediawiki xmlns="http://www.mediawiki.org/xml/export-0.10/">'
    return (root + "".join(pages) + "</mediawiki>").encode()


def titles(*pages):
    return [article["title"] for article in encyclopaedia_articles(export(*pages))]


def test_pages_come_in_their_order_with_title_and_revision():
    pages = export(page("B", "b &lt;ref&gt; &amp; c"), page("A", "a"))
    assert list(article_pages(pages)) == [Page("B", 7, "b <ref> & c"), Page("A", 7, "a")]


def test_redirects_and_other_namespaces_are_passed_over():
    pages = [
        page("Redirect", "a", redirect='<redirect title="A" />'),
        page("Talk:A", "a", namespace=1),
        page("A", "a"),
    ]
    assert [found.title for found in article_pages(export(*pages))] == ["A"]


@pytest.mark.parametrize("start", ['<!DOCTYPE a [<!ENTITY b "c">]>', '<!ENTITY b "c">'])
def test_an_export_with_entities_is_refused_before_it_is_read(start):
    with pytest.raises(ValueError, match="declares entities"):
        list(article_pages(start.encode() + export(page("A", "a"))))


def test_an_article_is_its_paragraphs():
    [article] = encyclopaedia_articles(export(page("Apple", prose("apple"))))
    assert article == {"title": "Apple", "revision": 7, "text": prose("apple")}


@pytest.mark.parametrize("title", ["Abortion", "List of apples", "Apple (disambiguation)"])
def test_titles_that_are_left_out(title):
    assert titles(page(title, prose("apple")), page("Pear", prose("pear"))) == ["Pear"]


def test_little_prose_is_no_article():
    assert titles(page("Apple", prose("apple")[:500])) == []


def test_what_an_earlier_article_says_is_not_said_again():
    pages = [page("Apple", prose("apple")), page("Both", prose("apple") + "\n\n" + prose("pear"))]
    first, second = encyclopaedia_articles(export(*pages))
    assert first["text"] == prose("apple") and second["text"] == prose("pear")


def test_an_unpleasant_paragraph_goes_and_the_rest_stays():
    bad = "\n\nSomeone was murdered " + "and so on " * 10 + "here.\n\n"
    [article] = encyclopaedia_articles(export(page("Apple", prose("apple") + bad + prose("pear"))))
    assert article["text"] == prose("apple") + "\n\n" + prose("pear")
