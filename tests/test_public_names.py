"""The front door: what `uncertainty` offers, to Python and to editors, and what the lessons take from it."""

import ast
import json
import re
import subprocess
import sys
import typing
from pathlib import Path

import pytest

import uncertainty

ROOT = Path(__file__).parent.parent
NOTEBOOKS = sorted((ROOT / "notebooks").glob("[0-9][0-9]_*.ipynb"))

# Names that people and programs outside call: they stay.
PROMISED = [
    "load_model",
    "generate",
    "generate_with_logits",
    "score",
    "Generation",
    "get_token_confidence",
    "token_uncertainty_naive",
    "token_uncertainty_vanilla",
    "logTokU",
    "aleatoric_epistemic",
    "parse_confidence",
    "logit_lens",
    "ablation_sweep",
    "null_space_fraction",
    "logit_variance",
    "auroc",
    "expected_calibration_error",
    "risk_coverage",
    "is_correct",
]


def editor_names() -> dict[str, str]:
    """Each name that the `TYPE_CHECKING` block imports, with its module."""
    tree = ast.parse(Path(uncertainty.__file__).read_text(encoding="utf-8"))
    imports = [node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) and node.level]
    return {alias.asname: node.module for node in imports for alias in node.names}


def test_editors_see_the_names_that_python_loads():
    assert editor_names() == uncertainty._HOME and len(editor_names()) > 80


@pytest.mark.parametrize(
    "name", [*PROMISED, *(name for name in uncertainty.__all__ if name not in PROMISED)]
)
def test_every_name_is_there(name):
    value = getattr(uncertainty, name)
    assert name in dir(uncertainty)
    module = getattr(value, "__module__", None) or "uncertainty"
    assert not module.startswith("uncertainty") or value.__doc__, f"{name} has no docstring"


def test_every_annotation_can_be_resolved():
    """A notebook's help and documentation tools ask for the types themselves, not for their names."""
    values = {name: getattr(uncertainty, name) for name in uncertainty.__all__}
    callables = {name: value for name, value in values.items() if callable(value)}
    assert len(callables) > 60
    for value in callables.values():
        assert typing.get_type_hints(value) is not None
    assert typing.get_type_hints(uncertainty.Generation)["logits"].__name__ == "Tensor"


def test_an_unknown_name_is_told():
    with pytest.raises(AttributeError, match="module 'uncertainty' has no attribute 'entropie'"):
        uncertainty.entropie  # noqa: B018


def test_importing_the_package_is_quick():
    """Without torch and transformers, which take seconds."""
    code = "import sys, uncertainty; print(sorted({'torch', 'transformers', 'numpy'} & set(sys.modules)))"
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert result.stdout == "[]\n"


def test_the_version_stands_in_one_place():
    project = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    [version] = re.findall(r'^version = "(.+)"$', project, re.M)
    assert uncertainty.__version__ == version
    assert "\nversion:" not in (ROOT / "CITATION.cff").read_text(encoding="utf-8")
    assert f"## {version}\n" in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.name[:2])
def test_lessons_import_from_the_front_door_only(path):
    for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]:
        if cell["cell_type"] == "code":
            for node in ast.walk(ast.parse("".join(cell["source"]))):
                assert not isinstance(node, ast.ImportFrom) or not node.module.startswith(
                    "uncertainty."
                )
                if isinstance(node, ast.ImportFrom) and node.module == "uncertainty":
                    assert {alias.name for alias in node.names} <= set(uncertainty.__all__)


SNIPPET = """
from uncertainty import auroc, generate, load_model, logit_lens, parse_confidence
model, tokenizer = load_model("tiny")
reveal_type(generate(model, tokenizer, "Why?"))
reveal_type(generate(model, tokenizer, [{"role": "user", "content": "Why?"}]))
reveal_type(generate(model, tokenizer, ["Why?", "How?"]))
reveal_type(logit_lens(model, [1, 2]).entropy)
reveal_type(parse_confidence("90%").confidence)
reveal_type(auroc([0, 1], [0.1, 0.2]))
from uncertainty import genrate
"""


def test_a_type_checker_sees_what_a_call_returns(tmp_path):
    (tmp_path / "snippet.py").write_text(SNIPPET)
    command = [
        sys.executable,
        "-m",
        "mypy",
        str(tmp_path / "snippet.py"),
    ]  # with pyproject's settings and cache
    result = subprocess.run(command, capture_output=True, text=True, cwd=ROOT)
    revealed = [
        seen.split(".")[-1] for seen in re.findall(r'Revealed type is "(.+)"', result.stdout)
    ]
    expected = ["Generation", "Generation", "Generation]", "Tensor", "float | None", "float"]
    assert revealed == expected, result.stdout + result.stderr
    assert 'Module "uncertainty" has no attribute "genrate"' in result.stdout
