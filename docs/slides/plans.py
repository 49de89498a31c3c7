"""The ready cuts of TEACHING.md: which sections of which lessons a deck shows, and for how long."""

import re
from typing import NamedTuple

from places import ROOT

ROW = re.compile(
    r"^\| (?P<minutes>\d+) \| \[lesson \d\d\]\((?P<file>[^)]+)\), (?P<what>[^|]+) \| (?P<do>.+) \|$"
)


class Row(NamedTuple):
    """One line of a cut."""

    minutes: int
    file: str  # the lesson's notebook, from the repository's root
    sections: tuple[int, ...]  # none: the quiz
    do: str  # what the teacher does, and what the learners do


def cut(title: str) -> list[Row]:
    """Return the lines of a cut that name a lesson, in their order; a break has no line.

    Raises:
        ValueError: TEACHING.md has no such cut, or one without lessons.
    """
    text = ROOT.joinpath("TEACHING.md").read_text(encoding="utf-8")
    [*_, found] = re.findall(rf"^### {re.escape(title)}\n(.*?)(?=^##)", text, re.M | re.S) or [""]
    lines = [ROW.match(line) for line in found.splitlines()]
    rows = [Row(int(m["minutes"]), m["file"], sections(m["what"]), m["do"]) for m in lines if m]
    if not rows:
        raise ValueError(f"TEACHING.md has no cut {title!r} with lessons.")
    return rows


def sections(what: str) -> tuple[int, ...]:
    """Return the numbers in "sections 1 to 3 (...)" or "sections 2, 3 and 6"; none for "quiz"."""
    words = what.partition("(")[0]
    spans = re.findall(r"(\d+)(?: to (\d+))?", words)
    return tuple(n for first, last in spans for n in range(int(first), int(last or first) + 1))


def discussion(file: str) -> tuple[str, str]:
    """Return the question to discuss that TEACHING.md gives for a lesson, and its model answer."""
    text = ROOT.joinpath("TEACHING.md").read_text(encoding="utf-8")
    [entry] = re.findall(rf"^\[Lesson \d\d\]\({re.escape(file)}\).*?(?=^##)", text, re.M | re.S)
    [(question, answer)] = re.findall(r"^- \*\*Discuss\.\*\* \*(.+?)\* (.+)$", entry, re.M)
    return question, answer
