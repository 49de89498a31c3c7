"""The translated pages: nothing has drifted from the English lessons, what must be kept is kept, the outputs are shared."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
bs4 = pytest.importorskip("bs4", reason="needs the site extra: pip install -e '.[site]'")
pytest.importorskip("myst_nb", reason="needs the site extra: pip install -e '.[site]'")
PAGES = [
    "notebooks/00_start_here.html",
    "notebooks/01_generation_with_scores.html",
    "notebooks/02_token_uncertainty.html",
    "notebooks/03_is_it_any_good.html",
    "docs/glossary.html",
]
TERMS = {"doubts?": ["zweifel"], "lengths?": ["Länge", "lang"]}
MESSAGE = "In [lesson 03](03_x.ipynb) the doubt rises by 0.17 [-0.12, 0.22], `x[1]` times $2^{-1}$."


@pytest.fixture
def translation(site_modules):
    import translation

    return translation


def catalog_of(*entries):
    from babel.messages.catalog import Catalog

    catalog = Catalog(locale="de")
    for message, string, flags in entries:
        catalog.add(message, string, flags=flags)
    return catalog


def article(text: str) -> str:
    """A page's own part, without the theme's frame."""
    [found] = re.findall(r"<article.*?</article>", text, re.S)
    return found


def test_nothing_has_drifted_and_what_must_be_kept_is_kept():
    command = [sys.executable, str(ROOT / "docs" / "site" / "translation.py"), "--check"]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert run.stdout == "Every message is translated, and keeps what it must.\n", run.stdout
    assert run.returncode == 0, run.stderr


def test_a_changed_message_is_told_with_its_page_and_first_words(translation):
    catalog = catalog_of(
        ("A pear is green.", "Grün.", ()),
        ("Count figs.", "Feigen.", ("fuzzy",)),
        ("Old.", "Alt.", ()),
    )
    messages = ["A pear is red.", "Count figs.", " ".join(f"w{n}" for n in range(20))]
    assert list(translation.drift(catalog, messages)) == [
        "not translated: A pear is red.",
        "to look at again: Count figs.",
        "not translated: w0 w1 w2 w3 w4 w5 w6 w7 w8 w9 w10 w11 ...",
        "no longer in the page: A pear is green.",
        "no longer in the page: Old.",
    ]


@pytest.mark.parametrize("language, name", [("de", "start_here"), ("de", "glossary")])
def test_each_lost_message_of_a_page_would_be_seen(translation, language, name):
    catalog = translation.read_catalog(language, name)
    messages = [entry.id for entry in catalog if entry.id]
    assert len(messages) > 80 and list(translation.drift(catalog, messages)) == []
    for place in (0, len(messages) // 2, len(messages) - 1):
        changed = [*messages[:place], messages[place] + " More.", *messages[place + 1 :]]
        assert len(list(translation.drift(catalog, changed))) == 2


def test_a_refresh_keeps_marks_and_drops(translation, tmp_path):
    catalog = catalog_of(
        ("The model answers every question once, and is told to be short.", "Eins.", ()),
        ("It stops.", "Zwei.", ()),
        ("Pears.", "Drei.", ()),
    )
    changed = "The model answers every question twice, and is told to be short."
    new = translation.refreshed(catalog, [changed, "Zebras, 1 to 9?", "Pears."], "de", "pears")
    entries = {entry.id: (entry.string or "", entry.fuzzy) for entry in new if entry.id}
    assert entries == {
        changed: ("Eins.", True),
        "Zebras, 1 to 9?": ("", False),
        "Pears.": ("Drei.", False),
    }
    path = tmp_path / "de" / "pears.po"
    translation.write_catalog(new, path)
    written = path.read_bytes()
    with path.open("rb") as file:
        again = translation.refreshed(
            translation.read_po(file, locale="de"), list(entries), "de", "pears"
        )
    translation.write_catalog(again, path)
    assert path.read_bytes() == written and b"Date" not in written
    assert list(translation.drift(again, list(entries))) == [
        f"to look at again: {' '.join(changed.split()[:12])}",
        "not translated: Zebras, 1 to 9?",
    ]


def test_every_catalog_belongs_to_a_page_and_holds_what_a_refresh_would_write(
    translation, tmp_path
):
    for language in translation.LANGUAGES:
        folder = translation.catalog_path(language, "x").parent
        assert {path.stem for path in folder.iterdir()} == set(translation.SOURCES)
        for name in translation.SOURCES:
            catalog = translation.read_catalog(language, name)
            messages = [entry.id for entry in catalog if entry.id]
            path = tmp_path / f"{name}.po"
            translation.write_catalog(
                translation.refreshed(catalog, messages, language, name), path
            )
            assert path.read_bytes() == (folder / path.name).read_bytes(), name


CHANGES = [
    ("", "", []),
    ("[Lektion 03]", "[Lektion 3]", ["number 03 is lost", "number 3 is added"]),
    ("(03_x", "(04_x", ["link 03_x.ipynb is lost", "link 04_x.ipynb is added"]),
    ("[-0.12", "[0.12", ["number -0.12 is lost", "number 0.12 is added"]),
    ("`x[1]`", "`x[2]`", ["code `x[1]` is lost", "code `x[2]` is added"]),
    ("{-1}", "{1}", ["formula $2^{-1}$ is lost", "formula $2^{1}$ is added"]),
    ("der Zweifel", "die Sorge", ["'doubts?' is not called zweifel"]),
]


@pytest.mark.parametrize("old, new, told", CHANGES)
def test_what_a_translation_loses_is_told(site_modules, old, new, told):
    from faithful import faults

    german = (
        "In [Lektion 03](03_x.ipynb) steigt der Zweifel um 0.17 [-0.12, 0.22], `x[1]`-mal $2^{-1}$."
    )
    assert list(faults(MESSAGE, german.replace(old, new), TERMS)) == told


def test_a_term_that_stays_english_as_a_name_is_no_fault(site_modules):
    from faithful import faults

    assert list(faults('"length bias"; lengths', '"length bias"; Längen', TERMS)) == []
    assert list(faults('"length bias"', 'Suche nach "length bias"', TERMS)) == []
    assert list(faults("length-normalised", "normiert", TERMS)) == []


def test_every_term_is_used(translation):
    from faithful import terms_of, words_only

    for language in translation.LANGUAGES:
        entries = [e for name in translation.SOURCES for e in translation.read_catalog("de", name)]
        originals = " ".join(words_only(entry.id) for entry in entries if entry.id)
        for term in terms_of(language):
            assert re.search(rf"(?<![\w-])(?:{term})(?![\w-])", originals, re.I), term


def test_what_is_not_prose_is_left_out(site_modules, monkeypatch, tmp_path):
    import translated

    monkeypatch.setattr(translated, "ROOT", tmp_path)
    page = "<!-- words: a -->\n\n<details><summary>An\nanswer</summary>\n\nYes.\n\n</details>\n\n$$x\n$$\n\nEnd $y$."
    (tmp_path / "page.md").write_text(page, encoding="utf-8")
    parts = [part for part in translated.prose("page.md").split("\n\n") if part.strip()]
    assert parts == ["An answer", "Yes.", "End $y$."]


def test_links_lead_to_translated_pages_or_to_english_ones(site_modules):
    from staging import PAGES as ON_SITE
    from translated import with_translated_links

    def moved(link: str) -> str:
        page = "notebooks/01_generation_with_scores.ipynb"
        return with_translated_links(f"[x]({link})", page, ON_SITE)[4:-1]

    assert moved("../docs/glossary.md#token") == "../docs/glossary.md#token"
    assert moved("00_start_here.ipynb#The-whole-way") == "00_start_here.ipynb#the-whole-way"
    later = "04_answer_only_when_sure"
    assert moved(f"{later}.ipynb#Play") == f"original:notebooks/{later}.html#play"
    assert moved("../docs/ledger/README.md") == "original:docs/ledger/index.html"
    assert moved("../README.md") == "original:index.html"
    assert moved("https://example.org/x.md") == "https://example.org/x.md"


def test_each_page_leads_to_its_twin_and_says_which_one_holds(site):
    for page in PAGES:
        english, german = site.read(page), site.read(f"de/{page}")
        assert f'<a href="../de/{page}" hreflang="de" lang="de">' in english
        [note] = re.findall(r'<p class="twin">(.*?)</p>', german, re.S)
        assert f'<a href="../../{page}" hreflang="en">' in note
        assert f"Version {version()}" in note and "gilt die englische" in note
        assert ("<code>check</code> sind englisch" in note) == page.startswith("notebooks/")
    assert 'href="de/index.html" hreflang="de"' in site.read("index.html")


def version() -> str:
    return re.search(r'^version = "(.+)"$', (ROOT / "pyproject.toml").read_text(), re.M)[1]


def test_the_cells_are_the_english_ones_and_marked_so(site):
    for page in PAGES[:-1]:
        english, german = article(site.read(page)), article(site.read(f"de/{page}"))
        codes, ours = (re.findall(r"<pre>.*?</pre>", text, re.S) for text in (english, german))
        assert codes == ours and len(codes) > 20
        assert german.count('<div lang="en" class="cell ') == english.count('<div class="cell ')
        assert '<div class="cell ' not in german
        pictures, same = (re.findall(r'<img [^>]*src="([^"]+)"', t) for t in (english, german))
        assert pictures == same and pictures
        download = f"_sources/{page.replace('.html', '.ipynb')}"
        assert (site.folder / "de" / download).read_bytes() == (site.folder / download).read_bytes()


def test_no_english_message_is_left_in_a_german_page(site, translation):
    for name, page in zip(translation.SOURCES, PAGES):
        own = bs4.BeautifulSoup(article(site.read(f"de/{page}")), "html.parser")
        for cell in own.find_all(class_="cell"):
            cell.decompose()
        prose = letters(own.get_text())
        looked_for = 0
        for entry in translation.read_catalog("de", name):
            sentence = letters(re.sub(r"\]\([^)]*\)", "", entry.id or ""))
            if entry.id and len(sentence.split()) > 4 and "$" not in entry.id + entry.string:
                german = letters(re.sub(r"\]\([^)]*\)", "", entry.string))
                assert german in prose, german
                assert sentence == german or sentence not in prose, sentence
                looked_for += 1
        assert looked_for > 50, page


def letters(text: str) -> str:
    """A text's letters and digits, for comparison of what is marked up in two ways."""
    return " ".join(re.findall(r"\w+", text.replace("_", " ").lower()))


def test_the_themes_words_are_german(site):
    text = site.read("de/notebooks/00_start_here.html")
    for english in (
        "Link to this heading",
        "Toggle primary sidebar",
        "Launch on Colab",
        "Next page",
        "needs Python",
    ):
        assert english not in text, english
    for german in ("Nächste Seite", "Suche", "Inhalt", "Öffne die Lektion in Colab"):
        assert german in text, german
