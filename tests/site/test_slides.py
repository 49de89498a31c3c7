"""The slides: each cut of TEACHING.md, what its tagged cells show, nothing from elsewhere."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from browsing import browse

ROOT = Path(__file__).parent.parent.parent
SLIDES = ROOT / "docs" / "slides"
DECKS = ("ninety_minutes", "half_a_day")
CUTS = ("A taste: 90 minutes", "Half a day: 210 minutes")


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """The folder of the decks."""
    pytest.importorskip("sphinx_revealjs", reason="needs the site extra: pip install -e '.[site]'")
    out = tmp_path_factory.mktemp("slides") / "decks"
    command = [sys.executable, str(SLIDES / "make.py"), "--out", str(out)]
    build = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert build.returncode == 0, build.stdout + build.stderr
    return out


@pytest.fixture
def modules(monkeypatch):
    """The folder of the modules that build the decks, ready to be imported from."""
    monkeypatch.syspath_prepend(SLIDES)
    import lesson_slides
    import plans

    return plans, lesson_slides


def tagged(path) -> list[dict]:
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    return [cell for cell in cells if "slide" in cell["metadata"].get("tags", [])]


@pytest.mark.parametrize("name", DECKS)
def test_a_deck_asks_nobody_for_anything(built, name):
    page = (built / f"{name}.html").read_text(encoding="utf-8")
    loaded = re.findall(r'<(?:script|link|img)\b[^>]*?(?:src|href)="([^"]+)"', page)
    assert len(loaded) > 5
    outside = [address for address in loaded if re.match(r"(https?:)?//", address)]
    missing = [
        a for a in loaded if not a.startswith("data:") and not (built / a.split("?")[0]).exists()
    ]
    assert outside == [] and missing == []


def test_every_slide_fits_on_the_screen(built):
    walks = json.loads(browse("walk_slides.mjs", *(built / f"{name}.html" for name in DECKS)))
    assert [walk["slides"] > 30 for walk in walks] == [True, True]
    assert [(walk["larger"], walk["errors"], walk["outside"]) for walk in walks] == [
        ([], [], [])
    ] * 2


@pytest.mark.parametrize("name", DECKS)
def test_every_picture_has_a_description_and_every_slide_notes(built, name):
    page = (built / f"{name}.html").read_text(encoding="utf-8")
    pictures = re.findall(r"<img\b[^>]*>", page)
    assert pictures and all(re.search(r'alt="[^"]{20,}"', picture) for picture in pictures)
    assert page.count('<aside class="notes">') >= 30


@pytest.mark.parametrize("name,title", list(zip(DECKS, CUTS)))
def test_a_deck_has_each_tagged_cell_of_its_cut_in_order(built, modules, name, title):
    plans, lesson_slides = modules
    page = (built / f"{name}.html").read_text(encoding="utf-8")
    place = 0
    rows = plans.cut(title)
    for row in rows:
        shown = [s for s in lesson_slides.shown_cells(row.file) if s.section in row.sections]
        assert len(shown) >= 2 or not row.sections, row.file
        for each in shown:
            place = page.index(each.body.strip()[:400], place)
    teaching = ROOT.joinpath("TEACHING.md").read_text(encoding="utf-8")
    section = teaching.split(f"### {title}\n")[1].split("\n##")[0]
    assert len(rows) == section.count("| [lesson ")


def test_every_tagged_cell_is_in_a_deck(modules):
    plans, lesson_slides = modules
    rows = [row for title in CUTS for row in plans.cut(title)]
    for path in sorted(ROOT.glob("notebooks/[0-9][0-9]_*.ipynb")):
        file = path.relative_to(ROOT).as_posix()
        wanted = {n for row in rows if row.file == file for n in row.sections}
        shown = list(lesson_slides.shown_cells(file))
        assert len(shown) == len(tagged(path))
        assert all(each.section in wanted for each in shown), file


def test_sections_are_read_as_a_teacher_reads_them(modules):
    plans, _ = modules
    assert plans.sections("sections 1 to 3 (*One* to *Room 101*)") == (1, 2, 3)
    assert plans.sections("sections 2, 3 and 6 (*A*, *B*, *C*)") == (2, 3, 6)
    assert plans.sections("section 4") == (4,) and plans.sections("quiz") == ()
    with pytest.raises(ValueError, match="no cut 'A week'"):
        plans.cut("A week")


def test_a_cell_without_output_is_refused_and_few_words_are_not_read_out(modules):
    _, slides = modules
    with pytest.raises(ValueError, match="shows nothing: 'x = 1'"):
        slides.body_of({"outputs": [], "source": "x = 1"})
    assert slides.first_sentence("Two surprises. The template adds one.") == ""
    assert slides.first_sentence("With $p$ the entropy of a row is known. So.") == ""
    longer = "The invented country got the larger doubt. But two questions prove nothing."
    assert slides.first_sentence(longer) == "The invented country got the larger doubt."
    assert (
        slides.plain("## Title\n\nA **[link](x.md)** to `x`.\n\n<details>no</details>")
        == "A link to x."
    )
