"""The command line: what it prints, its exit codes, and its name both ways of calling."""

import subprocess
import sys

import pytest

import uncertainty
from uncertainty import ModelUnavailable, __main__
from uncertainty.__main__ import main
from uncertainty.course.machine_check import Finding
from uncertainty.data import corpus_files
from uncertainty.loading import embedding_model, models


@pytest.mark.parametrize("second_passed, exit_code", [(True, 0), (False, 1)])
def test_check_prints_a_line_for_each_finding(monkeypatch, capsys, second_passed, exit_code):
    findings = [Finding(True, "Python"), Finding(second_passed, "memory"), Finding(True, "disk")]
    monkeypatch.setattr(__main__, "check_machine", lambda: iter(findings))
    assert main(["check"]) == exit_code
    mark = "OK" if second_passed else "FAIL"
    assert capsys.readouterr().out == f"[OK] Python\n[{mark}] memory\n[OK] disk\n"


@pytest.mark.parametrize(
    "arguments, folder, names",
    [
        (["prefetch"], None, ["smollm2-135m"]),
        (["prefetch", "--to", "stick"], "stick", ["smollm2-135m"]),
        (["prefetch", "--gemma"], None, ["smollm2-135m", "gemma3-270m"]),
        (["prefetch", "--embeddings", "--to", "stick"], "stick", ["smollm2-135m"]),
    ],
)
def test_prefetch_passes_on_what_it_was_told(monkeypatch, capsys, arguments, folder, names):
    calls = []

    def prefetch(*arguments):
        calls.append(arguments)
        return folder

    monkeypatch.setattr(models, "prefetch", prefetch)
    monkeypatch.setattr(corpus_files, "prefetch_corpora", lambda *given: calls.append(given))
    monkeypatch.setattr(
        embedding_model, "prefetch_embedder", lambda given: calls.append(("embedder", given))
    )
    wanted = [("embedder", folder)] if "--embeddings" in arguments else []
    assert main(arguments) == 0 and calls == [(folder, names), (folder,), *wanted]
    output = capsys.readouterr().out
    assert names[-1] in output and ("UNCERTAINTY_CACHE" in output) == bool(folder)
    assert ("sentence-embedding model" in output) == bool(wanted)


def test_prefetch_that_fails_is_one_sentence_on_stderr(monkeypatch, capsys):
    def fail(*_):
        raise ModelUnavailable("no network.")

    monkeypatch.setattr(models, "prefetch", fail)
    monkeypatch.setattr(corpus_files, "prefetch_corpora", lambda _: pytest.fail("it went on"))
    assert main(["prefetch"]) == 1 and capsys.readouterr() == ("", "no network.\n")


def test_corpora_that_cannot_be_fetched_are_told_too(monkeypatch, capsys):
    def fail(*_):
        raise ModelUnavailable("no network.")

    monkeypatch.setattr(models, "prefetch", lambda *_: None)
    monkeypatch.setattr(corpus_files, "prefetch_corpora", fail)
    assert main(["prefetch"]) == 1 and capsys.readouterr() == ("", "no network.\n")


def test_without_arguments_main_reads_the_command_line(monkeypatch, capsys):
    monkeypatch.setattr(__main__, "check_machine", lambda: iter([Finding(False, "memory")]))
    monkeypatch.setattr(sys, "argv", ["/some/bin/uncertainty", "check"])
    assert main() == 1 and capsys.readouterr().out == "[FAIL] memory\n"


@pytest.mark.parametrize(
    "program, name",
    [
        ("/some/bin/uncertainty", "uncertainty"),
        ("uncertainty.exe", "uncertainty"),
        ("/some/package/__main__.py", "python -m uncertainty"),
    ],
)
def test_usage_and_version_show_what_was_typed(monkeypatch, capsys, program, name):
    monkeypatch.setattr(sys, "argv", [program, "--version"])
    with pytest.raises(SystemExit) as stopped:
        main()
    assert stopped.value.code == 0
    assert capsys.readouterr().out == f"uncertainty {uncertainty.__version__}\n"
    monkeypatch.setattr(sys, "argv", [program])
    with pytest.raises(SystemExit) as stopped:
        main()
    assert stopped.value.code == 2
    assert capsys.readouterr().err.startswith(f"usage: {name} [-h]")


def test_python_m_uncertainty_is_the_command_line():
    command = [sys.executable, "-m", "uncertainty"]
    run = subprocess.run([*command, "--version"], capture_output=True, text=True)
    assert run.stdout == f"uncertainty {uncertainty.__version__}\n"
    run = subprocess.run([*command, "chek"], capture_output=True, text=True)
    assert run.returncode == 2 and "chek" in run.stderr
