"""The two tours of docs/: every line of Python runs, and each comment is what the line shows."""

import ast
import re
from pathlib import Path

import pytest

from uncertainty import recorded_report

DOCS = Path(__file__).parent.parent / "docs"
TOURS = sorted(DOCS.glob("tour_*.md"))
SHOWN = re.compile(r"\s# (.+)$")


def run_tour(text):
    """Run a page's blocks in one namespace; return what each line shows and what is written."""
    namespace, pairs = {}, []
    for block in re.findall(r"```python\n(.*?)```", text, re.S):
        for node in ast.parse(block).body:
            code = ast.get_source_segment(block, node)
            if not isinstance(node, ast.Expr):
                exec(code, namespace)
                continue
            value = eval(code, namespace)
            found = f"{value:.3f}" if isinstance(value, float) else repr(value)
            written = SHOWN.search(block.splitlines()[node.end_lineno - 1])
            pairs.append((code, found, written and written[1]))
    return pairs


@pytest.mark.model
@pytest.mark.parametrize("path", TOURS, ids=lambda path: path.stem)
def test_every_line_shows_what_the_page_says(path):
    pairs = run_tour(path.read_text(encoding="utf-8"))
    assert pairs and [(code, found) for code, found, _ in pairs] == [
        (code, written) for code, _, written in pairs
    ]


def test_a_line_that_shows_something_else_is_seen():
    assert run_tour("```python\nx = 2  # two\nx + 1  # 4\n```") == [("x + 1", "3", "4")]


def test_the_report_in_short_is_the_recorded_ones():
    text = (DOCS / "tour_practitioners.md").read_text(encoding="utf-8")
    sentences = recorded_report("smollm2-135m").data["in_short"]
    assert len(sentences) >= 5 and "\n".join(sentences) in text


@pytest.mark.parametrize("path", TOURS, ids=lambda path: path.stem)
def test_links_of_the_tours_lead_somewhere(path):
    links = re.findall(r"\]\((?!https?://|#)([^)#]+)", path.read_text(encoding="utf-8"))
    assert links and [link for link in links if not (DOCS / link).exists()] == []
