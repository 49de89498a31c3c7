"""TEACHING.md names lessons, sections, exercises, times and figures that exist."""

import json
import re
from pathlib import Path

import pytest

from uncertainty.course.lessons import LESSONS

ROOT = Path(__file__).parent.parent
TEXT = (ROOT / "TEACHING.md").read_text(encoding="utf-8")
# The number in a file's name, which `make order` makes the number of the list.
NOTEBOOKS = {path.stem[3:]: path for path in (ROOT / "notebooks").glob("[0-9][0-9]_*.ipynb")}
BY_NUMBER = {
    NOTEBOOKS[lesson.name].stem[:2]: lesson for lesson in LESSONS if lesson.name in NOTEBOOKS
}
LIST = r"\d+(?:(?:, and | and |, | to )\d+)*"  # "3", "1, 3 and 5", "1 to 3"
LESSON = r"\[?[Ll]esson (\d\d)(?:\]\([^)]*\))?"
# "lesson 10, sections 1 to 3", "section 6 of lesson 01", "section 5" of the lesson at hand
MENTION = re.compile(
    rf"(?:{LESSON}, )?\b([Ss]ections?|[Ee]xercises?) ({LIST})(?: of {LESSON})?"
    r"(?: \((\*[^)]*\*)\))?"
)
ENTRY = re.compile(r"^### Lesson (\d\d): (.+)$", re.M)
CUT = re.compile(r"^### (.*?(?:(\d+) sessions of )?(\d+) minutes)\n(.*?)(?=^##)", re.M | re.S)


def cells(number):
    """The sources and printed outputs of a lesson's cells."""
    path = NOTEBOOKS[BY_NUMBER[number].name]
    for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]:
        yield "".join(cell["source"])
        for output in cell.get("outputs", []):
            data = output.get("data", {})
            for text in (output.get("text"), data.get("text/plain"), data.get("text/markdown")):
                yield "".join(text or "")


def headings(number):
    """The title of each numbered section of a lesson."""
    found = re.findall(r"^## (\d+)\. (.+)$", "\n\n".join(cells(number)), re.M)
    return {int(place): title for place, title in found}


def places(listed):
    """The numbers of a list: "1 to 3 and 6" names 1, 2, 3 and 6."""
    for part in re.split(r", and | and |, ", listed):
        first, *last = map(int, part.split(" to "))
        yield from range(first, (last or [first])[0] + 1)


def entries():
    """The text of each lesson's entry, by the lesson's number."""
    starts = [*ENTRY.finditer(TEXT)]
    ends = [found.start() for found in re.finditer(r"^##", TEXT, re.M)] + [len(TEXT)]
    return {
        found[1]: TEXT[found.start() : min(end for end in ends if end > found.start())]
        for found in starts
    }


def mentions(text=TEXT):
    """What is named, of which lesson, with the titles that stand beside it."""
    entry = None
    for line in text.splitlines():
        if line.startswith("#"):
            found = ENTRY.match(line)
            entry = found and found[1]
        for found in MENTION.finditer(line):
            before, kind, listed, after, titles = found.groups()
            named = re.findall(r"[Ll]esson (\d\d)", line[: found.start()])
            number = before or after or entry or (named or [None])[-1]
            assert number, f"of which lesson? {line}"
            yield number, kind.lower().rstrip("s"), [*places(listed)], titles


def test_lists_ranges_and_places_are_read():
    assert [*places("1, 3 and 5 to 7")] == [1, 3, 5, 6, 7]
    # Numbers that no lesson has: `make order` leaves them as they are.
    text = """[lesson 53](a.ipynb), sections 1 to 3 (*One* to *Two*); lesson 54, section 5.
| 5 | lesson 57 | exercises 1 and 4 | section 6 of lesson 58, exercise 2
### Lesson 59: Title
See section 2."""
    assert [*mentions(text)] == [
        ("53", "section", [1, 2, 3], "*One* to *Two*"),
        ("54", "section", [5], None),
        ("57", "exercise", [1, 4], None),
        ("58", "section", [6], None),
        ("58", "exercise", [2], None),
        ("59", "section", [2], None),
    ]
    with pytest.raises(AssertionError, match="of which lesson"):
        [*mentions("See section 2.")]


def test_every_section_and_exercise_that_is_named_exists():
    checked = 0
    for number, kind, numbers, titles in mentions():
        if number not in BY_NUMBER:
            continue  # a lesson that is not here yet
        known = headings(number)
        if kind == "section":
            assert set(numbers) <= known.keys(), f"lesson {number}: sections {numbers}"
            for title in re.findall(r"\*([^*]+)\*", titles or ""):
                assert title in {known[place] for place in numbers}, f"lesson {number}: {title}"
        else:
            text = "\n".join(cells(number))
            for place in numbers:
                assert f"Exercise {place} (" in text, f"lesson {number}: exercise {place}"
        checked += 1
    assert checked > 50


def test_every_lesson_has_one_entry_with_its_title_link_and_times():
    found = entries()
    assert len(found) == len(ENTRY.findall(TEXT))
    for number, lesson in BY_NUMBER.items():
        entry = found[number]
        assert entry.startswith(f"### Lesson {number}: {lesson.title}\n")
        times = f": {lesson.minutes} minutes to read, {lesson.seconds} seconds to run.\n"
        assert times in entry, f"lesson {number}: {times}"
        assert len(re.findall(r"\b[Aa] learner can ", entry)) == 2, f"lesson {number}: outcomes"
        for part in ("Outcomes", "Misconception", "Discuss", "In the room"):
            assert f"\n- **{part}.** " in entry, f"lesson {number}: {part}"


def test_every_figure_of_an_entry_is_in_its_lesson():
    checked = 0
    for number, entry in entries().items():
        if number not in BY_NUMBER:
            continue
        text = "\n".join(cells(number))
        for figure in re.findall(r"-?\d+\.\d+ \[[^]]+\]|\d+\.\d+|\d+%", entry):
            printed = rf"(?<![\d.]){re.escape(figure)}(?!\d)"
            assert re.search(printed, text), f"lesson {number}: {figure}"
            checked += 1
    assert checked > 60


def test_every_link_leads_somewhere():
    anchors = {
        re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-")
        for title in re.findall(r"^#+ (.+)$", TEXT, re.M)
    }
    for label, target in re.findall(r"\[([^]]*)\]\((?!https?://)([^)]+)\)", TEXT):
        if target.startswith("#"):
            assert target[1:] in anchors, target
            continue
        assert (ROOT / target).exists(), target
        numbers = re.findall(r"\d\d", label)
        assert not numbers or Path(target).name.startswith(f"{numbers[0]}_"), f"{label}: {target}"


def test_the_minutes_of_each_cut_add_up():
    found = CUT.findall(TEXT)
    assert len(found) == 5
    for title, sessions, minutes, table in found:
        rows = [int(row) for row in re.findall(r"^\| (\d+) \|", table, re.M)]
        assert sum(rows) == int(sessions or 1) * int(minutes), title
        assert not sessions or len(rows) == int(sessions), title
