"""The glossary: every entry is whole, every link arrives, each term is linked and used no earlier than explained."""

import importlib.util
import re
from pathlib import Path

import nbformat
import pytest

from uncertainty.course.lessons import LESSONS

ROOT = Path(__file__).parent.parent
specification = importlib.util.spec_from_file_location("glossary", ROOT / "docs" / "glossary.py")
glossary = importlib.util.module_from_spec(specification)
specification.loader.exec_module(glossary)

TERMS = glossary.glossary_terms(ROOT)
NAMES = [lesson.name for lesson in LESSONS]
SAID_AT_ONCE = "named with the lesson that explains it"
# A term in a lesson before its own, with the reason why that does not puzzle a reader.
EARLY = {
    ("Block", "start_here"): "another meaning: a block of 32 weights",
    ("Evidence", "token_uncertainty"): SAID_AT_ONCE,
    ("LogTokU", "token_uncertainty"): SAID_AT_ONCE,
    ("Evidence", "is_it_any_good"): SAID_AT_ONCE,
    ("LogTokU", "is_it_any_good"): SAID_AT_ONCE,
    ("Aleatoric uncertainty", "is_it_any_good"): SAID_AT_ONCE,
    ("Epistemic uncertainty", "is_it_any_good"): SAID_AT_ONCE,
    ("LogTokU", "answer_only_when_sure"): SAID_AT_ONCE,
}

PAGE = """# Glossary

### Doubt of pears

<!-- words: pear; pear doubt -->

How unsure a pear is, $p$. [Lesson 01](../notebooks/01_pears.ipynb).

### P(Fig)

<!-- words: P(Fig) -->

A fig. *Elsewhere:* fruit. [Lesson 00](../notebooks/00_figs.ipynb).

### Plum

<!-- words: -->

A plum. [Lesson 01](../notebooks/01_pears.ipynb).
"""
CELL = """## Pear doubt
`pear` and $pear$ and $$pear$$ and [a pear](https://pear.org) and https://pear.org/pear
> In a paper: pear.
**Exercise 1 (2 minutes): `pear` or pear.**
<details><summary>A. A pear.</summary>

spear, pear-tree, and **Pear doubts**, and pears again.

</details>"""
LINKED = CELL.replace("**Pear doubts**", "**[Pear doubts](../docs/glossary.md#doubt-of-pears)**")


def write(folder: Path, name: str, *cells: str) -> Path:
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_markdown_cell(c) for c in cells])
    path = folder / "notebooks" / name
    nbformat.write(notebook, path)
    return path


@pytest.fixture
def course(tmp_path):
    (tmp_path / "docs").mkdir()
    (tmp_path / "notebooks").mkdir()
    (tmp_path / "docs" / "glossary.md").write_text(PAGE, encoding="utf-8")
    write(tmp_path, "00_figs.ipynb", "# Figs\n\nP(Fig)?", "P(Fig) is p of a fig.")
    write(tmp_path, "01_pears.ipynb", "# 01 · Pears", CELL, "pear, a plum")
    return tmp_path


def sources(path: Path) -> list[str]:
    return [cell.source for cell in nbformat.read(path, as_version=4).cells]


def test_the_first_use_is_linked_and_a_second_run_changes_nothing(course, capsys):
    assert glossary.main(["--check"], root=course) == 1
    assert sources(course / "notebooks" / "01_pears.ipynb")[1] == CELL
    assert glossary.main([], root=course) == 0
    assert sources(course / "notebooks" / "01_pears.ipynb") == [
        "# 01 · Pears",
        LINKED,
        "pear, a plum",
    ]
    figs = ["# Figs\n\nP(Fig)?", "[P(Fig)](../docs/glossary.md#pfig) is p of a fig."]
    assert sources(course / "notebooks" / "00_figs.ipynb") == figs
    kept = {path: path.read_bytes() for path in (course / "notebooks").iterdir()}
    assert glossary.main([], root=course) == glossary.main(["--check"], root=course) == 0
    assert kept == {path: path.read_bytes() for path in (course / "notebooks").iterdir()}
    assert capsys.readouterr().out.endswith("Every term is linked.\n")


def test_a_link_that_an_author_set_stays(course):
    later = "a pear, and the [pear](../docs/glossary.md#doubt-of-pears)"
    path = write(course, "01_pears.ipynb", "# 01 · Pears", CELL, later)
    glossary.main([], root=course)
    assert sources(path) == ["# 01 · Pears", CELL, later]


def test_a_term_before_its_lesson_is_found_and_a_link_to_a_lesson_is_none(course):
    terms = glossary.glossary_terms(course)
    order = ["figs", "pears"]
    links = "[pear](01_pears.ipynb), `pear`, $pear$\n> pear\n\n**Links.** pears\n\nspear"
    write(course, "00_figs.ipynb", "# Figs", links)
    assert not [*glossary.early_uses(course, terms, order)]
    write(course, "00_figs.ipynb", "# Figs", "Two PEARS and P(Fig).")
    [(title, lesson, around)] = glossary.early_uses(course, terms, order)
    assert (title, lesson) == ("Doubt of pears", "figs") and "Two PEARS" in around
    backwards = [*glossary.early_uses(course, terms, order[::-1])]
    assert backwards == []


def test_an_entry_that_is_not_whole_is_told(course):
    page = course / "docs" / "glossary.md"
    page.write_text(PAGE.replace("<!-- words: -->\n\n", ""), encoding="utf-8")
    with pytest.raises(ValueError, match="Plum"):
        glossary.glossary_terms(course)
    page.write_text(PAGE.replace("A plum. [Lesson 01]", "A plum. [01]"), encoding="utf-8")
    with pytest.raises(ValueError, match="'Plum' does not end"):
        glossary.glossary_terms(course)


def test_every_entry_names_a_lesson_that_is_there_and_says_it_shortly():
    titles = [term.title for term in TERMS]
    assert titles == sorted(titles, key=lambda title: title.casefold().replace("é", "e"))
    assert len({term.anchor for term in TERMS}) == len(TERMS) > 80
    words = [word.lower() for term in TERMS for word in term.words]
    assert len(words) == len(set(words))
    page = (ROOT / "docs" / "glossary.md").read_text(encoding="utf-8")
    for target in re.findall(r"\]\(([^)#]+)\)", page):
        assert (ROOT / "docs" / target).exists(), target
    for term in TERMS:
        assert term.lesson in NAMES, term
        assert len(term.text.partition(" *Elsewhere:*")[0].split()) <= 60, term.title
        assert term.text.count("$") % 2 == 0, term.title


def test_every_link_to_the_glossary_arrives():
    anchors = {term.anchor for term in TERMS}
    pages = [*(ROOT / "notebooks").glob("*.ipynb"), *ROOT.glob("*.md"), *ROOT.glob("docs/*/*.md")]
    checked = 0
    for path in pages:
        text = path.read_text(encoding="utf-8")
        if path.suffix == ".ipynb":
            text = "\n".join(cell.source for cell in nbformat.reads(text, as_version=4).cells)
        for anchor in re.findall(r"glossary\.md#([^)\s]*)\)", text):
            assert anchor in anchors, f"{path.name}: {anchor}"
            checked += 1
    assert checked > 80


def test_every_term_is_linked_where_it_is_explained():
    missing = [path.name for path in glossary.linked(ROOT, TERMS)]
    assert not missing, f"run `make glossary`: {missing}"


def test_no_lesson_uses_a_term_before_the_lesson_that_explains_it():
    found = {
        (title, lesson): text for title, lesson, text in glossary.early_uses(ROOT, TERMS, NAMES)
    }
    assert not {place: text for place, text in found.items() if place not in EARLY}
    assert not EARLY.keys() - found.keys(), "these exceptions are needed no longer"
