"""The house keeps its promises: one list of dependencies, tidy lessons, a README whose numbers are true."""

import ast
import json
import re
import statistics
import tomllib
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.version import Version

from uncertainty.course.lessons import LESSONS

ROOT = Path(__file__).parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("[0-9][0-9]_*.ipynb"))
README = (ROOT / "README.md").read_text(encoding="utf-8")
PINNED = dict(line.lower().split("==") for line in (ROOT / "constraints.txt").read_text().split())


# The tour, and a measure of one's own; what the second prints stands in the block behind it.
PYTHON_BLOCKS = re.findall(r"```python\n(.*?)```", README, re.S)
[REFEREE_PRINTS] = re.findall(r"```python\n[^`]*leaderboard[^`]*```\n\n```\n(.*?)```", README, re.S)


def cells(path, kind="code"):
    for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]:
        if cell["cell_type"] == kind:
            yield cell, "".join(cell["source"])


def requirements():
    listed = [
        *PROJECT["dependencies"],
        *(r for extra in PROJECT["optional-dependencies"].values() for r in extra),
    ]
    return [Requirement(r) for r in listed if not r.startswith("llm-uncertainty-course")]


def test_the_packages_asked_for_by_name_are_on_the_list():
    names = {requirement.name for requirement in requirements()}
    assert {
        "torch",
        "transformers",
        "bitsandbytes",
        "jupyterlab",
        "ipywidgets",
        "matplotlib",
        "scipy",
        "scikit-learn",
        "nbval",
    } <= names
    assert set(PROJECT["optional-dependencies"]) >= {"lab", "test", "gpu", "gguf"}


def test_the_pinned_set_is_inside_the_ranges():
    for requirement in requirements():
        assert Version(PINNED[requirement.name]) in requirement.specifier, requirement
    assert PINNED["torch"] == "2.13.0"


def test_colabs_own_versions_are_inside_the_ranges():
    lines = (ROOT / "tests" / "colab_versions.txt").read_text().splitlines()
    colab = dict(line.split("==") for line in lines if not line.startswith("#"))
    checked = [r for r in requirements() if r.name in colab]
    assert len(checked) >= 7 and all(Version(colab[r.name]) in r.specifier for r in checked)


def test_condas_file_only_points_to_the_list():
    environment = yaml.safe_load((ROOT / "environment.yml").read_text())
    plain = [d for d in environment["dependencies"] if isinstance(d, str)]
    [pip] = [d["pip"] for d in environment["dependencies"] if isinstance(d, dict)]
    assert pip == ["--editable .[all]"] and {d.split("=")[0] for d in plain} == {"python", "pip"}


def test_the_set_up_cell_is_the_same_everywhere():
    first = {next(source for _, source in cells(path)) for path in NOTEBOOKS}
    assert len(first) == 1 and len(NOTEBOOKS) == len(LESSONS)


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: p.name[:2])
def test_a_lesson_is_complete_and_clean(path):
    text = "\n".join(source for _, source in cells(path, "markdown"))
    for part in (
        "will have shown",
        "## When this fails",
        "## Quiz",
        "## Take-away",
        "**Links.**",
        "Play",
    ):
        assert part in text, part
    assert 3 <= len(re.findall(r"\]\(https?://(?!colab)", text)) <= 6, "3 to 6 links"
    assert not re.search(r"!\[\s*\]\(|!\[.*?\]\(https?:", text), (
        "a picture without a description, or from elsewhere"
    )
    assert "widgets" not in json.loads(path.read_text(encoding="utf-8"))["metadata"]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: p.name[:2])
def test_a_lesson_is_committed_as_it_ran(path):
    counts, pictures = [], 0
    for cell, source in cells(path):
        ast.parse(source)
        counts.append(cell["execution_count"])
        assert not re.search(
            r"(?<![\w.])/(?:root|home|work|tmp|Users)/", json.dumps(cell["outputs"])
        )
        for output in cell["outputs"]:
            assert output["output_type"] != "error" and output.get("name") != "stderr"
            if "image/png" in output.get("data", {}):
                pictures += 1
                assert output["metadata"]["image/png"]["alt"], "a picture without a description"
    assert counts == list(range(1, len(counts) + 1)) and pictures >= 1


def test_cells_are_short():
    assert (
        max(
            len(line)
            for path in NOTEBOOKS
            for _, source in cells(path)
            for line in source.splitlines()
        )
        <= 115
    )
    lengths = sorted(
        len([line for line in source.splitlines() if line.strip()])
        for path in NOTEBOOKS
        for _, source in cells(path)
    )
    assert (
        statistics.median(lengths) <= 6
        and lengths[int(0.9 * len(lengths))] <= 15
        and lengths[-1] <= 30
    )


def test_the_readmes_table_of_lessons_is_the_packages():
    for lesson in LESSONS:
        assert f"notebooks/{lesson.file}" in README and (ROOT / "notebooks" / lesson.file).exists()
        assert re.search(
            rf"\({re.escape('notebooks/' + lesson.file)}\).*\| {lesson.minutes} ", README
        ), lesson.file


def test_the_readmes_leaderboard_is_what_its_lesson_printed():
    interval = r"-?\d\.\d\d \[-?\d\.\d\d, -?\d\.\d\d\]"
    [lesson] = [path for path in NOTEBOOKS if path.name.endswith("_is_it_any_good.ipynb")]
    printed = {}
    for cell, source in cells(lesson):
        if "= leaderboard(" in source:
            lines = "".join(
                "".join(output.get("text", "")) for output in cell["outputs"]
            ).splitlines()
            for line in lines:
                if found := re.findall(interval, line):
                    printed.setdefault(line[:26].strip(), []).extend(found)
    rows = dict(re.findall(rf"^\| ([^|]+) \|(.*{interval}.*)\|$", README, re.M))
    assert rows and {name: re.findall(interval, row) for name, row in rows.items()} == printed


def test_every_interval_in_the_readme_was_printed_by_a_lesson():
    printed = "".join(
        "".join(output.get("text", output.get("data", {}).get("text/plain", "")))  # claims are data
        for path in NOTEBOOKS
        for cell, _ in cells(path)
        for output in cell["outputs"]
    )
    elsewhere = README.replace(REFEREE_PRINTS, "")
    stated = re.findall(r"-?\d\.\d{2,3} \[-?\d\.\d{2,3}, -?\d\.\d{2,3}\]", elsewhere)
    assert len(stated) > 40 and [interval for interval in stated if interval not in printed] == []


def test_contributings_map_is_what_the_rooms_say():
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    drawn = dict(re.findall(r"^\| `(\w+)/` \|.*\| ([^|]+) \|$", text, re.M))
    stated = {}
    for room in (ROOT / "uncertainty").glob("*/__init__.py"):
        [rule] = re.findall(r"^May import: (.+)\.$", room.read_text(encoding="utf-8"), re.M)
        stated[room.parent.name] = "-" if rule == "no other room" else rule
    assert drawn == stated
    for file in re.findall(r"`((?:\w+/)+\w+\.\w+)`", text):
        assert (ROOT / file).exists() or (ROOT / "uncertainty" / file).exists() or "NN" in file, (
            file
        )


def test_every_local_link_leads_somewhere():
    for page in ROOT.glob("*.md"):
        for target in re.findall(
            r"\]\((?!https?://|#|mailto:)([^)#]+)", page.read_text(encoding="utf-8")
        ):
            assert (ROOT / target).exists(), f"{page.name}: {target}"


@pytest.mark.model
def test_the_readmes_tour_prints_what_it_says():
    """Run the README's tour line by line; each comment is the value the line shows."""
    tour, _ = PYTHON_BLOCKS
    namespace, checked = {}, 0
    for node in ast.parse(tour).body:
        code = ast.get_source_segment(tour, node)
        shown = re.search(r"#\s*(.+)$", tour.splitlines()[node.end_lineno - 1])
        if isinstance(node, ast.Expr):
            value = eval(code, namespace)
            assert shown and shown.group(1) == (
                f"{value:.3f}" if isinstance(value, float) else repr(value)
            ), code
            checked += 1
        else:
            exec(code, namespace)
    assert checked >= 6


@pytest.mark.model
def test_the_readmes_own_measure_prints_what_it_says(capsys):
    _, example = PYTHON_BLOCKS
    exec(example, {})
    assert capsys.readouterr().out == REFEREE_PRINTS
