"""Link each term of docs/glossary.md where its lesson uses it first.

``python docs/glossary.py``            write the links into the notebooks
``python docs/glossary.py --check``    only say which notebooks lack one

An entry is a heading, a comment with the words by which lessons use the term, and a text that ends
with a link to the lesson that explains it. A lesson that links the term already, at a place that
its author chose, stays as it is, so a second run changes nothing. No link goes into a lesson's
opening, a heading, a quotation, the line of an exercise, code, a formula or another link.
"""

import argparse
import re
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import nbformat

ROOT = Path(__file__).parent.parent
PAGE = "docs/glossary.md"
ENTRY = re.compile(r"^### (.+)\n\n<!-- words:(.*)-->\n\n(.+)$", re.M)
LESSON = re.compile(r"\[Lesson \d\d\]\(\.\./notebooks/\d\d_([a-z_]+)\.ipynb\)\.$")
LINK = r"\[[^\]]*\]\([^)]*\)"
MADE = {"way-onward", "the-whole-way"}  # cells that docs/order.py writes

# What holds no prose: code, formulas.
NO_PROSE = r"```.*?```|`[^`]*`|\$\$.*?\$\$|\$[^$]*\$"
# Where a link would be in the way: besides, links, tags, headings, quotations, marked lines.
MARKED = "Exercise|Write down|By the end|You will be able|Bonus|A larger exercise|Links"
NO_LINK = re.compile(
    rf"{NO_PROSE}|!?{LINK}|https?://\S+|<summary>.*?</summary>|<[^>]*>"
    rf"|^#[^\n]*|^>[^\n]*|^\*\*(?:{MARKED})[^\n]*",
    re.S | re.M,
)
# What does not count as a use: links to other lessons and pages, and the box that translates.
NO_USE = re.compile(
    rf"{NO_PROSE}|\[[^\]]*\]\((?!\.\./{re.escape(PAGE)})[^)]*\)|\]\([^)]*\)|^>[^\n]*"
    r"|^\*\*Links\..*?(?=\n\n|\Z)",
    re.S | re.M,
)


class Term(NamedTuple):
    """An entry of the glossary: the words that lessons use, and the lesson that explains it."""

    title: str
    words: tuple[str, ...]
    lesson: str
    text: str

    @property
    def anchor(self) -> str:
        """The end of a link to the entry, as GitHub makes it from the heading."""
        return re.sub(r"[^\w\- ]", "", self.title.lower()).replace(" ", "-")

    @property
    def pattern(self) -> re.Pattern:
        """What finds a use of the term: one of its words, whole, in the singular or plural."""
        longest_first = sorted(self.words, key=len, reverse=True)
        words = "|".join(map(re.escape, longest_first))
        return re.compile(rf"(?<![\w-])(?:{words})s?(?![\w-])", re.I)


def main(arguments: list[str] | None = None, *, root: Path = ROOT) -> int:
    """Link what is not linked, or with --check return 1 when there is something."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true", help="write nothing")
    options = parser.parse_args(arguments)
    changed = linked(root, glossary_terms(root))
    if not changed:
        print("Every term is linked.")
        return 0
    told = sorted(path.name for path in changed)
    print("\n".join(["links are missing in:" if options.check else "linked in:", *told]))
    if options.check:
        return 1
    for path, text in changed.items():
        path.write_text(text, encoding="utf-8")
    return 0


def glossary_terms(root: Path) -> list[Term]:
    """Return the entries of the glossary.

    Raises:
        ValueError: a heading without words or text, or a text that ends without its lesson.
    """
    page = (root / PAGE).read_text(encoding="utf-8")
    found = ENTRY.findall(page)
    headings = re.findall(r"^### (.+)$", page, re.M)
    if len(headings) != len(found):
        odd = sorted(set(headings) - {title for title, *_ in found})
        raise ValueError(f"{PAGE}: these entries have no comment with words, or no text: {odd}.")
    terms = []
    for title, words, text in found:
        lesson = LESSON.search(text)
        if lesson is None:
            raise ValueError(f"{PAGE}: {title!r} does not end with a link to its lesson.")
        split = tuple(word.strip() for word in words.split(";") if word.strip())
        terms.append(Term(title, split, lesson[1], text))
    return terms


def linked(root: Path, terms: Sequence[Term]) -> dict[Path, str]:
    """Return the notebooks in which a link is missing, with their new text."""
    texts = {}
    for path in sorted((root / "notebooks").glob("[0-9][0-9]_*.ipynb")):
        own = [term for term in terms if term.words and term.lesson == path.stem[3:]]
        notebook = nbformat.read(path, as_version=4)
        news = [link_first_use(notebook, term) for term in own]
        if any(news):
            texts[path] = f"{nbformat.writes(notebook)}\n"
    return texts


def link_first_use(notebook: nbformat.NotebookNode, term: Term) -> bool:
    """Link the first use of a term in a notebook, and return whether that changed something.

    A term that is linked somewhere, or that is used nowhere, changes nothing.
    """
    target = f"../{PAGE}#{term.anchor}"
    cells = [cell for cell in notebook.cells[1:] if cell.cell_type == "markdown"]
    cells = [cell for cell in cells if cell.get("id") not in MADE]
    if any(f"({target})" in cell.source for cell in cells):
        return False
    for cell in cells:
        open_text = NO_LINK.sub(lambda found: " " * len(found[0]), cell.source)
        use = term.pattern.search(open_text)
        if use:
            before, after = cell.source[: use.start()], cell.source[use.end() :]
            cell.source = f"{before}[{use[0]}]({target}){after}"
            return True
    return False


def early_uses(
    root: Path, terms: Sequence[Term], lessons: Sequence[str]
) -> Iterator[tuple[str, str, str]]:
    """Yield each term that a lesson before its own uses: title, lesson, and the words around it.

    Args:
        lessons: the lessons' names in their order.
    """
    paths = {path.stem[3:]: path for path in (root / "notebooks").glob("[0-9][0-9]_*.ipynb")}
    for place, lesson in enumerate(lessons):
        prose = lesson_prose(nbformat.read(paths[lesson], as_version=4))
        for term in terms:
            if term.words and lessons.index(term.lesson) > place:
                use = term.pattern.search(prose)
                if use:
                    around = prose[max(0, use.start() - 60) : use.end() + 60]
                    yield term.title, lesson, " ".join(around.split())


def lesson_prose(notebook: nbformat.NotebookNode) -> str:
    """Return the words of a lesson, without code, formulas, links elsewhere, and the box."""
    cells = [cell for cell in notebook.cells if cell.cell_type == "markdown"]
    sources = [cell.source for cell in cells if cell.get("id") not in MADE]
    return "\n\n".join(NO_USE.sub(" ", source) for source in sources)


if __name__ == "__main__":
    sys.exit(main())
