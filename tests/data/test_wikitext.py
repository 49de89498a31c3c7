"""wikitext.py: what of a page remains, markup by markup, and that nothing of it is left over."""

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from uncertainty.data.wikitext import prose_paragraphs

START = "The aardwolf is a small mammal that lives in the scrublands of eastern and southern Africa"


def cleaned(ending):
    """The ending of the only paragraph of a page, None when the paragraph is gone."""
    paragraphs = prose_paragraphs(f"{START} {ending}")
    assert len(paragraphs) <= 1
    return paragraphs[0].removeprefix(START).strip() if paragraphs else None


@pytest.mark.parametrize(
    "markup, text",
    [
        ("and eats termites.", "and eats termites."),
        ("and [[eating|eats]] [[termite]]s.", "and eats termites."),
        ("and '''eats''' ''termites''.", "and eats termites."),
        ("and eats<ref name=a>Smith {{rp|3}}, [[p. 5]].</ref> it.<ref name=a />", "and eats it."),
        ("and eats it{{citation needed|date=May 2015}}.{{sfn|Smith|2001}}", "and eats it."),
        ("and eats termites.{{Cite book|title=Aardwolves}}", "and eats termites."),
        ("and eats [http://example.org many termites].", "and eats many termites."),
        ("and eats termites.<!-- how many? -->", "and eats termites."),
        ("and eats&nbsp;5&ndash;6 termites&thinsp;.", "and eats 5–6 termites."),
        ("[[File:Aardwolf.jpg|thumb|An [[aardwolf]] at night]]and eats.", "and eats."),
        ("and eats.[[Category:Hyenas]]", "and eats."),
        ("({{IPAc-en|ɑː|r|d}}; {{lang-af|aardwolf}}) eats.", "eats."),
        ("(Greek: πρωτελής) eats.", "eats."),
        ("(born 1990) eats (see below).", "(born 1990) eats."),
        ("eats ( ; ) termites .", "eats termites."),
        ("eats H<sub>2</sub>O, 10<sup>5</sup> m<sup>−2</sup>.", "eats H2O, 10⁵ m⁻²."),
        ("is the 5<sup>th</sup>.", "is the 5th."),
        ("over {{convert|1300|mi|km|abbr=on}}.", "over 1,300 miles."),
        ("over {{convert|2|to|3.5|km2|sqmi}}.", "over 2 to 3.5 km²."),
        ("at {{convert|-5|C|0}}.", "at -5 °C."),
        ("{{as of|2014|lc=y}}.", "as of 2014."),
        (
            "with {{lang|la|'''proteles'''}} and {{nowrap|big [[ear]]s}}.",
            "with proteles and big ears.",
        ),
        ("at night.Termites hide.", "at night. Termites hide."),
    ],
)
def test_what_becomes_of_markup(markup, text):
    assert cleaned(markup) == text


@pytest.mark.parametrize(
    "gap",
    [
        "where <math>x^2</math> holds.",
        "with an {{unknown|template}} in it.",
        "over {{convert|6|ft|4|in|m}}.",
        "over {{convert|5|furlong}}.",
        "a {{convert|5|km|adj=on}} way.",
        "with x<sub>i</sub> in it.",
        "with y<sup>k</sup> in it.",
        "and {{IPA|/ɑːrd/}} is its sound.",
        "which is πρωτελής in Greek.",
        "as {{{argument}}} says.",
        "see [[Hyena#Habits]].",
        "with a broken [[link.",
        "with a broken {{template.",
        "with a ''' too many.",
        "with a (bracket that stays open.",
        'with a "quotation that stays open.',
        "where the table below counts termites.",
        "and eats the following:",
        "without an end",
    ],
)
def test_a_paragraph_with_a_gap_goes_as_a_whole(gap):
    assert cleaned(gap) is None
    assert prose_paragraphs(f"{START}.\n\n{START} {gap}") == [f"{START}."]


@pytest.mark.parametrize(
    "block",
    [
        f"* {START}.",
        f"# {START}.",
        f": {START}.",
        f"; {START}.",
        f"{{| class=wikitable\n|-\n| {START}.\n|}}",
        f"<gallery>\nFile:A.jpg|{START}.\n</gallery>",
        f"<blockquote>{START}.</blockquote>",
        f"{{{{quote|{START}.}}}}",
        f"{{{{Infobox\n| text = {START}.\n}}}}",
        f"== {START}. ==",
        f"[[File:A.jpg|thumb|{START}.]]",
        f"<ref>{START}.</ref>",
        f"<!-- {START}. -->",
        "Too short to be prose.",
        "#REDIRECT [[Hyena]]",
        "",
    ],
)
def test_what_is_no_prose_goes(block):
    assert prose_paragraphs(block) == []
    assert prose_paragraphs(f"{START}.\n{block}\n{START} too.") == [f"{START}.", f"{START} too."]


def test_the_prose_ends_where_the_references_begin():
    page = f"{START}.\n== Habits ==\n{START} by night.\n== [[References]] ==\n{START} it says."
    assert prose_paragraphs(page) == [f"{START}.", f"{START} by night."]


# fmt: off
PIECES = [
    "[[", "]]", "{{", "}}", "{|", "|}", "|", "''", "'''", "<ref>", "</ref>", "<ref", "/>", "<math>",
    "</math>", "<nowiki>", "</nowiki>", "\n", "==", "*", ":", "(", ")", '"', "&nbsp;", "&#x", "File:",
    "http://", "convert|5|km", "lang|la|x", "as of|", "<!--", "-->", "<br>", "</", "{{{", "__TOC__",
    "\ue000", "\ue003References\n", START, ". ", ".",
]
LEFTOVERS = ("[[", "]]", "{{", "}}", "<ref", "''", "|", "\n", "\ue000")
# fmt: on
PAGES = st.lists(st.sampled_from(PIECES) | st.text(max_size=5), max_size=30).map("".join)


@settings(max_examples=300, deadline=None)
@given(PAGES | PAGES.map(lambda page: f"{START} {page}."))
def test_no_page_crashes_it_and_no_markup_is_left(page):
    for paragraph in prose_paragraphs(page):
        assert not any(mark in paragraph for mark in LEFTOVERS)
        assert paragraph == paragraph.strip() and paragraph[-1] in ".!?\"”’')"


@pytest.mark.parametrize("opening", ["(", "( ", "[[", "{{", "''", "<ref>", '"', "(a) "])
def test_thousands_of_openings_take_no_time(opening):
    """A careless regular expression would try them in all pairs."""
    start = time.process_time()
    assert prose_paragraphs(f"{START} {opening * 4000}") == []
    assert time.process_time() - start < 5
