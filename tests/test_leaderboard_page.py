"""docs/leaderboard.md is what its figures say, and the figures hold together."""

import importlib.util
import json
import math
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / "docs" / "leaderboard"
PAGE = ROOT / "docs" / "leaderboard.md"
MODELS = sorted(file.stem for file in FOLDER.glob("*.json"))
# At least one of each family, and all that the page's pairs compare.
EXPECTED = {
    "perplexity",
    "logtoku",
    "negative_self_certainty",
    "negative_tail_confidence",
    "entropy_production_rate",
    "smoothed_surprisal",
    "rauq",
    "probe, mean state",
    "probe, random weights",
    "probe, shuffled labels",
    "network, last token (SAPLMA-like)",
    "Mahalanobis distance, mean state",
    "semantic-entropy probe",
    "answer_disagreement",
    "semantic_entropy",
    "cocoa",
    "semantic_density_complement",
    "kernel_language_entropy",
    "eigen_score",
    "1 - P(True)",
    "1 - P(True), 5 samples shown",
    "1 - stated confidence, words scored",
    "1 - stated confidence, as written",
    "length",
    "shuffled",
}


@pytest.fixture(scope="module")
def page():
    path = ROOT / "benchmarks" / "leaderboard_page.py"
    spec = importlib.util.spec_from_file_location("leaderboard_page", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(params=MODELS)
def found(request):
    return json.loads((FOLDER / f"{request.param}.json").read_text(encoding="utf-8"))


def test_the_page_is_made_from_the_figures_alone(page):
    assert "smollm2-135m" in MODELS
    assert PAGE.read_text(encoding="utf-8") == page.page(FOLDER)


def test_every_row_of_the_table_has_its_cells_and_no_word_is_a_machines(page, found):
    text = page.model_part(found)
    lines = [line for line in text.splitlines() if line.startswith("|")]
    table, pairs = lines[: 2 + len(found["rows"])], lines[2 + len(found["rows"]) :]
    assert {line.count("|") for line in table} == {len(page.HEADS) + 1}
    assert {line.count("|") for line in pairs} == {6}
    assert "nan" not in text and not re.search(r"\b20\d\d-\d\d", text)


def test_all_families_are_there_best_first(found):
    rows = {row["measure"]: row for row in found["rows"]}
    assert rows.keys() >= EXPECTED and len(rows) == len(found["rows"])
    values = [row["sampled"]["auroc"][0] for row in found["rows"]]
    assert values == sorted(values, reverse=True)
    assert found["sampled"] <= found["answers"] and 0 < found["wrong"] < 1


def test_intervals_leads_and_directions_agree(found):
    for name in ("sampled", "all"):
        judged = {row["measure"]: row[name] for row in found["rows"] if row[name] is not None}
        baseline = judged["perplexity"]["auroc"][0]
        for measure, row in judged.items():
            value, low, high = row["auroc"]
            assert 0 <= low <= value <= high <= 1, measure
            sides = {
                "as meant": low > 0.5,
                "upside down": high < 0.5,
                "unclear": low <= 0.5 <= high,
            }
            assert sides[row["direction"]], measure
            if row["lead"] is not None and row["missing"] == 0:
                assert math.isclose(row["lead"][0], value - baseline, abs_tol=2e-4), measure


def test_no_measure_gives_every_answer_one_value(found):
    """A constant has the AUROC 0.5 with an interval of no width, and was no measurement."""
    for row in found["rows"]:
        value, low, high = row["sampled"]["auroc"]
        assert low < value < high, row["measure"]


def test_what_costs_more_says_so_and_what_knows_nothing_does_not_pass(found):
    rows = {row["measure"]: row for row in found["rows"]}
    assert rows["perplexity"]["tokens"] == 0 < rows["probe, mean state"]["tokens"]
    plain, shown = rows["1 - P(True)"], rows["1 - P(True), 5 samples shown"]
    assert shown["tokens"] > plain["tokens"] and shown["seconds"] > plain["seconds"]
    for name in ("shuffled", "probe, shuffled labels"):
        row = rows[name]["all"]
        assert abs(row["auroc"][0] - 0.5) < 0.08 and row["direction"] != "as meant"
    assert all(row["lead"] is None for row in (rows["probe, shuffled labels"]["all"],))


def test_the_default_models_rows_are_those_of_its_lessons():
    """Lesson 17 prints 0.869 for the probe and 0.786 for perplexity."""
    found = json.loads((FOLDER / "smollm2-135m.json").read_text(encoding="utf-8"))
    rows = {row["measure"]: row for row in found["rows"]}
    assert rows["perplexity"]["all"]["auroc"][0] == pytest.approx(0.786, abs=0.002)
    assert rows["probe, mean state"]["all"]["auroc"][0] == pytest.approx(0.869, abs=0.005)
    [pair] = [p for p in found["differences"] if p["other"] == "probe, random weights"]
    assert pair["lead"][1] > 0 and pair["verdict"] == "shows"


def test_the_figure_at_another_temperature_was_printed_by_its_lesson():
    [lesson] = (ROOT / "notebooks").glob("*_doubt_direction.ipynb")
    line = "semantic entropy, ten samples  wrong or right: 0.82 [0.74, 0.90]"
    assert line in lesson.read_text(encoding="utf-8")
    page = PAGE.read_text(encoding="utf-8")
    assert "0.82 [0.74, 0.90]" in page
    assert f"lesson {lesson.name[:2]}" in page
