"""The release: wheel and sdist hold what they should, and work without the repository."""

import json
import os
import subprocess
import sys
import tarfile
import venv
import zipfile
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parent.parent
WORKFLOWS = ROOT / ".github" / "workflows"
TEMPLATES = ROOT / ".github" / "ISSUE_TEMPLATE"


def run(*command, **options) -> str:
    """Run a command, fail with what it printed, and return that."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    environment |= options.pop("env", {})
    command = [*map(str, command)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, **options)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def dist(tmp_path_factory):
    """The wheel and the sdist, built from this tree with the packages that are installed."""
    folder = tmp_path_factory.mktemp("dist")
    run(sys.executable, "-m", "build", "--no-isolation", "--outdir", folder, ROOT)
    [wheel], [sdist] = folder.glob("*.whl"), folder.glob("*.tar.gz")
    return wheel, sdist


@pytest.fixture(scope="module")
def installed(dist, tmp_path_factory):
    """A Python that has the wheel, and this environment's other packages, but not this repository."""
    folder = tmp_path_factory.mktemp("environment")
    venv.create(folder, with_pip=True, symlinks=sys.platform != "win32")
    scripts = folder / ("Scripts" if sys.platform == "win32" else "bin")
    python = next(path for path in (scripts / "python", scripts / "python.exe") if path.exists())
    run(python, "-m", "pip", "install", "--quiet", "--no-deps", "--no-index", dist[0])
    where = "import sysconfig; print(sysconfig.get_path('purelib'))"
    here, there = run(sys.executable, "-c", where).strip(), run(python, "-c", where).strip()
    # An added path comes last, and the .pth files in it (the editable install) are not read.
    Path(there, "others.pth").write_text(here + "\n", encoding="utf-8")
    return python


def names_in(wheel) -> set[str]:
    with zipfile.ZipFile(wheel) as file:
        return {name for name in file.namelist() if not name.endswith("/")}


def test_the_files_pass_the_checks_of_the_index(dist):
    run(sys.executable, "-m", "twine", "check", "--strict", *dist)
    run(sys.executable, "-m", "check_wheel_contents", dist[0])


def test_the_wheel_holds_the_package_and_nothing_else(dist):
    tracked = run("git", "ls-files", "uncertainty", cwd=ROOT).split("\n")[:-1]
    named = {name for name in names_in(dist[0]) if ".dist-info/" not in name}
    assert named == set(tracked)


def test_the_sdist_makes_the_same_wheel(dist, tmp_path):
    with tarfile.open(dist[1]) as file:
        file.extractall(tmp_path, filter="data")
    [source] = tmp_path.iterdir()
    run(sys.executable, "-m", "build", "--no-isolation", "--wheel", source)
    [again] = source.glob("dist/*.whl")
    with zipfile.ZipFile(again) as one, zipfile.ZipFile(dist[0]) as other:
        assert {i.filename: i.CRC for i in one.infolist()} == {
            i.filename: i.CRC for i in other.infolist()
        }


def test_the_packages_page_has_no_link_that_only_works_in_the_repository(dist):
    with zipfile.ZipFile(dist[0]) as file:
        [name] = [name for name in file.namelist() if name.endswith("/METADATA")]
        page = file.read(name).decode()
    readme = ROOT.joinpath("README.md").read_text(encoding="utf-8")
    assert "](TEACHING.md)" in readme and "/blob/main/TEACHING.md)" in page
    assert "](imgs/lens.png)" in readme and "raw.githubusercontent.com" in page
    targets = [part.split(")")[0] for part in page.split("](")[1:]]
    assert [t for t in targets if not t.startswith(("https://", "http://", "#"))] == []


def test_the_installed_wheel_is_used_and_not_this_repository(installed, tmp_path):
    told = run(installed, "-c", "import uncertainty; print(uncertainty.__file__)", cwd=tmp_path)
    assert ROOT not in Path(told.strip()).parents


def test_a_report_is_made_from_the_wheel(installed, tmp_path):
    questions = "question,answers\n" + "".join(f"What is {n} + 1?,{n + 1}\n" for n in range(12))
    tmp_path.joinpath("own.csv").write_text(questions)
    run(installed, "-m", "uncertainty", "report", "tiny", "--questions", "own.csv", cwd=tmp_path)
    data = json.loads(tmp_path.joinpath("report.json").read_text(encoding="utf-8"))
    page = tmp_path.joinpath("report.html").read_text(encoding="utf-8")
    assert len(data["answers"]) == 12 and "</html>" in page


def test_an_exercise_is_graded_from_the_wheel(installed, tmp_path):
    told = run(installed, "-c", EXERCISE, cwd=tmp_path, env={"UNCERTAINTY_CACHE": str(tmp_path)})
    assert "**`about`: not yet.**" in told and "**`about`: right.**" in told
    assert "ZeroDivisionError: division by zero" in told and "<details>" not in told


EXERCISE = """
from uncertainty import check
from uncertainty.course.exercises.exercise import find_exercise
for answer in (lambda trained, random: "all", lambda trained, random: 1 / 0,
               lambda *scores: find_exercise("about").reference(*scores)):
    answer.__name__ = "about"
    check(answer)
"""


def test_workflows_and_issue_forms_are_yaml_of_the_right_form():
    for path in WORKFLOWS.glob("*.yml"):
        workflow = yaml.safe_load(path.read_text(encoding="utf-8"))
        assert all("runs-on" in job and job["steps"] for job in workflow["jobs"].values()), path
    for path in sorted(TEMPLATES.glob("*.yml")):
        form = yaml.safe_load(path.read_text(encoding="utf-8"))
        if path.name != "config.yml":
            assert form["name"] and form["description"] and form["body"], path


@pytest.mark.parametrize("form", ["error", "number"])
def test_a_report_of_a_fault_must_bring_what_the_machine_says(form):
    body = yaml.safe_load((TEMPLATES / f"{form}.yml").read_text(encoding="utf-8"))["body"]
    [machine] = [part for part in body if "uncertainty check" in part["attributes"]["label"]]
    assert machine["validations"]["required"]


def test_no_token_is_needed_to_publish():
    release = WORKFLOWS.joinpath("release.yml").read_text(encoding="utf-8")
    assert yaml.safe_load(release)["jobs"]["publish"]["permissions"] == {"id-token": "write"}
    assert "secrets." not in release and "password" not in release
