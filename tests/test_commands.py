"""The commands that are written down exist, and are the same everywhere: README, Makefile, container, workflow."""

import importlib.metadata
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from packaging.specifiers import SpecifierSet

from uncertainty.__main__ import _parser, main

ROOT = Path(__file__).parent.parent
PAGES = ["README.md", "CONTRIBUTING.md", "TEACHING.md"]
README = (ROOT / "README.md").read_text(encoding="utf-8")
MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")
TARGETS = re.findall(r"^([a-z]+):", MAKEFILE, re.M)
MAKE = shutil.which("make")
needs_make = pytest.mark.skipif(MAKE is None or os.name == "nt", reason="make is not here")


def code(text):
    """The lines of fenced blocks, and the spans in backticks outside them."""
    blocks = re.findall(r"^```\w*\n(.*?)^```", text, re.M | re.S)
    prose = re.sub(r"^```\w*\n.*?^```", "", text, flags=re.M | re.S)
    return [line for block in blocks for line in block.splitlines()] + re.findall(
        r"`([^`]+)`", prose
    )


def plain_lines():
    """The README's lines for people without make, as typed on macOS and Linux."""
    blocks = re.findall(r"^```\w*\n(.*?)^```", README, re.M | re.S)
    [block] = [block for block in blocks if "venv" in block]
    lines = []
    for line in block.splitlines():
        command, note = re.fullmatch(r"(.*?)(?: +\((.*)\))?", line).groups()
        lines.append((note or "").removeprefix("macOS and Linux: ") or command)
        if note and note.startswith("or: "):
            lines[-1:] = [command, note.removeprefix("or: ")]
    return lines


def test_the_plain_lines_are_read():
    assert plain_lines() == [
        "python3 -m venv .venv",
        "source .venv/bin/activate",
        'python -m pip install -c constraints.txt -e ".[all]"',
        "python -m uncertainty prefetch",
        "python -m uncertainty lab",
        "python -m pytest -n 2",
    ]


def test_every_target_that_is_written_down_exists():
    written = (ROOT / ".ci" / "run").read_text().splitlines()
    for page in PAGES:
        written += code((ROOT / page).read_text(encoding="utf-8"))
    targets = {word for line in written for word in re.findall(r"^make ([a-z]+)", line)}
    assert targets >= {"lab", "test", "check", "pythons"} and targets <= set(TARGETS)


def test_every_target_is_phony():
    [phony] = re.findall(r"^\.PHONY: (.+)$", MAKEFILE, re.M)
    assert sorted(phony.split()) == sorted(TARGETS)


def test_every_subcommand_that_is_written_down_exists(capsys):
    text = "\n".join((ROOT / page).read_text(encoding="utf-8") for page in PAGES)
    text += MAKEFILE + (ROOT / ".github" / "workflows" / "tests.yml").read_text(encoding="utf-8")
    subcommands = set(re.findall(r"(?:-m|run:) uncertainty ([a-z]+)", text))
    assert subcommands >= {"lab", "prefetch", "check"}
    for subcommand in subcommands:
        with pytest.raises(SystemExit) as stopped:
            main([subcommand, "--help"])
        assert stopped.value.code == 0


def test_the_workflows_give_each_subcommand_what_it_takes():
    workflows = sorted(ROOT.glob(".github/workflows/*.yml"))
    text = "\n".join(path.read_text(encoding="utf-8") for path in workflows)
    lines = re.findall(r"run: uncertainty (.+)", text)
    assert len(lines) >= 5
    for line in lines:
        options = _parser().parse_args(line.split())
        named = getattr(options, "questions", None)
        assert named is None or (ROOT / named).exists(), line


def test_the_container_does_what_the_readme_says():
    text = (ROOT / ".devcontainer" / "devcontainer.json").read_text(encoding="utf-8")
    container = json.loads(text)  # no comments: other readers than the editor's refuse them
    steps = container["postCreateCommand"].split(" && ")
    assert steps == plain_lines()[2:4]
    assert plain_lines()[4] in container["postAttachCommand"]
    assert container["forwardPorts"] == [8888] and "8888" in container["portsAttributes"]
    version = container["image"].split(":")[-1]
    declared = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    assert f'"Programming Language :: Python :: {version}"' in declared


@pytest.mark.skipif(os.name == "nt", reason="the container's shell is not here")
@pytest.mark.parametrize("command", ["postCreateCommand", "postAttachCommand"])
def test_the_containers_commands_are_shell(command):
    container = json.loads((ROOT / ".devcontainer" / "devcontainer.json").read_text())
    subprocess.run(["sh", "-n", "-c", container[command]], check=True)


def declared_pythons():
    return re.findall(r"Python :: (3\.\d+)\"", (ROOT / "pyproject.toml").read_text())


def test_what_is_pinned_runs_on_the_first_release_of_every_python_that_is_declared():
    checked = 0
    for line in (ROOT / "constraints.txt").read_text().split():
        name, version = line.split("==")
        try:
            package = importlib.metadata.metadata(name)
        except importlib.metadata.PackageNotFoundError:
            continue
        if package["Version"].split("+")[0] == version:
            pythons = SpecifierSet(package.get("Requires-Python", ""))
            for python in declared_pythons():
                assert pythons.contains(f"{python}.0"), f"{line} needs Python {pythons}"
            checked += 1
    if not checked:
        pytest.skip("this environment was not made with constraints.txt")


def test_the_workflow_tries_every_python_that_is_declared():
    declared = declared_pythons()
    workflow = yaml.safe_load((ROOT / ".github" / "workflows" / "tests.yml").read_text())
    assert len(declared) >= 3
    assert workflow["jobs"]["quick"]["strategy"]["matrix"]["python"] == declared
    matrix = workflow["jobs"]["tests"]["strategy"]["matrix"]
    assert {*matrix["python"], *(extra["python"] for extra in matrix["include"])} == set(declared)


@pytest.fixture
def project(tmp_path):
    """A folder with the Makefile, and an empty folder that is all of PATH."""
    (tmp_path / "bin").mkdir()
    for file in ("Makefile", "pyproject.toml", "constraints.txt"):
        shutil.copy(ROOT / file, tmp_path)
    return tmp_path


def interpreter(path, *, status):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\nexit {status}\n")
    path.chmod(0o755)


def make(project, *arguments):
    environment = {
        "PATH": str(project / "bin"),
        "HOME": str(project),
        "PYENV_ROOT": str(project / "pyenv"),
    }
    return subprocess.run(
        [MAKE, *arguments], cwd=project, env=environment, capture_output=True, text=True
    )


@needs_make
@pytest.mark.parametrize(
    "statuses, chosen",
    [
        ({"bin/python3": 0, "bin/python3.13": 0}, "bin/python3"),
        ({"bin/python3": 1, "bin/python3.13": 127, "bin/python3.12": 0}, "bin/python3.12"),
        ({"bin/python3": 127, "bin/python3.11": 0}, "bin/python3.11"),
        ({"bin/python3": 1, "bin/python": 0}, "bin/python"),
        (
            {"bin/python3": 127, "pyenv/versions/3.13.0/bin/python": 0},
            "pyenv/versions/3.13.0/bin/python",
        ),
    ],
)
def test_make_takes_the_first_python_that_will_do(project, statuses, chosen):
    for path, status in statuses.items():
        interpreter(project / path, status=status)
    run = make(project, "--dry-run", ".venv/ready")
    assert f"\n{project / chosen} -m venv .venv\n" in run.stdout, run.stdout + run.stderr


@needs_make
def test_make_says_what_is_missing(project):
    interpreter(project / "bin" / "python3", status=1)
    run = make(project, ".venv/ready")
    assert run.returncode == 2 and run.stdout == ""
    assert "No Python 3.11 or later with venv and ensurepip was found here." in run.stderr
    assert "python3-venv" in run.stderr and not (project / ".venv").exists()


@needs_make
def test_make_says_that_the_named_python_will_not_do(project):
    interpreter(project / "bin" / "python3", status=0)
    interpreter(project / "bin" / "old", status=1)
    run = make(project, ".venv/ready", "PYTHON=old")
    assert run.returncode == 2 and "was found as old." in run.stderr


def test_what_will_do_is_a_recent_python_with_venv():
    [question] = re.findall(r"^WILL_DO := (.+)$", MAKEFILE, re.M)

    def status(before):
        return subprocess.run([sys.executable, "-c", f"{before}; {question}"]).returncode

    assert status("pass") == 0
    assert status("import sys; sys.version_info = (3, 11, 0)") == 0
    assert status("import sys; sys.version_info = (3, 10, 9)") == 1
    assert status("import sys; sys.modules['ensurepip'] = None") == 1
    assert status("import sys; sys.modules['venv'] = None") == 1
