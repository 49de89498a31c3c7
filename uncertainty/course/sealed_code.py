"""The code of a claim as text: its functions, and what they use from the same notebook."""

import ast
import dis
import inspect
import re
import textwrap
from collections.abc import Callable, Iterator
from types import CodeType, FunctionType
from typing import Any

SIMPLE = (str, int, float, bool, type(None), re.Pattern)


def code_of(function: Callable) -> str:
    """Return a function's source, with the functions and plain values of its notebook that it uses.

    A notebook's cells are one module. Functions that the function calls from there are followed;
    numbers, texts, patterns, and tuples and sets of them count by their value. What is imported
    counts by its name only. Dictionaries and arrays are data and do not count.

    Raises:
        ValueError: not a function written with ``def`` and a name, one whose source is nowhere, or
            one that uses a list of plain values, which could grow unnoticed.
    """
    parts: dict[str, str] = {}
    _collect(function, parts)
    first = parts.pop(function.__name__)
    return "\n\n".join([first, *(parts[name] for name in sorted(parts))])


def same_code(one: str, other: str) -> bool:
    """Return whether two texts are the same program: comments and spacing do not count."""
    try:
        return ast.dump(ast.parse(one)) == ast.dump(ast.parse(other))
    except SyntaxError:
        return one == other


def _collect(function: Callable, parts: dict[str, str]) -> None:
    """Add the source of a function, and of all that it uses, to the parts by name."""
    if not isinstance(function, FunctionType) or function.__name__ == "<lambda>":
        raise ValueError(f"{function!r} has no name of its own: write it with def in a cell.")
    parts[function.__name__] = _source(function)
    for name in sorted(set(_global_names(function.__code__))):
        value = function.__globals__.get(name)
        if name in parts:
            continue
        if isinstance(value, FunctionType) and value.__module__ == function.__module__:
            _collect(value, parts)
        elif name in function.__globals__ and _is_plain(value):
            parts[name] = f"{name} = {_text(value)}"
        elif isinstance(value, list) and value and all(map(_is_plain, value)):
            raise ValueError(
                f"{function.__name__} uses the list {name}, which can be changed after sealing: "
                f"make it a tuple, {name} = tuple({name}), whose values are sealed."
            )


def _source(function: FunctionType) -> str:
    try:
        return textwrap.dedent(inspect.getsource(function)).rstrip()
    except (OSError, TypeError) as error:
        raise ValueError(
            f"the source of {function.__name__} is not to be found ({error}): write the function "
            "in a cell or in a file."
        ) from error


def _global_names(code: CodeType) -> Iterator[str]:
    """Yield the global names that some code reads, with those of functions inside it."""
    for instruction in dis.get_instructions(code):
        if instruction.opname in ("LOAD_GLOBAL", "LOAD_NAME"):
            yield instruction.argval
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _global_names(constant)


def _is_plain(value: Any) -> bool:
    if isinstance(value, (tuple, set, frozenset)):
        return all(_is_plain(item) for item in value)
    return isinstance(value, SIMPLE)


def _text(value: Any) -> str:
    """Return a plain value as text; a set in the order of its members' texts."""
    if isinstance(value, (set, frozenset)):
        return f"{{{', '.join(sorted(map(_text, value)))}}}"
    return repr(value)
