"""The source code that a result rests on, found from the functions themselves."""

import inspect
import sys
import zlib
from collections.abc import Callable, Iterable
from types import ModuleType
from typing import Any

Code = Callable | type | ModuleType


def source_checksums(code: Iterable[Code]) -> list[int]:
    """Return the checksums of the modules these functions, classes or modules come from.

    They are sorted, one for each distinct source: neither the modules' names nor the order of
    ``code`` counts. A renamed file changes nothing; changed code does.

    Raises:
        ValueError: something without source, such as a function typed into a notebook or one
            written in C.
    """
    sources = [inspect.getsource(module) for module in source_modules(code)]
    return sorted({zlib.crc32(source.encode()) for source in sources})


def source_modules(code: Iterable[Code]) -> set[ModuleType]:
    """Return the modules that these functions, classes or modules come from.

    A private file (``_name.py``) belongs to the modules of its folder that import from it, so it is
    found by itself.

    Raises:
        ValueError: something without source, or an instance, such as a string.
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
    if module is None or not _has_source(module):
        name = getattr(thing, "__qualname__", repr(thing))
        raise ValueError(
            f"{name} has no source file, so a change of its code would go unseen. In `code`, pass "
            "functions, classes or modules that were imported from Python files."
        )
    return module


def _private_neighbours(module: ModuleType) -> list[ModuleType]:
    """Return the private files of the same folder from which a module has imported something."""
    if not module.__package__:
        return []
    origins = {getattr(value, "__module__", None) for value in vars(module).values()}
    origins |= {value.__name__ for value in vars(module).values() if inspect.ismodule(value)}
    prefix = f"{module.__package__}._"
    private = [name for name in origins if isinstance(name, str) and name.startswith(prefix)]
    imported = [sys.modules[name] for name in private if name in sys.modules]
    return [neighbour for neighbour in imported if _has_source(neighbour)]


def _has_source(module: ModuleType) -> bool:
    try:
        return bool(inspect.getsource(module))
    except (OSError, TypeError):
        return False
