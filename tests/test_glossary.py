"""The glossary: every term is linked where its lesson first uses it, and no lesson uses it before."""

import importlib.util
import re
from pathlib import Path

import nbformat
import pytest

from uncertainty.course.lessons import LESSONS

ROOT = Path(__file__).parent.parent
spec = importlib.util.spec_from_file_location("glossary", ROOT / "docs" / "glossary.py")
glossary = importlib.util.module_from_spec(spec)
spec.loader.exec_module(glossary)

TERMS = glossary.read_terms()
FILES = {path.stem[3:]: path for path in (ROOT / "notebooks").glob("[0-9][0-9]_*.ipynb")}
# Forms that are everyday English, too: an earlier lesson may use the everyday word.
# fmt: off
EVERYDAY = {
    "control", "controls", "interval", "baseline", "baselines", "margin", "evidence", "risk",
    "coverage", "agreement", "attention", "block", "blocks", "depth", "depths", "probe",
    "probes", "profiles", "trajectory", "trajectories", "ensemble", "sampling", "naive",
    "vanilla", "stream", "calibrated", "idiom", "idioms", "neuron", "neurons", "held-out",
    "conformal", "verbalised", "processors", "greedy",
}
# fmt: on

# An earlier lesson may name what a later one explains, where it says so.
NAMED_BEFORE = {
    ("LogTokU", "token_uncertainty"),  # in a table of the names of arguments
    ("LogTokU", "is_it_any_good"),  # rows of a leaderboard
    ("LogTokU", "answer_only_when_sure"),  # "which the next lesson explains"
    ("aleatoric uncertainty", "is_it_any_good"),
    ("epistemic uncertainty", "is_it_any_good"),
    ("risk-coverage curve", "is_it_any_good"),  # the area in another library
}


def uses(name, term):
    """The text around a lesson's first use of a term that is no everyday word, or None."""
    technical = [form for form in term.forms if form.lower() not in EVERYDAY]
    if not technical:
        return None
    sought = term._replace(forms=technical)
    for cell in glossary.prose_cells(nbformat.read(FILES[name], as_version=4)):
        found = glossary.first_use(cell.source, sought)
        if found:
            return cell.source[max(found.start() - 60, 0) : found.end() + 30]
    return None


def test_every_link_is_there(capsys):
    assert glossary.main(["--check"]) == 0, capsys.readouterr().out


@pytest.mark.parametrize("term", TERMS, ids=lambda term: term.name)
def test_a_term_is_used_in_its_lesson_and_in_none_before(term):
    names = [lesson.name for lesson in LESSONS if lesson.name in FILES]
    own = names.index(term.lesson)
    assert f"{glossary.GLOSSARY}#{term.anchor})" in FILES[term.lesson].read_text(encoding="utf-8")
    before = [name for name in names[:own] if (term.name, name) not in NAMED_BEFORE]
    early = {name: uses(name, term) for name in before}
    assert not any(early.values()), {name: text for name, text in early.items() if text}


def test_terms_and_anchors_are_unique():
    assert len({term.name.lower() for term in TERMS}) == len(TERMS) >= 80
    assert len({term.anchor for term in TERMS}) == len(TERMS)
    forms = [form.lower() for term in TERMS for form in term.forms]
    assert len(set(forms)) == len(forms)


NOTEBOOK = """# Title

entropy in the opening"""


def linked(*sources, forms=("entropy", "entropies")):
    cells = [nbformat.v4.new_markdown_cell(source) for source in (NOTEBOOK, *sources)]
    text = f"{nbformat.writes(nbformat.v4.new_notebook(cells=cells))}\n"
    term = glossary.Term("entropy", list(forms), "token_uncertainty")
    once = glossary.with_links(text, [term])
    assert glossary.with_links(once, [term]) == once
    return [cell.source for cell in nbformat.reads(once, as_version=4).cells[1:]]


LINKED = "[{}](../docs/glossary.md#entropy)"


@pytest.mark.parametrize(
    ("source", "form"),
    [
        ("The entropy falls, and entropy rises.", "entropy"),
        ("## entropy\n\nEntropy is", "Entropy"),
        ("`entropy` and $entropy$, [entropy](x.md), the **entropies**", "entropies"),
        ("cross-entropy, entropy-like; entropy.", "entropy"),
        ("<summary>A. entropy</summary>\n\nthe entropy", "entropy"),
        ("**Exercise 1 (2 minutes): `entropy`, the entropy.** Write the entropy.", "entropy"),
    ],
)
def test_only_the_first_use_in_prose_becomes_a_link(source, form):
    [first, second] = linked(source, "entropy again")
    assert first.count("glossary.md") == 1 and LINKED.format(form) in first
    assert re.sub(r"\[(\w+)\]\(\.\./docs[^)]*\)", r"\1", first) == source
    assert second == "entropy again"


def test_a_text_without_the_term_stays():
    assert linked("nothing here") == ["nothing here"]
