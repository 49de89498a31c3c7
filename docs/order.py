"""Give the lessons the numbers of their order: in file names, links, mentions, map and ways onward.

``python docs/order.py``            rename the notebooks and rewrite what mentions them
``python docs/order.py --check``    only say what is out of order

The order is `IN_ORDER` in uncertainty/course/lessons.py; the numbers that the lessons have now are
those of their files. The changelog keeps the numbers of its time. A range, such as "lessons 10 to
15", becomes the range of its ends' new numbers: read the ranges again after a change.
"""

import argparse
import re
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import nbformat

from uncertainty.course.lessons import LESSONS, PARTS, Lesson, Part

ROOT = Path(__file__).parent.parent
FOLDERS = ("notebooks", "uncertainty", "tests", "docs", "benchmarks", "imgs", ".")
WRITTEN_IN = {".ipynb", ".md", ".po", ".py", ".toml", ".html"}
KEPT = {"CHANGELOG.md", "order.py", "test_order.py"}
FILE = re.compile(r"\b\d\d_([a-z_]+)\.ipynb")
# In a notebook's JSON, and in a translation.
TITLE = re.compile(r'(?:"# |msg(?:id|str) ")\d\d \u00b7 |progress\(\\"\d\d\\"\)')
# "lesson 05", "Lessons 03, 04 and 07", "lessons 10 to 15", "Lektionen 00 bis 03"
AND = ", and|,| and| or| to| und| oder| bis|-|\u2013"
MENTION = re.compile(
    rf"\b(?:[Ll]essons?|[Ll]ektion(?:en)?)\s+\d\d\b(?:(?:{AND})\s?\d\d\b(?![.,]\d))*"
)
LABEL = re.compile(
    r"\[\d\d\b[^\]]*\]\((?=[a-z./]*\d\d_[a-z_]+\.ipynb)"
)  # "[05 Title](" before a file
ONWARD = "way-onward"  # the cell with the links to the lessons before and after
MAP = "the-whole-way"  # the first lesson's cell with a link to each


def main(arguments: list[str] | None = None, *, root: Path = ROOT) -> int:
    """Put everything in order, or with --check return 1 when something is not."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true", help="write nothing")
    options = parser.parse_args(arguments)
    changed = rewritten(root, LESSONS)
    moved = renamed(root, LESSONS)
    told = sorted({str(path.relative_to(root)) for path in [*changed, *moved]})
    if not told:
        print("All is in order.")
        return 0
    print("\n".join(["out of order:" if options.check else "put in order:", *told]))
    if options.check:
        return 1
    for path, text in changed.items():
        path.write_text(text, encoding="utf-8")
    rename(moved)
    return 0


def old_numbers(root: Path, lessons: Sequence[Lesson]) -> dict[str, str]:
    """Return the number that each lesson's file has now, by the lesson's name.

    Raises:
        ValueError: a notebook that is in no list of lessons, or a lesson without a notebook.
    """
    files = sorted((root / "notebooks").glob("[0-9][0-9]_*.ipynb"))
    numbers = {path.stem[3:]: path.stem[:2] for path in files}
    names = {lesson.name for lesson in lessons}
    if numbers.keys() != names:
        raise ValueError(
            f"notebooks that course/lessons.py does not list: {sorted(numbers.keys() - names)}; "
            f"lessons without a notebook: {sorted(names - numbers.keys())}."
        )
    return numbers


def renamed(root: Path, lessons: Sequence[Lesson]) -> dict[Path, Path]:
    """Return the notebooks whose name changes, with their new paths."""
    numbers = old_numbers(root, lessons)
    folder = root / "notebooks"
    paths = {
        folder / f"{numbers[each.name]}_{each.name}.ipynb": folder / each.file for each in lessons
    }
    return {path: new for path, new in paths.items() if path != new}


def rename(moved: Mapping[Path, Path]) -> None:
    """Rename files, two of which may exchange their names."""
    for path in moved:
        path.replace(path.with_suffix(".moving"))
    for path, new in moved.items():
        path.with_suffix(".moving").replace(new)


def rewritten(root: Path, lessons: Sequence[Lesson]) -> dict[Path, str]:
    """Return the files whose text changes, with their new text."""
    old = old_numbers(root, lessons)
    numbers = {old[lesson.name]: lesson.number for lesson in lessons}
    by_old_file = {
        f"{old[lesson.name]}_{lesson.name}.ipynb": place for place, lesson in enumerate(lessons)
    }
    texts = {}
    for path in written_files(root):
        text = path.read_text(encoding="utf-8")
        new = renumbered(text, numbers, {lesson.name: lesson.number for lesson in lessons})
        if path.name in by_old_file:
            place = by_old_file[path.name]
            new = with_last_cell(new, ONWARD, way_onward(lessons, place))
            if place == 0:
                new = with_cell(new, MAP, whole_way(lessons, PARTS))
        if new != text:
            texts[path] = new
    return texts


def written_files(root: Path) -> list[Path]:
    """Return the files that may mention a lesson."""
    found = [
        path
        for folder in FOLDERS
        for path in ((root / folder).glob("*") if folder == "." else (root / folder).rglob("*"))
    ]
    return [path for path in found if path.suffix in WRITTEN_IN and path.name not in KEPT]


def renumbered(text: str, numbers: Mapping[str, str], by_name: Mapping[str, str]) -> str:
    """Return a text with new numbers in its links, labels and mentions of lessons.

    Args:
        numbers: the new number for each old one; a number that no lesson had stays.
        by_name: the new number for each lesson's name.
    """

    def new_digits(found: re.Match) -> str:
        return re.sub(r"\d\d", lambda digits: numbers.get(digits[0], digits[0]), found[0])

    def new_label(found: re.Match) -> str:
        label = found[0]
        return f"[{numbers.get(label[1:3], label[1:3])}{label[3:]}"

    def new_file(found: re.Match) -> str:
        name = found[1]
        return f"{by_name[name]}_{name}.ipynb" if name in by_name else found[0]

    text = TITLE.sub(new_digits, text)
    text = MENTION.sub(new_digits, text)
    text = LABEL.sub(new_label, text)
    return FILE.sub(new_file, text)


def with_last_cell(text: str, id: str, source: str) -> str:
    """Return a notebook's text with a Markdown cell of this id at its end."""
    notebook = nbformat.reads(text, as_version=4)
    if notebook.cells[-1].get("id") != id:
        notebook.cells.append(nbformat.v4.new_markdown_cell(id=id))
        text = f"{nbformat.writes(notebook)}\n"
    return with_cell(text, id, source)


def with_cell(text: str, id: str, source: str) -> str:
    """Return a notebook's text with this source in the cell of this id.

    Raises:
        ValueError: there is no such cell.
    """
    notebook = nbformat.reads(text, as_version=4)
    found = [cell for cell in notebook.cells if cell.get("id") == id]
    if len(found) != 1:
        raise ValueError(f"{len(found)} cells have the id {id!r}; one must, for its text is made.")
    if found[0].source == source:
        return text
    found[0].source = source
    return f"{nbformat.writes(notebook)}\n"


def whole_way(lessons: Sequence[Lesson], parts: Iterable[Part]) -> str:
    """Return the map of the course as Markdown: each part with its question and its lessons."""
    first = {part.first: part for part in parts}
    lines = [
        "## The whole way",
        "",
        "The course has five parts. Each lesson takes its reading time and a minute or two of",
        "computing. You can enter at the first lesson of any part: it repeats in a sentence or two",
        "what it needs.",
    ]
    for lesson in lessons:
        if lesson.name in first:
            part = first[lesson.name]
            stop = "" if part.title.endswith("?") else "."
            lines += ["", f"**{part.title}{stop}** {part.asks}", ""]
        lines.append(f"- [{lesson.number} {lesson.title}]({lesson.file}), {lesson.minutes} minutes")
    return "\n".join(lines)


def way_onward(lessons: Sequence[Lesson], place: int) -> str:
    """Return the links of the lesson at a place of the order, as Markdown."""
    links = []
    if place > 0:
        before = lessons[place - 1]
        links.append(f"Before: [lesson {before.number}, {before.title}]({before.file})")
    if place + 1 < len(lessons):
        after = lessons[place + 1]
        links.append(f"Next: [lesson {after.number}, {after.title}]({after.file})")
    if place > 0:
        links.append(f"[The whole way]({lessons[0].file}#The-whole-way)")
    return " · ".join(links)


if __name__ == "__main__":
    sys.exit(main())
