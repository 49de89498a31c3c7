"""Signatures as they are written, say ``ArrayLike`` and not what it stands for: an extension."""

import ast
import inspect
from textwrap import dedent

from sphinx.application import Sphinx


def setup(app: Sphinx) -> dict[str, bool]:
    """Take every signature from the source."""
    app.connect("autodoc-process-signature", as_written)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def as_written(app, kind, name, value, options, signature, returns) -> tuple[str, str] | None:
    """Return parameters and result in the words of the source; None keeps what Sphinx found."""
    if signature is None or not (inspect.isclass(value) or inspect.isfunction(value)):
        return None
    [node] = ast.parse(dedent(inspect.getsource(inspect.unwrap(value)))).body
    if isinstance(node, ast.ClassDef):
        arguments = class_arguments(node)
        return None if arguments is None else (f"({arguments})", "")
    result = "" if node.returns is None else ast.unparse(node.returns)
    return f"({ast.unparse(without_self(node.args))})", result


def class_arguments(node: ast.ClassDef) -> str | None:
    """Return what a class is made from: its ``__init__`` or its fields; None without either."""
    for item in node.body:
        if isinstance(item, ast.FunctionDef) and item.name == "__init__":
            return ast.unparse(without_self(item.args))
    fields = [item for item in node.body if isinstance(item, ast.AnnAssign)]
    return ", ".join(ast.unparse(field) for field in fields if is_argument(field)) or None


def is_argument(field: ast.AnnAssign) -> bool:
    """Whether a field of a dataclass is given when an object is made."""
    return "init=False" not in ast.unparse(field) and "ClassVar" not in ast.unparse(field)


def without_self(arguments: ast.arguments) -> ast.arguments:
    """Return the arguments that a caller gives."""
    if arguments.args and arguments.args[0].arg == "self":
        arguments.args.pop(0)
    return arguments
