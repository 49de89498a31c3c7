"""The explorers in a real browser: keys change the text, nothing is fetched, axe finds no fault.

Needs node, Chromium and two npm packages: ``npm ci --prefix tests/browser`` fetches these. Another
folder of packages can be named by NODE_PATH.
"""

import json
import shutil
import subprocess
from pathlib import Path

import pytest

EXPLORERS = Path(__file__).parents[1] / "docs" / "explorers"
SCRIPT = Path(__file__).parent / "browser" / "pages.cjs"
PACKAGES = ("playwright-core", "axe-core")

# What is done on each page; after each step the text of `reads` is kept.
STEPS = {
    "index": [{"reads": "h1"}],
    "tokens": [
        {
            "focus": "#tokens [tabindex='0']",
            "press": ["ArrowRight"] * 6 + ["ArrowLeft", "ArrowRight"],
            "reads": "#says",
        },
        {"press": ["End", "ArrowRight"], "reads": "#says"},
        {"select": {"selector": "#answer", "value": "4"}, "reads": "#about"},
        {"select": {"selector": "#measure", "value": "entropy"}, "reads": "#tokens"},
        {
            "focus": "#tokens [tabindex='0']",
            "press": ["End", "Home", "ArrowDown"],
            "reads": "#says",
        },
    ],
    "lens": [
        {"focus": "#grid [tabindex='0']", "press": ["ArrowDown"], "reads": "#says"},
        {"press": ["Home", "ArrowUp", "ArrowUp", "ArrowLeft"], "reads": "#says"},
        {"press": ["End"] + ["ArrowDown"] * 40, "reads": "#says"},
        {"select": {"selector": "#prompt", "value": "4"}, "reads": "#says"},
        {"select": {"selector": "#quantity", "value": "kl"}, "reads": "#scale"},
    ],
    "neurons": [
        {"focus": "#x", "reads": "#says"},
        {"click": "#of-frequency button", "reads": "#figures"},
        {"select": {"selector": "#y", "value": "frequency"}, "reads": "#says"},
        {"focus": "#neuron", "press": ["ArrowUp"], "reads": "#says"},
        {"click": "#chart", "reads": "#says"},
    ],
    "threshold": [
        {"focus": "#threshold", "press": ["Home"], "reads": "#says"},
        {"press": ["ArrowRight"] * 40, "reads": "#says"},
        {"click": "#go-seen", "reads": "#says"},
        {"click": "#go-walk", "reads": "#says"},
        {"select": {"selector": "#doubt", "value": "length"}, "reads": "#says"},
    ],
}


def chromium() -> str | None:
    names = ("chromium", "chromium-browser", "google-chrome")
    return next((path for name in names if (path := shutil.which(name))), None)


def missing() -> list[str]:
    """Name what this machine lacks."""
    if not shutil.which("node"):
        return ["node"]
    found = [] if chromium() else ["chromium"]
    for package in PACKAGES:
        asked = ["node", "-e", f"require.resolve('{package}')"]
        if subprocess.run(asked, capture_output=True, cwd=SCRIPT.parent).returncode:
            found.append(package)
    return found


@pytest.fixture(scope="module")
def reports():
    if lacking := missing():
        pytest.skip(f"not on this machine: {', '.join(lacking)}")
    jobs = [{"file": str(EXPLORERS / f"{name}.html"), "steps": s} for name, s in STEPS.items()]
    run = subprocess.run(
        ["node", SCRIPT, chromium()],
        input=json.dumps(jobs),
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert run.returncode == 0, run.stderr
    return dict(zip(STEPS, json.loads(run.stdout.replace("\u00a0", " "))))


def test_every_page_is_used():
    assert set(STEPS) == {page.stem for page in EXPLORERS.glob("*.html")}


@pytest.mark.parametrize("name", STEPS)
def test_a_page_is_quiet_and_accessible(reports, name):
    report = reports[name]
    assert report["errors"] == [] and report["outside"] == []
    assert report["violations"] == []
    assert report["sideways"] <= 0, "at 320 pixels the page scrolls sideways"


def test_the_tokens_are_walked_by_keys(reports):
    seventh, last, about, entropies, second = reports["tokens"]["texts"]
    assert seventh.startswith('Token 7 of 8, " carbon": probability 0.56, surprisal 0.58 nats')
    assert '" C" 0.18' in seventh and last.startswith('Token 8 of 8, "."')
    assert about.startswith("Which river flows through London? Right.")
    assert "Thames" in entropies and "4.16" in entropies
    assert second.startswith('Token 2 of 12, " River"')


def test_the_grid_is_walked_by_keys(reports):
    before, corner, embedding, sum_of_two, scale = reports["lens"]["texts"]
    assert (
        before.startswith('Depth 29, after " is": entropy 4.37 nats') and '" Paris" 0.07' in before
    )
    assert corner.startswith('Depth 30 (the model), after "The"')
    assert embedding.startswith('Depth 0 (the embedding), after " is"')
    assert '" five" 0.14, " four" 0.13' in sum_of_two and "KL(model || depth)" in scale


def test_a_neuron_is_found_by_number_button_and_pointer(reports):
    first, table, by_cosine, next_number, clicked = reports["neurons"]["texts"]
    assert first.startswith("Neuron 29.830, one of the six of highest ρ: length of the output")
    assert "mean |entropy change|" in table and "%" in table
    assert by_cosine.startswith("Neuron 29.645, one of the three that point along word frequency")
    assert "cosine with word frequency -0.546" in by_cosine
    assert next_number.startswith("Neuron 29.646:") and clicked.startswith("Neuron 29.")
    assert clicked != next_number


def test_the_threshold_moves_by_keys_and_buttons(reports):
    nothing, forty, seen, walk, by_length = reports["threshold"]["texts"]
    assert nothing.startswith("No answer is given")
    assert forty.startswith("40 of 445 answers are given")
    assert seen.startswith("176 of 445") and "although the share seen is within it" in seen
    assert walk.startswith("132 of 445") and "within the limit. The walk promises" in walk
    assert "cannot promise a limit of 20 %" in by_length
