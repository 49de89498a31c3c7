"""The source code that a result rests on, found from the functions themselves."""

import inspect
import zlib
from collections.abc import Callable, Iterable
from types import ModuleType

Code = Callable | type | ModuleType


def source_checksums(code: Iterable[Code]) -> list[int]:
    """Return the checksums of the modules these functions, classes or modules come from.

    They are sorted, one for each distinct source: neither the modules' names nor the order of
    ``code`` counts. A renamed file changes nothing; changed code does.

    Raises:
        ValueError: something without source, such as a function typed into a notebook or one
            written in C.
    """
    return sorted({zlib.crc32(_source(module).encode()) for module in source_modules(code)})


def source_modules(code: Iterable[Code]) -> set[ModuleType]:
    """Return the modules that these functions, classes or modules come from.

    A private file (``_name.py``) belongs to the modules of its folder that import from it, so it is
    found by itself.

    Raises:
        ValueError: something that has no module, such as an instance or a string.
    """
    modules: set[ModuleType] = set()
    waiting = [_module_of(thing) for thing in code]
    while waiting:
        module = waiting.pop()
        if module not in modules:
            modules.add(module)
            waiting += _private_neighbours(module)
    return modules


def _module_of(thing: Code) -> ModuleType:
    named = inspect.ismodule(thing) or hasattr(thing, "__qualname__")  # an instance has no source
    module = inspect.getmodule(thing) if named else None
    if module is None:
        raise ValueError(_no_source(thing))
    return module


def _private_neighbours(module: ModuleType) -> list[ModuleType]:
    """Return the private files of the same folder from which a module has imported something."""
    if not module.__package__:
        return []
    imported = {inspect.getmodule(value) for value in vars(module).values()}
    prefix = f"{module.__package__}._"
    return [other for other in imported if other and other.__name__.startswith(prefix)]


def _source(module: ModuleType) -> str:
    try:
        return inspect.getsource(module)
    except (OSError, TypeError) as error:
        raise ValueError(_no_source(module)) from error


def _no_source(thing: object) -> str:
    return (
        f"{thing!r} has no source file, so a change of its code would go unseen. In `code`, pass "
        "functions, classes or modules that were imported from Python files."
    )
