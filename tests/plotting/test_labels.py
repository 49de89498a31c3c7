"""Labels fit to be shown: nothing that cannot be printed, nothing too long, no formula."""

from uncertainty.plotting.labels import (
    alternatives_html,
    printable,
    short_label,
    without_formulas,
)


def test_what_cannot_be_printed_is_replaced():
    assert printable(" a\nb\tc\u00a0") == " a\u23ceb\u00b7c\u00b7"
    assert printable("a\nb\tc", newline=" ", other="?") == "a b?c"


def test_a_short_label_has_twelve_characters_and_is_never_empty():
    assert short_label(" internation") == "internation"
    assert short_label("abcdefghijkl") == "abcdefghijkl"
    assert short_label("abcdefghijklm") == "abcdefghijk\u2026"
    assert short_label("   ") == short_label("") == "(space)"
    assert short_label("\n") == "\u23ce"


def test_dollars_are_no_formula():
    assert without_formulas("$x$") == r"\$x\$"


def test_alternatives_are_lines_of_escaped_html():
    lines = alternatives_html([(" <b>", 0.5), ("'", 0.25)]).split("&#10;")
    assert lines == ["0.500  &#x27; &lt;b&gt;&#x27;", "0.250  &quot;&#x27;&quot;"]
