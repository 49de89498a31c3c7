"""The layer rule: a room imports only from the rooms it names, private things stay at home, nothing goes in a circle.

The rule itself stands in the docstring of each room's ``__init__.py``, as one line "May import: ...".
"""

import ast
import re
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parent.parent / "uncertainty"
FILES = sorted(PACKAGE.rglob("*.py"))
ROOMS = sorted(folder.parent.name for folder in PACKAGE.glob("*/__init__.py"))
GROUND = {"information", "_inputs", "_progress"}  # files that every room may import
ENTRANCE = {"__init__", "__main__"}  # they may import everything, and nothing imports them

# Imports that wait inside a function, and so are no layer of the house, with the reason for each.
LATE = {("generation.answers", "plotting.heatmap"): "a notebook asks an answer to show itself"}


def dotted(path: Path) -> str:
    """``uncertainty/lens/profiles.py`` as ``lens.profiles``; a room's ``__init__.py`` as the room."""
    parts = path.relative_to(PACKAGE).with_suffix("").parts
    if len(parts) > 1 and parts[-1] == "__init__":
        parts = parts[:-1]
    return ".".join(parts)


MODULES = {dotted(path): path for path in FILES}


def room_of(module: str) -> str:
    return module.split(".")[0]


def may_import(room: str) -> set[str]:
    """The rooms that a room's docstring names."""
    docstring = ast.get_docstring(ast.parse(MODULES[room].read_text(encoding="utf-8")))
    [line] = re.findall(r"^May import: (.+)\.$", docstring, re.M)
    if line == "every other room":
        return set(ROOMS)
    named = set() if line == "no other room" else set(line.split(", "))
    assert named <= set(ROOMS), f"{room} names {named - set(ROOMS)}"
    return named


def absolute(module: str, node: ast.ImportFrom) -> str:
    """What ``from ..lens import x`` in a module of this package points to, as a dotted name inside the package."""
    is_package = MODULES[module].name == "__init__.py"
    parents = [] if module in ENTRANCE else module.split(".")
    up = node.level - 1 if is_package else node.level
    base = parents[: len(parents) - up] if up else parents
    return ".".join([*base, *(node.module.split(".") if node.module else [])])


def imports(module: str, late: bool = False):
    """(imported module, imported name) of every import of our own: those at the top, or the late ones inside functions."""
    tree = ast.parse(MODULES[module].read_text(encoding="utf-8"))
    inside = {
        id(node)
        for function in ast.walk(tree)
        if isinstance(function, (ast.FunctionDef, ast.If))  # `if TYPE_CHECKING:` is for editors
        for node in ast.walk(function)
    }
    for node in ast.walk(tree):
        if not isinstance(node, ast.ImportFrom) or (id(node) in inside) != late:
            continue
        if node.level:
            source = absolute(module, node)
        elif (node.module or "").split(".")[0] == "uncertainty":
            source = node.module.partition(".")[2]
        else:
            continue
        for alias in node.names:
            whole = f"{source}.{alias.name}".strip(".")
            yield (whole, None) if whole in MODULES else (source, alias.name)


def all_imports():
    for module in MODULES:
        for late in (False, True):
            for source, name in imports(module, late):
                yield module, source, name, late


def test_every_folder_of_code_is_a_room_that_says_what_lives_there():
    folders = {path.parent.name for path in PACKAGE.glob("*/*.py")}
    assert folders == set(ROOMS) and len(ROOMS) >= 10
    for room in ROOMS:
        docstring = ast.get_docstring(ast.parse(MODULES[room].read_text(encoding="utf-8")))
        assert len(docstring.splitlines()[0]) > 30, room
        may_import(room)


@pytest.mark.parametrize("room", ROOMS)
def test_a_room_imports_only_from_the_rooms_it_names(room):
    allowed = may_import(room) | {room} | GROUND
    broken = [
        f"{module} imports {source}"
        for module, source, _, late in all_imports()
        if room_of(module) == room
        and room_of(source) not in allowed
        and not (late and (module, source) in LATE)
    ]
    assert broken == []


def test_the_ground_floor_stands_on_nothing_and_nobody_imports_the_entrance():
    for module, source, name, _ in all_imports():
        assert room_of(module) not in GROUND or room_of(source) in GROUND, (
            f"{module} imports {source}"
        )
        assert source not in ENTRANCE and source != "", (
            f"{module} imports {name} from the package's front door"
        )


def test_rooms_and_files_have_an_order_so_nothing_goes_in_a_circle():
    rooms = {room: may_import(room) - {room} for room in ROOMS if may_import(room) != set(ROOMS)}
    list(TopologicalSorter(rooms).static_order())  # raises CycleError with the circle
    files = {
        module: {source for source, _ in imports(module)}
        for module in MODULES
        if module not in ENTRANCE
    }
    list(TopologicalSorter(files).static_order())


def test_late_imports_are_few_and_all_explained():
    late = {
        (module, source)
        for module, source, _, is_late in all_imports()
        if is_late and module not in ENTRANCE
    }
    upward = {
        pair
        for pair in late
        if room_of(pair[1]) not in may_import(room_of(pair[0])) | {room_of(pair[0])} | GROUND
    }
    assert upward == set(LATE)


def test_what_begins_with_an_underscore_stays_at_home():
    """A private name stays in its file, a private file in its room; `_inputs` is everybody's."""
    for module, source, name, _ in all_imports():
        assert name is None or not name.startswith("_"), f"{module} imports {name} from {source}"
        private_file = (
            source.split(".")[-1].startswith("_") and source not in GROUND and "." in source
        )
        assert not private_file or room_of(module) == room_of(source), f"{module} imports {source}"


def test_the_tests_mirror_the_rooms():
    tests = Path(__file__).parent
    assert {
        folder.name
        for folder in tests.iterdir()
        if folder.is_dir() and any(folder.glob("test_*.py"))
    } == set(ROOMS)
