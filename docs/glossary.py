"""Link the first use of each term of docs/glossary.md in the lesson that explains it.

``python docs/glossary.py``            write the links into the notebooks
``python docs/glossary.py --check``    only say which are missing, or lead elsewhere

Only prose is linked: no heading, formula, code, quiz option or other link, and nothing in a
lesson's opening. The glossary itself is written by hand; the names of lessons in it are numbered
by docs/order.py.
"""

import argparse
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import nbformat

ROOT = Path(__file__).parent.parent
GLOSSARY = "../docs/glossary.md"
ENTRY = re.compile(r"^## (?P<term>.+)\n\n(?P<text>.+)\n\n(?P<line>\[\d\d .+)$", re.M)
LESSON = re.compile(r"\(\.\./notebooks/\d\d_(\w+)\.ipynb\)")
MADE = {"way-onward", "the-whole-way"}  # cells that docs/order.py writes
# What is not prose: fenced code, formulas, code spans, links, pictures, HTML tags, summaries,
# headings, names of exercises, boxes about the words of papers.
APART = re.compile(
    r"(?s:```.*?```|\$\$.*?\$\$|<summary>.*?</summary>)|\$[^$\n]+\$|`[^`\n]+`"
    r"|!?\[[^\]]*\]\([^)]*\)|<[^>\n]+>|^(?:#+|>) .*$|^\*\*(?:Exercise|Bonus|A larger).*?\*\*",
    re.M,
)
LINK = re.compile(r"\[([^\]]+)\]\(\.\./docs/glossary\.md#[^)]*\)")


class Term(NamedTuple):
    """An entry: its heading, the forms that the lessons write, the name of its lesson."""

    name: str
    forms: list[str]
    lesson: str

    @property
    def anchor(self) -> str:
        """The heading's anchor, as GitHub and JupyterLab make it."""
        kept = re.sub(r"[^\w\- ]", "", self.name.lower())
        return kept.replace(" ", "-")

    @property
    def pattern(self) -> re.Pattern:
        """Any of the forms as whole words, the longest first; a capital may begin it."""
        forms = sorted(self.forms, key=len, reverse=True)
        either = (
            f"[{form[0].upper()}{form[0].lower()}]{re.escape(form[1:])}"
            if form[0].isalpha()
            else re.escape(form)
            for form in forms
        )
        return re.compile(rf"(?<![\w-])(?:{'|'.join(either)})(?![\w-])")


def main(arguments: list[str] | None = None, *, root: Path = ROOT) -> int:
    """Write the links, or with --check return 1 when some are missing."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true", help="write nothing")
    options = parser.parse_args(arguments)
    terms = read_terms(root)
    changed = {}
    for path in sorted((root / "notebooks").glob("[0-9][0-9]_*.ipynb")):
        text = path.read_text(encoding="utf-8")
        own = [term for term in terms if term.lesson == path.stem[3:]]
        linked = with_links(text, own)
        if linked != text:
            changed[path] = linked
    told = sorted(path.name for path in changed)
    print("\n".join([f"{len(terms)} terms; to link: {len(told)} lessons", *told]))
    if options.check:
        return 1 if changed else 0
    for path, text in changed.items():
        path.write_text(text, encoding="utf-8")
    return 0


def read_terms(root: Path = ROOT) -> list[Term]:
    """Return the glossary's entries, in its order.

    Raises:
        ValueError: an entry without its last line, which names its lesson and its forms.
    """
    text = (root / "docs" / "glossary.md").read_text(encoding="utf-8")
    terms = []
    for found in ENTRY.finditer(text):
        written = found["line"].partition(" · written ")[2].partition(" · ")[0]
        lesson = LESSON.search(found["line"])
        if lesson is None or not written:
            raise ValueError(f"the entry {found['term']!r} names no lesson, or no form.")
        terms.append(Term(found["term"], re.findall(r"\*([^*]+)\*", written), lesson[1]))
    if len(terms) != text.count("\n## "):
        raise ValueError("an entry is a heading, one paragraph, and a line with its lesson.")
    return terms


def with_links(text: str, terms: list[Term]) -> str:
    """Return a notebook's text in which the first use of each of these terms is a link."""
    notebook = nbformat.reads(text, as_version=4)
    before = [cell.source for cell in notebook.cells]
    prose = list(prose_cells(notebook))
    for cell in prose:
        cell.source = LINK.sub(r"\1", cell.source)
    for term in sorted(terms, key=lambda term: -max(map(len, term.forms))):
        link_first_use(prose, term)
    if [cell.source for cell in notebook.cells] == before:
        return text
    return f"{nbformat.writes(notebook)}\n"


def prose_cells(notebook) -> Iterator:
    """Yield the Markdown cells between a lesson's opening and its links onward."""
    for cell in notebook.cells[1:]:
        if cell.cell_type == "markdown" and cell.get("id") not in MADE:
            yield cell


def link_first_use(cells: list, term: Term) -> None:
    """Turn the first use of a term in these cells into a link to its entry, if there is one."""
    for cell in cells:
        found = first_use(cell.source, term)
        if found is not None:
            link = f"[{found[0]}]({GLOSSARY}#{term.anchor})"
            cell.source = cell.source[: found.start()] + link + cell.source[found.end() :]
            return


def first_use(source: str, term: Term) -> re.Match | None:
    """Return where a text first uses a term in its prose."""
    apart = [found.span() for found in APART.finditer(source)]
    for found in term.pattern.finditer(source):
        if not any(start < found.end() and found.start() < end for start, end in apart):
            return found
    return None


if __name__ == "__main__":
    sys.exit(main())
