"""Is the answer to a task right? Checks for code, titles and translations."""

import ast
import re
import secrets
import subprocess
import sys
import tempfile
import unicodedata
from collections import Counter
from collections.abc import Sequence

SECONDS = 5
ALLOWED_MODULES = {"math"}
# Names by which code could reach files, other processes or the interpreter itself.
# fmt: off
FORBIDDEN_NAMES = frozenset((
    "open", "exec", "eval", "compile", "input", "breakpoint", "globals", "locals", "vars",
    "getattr", "setattr", "delattr", "help", "exit", "quit", "memoryview",
))
# fmt: on


def function_written(prompt: str, continuation: str) -> str:
    """Return a prompt that begins a function, and its continuation up to the function's end.

    The function ends before the first line of the continuation that is not indented.
    """
    kept: list[str] = []
    for number, line in enumerate(continuation.split("\n")):
        if number and line.strip() and not line[0].isspace():
            break
        kept.append(line)
    return prompt + "\n".join(kept)


def passes_asserts(code: str, asserts: Sequence[str], *, seconds: float = SECONDS) -> bool:
    """Return whether each expression is true after the code ran.

    The code runs in a Python process of its own, in an empty folder, for at most `seconds`. Code
    that imports anything but ``math``, or names what could reach files or the interpreter
    (`FORBIDDEN_NAMES`, and any name with two underscores), is not run and does not pass. That keeps
    accidents away; it is no prison for code that means harm.

    Raises:
        ValueError: no expressions.
    """
    if not asserts:
        raise ValueError("no expressions to check: any code would pass.")
    if not is_harmless(code):
        return False
    passed = secrets.token_hex()  # printed last, so that code which ends early does not pass
    checks = [f"assert {expression}" for expression in asserts]
    script = "\n".join([code, *checks, f"print({passed!r})"])
    with tempfile.TemporaryDirectory() as empty:
        try:
            # -I: neither the environment nor the current folder adds modules
            done = subprocess.run(
                [sys.executable, "-I", "-S", "-c", script],
                cwd=empty,
                capture_output=True,
                stdin=subprocess.DEVNULL,
                timeout=seconds,
            )
        except subprocess.TimeoutExpired:
            return False
    return done.returncode == 0 and done.stdout.decode(errors="replace").split()[-1:] == [passed]


def is_harmless(code: str) -> bool:
    """Return whether code parses, and names nothing that `passes_asserts` forbids."""
    try:
        tree = ast.parse(code)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    return all(_is_allowed(node) for node in ast.walk(tree))


def contains_facts(text: str, facts: Sequence[Sequence[str]]) -> bool:
    """Return whether a text has, for every fact, a word that begins as one of its beginnings.

    Case and accents do not count. ``[["snow"], ["train", "rail"]]`` needs both facts.

    Raises:
        ValueError: no facts, or a fact without beginnings.
    """
    if not facts or not all(facts):
        raise ValueError(f"need at least one beginning for every fact, got {list(facts)!r}.")
    words = plain_text(text).split()
    return all(
        any(word.startswith(plain_text(beginning)) for word in words for beginning in fact)
        for fact in facts
    )


def contains_phrase(text: str, accepted: Sequence[str]) -> bool:
    """Return whether one of the phrases stands in a text, as whole words in a row.

    Case, accents and punctuation do not count.

    Raises:
        ValueError: no phrases, or one without words.
    """
    phrases = [plain_text(phrase) for phrase in accepted]
    if not phrases or not all(phrases):
        raise ValueError(f"need phrases with words, got {list(accepted)!r}.")
    padded = f" {plain_text(text)} "
    return any(f" {phrase} " in padded for phrase in phrases)


def ngram_overlap(text: str, references: Sequence[str], *, longest: int = 4) -> float:
    """Return the best overlap of a text's letter groups with a reference, in [0, 1].

    For n = 1..longest, with the counts c of all runs of n characters of `plain_text`::

        F_n = 2 sum_g min(c_text(g), c_reference(g)) / (sum_g c_text(g) + sum_g c_reference(g))

    The overlap is the mean of the F_n for which either text has such runs. It is chrF's idea with
    equal weights of precision and recall, not its number.

    Raises:
        ValueError: no references, one without words, or longest below 1.
    """
    if longest < 1:
        raise ValueError(f"longest must be at least 1, got {longest}.")
    if not references or not all(plain_text(reference) for reference in references):
        raise ValueError(f"need references with words, got {list(references)!r}.")
    return max(_overlap(plain_text(text), plain_text(one), longest) for one in references)


def plain_text(text: str) -> str:
    """Return a text in small letters without accents; one space for all that is no letter or digit.

    >>> plain_text("L'été, déjà!")
    'l ete deja'
    """
    decomposed = unicodedata.normalize("NFKD", text.lower().replace("ß", "ss").replace("œ", "oe"))
    letters = "".join(char for char in decomposed if not unicodedata.combining(char))
    return re.sub(r"[\W_]+", " ", letters).strip()


def _overlap(text: str, reference: str, longest: int) -> float:
    scores = []
    for n in range(1, longest + 1):
        one, other = _runs(text, n), _runs(reference, n)
        total = one.total() + other.total()
        if total:
            scores.append(2 * (one & other).total() / total)
    return sum(scores) / len(scores)


def _runs(text: str, n: int) -> Counter:
    return Counter(text[start : start + n] for start in range(len(text) - n + 1))


def _is_allowed(node: ast.AST) -> bool:
    if isinstance(node, ast.Import):
        return all(alias.name in ALLOWED_MODULES for alias in node.names)
    if isinstance(node, ast.ImportFrom):
        return node.module in ALLOWED_MODULES
    if isinstance(node, ast.Name):
        return node.id not in FORBIDDEN_NAMES and "__" not in node.id
    if isinstance(node, ast.Attribute):
        return "__" not in node.attr
    return True
