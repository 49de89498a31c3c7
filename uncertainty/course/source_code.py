"""The source code that a result rests on, found from the functions themselves."""

import ast
import importlib
import importlib.util
import inspect
import zlib
from collections.abc import Callable, Iterable, Iterator
from types import ModuleType
from typing import Any
from weakref import WeakKeyDictionary

Code = Callable | type | ModuleType

# Each module's spec and source when this process first looked at it.
_first_seen: WeakKeyDictionary[ModuleType, tuple[Any, str]] = WeakKeyDictionary()


def source_checksums(code: Iterable[Code]) -> list[int]:
    """Return the checksums of the modules these functions, classes or modules come from.

    They are sorted, one for each distinct source: neither the modules' names nor the order of
    ``code`` counts. A renamed file changes nothing; changed code does.

    A module's file is read once in a process, at the first call that needs it: what is edited later
    is not what runs. ``importlib.reload`` makes a module that is read again. Restart Python (the
    kernel) after any other edit: a file that was edited after its import and before that first call
    is taken for the code that runs, and what IPython's autoreload has put in place may count as the
    code before the edit.

    Raises:
        ValueError: something without source, such as a function typed into a notebook or one
            written in C; a function made inside another.
    """
    sources = [_source(module) for module in source_modules(code)]
    return sorted({zlib.crc32(source.encode()) for source in sources})


def source_modules(code: Iterable[Code]) -> set[ModuleType]:
    """Return the modules that these functions, classes or modules come from.

    A private file (``_name.py``) belongs to the modules of its folder that import from it, wherever
    in their code they do, so it is found by itself.

    Raises:
        ValueError: something without source; an instance, such as a string; a function made inside
            another.
    """
    modules: set[ModuleType] = set()
    waiting = [_module_of(thing) for thing in code]
    while waiting:
        module = waiting.pop()
        if module not in modules:
            modules.add(module)
            waiting += _private_neighbours(module)
    return modules


def _module_of(thing: Any) -> ModuleType:
    written = inspect.ismodule(thing) or inspect.isclass(thing) or inspect.ismethod(thing)
    written = written or inspect.isfunction(inspect.unwrap(thing))  # else an instance, or C
    module = inspect.getmodule(thing) if written else None
    name = getattr(inspect.unwrap(thing), "__qualname__", "")
    if module is None or not _source(module):
        raise ValueError(
            f"{name or repr(thing)} has no source file, so a change of its code would go unseen. "
            "In `code`, pass functions, classes or modules that were imported from Python files."
        )
    if "<" in name:  # <locals> or <lambda>
        raise ValueError(
            f"{name} of {module.__name__} was made inside another function, or is a lambda, so a "
            "change of the code it uses could go unseen. In `code`, pass the functions that it "
            "uses, each defined with `def` at the top of its file, or their modules. If a "
            "decorator made it, add functools.wraps there, or pass both modules."
        )
    return module


def _private_neighbours(module: ModuleType) -> list[ModuleType]:
    """Return the private files of the same folder from which a module imports something."""
    if not module.__package__:
        return []
    prefix = f"{module.__package__}._"
    private = {name for name in _imported_names(module) if name.startswith(prefix)}
    neighbours = [_imported(name) for name in sorted(private)]
    return [neighbour for neighbour in neighbours if neighbour and _source(neighbour)]


def _imported_names(module: ModuleType) -> Iterator[str]:
    """Yield the full names in the relative imports of a module: some of them are modules."""
    for node in ast.walk(ast.parse(_source(module))):
        if isinstance(node, ast.ImportFrom) and node.level:
            relative = "." * node.level + (node.module or "")
            origin = importlib.util.resolve_name(relative, module.__package__)
            yield origin
            yield from (f"{origin}.{alias.name}" for alias in node.names)


def _imported(name: str) -> ModuleType | None:
    """Return the module of that name, or None where it is no module (a constant, say)."""
    try:
        return importlib.import_module(name)
    except ImportError:
        return None


def _source(module: ModuleType) -> str:
    """Return a module's source as this process first saw it, or "" where there is none.

    A module that is reloaded gets another spec.
    """
    spec = getattr(module, "__spec__", None)
    if module not in _first_seen or _first_seen[module][0] is not spec:
        _first_seen[module] = (spec, _source_on_disk(module))
    return _first_seen[module][1]


def _source_on_disk(module: ModuleType) -> str:
    try:
        return inspect.getsource(module)
    except (OSError, TypeError):
        return ""
