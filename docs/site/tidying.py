"""Small repairs of the pages, as a Sphinx extension."""

import re

from sphinx.application import Sphinx

FIELD = "Alias for field number"  # what Python says of each field of a NamedTuple
BAR_OUTSIDE_CODE = re.compile(r"(?P<code>``.*?``)|\|")


def setup(app: Sphinx) -> dict[str, bool]:
    """Connect the repairs."""
    app.config.html_static_path.append(str(app.srcdir / "_static"))
    app.connect("autodoc-process-docstring", with_plain_bars)
    app.connect("autodoc-skip-member", without_plain_fields)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def without_plain_fields(app, kind, name, member, skip, options) -> bool | None:
    """Leave out a field that has no words of its own; the class's signature shows it."""
    return True if (getattr(member, "__doc__", None) or "").startswith(FIELD) else None


def with_plain_bars(app, kind, name, value, options, lines: list[str]) -> None:
    """Keep the bars of |x|, which reStructuredText would take for a substitution."""
    literal_below: int | None = None  # the margin of the paragraph that announced literal text
    for number, line in enumerate(lines):
        margin = len(line) - len(line.lstrip())
        if line.strip() and literal_below is not None and margin <= literal_below:
            literal_below = None
        if literal_below is None:
            lines[number] = BAR_OUTSIDE_CODE.sub(lambda m: m["code"] or r"\|", line)
            if line.rstrip().endswith("::"):
                literal_below = margin
