"""lab.py: what JupyterLab is started with, as root, without a display, and for a file that is named."""

import os
import sys
import types
import webbrowser

import pytest

from uncertainty.__main__ import main
from uncertainty.course import lab

ADDRESS = "--LabApp.default_url=/lab/tree/00_start_here.ipynb"
LESSON = str(lab.REPOSITORY / "notebooks" / "00_start_here.ipynb")


@pytest.fixture
def started(monkeypatch, tmp_path):
    """A desktop of an ordinary user, in an empty folder; a JupyterLab that notes its arguments."""
    started = []
    module = types.ModuleType("jupyterlab.labapp")
    module.LabApp = types.SimpleNamespace(launch_instance=started.append)
    monkeypatch.setitem(sys.modules, "jupyterlab", types.ModuleType("jupyterlab"))
    monkeypatch.setitem(sys.modules, "jupyterlab.labapp", module)
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setattr(os, "geteuid", lambda: 1000, raising=False)
    monkeypatch.setattr(webbrowser, "get", lambda: "a browser")
    monkeypatch.setenv("DISPLAY", ":0")
    for name in ("WAYLAND_DISPLAY", "BROWSER"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)
    return started


def test_the_first_lesson_opens(started, capsys):
    assert main(["lab"]) == 0
    assert started == [[ADDRESS, LESSON]]
    assert capsys.readouterr() == ("", "")


def test_a_lesson_of_the_folder_one_is_in_comes_first(started, tmp_path):
    (tmp_path / "notebooks").mkdir()
    here = tmp_path / "notebooks" / "00_start_here.ipynb"
    here.touch()
    main(["lab"])
    assert started == [[ADDRESS, str(here)]]


def test_options_are_passed_on_in_their_order(started):
    main(["lab", "--port", "9999", "--ServerApp.token=a b", "-y", "--version"])
    assert started == [
        [ADDRESS, LESSON, "--port", "9999", "--ServerApp.token=a b", "-y", "--version"]
    ]


@pytest.mark.parametrize("start", ["{}", "--notebook-dir={}", "--ServerApp.root_dir={}"])
def test_what_is_named_opens_instead(started, tmp_path, start):
    named = start.format(tmp_path)
    main(["lab", "--port=9999", named])
    assert started == [["--port=9999", named]]


def test_root_is_allowed_and_told_so(started, monkeypatch, capsys):
    monkeypatch.setattr(os, "geteuid", lambda: 0, raising=False)
    main(["lab"])
    assert started == [["--allow-root", ADDRESS, LESSON]]
    assert "root" in capsys.readouterr().out


def test_windows_has_no_root(started, monkeypatch, capsys):
    monkeypatch.delattr(os, "geteuid")
    monkeypatch.setattr(sys, "platform", "win32")
    monkeypatch.delenv("DISPLAY")
    main(["lab"])
    assert started == [[ADDRESS, LESSON]] and capsys.readouterr().out == ""


def test_without_a_display_it_says_what_to_open(started, monkeypatch, capsys):
    monkeypatch.delenv("DISPLAY")
    main(["lab"])
    assert started == [["--no-browser", ADDRESS, LESSON]]
    assert "Copy the address" in capsys.readouterr().out


def test_a_display_without_a_browser_is_none(started, monkeypatch):
    def fail():
        raise webbrowser.Error("could not locate runnable browser")

    monkeypatch.setattr(webbrowser, "get", fail)
    main(["lab"])
    assert started == [["--no-browser", ADDRESS, LESSON]]


def test_wayland_is_a_display(started, monkeypatch):
    monkeypatch.delenv("DISPLAY")
    monkeypatch.setenv("WAYLAND_DISPLAY", "wayland-0")
    main(["lab"])
    assert started == [[ADDRESS, LESSON]]


def test_no_browser_is_said_once(started, monkeypatch, capsys):
    monkeypatch.delenv("DISPLAY")
    main(["lab", "--no-browser"])
    assert started == [[ADDRESS, LESSON, "--no-browser"]] and capsys.readouterr().out == ""


def test_a_browser_that_is_named_gets_an_address_and_not_a_file(started, monkeypatch):
    monkeypatch.delenv("DISPLAY")
    monkeypatch.setenv("BROWSER", "/opt/editor/open-on-my-machine")
    main(["lab"])
    assert started == [["--ServerApp.use_redirect_file=False", ADDRESS, LESSON]]


def test_without_jupyterlab_it_says_how_to_install_it(started, monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "jupyterlab.labapp", None)
    assert main(["lab"]) == 1
    assert lab.INSTALL_LAB in capsys.readouterr().err


def test_without_lessons_it_says_where_it_looked(started, monkeypatch, capsys, tmp_path):
    monkeypatch.setattr(lab, "REPOSITORY", tmp_path / "elsewhere")
    assert main(["lab"]) == 1 and started == []
    message = capsys.readouterr().err
    assert str(tmp_path) in message and str(tmp_path / "elsewhere") in message


def test_other_commands_refuse_what_they_do_not_know(started, capsys):
    with pytest.raises(SystemExit) as stopped:
        main(["check", "--port"])
    assert stopped.value.code == 2 and "--port" in capsys.readouterr().err
