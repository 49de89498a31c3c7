"""Open JupyterLab on the first lesson: also as root, and also where no browser can open."""

import os
import sys
import webbrowser
from pathlib import Path

from .lessons import LESSONS

REPOSITORY = Path(__file__).parents[2]
INSTALL_LAB = 'python -m pip install -c constraints.txt -e ".[lab]"'


def open_lab(arguments: list[str]) -> int:
    """Run JupyterLab until it is stopped, and return the exit code.

    JupyterLab refuses to run as root unless it is told to, as in a container where there is no
    other user; it is told so here. Without a display no browser is started: JupyterLab then prints
    the address to open.

    Args:
        arguments: passed on to ``jupyter lab``. A file or folder among them is opened instead of
            the first lesson.
    """
    try:
        from jupyterlab.labapp import LabApp  # takes half a second, and may be missing
    except ImportError:
        print(
            f"JupyterLab is not installed. In the course's folder: {INSTALL_LAB}", file=sys.stderr
        )
        return 1
    start = _first_lesson_options(arguments)
    if start is None:
        places = f"{Path.cwd()} and {REPOSITORY}"
        print(
            f"No lessons in the folder `notebooks` of {places}. Fetch the course's repository and "
            "run this in it, or name a folder: uncertainty lab FOLDER",
            file=sys.stderr,
        )
        return 1
    LabApp.launch_instance(_root_options() + _browser_options(arguments) + start + arguments)
    return 0


def _first_lesson_options(arguments: list[str]) -> list[str] | None:
    """Return what opens the first lesson: nothing if `arguments` name a path, None if it is lost.

    The file makes its folder the one that is served; the default URL is the address printed.
    """
    if any(_names_start(argument) for argument in arguments):
        return []
    file = LESSONS[0].file
    for folder in (Path.cwd(), REPOSITORY):
        lesson = folder / "notebooks" / file
        if lesson.exists():
            return [f"--LabApp.default_url=/lab/tree/{file}", str(lesson)]
    return None


def _names_start(argument: str) -> bool:
    """Return whether an argument is an existing path, or an option with the folder to start in."""
    for option in ("--notebook-dir=", "--ServerApp.root_dir="):
        argument = argument.removeprefix(option)
    return Path(argument).exists()


def _root_options() -> list[str]:
    if not _is_root():
        return []
    print(
        "You are root: JupyterLab starts with --allow-root. Unless you pass --ip, it answers on "
        "this machine only, and only to who has the token in its address.",
        flush=True,
    )
    return ["--allow-root"]


def _is_root() -> bool:
    return hasattr(os, "geteuid") and os.geteuid() == 0  # Windows has no such function


def _browser_options(arguments: list[str]) -> list[str]:
    if "--no-browser" in arguments or sys.platform in ("win32", "darwin"):
        return []
    if os.environ.get("BROWSER"):
        # it may open a window on another machine, which cannot read the file that leads to the page
        return ["--ServerApp.use_redirect_file=False"]
    if _can_open_window():
        return []
    print(
        "No browser can open here. Copy the address below that begins with http, with its token, "
        "into a browser on this machine. From another machine, connect first with\n"
        "    ssh -L 8888:localhost:8888 THIS_MACHINE    (8888: the number in the address)",
        flush=True,
    )
    return ["--no-browser"]


def _can_open_window() -> bool:
    """Return whether there is a display and a browser.

    Without a display Python's ``webbrowser`` may find one for the terminal, which would write over
    the server's messages.
    """
    if not (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")):
        return False
    try:
        webbrowser.get()
    except webbrowser.Error:
        return False
    return True
