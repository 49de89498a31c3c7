"""Make the ledger of the course's claims, and the list of its sources' rows, from the notebooks.

``python docs/ledger/make.py``            write ledger.json and README.md beside this file
``python docs/ledger/make.py --check``    only say whether they are up to date

Every figure is read from a lesson's output, where `uncertainty.claim` put it; what a claim says and
what its control can tell comes from uncertainty/course/claims/*.toml; what the sources hold, row by
row, and which cells show it from rows.toml; what the lessons came to on other models from
uncertainty/course/claims_by_model, where other_models.py puts it and this puts the default model's.
"""

import argparse
import json
import sys
import tomllib
from pathlib import Path
from typing import NamedTuple

from uncertainty.course.claims import MIME, stated_claims
from uncertainty.course.ledger import (
    CLAIMS_BY_MODEL,
    FIGURES,
    Outcome,
    kept_lessons,
    ledger_models,
    outcome_of,
)
from uncertainty.loading.pinned_files import DEFAULT

HERE = Path(__file__).parent
NOTEBOOKS = HERE.parent.parent / "notebooks"
SOURCES = {
    "0": "Uncovering Uncertainty in Transformer Inference (arXiv 2412.05768)",
    "1": "Entropy-Lens (arXiv 2502.16570)",
    "2": "the summer-school notebook LLMs and Uncertainty (with arXiv 2412.14737 and 2502.00290)",
    "3": "Confidence Regulation Neurons in Language Models (arXiv 2406.16254)",
}
RULE = """\
An effect has the sign that its claim predicts. Its **bar** is the size that 95 % of the controls
stay below (the largest control where there are fewer than 20). A claim **shows** when its whole
95 % interval lies above 0 and the effect is larger than the bar; it is **weak** when only one of
the two holds. **The opposite** means that both hold with the sign turned around. In every other
case it **does not show**. The rule is `uncertainty.evaluation.verdicts.claim_verdict`.
"""


class Cell(NamedTuple):
    """A cell of a lesson, counted from 1 as a reader would, with the section it stands in."""

    notebook: str
    number: int
    section: str
    source: str
    claims: list[dict]

    @property
    def lesson(self) -> str:
        """The lesson's number, such as "04"."""
        return self.notebook[:2]

    @property
    def name(self) -> str:
        """The lesson's name, such as "logtoku"."""
        return self.notebook[3:].removesuffix(".ipynb")

    @property
    def link(self) -> str:
        """Where it stands, as a Markdown link to the notebook."""
        section = f", {self.section}" if self.section else ""
        place = f"lesson {self.lesson}{section}, cell {self.number}"
        return f"[{place}](../../notebooks/{self.notebook})"


def main(arguments: list[str] | None = None) -> int:
    """Write the ledger, or with --check return 1 when what is kept differs."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true", help="write nothing")
    options = parser.parse_args(arguments)
    differing = [path.name for path, text in made().items() if _text_of(path) != text]
    if options.check:
        print(f"out of date: {', '.join(differing)}" if differing else "The ledger is up to date.")
        return 1 if differing else 0
    for path, text in made().items():
        path.write_text(text, encoding="utf-8")
    print("written:", ", ".join(differing) or "nothing, all was up to date")
    return 0


def made() -> dict[Path, str]:
    """Return the ledger's files with their text.

    Raises:
        ValueError: see `measured_claims` and `shown_rows`.
    """
    cells = read_cells()
    claims = measured_claims(cells)
    rows = shown_rows(cells, claims)
    ledger = {"rule": RULE, "claims": claims, "rows": rows}
    return {
        CLAIMS_BY_MODEL / f"{DEFAULT}.json": _as_json(by_lesson(claims)),
        HERE / "ledger.json": _as_json(ledger),
        HERE / "README.md": page(claims, rows, elsewhere(claims)),
    }


def by_lesson(claims: list[dict]) -> dict[str, dict]:
    """Return the default model's figures in the form of other_models.py."""
    lessons: dict[str, dict] = {}
    for claim in claims:
        found = lessons.setdefault(claim["name"], {"claims": {}, "stopped": None})
        found["claims"][claim["key"]] = {name: claim[name] for name in FIGURES}
    return lessons


def elsewhere(claims: list[dict]) -> dict[str, dict[str, Outcome]]:
    """Return what the claims came to on the models other than the default one, by their names."""
    others = {name: kept_lessons(name) for name in ledger_models() if name != DEFAULT}
    return {
        name: {claim["key"]: outcome_of(kept, claim["name"], claim["key"]) for claim in claims}
        for name, kept in others.items()
    }


def read_cells(folder: Path = NOTEBOOKS) -> list[Cell]:
    """Return all cells of all lessons, in reading order."""
    cells = []
    for path in sorted(folder.glob("[0-9][0-9]_*.ipynb")):
        section = ""
        notebook = json.loads(path.read_text(encoding="utf-8"))
        for number, cell in enumerate(notebook["cells"], start=1):
            source = "".join(cell["source"])
            if cell["cell_type"] == "markdown":
                section = _last_section(source) or section
            cells.append(Cell(path.name, number, section, source, _claims_of(cell)))
    return cells


def measured_claims(cells: list[Cell]) -> list[dict]:
    """Return the claims in reading order: as measured, as stated, and where.

    Raises:
        ValueError: a claim that is measured twice, or is stated and not measured, or the reverse;
            or a printed line that differs from the data beside it.
    """
    stated = stated_claims()
    measured: dict[str, dict] = {}
    for cell in cells:
        for claim in cell.claims:
            key = claim["key"]
            if key in measured:
                raise ValueError(f"the claim {key!r} is measured twice, again in {cell.notebook}.")
            if key not in stated:
                raise ValueError(f"{cell.notebook} measures {key!r}, which no file states.")
            place = {
                "lesson": cell.lesson,
                "name": cell.name,
                "cell": cell.number,
                "link": cell.link,
            }
            measured[key] = {**stated[key], **claim, **place}
    if missing := stated.keys() - measured.keys():
        raise ValueError(f"stated, but measured in no lesson's output: {sorted(missing)}.")
    return list(measured.values())


def shown_rows(cells: list[Cell], claims: list[dict]) -> list[dict]:
    """Return the rows of the sources, each with its state, the cells that show it, its claims.

    Raises:
        ValueError: a text that is to be found in one cell is in none or several; a claim that names
            a row which is not there; a row with neither a cell nor a reason.
    """
    listed = tomllib.loads((HERE / "rows.toml").read_text(encoding="utf-8"))["row"]
    numbers = [row["id"] for row in listed]
    for claim in claims:
        if unknown := set(claim["rows"]) - set(numbers):
            raise ValueError(f"the claim {claim['key']!r} names rows {sorted(unknown)}.")
    return [_shown_row(row, cells, claims) for row in listed]


def page(claims: list[dict], rows: list[dict], others: dict[str, dict[str, Outcome]]) -> str:
    """Return the ledger as a Markdown page, with a column for each other model."""
    verdicts = [claim["verdict"] for claim in claims]
    counted = [f"{verdicts.count(verdict)} {verdict}" for verdict in dict.fromkeys(verdicts)]
    states = [row["state"] for row in rows]
    lines = [
        "# The ledger",
        "",
        "Made by `make ledger` from the outputs of the lessons; do not edit it by hand. All",
        "figures were measured on the course's default model, SmolLM2-135M-Instruct with weights",
        "rounded to 4 bits, unless a claim says otherwise. A column named after another model is",
        "what the same lesson came to there; tiny has two blocks and random weights, so a claim",
        "that shows on it is about the arithmetic, not about language.",
        "",
        RULE,
        f"{len(claims)} claims: {', '.join(counted)}.",
        "",
        "## Claims",
        "",
        _table_line("where", "claim", "ours", "bar", "verdict", *others, "source", "published"),
        "|---" * (7 + len(others)) + "|",
        *[_claim_line(claim, others) for claim in claims],
        "",
        "## What each control can tell",
        "",
        "| claim | control | it excludes | it leaves open |",
        "|---|---|---|---|",
        *[_table_line(c["sentence"], c["control"], c["excludes"], c["leaves"]) for c in claims],
        "",
        "## What the sources hold, row by row",
        "",
        f"{len(rows)} rows: "
        + ", ".join(f"{states.count(state)} {state}" for state in dict.fromkeys(states))
        + ".",
    ]
    for number, source in SOURCES.items():
        lines += ["", f"### {source[0].upper()}{source[1:]}", ""]
        lines += ["| row | what | state | where | not here |", "|---|---|---|---|---|"]
        lines += [_row_line(row) for row in rows if row["id"].startswith(f"{number}.")]
    return "\n".join(lines) + "\n"


def _claims_of(cell: dict) -> list[dict]:
    claims = []
    for output in cell.get("outputs", []):
        data = output.get("data", {})
        if MIME not in data:
            continue
        claim, printed = data[MIME], "".join(data["text/plain"])
        figure = f"{claim['value']} [{claim['low']}, {claim['high']}] {claim['unit']}"
        if figure not in printed or not printed.endswith(f": {claim['verdict']}"):
            raise ValueError(f"the output prints {printed!r} and holds {claim}.")
        claims.append(claim)
    return claims


def _last_section(markdown: str) -> str:
    headings = [line.strip("# ") for line in markdown.splitlines() if line.startswith("## ")]
    return headings[-1] if headings else ""


def _shown_row(row: dict, cells: list[Cell], claims: list[dict]) -> dict:
    found = [_find(row["id"], text, cells) for text in row.get("cells", [])]
    keys = [claim["key"] for claim in claims if row["id"] in claim["rows"]]
    missing = row.get("missing", "")
    if not found and not keys and not missing:
        raise ValueError(f"row {row['id']} names neither a cell nor a reason.")
    state = "works" if not missing else "partial" if found or keys else "not run here"
    links = [cell.link for cell in found]
    links += [claim["link"] for claim in claims if claim["key"] in keys]
    where = list(dict.fromkeys(links))
    return {**row, "state": state, "where": where, "claims": keys, "missing": missing}


def _find(row: str, text: str, cells: list[Cell]) -> Cell:
    lesson, _, part = text.partition(": ")
    found = [cell for cell in cells if cell.name == lesson and part in cell.source]
    if len(found) != 1:
        raise ValueError(f"row {row}: {part!r} is in {len(found)} cells of lesson {lesson}, not 1.")
    return found[0]


def _claim_line(claim: dict, others: dict[str, dict[str, Outcome]]) -> str:
    ours = f"{claim['value']} [{claim['low']}, {claim['high']}] {claim['unit']}"
    published = claim["published"] and f"{claim['published']} ({claim['model']})"
    bar = f"{claim['bar']} ({claim['controls']})"
    columns = [str(outcomes.get(claim["key"], Outcome())) for outcomes in others.values()]
    cells = claim["link"], claim["sentence"], ours, bar, claim["verdict"], *columns
    return _table_line(*cells, claim["source"], published or "-")


def _row_line(row: dict) -> str:
    where = "; ".join(row["where"]) or "-"
    return _table_line(row["id"], row["title"], row["state"], where, row["missing"] or "-")


def _table_line(*cells: str) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def _as_json(value) -> str:
    return json.dumps(value, indent=1, ensure_ascii=False) + "\n"


def _text_of(path: Path) -> str:
    return path.read_text(encoding="utf-8") if path.exists() else ""


if __name__ == "__main__":
    sys.exit(main())
