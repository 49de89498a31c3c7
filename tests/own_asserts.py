"""Tell a lesson's own assert, which a claim may fail, from any other error."""

import ast


def is_a_claims_own(error: dict) -> bool:
    """Return whether an assert in the cell itself failed, with nothing but asserts after it.

    Args:
        error: `name` of the exception, `line` of the cell that raised it (None: raised in what the
            cell called), and the cell's `source`.
    """
    if error["name"] != "AssertionError" or error["line"] is None:
        return False
    tree = ast.parse(error["source"])
    failed = [n for n in ast.walk(tree) if isinstance(n, ast.Assert) and _spans(n, error["line"])]
    after = [statement for statement in tree.body if statement.lineno > error["line"]]
    return bool(failed) and all(isinstance(statement, ast.Assert) for statement in after)


def _spans(node: ast.AST, line: int) -> bool:
    return node.lineno <= line <= node.end_lineno
