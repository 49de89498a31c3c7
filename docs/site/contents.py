"""What the site holds, in its order: the list at the side, and the pages before and after each."""

from uncertainty.course.lessons import LESSONS, PARTS

BEFORE = {"Where to begin": ["docs/tour_practitioners", "docs/tour_researchers", "TEACHING"]}
AFTER = {
    "To look up": [
        "docs/glossary",
        "docs/ledger/index",
        "docs/leaderboard",
        "docs/asked_elsewhere",
        "docs/explorers/index",
        "reports/index",
        "FAMILIES",
    ],
    "Your own claim": ["docs/capstone/template", "docs/capstone/rubric"],
    "The package": ["api/index", "CONTRIBUTING", "CHANGELOG"],
}


def contents() -> str:
    """Return the lists of pages, as they stand (unseen) at the end of the first page."""
    lists = {**BEFORE, **lessons_by_part(), **AFTER}
    return "\n" + "\n".join(page_list(caption, pages) for caption, pages in lists.items())


def lessons_by_part() -> dict[str, list[str]]:
    """Return the pages of the lessons under the titles of the course's parts."""
    names = [lesson.name for lesson in LESSONS]
    starts = [names.index(part.first) for part in PARTS]
    ends = [*starts[1:], len(LESSONS)]
    return {
        part.title: [f"notebooks/{lesson.file.removesuffix('.ipynb')}" for lesson in LESSONS[a:b]]
        for part, a, b in zip(PARTS, starts, ends)
    }


def page_list(caption: str, pages: list[str]) -> str:
    """Return one list of pages with its caption, in MyST's Markdown."""
    lines = ["```{toctree}", ":hidden:", f":caption: {caption}", "", *pages, "```", ""]
    return "\n".join(lines)
