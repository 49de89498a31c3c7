"""The layer rule: a room imports only from the rooms it names, private things stay at home, nothing goes in a circle.

The rule itself stands in the docstring of each room's ``__init__.py``, as one line "May import: ...".
"""

import ast
import re
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import NamedTuple

import pytest

PACKAGE = Path(__file__).parent.parent / "uncertainty"
GROUND = {"information", "_inputs", "_progress", "_thinking"}  # files that every room may import
ENTRANCE = {"__init__", "__main__"}  # they may import everything, and nothing imports them

# Imports that wait inside a function and point upwards, with the reason for each.
UPWARD = {("generation.answers", "plotting.heatmap"): "a notebook asks an answer to show itself"}
# Modules that find others by name, which no import statement tells.
DYNAMIC = {
    "course.exercises.exercise": "it loads every lessonNN.py that lies beside it",
    "course.source_code": "it reads the source of whatever function it is given",
}


class Import(NamedTuple):
    """One imported thing: ``name`` from the module ``source``, or the module itself (name None)."""

    module: str
    source: str
    name: str | None
    when: str  # "at once", "late" (inside a function) or "typing" (for type checkers only)


class Sources:
    """The modules of a package by dotted name, and what they import from each other."""

    def __init__(self, package: Path):
        self.package = package
        self.files = {self._dotted(path): path for path in sorted(package.rglob("*.py"))}
        self.trees = {
            module: ast.parse(path.read_text(encoding="utf-8"))
            for module, path in self.files.items()
        }
        self.rooms = sorted(folder.parent.name for folder in package.glob("*/__init__.py"))

    def _dotted(self, path: Path) -> str:
        """``lens/profiles.py`` as ``lens.profiles``; a room's ``__init__.py`` as the room."""
        parts = path.relative_to(self.package).with_suffix("").parts
        return ".".join(parts[:-1] if len(parts) > 1 and parts[-1] == "__init__" else parts)

    def may_import(self, room: str) -> set[str]:
        """The rooms that a room's docstring names."""
        [line] = re.findall(r"^May import: (.+)\.$", ast.get_docstring(self.trees[room]), re.M)
        if line == "every other room":
            return set(self.rooms)
        if line.startswith("every other room but "):
            return set(self.rooms) - set(line.removeprefix("every other room but ").split(", "))
        named = set() if line == "no other room" else set(line.split(", "))
        assert named <= set(self.rooms), f"{room} names {named - set(self.rooms)}"
        return named

    def imports(self, module: str) -> Iterator[Import]:
        """Every import of our own modules, in whatever form."""
        tree = self.trees[module]
        when = {}
        for outer in ast.walk(tree):
            if isinstance(outer, (ast.FunctionDef, ast.AsyncFunctionDef)):
                when |= {id(node): "late" for node in ast.walk(outer)}
            elif isinstance(outer, ast.If) and ast.unparse(outer.test) == "TYPE_CHECKING":
                when |= {id(node): "typing" for child in outer.body for node in ast.walk(child)}
        for node in ast.walk(tree):
            if isinstance(node, ast.Import):
                for alias in node.names:
                    if alias.name.split(".")[0] == self.package.name:
                        yield Import(
                            module,
                            alias.name.partition(".")[2],
                            None,
                            when.get(id(node), "at once"),
                        )
            elif isinstance(node, ast.ImportFrom):
                source = self._source(module, node)
                for alias in node.names if source is not None else []:
                    whole = f"{source}.{alias.name}".strip(".")
                    is_module = whole in self.files
                    yield Import(
                        module,
                        whole if is_module else source,
                        None if is_module else alias.name,
                        when.get(id(node), "at once"),
                    )

    def _source(self, module: str, node: ast.ImportFrom) -> str | None:
        """The module an import statement points to, inside the package; None for other packages."""
        if not node.level:
            first, _, rest = (node.module or "").partition(".")
            return rest if first == self.package.name else None
        parents = [] if module in ENTRANCE else module.split(".")
        up = node.level - (self.files[module].name == "__init__.py")
        base = parents[: len(parents) - up] if up else parents
        return ".".join([*base, *(node.module.split(".") if node.module else [])])

    def all_imports(self) -> list[Import]:
        return [found for module in self.files for found in self.imports(module)]


def room_of(module: str) -> str:
    return module.split(".")[0]


def upward_imports(sources: Sources) -> list[str]:
    """Imports from rooms that the importing room does not name, and any of the entrance."""
    broken = []
    for module, source, name, when in sources.all_imports():
        if module in ENTRANCE or (when == "late" and (module, source) in UPWARD):
            continue
        home = room_of(module)
        allowed = set(GROUND) if home in GROUND else sources.may_import(home) | {home} | GROUND
        if source == "" or room_of(source) not in allowed:
            broken.append(f"{module} imports {name or source} from {source or 'the entrance'}")
    return broken


def imports_by_name(sources: Sources) -> list[str]:
    """Modules that reach others without an import statement."""
    reaching = {"import_module", "__import__", "modules"}
    return [
        f"{module} uses {name}"
        for module, tree in sources.trees.items()
        if module not in ENTRANCE and module not in DYNAMIC
        for node in ast.walk(tree)
        for name in [getattr(node, "attr", None) or getattr(node, "id", None)]
        if name in reaching
        and not (name == "modules" and getattr(getattr(node, "value", None), "id", "") != "sys")
    ]


def private_uses(sources: Sources) -> list[str]:
    """Private names taken from another module, by import or as an attribute, and private files of another room."""
    broken = []
    for module, source, name, _ in sources.all_imports():
        private_file = any(part.startswith("_") for part in source.split(".")[1:])
        if (name or "").startswith("_") or (private_file and room_of(module) != room_of(source)):
            broken.append(f"{module} imports {name or source} from {source}")
    for module, tree in sources.trees.items():
        aliases = {
            (alias.asname or alias.name).split(".")[0]
            for node in ast.walk(tree)
            if isinstance(node, (ast.Import, ast.ImportFrom))
            for alias in node.names
            if (isinstance(node, ast.Import) and alias.name.split(".")[0] == sources.package.name)
            or (
                isinstance(node, ast.ImportFrom)
                and f"{sources._source(module, node)}.{alias.name}".strip(".") in sources.files
            )
        }
        for node in ast.walk(tree):
            if isinstance(node, ast.Attribute) and re.match("_(?!_)", node.attr):
                root = node.value
                while isinstance(root, ast.Attribute):
                    root = root.value
                if isinstance(root, ast.Name) and root.id in aliases:
                    broken.append(f"{module} uses {ast.unparse(node)}")
    return broken


def circles(sources: Sources) -> list[str]:
    """One circle among the rooms, or among the files (late imports that point upwards aside)."""
    rooms = {room: sources.may_import(room) - {room} for room in sources.rooms}
    everywhere = {room for room, named in rooms.items() if named | {room} == set(sources.rooms)}
    rooms = {room: named - everywhere for room, named in rooms.items() if room not in everywhere}
    files: dict[str, set[str]] = {module: set() for module in sources.files}
    for module, source, _, when in sources.all_imports():
        runs = when != "typing" and module not in ENTRANCE and source != ""
        if runs and (module, source) not in UPWARD:
            files[module].add(source)
    for graph in (rooms, files):
        try:
            list(TopologicalSorter(graph).static_order())
        except CycleError as error:
            return error.args[1]
    return []


SOURCES = Sources(PACKAGE)


def test_every_folder_of_code_is_a_room_that_says_what_lives_there():
    assert {path.parent.name for path in PACKAGE.glob("*/*.py")} == set(SOURCES.rooms)
    assert len(SOURCES.rooms) >= 10
    for room in SOURCES.rooms:
        assert len(ast.get_docstring(SOURCES.trees[room]).splitlines()[0]) > 30, room
        SOURCES.may_import(room)


@pytest.mark.parametrize("rule", [upward_imports, imports_by_name, private_uses, circles])
def test_the_package_keeps_the_rule(rule):
    assert rule(SOURCES) == []


def test_nothing_but_the_command_line_imports_the_report():
    importers = {one.module for one in SOURCES.all_imports() if room_of(one.source) == "report"}
    outside = {module for module in importers if room_of(module) != "report"}
    assert outside == ENTRANCE and "report" not in SOURCES.may_import("course")


def test_the_exceptions_are_needed():
    late = {(one.module, one.source) for one in SOURCES.all_imports() if one.when == "late"}
    assert late >= set(UPWARD) and set(DYNAMIC) <= set(SOURCES.files)


BREAKS = [
    ("from ..plotting.style import show", upward_imports),
    ("from uncertainty.plotting.style import show", upward_imports),
    ("from uncertainty.plotting import style", upward_imports),
    ("import uncertainty.plotting.style", upward_imports),
    ("import uncertainty.plotting.style as look", upward_imports),
    ("import uncertainty\nuncertainty.show", upward_imports),
    ("from uncertainty import show", upward_imports),
    ("from ..plotting.style import *", upward_imports),
    ("def f():\n    from ..plotting.style import show", upward_imports),
    ("async def f():\n    import uncertainty.plotting.style", upward_imports),
    ("class A:\n    from ..plotting.style import show", upward_imports),
    ("try:\n    from ..plotting.style import show\nexcept ImportError:\n    pass", upward_imports),
    ("import importlib\nimportlib.import_module('uncertainty.plotting.style')", imports_by_name),
    (
        "from importlib import import_module\nimport_module('..plotting.style', __package__)",
        imports_by_name,
    ),
    ("__import__('uncertainty.plotting.style')", imports_by_name),
    ("import sys\nsys.modules['uncertainty.plotting.style']", imports_by_name),
    ("from .prompts import _plain_token_ids", private_uses),
    ("from .prompts import _plain_token_ids as plain", private_uses),
    ("from . import prompts\nprompts._plain_token_ids", private_uses),
    ("from .. import information as info\ninfo._pair", private_uses),
    ("from ..lens._vocabulary_slices import block_statistics", private_uses),
    ("from .answers import Generation", circles),
    ("def f():\n    from .answers import Generation", circles),
]


@pytest.mark.parametrize(
    ("code", "rule"), BREAKS, ids=[code.replace("\n", "; ") for code, _ in BREAKS]
)
def test_each_way_to_break_the_rule_is_noticed(tmp_path, code, rule):
    """The package's import statements in small, and one file of `generation` (tokens.py) that breaks the rule."""
    copy = tmp_path / "uncertainty"
    for _module, path in SOURCES.files.items():
        target = copy / path.relative_to(PACKAGE)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(path.read_text(encoding="utf-8"), encoding="utf-8")
    with (copy / "generation" / "tokens.py").open("a", encoding="utf-8") as file:
        file.write("\n" + code + "\n")
    assert rule(Sources(copy)) != []


def test_the_tests_mirror_the_rooms():
    folders = [
        folder for folder in Path(__file__).parent.iterdir() if any(folder.glob("test_*.py"))
    ]
    assert {folder.name for folder in folders} == {*SOURCES.rooms, "site", "traps"}
