"""The reference: a page for each room of the package, with every public name and its docstring."""

import ast
import importlib
import inspect
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path
from textwrap import indent

import uncertainty

# What no room owns stands in modules of the package itself.
NO_ROOM = "basics"
BASICS = "What every room needs: entropies and divergences of logits, and constants."
# From what a model wrote, over how unsure it was, to what is inside it and how it is shown.
USED_FIRST = ["loading", "generation", "measures", "evaluation", "referee", "report", "data"]
INSIDE = ["lens", "neurons", "heads", "architecture"]
ORDER = [*USED_FIRST, *INSIDE, "plotting", "course", NO_ROOM]
HEAD = """{title}
{line}

{words}

.. py:currentmodule:: uncertainty

"""


def reference_pages() -> dict[str, str]:
    """Return the reference as reStructuredText, by file name."""
    rooms = names_by_room()
    if set(rooms) != set(ORDER):
        raise ValueError(f"ORDER must name the rooms {sorted(rooms)}, not {sorted(ORDER)}.")
    pages = {f"{room}.rst": room_page(room, rooms[room]) for room in ORDER}
    return {"index.rst": index_page(rooms), **pages}


def names_by_room() -> dict[str, dict[str, list[str]]]:
    """Return the public names by room and module, in the order of the alphabet."""
    rooms: dict = defaultdict(lambda: defaultdict(list))
    for name in uncertainty.__all__:
        home = uncertainty._HOME[name]
        room, dot, _ = home.rpartition(".")
        rooms[room.split(".")[0] if dot else NO_ROOM][home].append(name)
    return {room: dict(sorted(modules.items())) for room, modules in rooms.items()}


def index_page(rooms: dict[str, dict[str, list[str]]]) -> str:
    """Return the first page: what each room is for, with its names."""
    title = "The package's reference"
    words = (
        "Everything here is imported from ``uncertainty`` itself, as in "
        "``from uncertainty import auroc``. Tensors go in and come out; entropies and surprisals "
        "are in nats."
    )
    lines = []
    for room in ORDER:
        names = sorted(name for found in rooms[room].values() for name in found)
        links = ", ".join(f"`{name}`" for name in names)
        lines += [f":doc:`{room}`", indent(f"{room_sentence(room)} {links}", "    "), ""]
    order = indent("\n".join(ORDER), "   ")
    contents = f"\n.. toctree::\n   :hidden:\n\n{order}\n"
    return (
        HEAD.format(title=title, line="=" * len(title), words=words) + "\n".join(lines) + contents
    )


def room_page(room: str, modules: dict[str, list[str]]) -> str:
    """Return a room's page: a section for each module, an entry for each public name."""
    parts = [HEAD.format(title=room, line="=" * len(room), words=room_sentence(room))]
    for module, names in modules.items():
        title, sentence = module, first_sentence(f"uncertainty.{module}")
        parts.append(f"``{title}``\n{'-' * (len(title) + 4)}\n\n{sentence}\n")
        parts += [entry(name) for name in names]
    return "\n".join(parts)


def entry(name: str) -> str:
    """Return the directive that documents a public name."""
    value = getattr(uncertainty, name)
    if inspect.isclass(value):
        return f".. autoclass:: {name}\n   :members:\n"
    if callable(value):
        return f".. autofunction:: {name}\n"
    shown = value if isinstance(value, str | int) else None
    header = f".. py:data:: {name}\n" + (f"   :value: {shown!r}\n" if shown is not None else "")
    return f"{header}\n{indent(constant_words(name), '   ')}\n"


def constant_words(name: str) -> str:
    """Return what is said of a constant: below it, above it, or else what it holds."""
    module = importlib.import_module(f"uncertainty.{uncertainty._HOME[name]}")
    source = Path(module.__file__).read_text(encoding="utf-8")
    body = ast.parse(source).body
    place = next(number for number, node in enumerate(body) if name in targets(node))
    value = getattr(uncertainty, name)
    held = f" Holds {keys(value)}." if isinstance(value, dict) else ""
    if place + 1 < len(body) and (below := text_of(body[place + 1])):
        return below + held
    above = comment_above(source.splitlines(), body[place].lineno - 1)
    return (above + held).strip() or first_sentence(module.__name__)


def targets(node: ast.stmt) -> list[str]:
    """Return the names that a statement assigns to."""
    assigned = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
    return [target.id for target in assigned if isinstance(target, ast.Name)]


def text_of(node: ast.stmt) -> str:
    """Return a statement that is only a text, or else nothing."""
    value = node.value if isinstance(node, ast.Expr) else None
    return str(value.value) if isinstance(value, ast.Constant) else ""


def comment_above(lines: list[str], place: int) -> str:
    """Return the comment above a line, or above the group of lines that it belongs to."""
    while place and lines[place - 1] and not lines[place - 1].startswith("# "):
        place -= 1
    comment: list[str] = []
    while lines[place - 1].startswith("# "):
        comment.insert(0, lines[place - 1].removeprefix("# "))
        place -= 1
    return " ".join(comment)


def keys(value: Iterable[str]) -> str:
    """Return the keys of a dict as a list in words."""
    return ", ".join(f"``{key!r}``" for key in value)


def room_sentence(room: str) -> str:
    """Return what lives in a room."""
    return BASICS if room == NO_ROOM else first_sentence(f"uncertainty.{room}")


def first_sentence(module: str) -> str:
    """Return the first paragraph of a module's docstring."""
    source = Path(importlib.import_module(module).__file__).read_text(encoding="utf-8")
    return (ast.get_docstring(ast.parse(source)) or "").split("\n\n")[0].replace("\n", " ")
