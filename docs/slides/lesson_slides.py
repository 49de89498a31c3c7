"""The slides of one lesson, as Markdown: what its cells tagged "slide" show, and what to say."""

import html
import json
import re
from collections.abc import Iterator
from typing import NamedTuple

from places import ROOT

TAG = "slide"
SECTION = re.compile(r"^## (?:(\d+)\. )?(.+)$", re.M)
LINK = re.compile(r"\[([^\]]+)\]\([^)]+\)")
SENTENCE_END = re.compile(r"(?<=[.!?])\s")
FEW_LINES = 9  # printed in large type
FEW_WORDS = 7  # a shorter sentence tells nothing without the ones after it
FOLD = re.compile(r"<details>.*?</details>", re.S)


class Shown(NamedTuple):
    """One tagged cell."""

    section: int
    title: str  # of its section
    body: str
    notes: str  # the text below it in the lesson


def cells_of(file: str) -> list[dict]:
    """Return a notebook's cells, with their sources joined."""
    cells = json.loads(ROOT.joinpath(file).read_text(encoding="utf-8"))["cells"]
    return [{**cell, "source": "".join(cell["source"])} for cell in cells]


def title_of(file: str) -> str:
    """Return a lesson's title, such as "02 · Token uncertainty"."""
    return cells_of(file)[0]["source"].splitlines()[0].removeprefix("# ")


def prediction_of(file: str) -> str:
    """Return what the learners write down before the lesson begins."""
    [found] = re.findall(r"^\*\*Write down.*$", cells_of(file)[0]["source"], re.M)
    return found


def shown_cells(file: str) -> Iterator[Shown]:
    """Yield the tagged cells of a lesson, in order, with the section that each stands in."""
    cells, section, title = cells_of(file), 0, ""
    for place, cell in enumerate(cells):
        if cell["cell_type"] == "markdown":
            for number, words in SECTION.findall(cell["source"]):
                section, title = int(number or 0), words
        elif TAG in cell["metadata"].get("tags", []):
            yield Shown(section, title, body_of(cell), _text_below(cells[place + 1 :]))


def body_of(cell: dict) -> str:
    """Return what a code cell printed and drew, as HTML.

    Raises:
        ValueError: it has no output to show.
    """
    parts = [part for output in cell["outputs"] if (part := _output(output))]
    if not parts:
        raise ValueError(f"a cell that is tagged {TAG!r} shows nothing: {cell['source'][:60]!r}")
    return "\n".join(parts)


def plain(markdown: str) -> str:
    """Return Markdown as a speaker reads it: no folds, headings, targets of links or marks."""
    text = LINK.sub(r"\1", FOLD.sub("", markdown))
    lines = [line for line in text.splitlines() if line.strip() and not line.startswith("#")]
    return re.sub(r"\*\*|`", "", "\n".join(lines))


def first_sentence(text: str) -> str:
    """Return the first sentence of a text, "" for a formula, a list, an exercise or few words."""
    sentence = SENTENCE_END.split(text, 1)[0].strip()
    is_prose = sentence.endswith((".", "!")) and not re.search(r"\$|^[-*#>|]", sentence)
    if len(sentence.split()) < FEW_WORDS:
        return ""
    return sentence.replace("*", "") if is_prose else ""


def _output(output: dict) -> str:
    data = {
        kind: "".join(text) for kind, text in output.get("data", {}).items() if "json" not in kind
    }
    if "text/html" in data:
        return f'<div class="figure">{data["text/html"]}</div>'
    words = "".join(output.get("text", "")) or data.get("text/plain", "")
    size = "short" if words.count("\n") <= FEW_LINES else "long"
    return f'<pre class="{size}">{html.escape(words.rstrip())}</pre>' if words.strip() else ""


def _text_below(cells: list[dict]) -> str:
    """Return the text that follows directly, up to the next code cell or section."""
    texts = []
    for cell in cells:
        if cell["cell_type"] != "markdown" or SECTION.search(cell["source"]):
            break
        texts.append(plain(cell["source"]))
    return "\n".join(texts)
