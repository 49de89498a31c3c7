"""Token labels made fit to be shown: in a figure, in a table, in HTML."""

from collections.abc import Iterable
from html import escape

NEWLINE_MARK = "\u23ce"


def printable(text: str, *, newline: str = NEWLINE_MARK, other: str = "\u00b7") -> str:
    """Replace what cannot be printed: line breaks by ``newline``, the rest by ``other``."""
    shown = []
    for character in text:
        if character.isprintable():
            shown.append(character)
        elif character == "\n":
            shown.append(newline)
        else:
            shown.append(other)
    return "".join(shown)


def short_label(label: str, longest: int = 12) -> str:
    """Return a label in at most ``longest`` printable characters, without the spaces around it."""
    shown = printable(label).strip()
    if not shown:
        return "(space)"
    if len(shown) > longest:
        return shown[: longest - 1] + "\u2026"
    return shown


def without_formulas(text: str) -> str:
    """Escape the dollars, between which matplotlib would read a formula."""
    return text.replace("$", r"\$")


def alternatives_html(alternatives: Iterable[tuple[str, float]]) -> str:
    """Return one line for each token and its probability, for a ``title`` attribute."""
    lines = [f"{p:.3f}  {escape(repr(label))}" for label, p in alternatives]
    return "&#10;".join(lines)
