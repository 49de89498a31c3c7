"""The lessons' numbers, links, map and ways onward agree with the list of lessons."""

import importlib.util
from pathlib import Path

import nbformat
import pytest

from uncertainty.course.lessons import LESSONS, PARTS, Lesson, lesson_number

ROOT = Path(__file__).parent.parent
specification = importlib.util.spec_from_file_location("order", ROOT / "docs" / "order.py")
order = importlib.util.module_from_spec(specification)
specification.loader.exec_module(order)

TEXT = """Lesson 00 comes before lesson 01; lessons 01, 02 and 00; lessons 00 to 02; lesson 02, 3. A title;
see [lesson 01](01_pears.ipynb), [02 Figs](notebooks/02_figs.ipynb) and lesson 07. In 01 s, 0.02 nats."""
NEW_TEXT = """Lesson 00 comes before lesson 02; lessons 02, 01 and 00; lessons 00 to 01; lesson 01, 3. A title;
see [lesson 02](02_pears.ipynb), [01 Figs](notebooks/01_figs.ipynb) and lesson 07. In 01 s, 0.02 nats."""


def lessons(*names: str) -> list[Lesson]:
    return [Lesson(f"{place:02}", name, name.title(), 5, 10) for place, name in enumerate(names)]


PO = 'msgid "01 · Pears"\nmsgstr "01 · Birnen, vor Lektion 02; Lektionen 00 bis 02; [01 Birnen](01_pears.ipynb)"\n'
NEW_PO = 'msgid "02 · Pears"\nmsgstr "02 · Birnen, vor Lektion 01; Lektionen 00 bis 01; [02 Birnen](02_pears.ipynb)"\n'


@pytest.fixture
def course(tmp_path):
    """Three lessons in the order of the alphabet, with a text that mentions them."""
    (tmp_path / "notebooks").mkdir()
    for lesson in lessons("apples", "pears", "figs"):
        title = f"# {lesson.number} · {lesson.title}"
        last = nbformat.v4.new_code_cell(f'progress("{lesson.number}")')
        cells = [nbformat.v4.new_markdown_cell(text) for text in (title, TEXT)] + [last]
        if lesson.number == "00":
            cells.append(nbformat.v4.new_markdown_cell("", id=order.MAP))
        notebook = nbformat.v4.new_notebook(cells=cells)
        nbformat.write(notebook, tmp_path / "notebooks" / lesson.file)
    (tmp_path / "README.md").write_text(TEXT, encoding="utf-8")
    (tmp_path / "CHANGELOG.md").write_text(TEXT, encoding="utf-8")
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "pears.po").write_text(PO, encoding="utf-8")
    return tmp_path


def test_the_course_is_in_order():
    assert order.main(["--check"]) == 0


def test_a_new_order_renames_and_rewrites_and_a_second_time_does_nothing(course, monkeypatch):
    monkeypatch.setattr(order, "LESSONS", lessons("apples", "figs", "pears"))
    monkeypatch.setattr(order, "PARTS", [])
    assert order.main(["--check"], root=course) == 1
    assert (course / "README.md").read_text(encoding="utf-8") == TEXT
    assert order.main([], root=course) == 0
    names = sorted(path.name for path in (course / "notebooks").iterdir())
    assert names == ["00_apples.ipynb", "01_figs.ipynb", "02_pears.ipynb"]
    assert (course / "README.md").read_text(encoding="utf-8") == NEW_TEXT
    assert (course / "CHANGELOG.md").read_text(encoding="utf-8") == TEXT
    assert (course / "docs" / "pears.po").read_text(encoding="utf-8") == NEW_PO
    figs = nbformat.read(course / "notebooks" / "01_figs.ipynb", as_version=4)
    assert [cell.source for cell in figs.cells[:3]] == ["# 01 · Figs", NEW_TEXT, 'progress("01")']
    assert figs.cells[-1].source == (
        "Before: [lesson 00, Apples](00_apples.ipynb) · Next: [lesson 02, Pears](02_pears.ipynb)"
        " · [The whole way](00_apples.ipynb#The-whole-way)"
    )
    assert order.main(["--check"], root=course) == 0


@pytest.mark.parametrize("names", [("apples", "pears"), ("apples", "figs", "pears", "plums")])
def test_a_notebook_without_a_lesson_or_the_reverse_is_told(course, monkeypatch, names):
    monkeypatch.setattr(order, "LESSONS", lessons(*names))
    with pytest.raises(ValueError, match=r"figs|plums"):
        order.main([], root=course)
    assert len(list((course / "notebooks").glob("*.ipynb"))) == 3


def test_each_part_begins_with_a_lesson_and_the_first_with_the_first():
    firsts = [lesson_number(part.first) for part in PARTS]
    assert firsts == sorted(firsts) and firsts[0] == LESSONS[0].number


def test_a_lesson_that_is_not_there_is_told_by_name():
    with pytest.raises(ValueError, match="'plums'"):
        lesson_number("plums")
