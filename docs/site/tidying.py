"""Small repairs of the pages, as a Sphinx extension."""

import re
from pathlib import Path

from sphinx.application import Sphinx

FIELD = "Alias for field number"  # what Python says of each field of a NamedTuple
BAR_OUTSIDE_CODE = re.compile(r"(?P<code>``.*?``)|\|")
SIGNATURE = re.compile(r'<dt class="sig .*?</dt>', re.S)
UNNAMED_FOLD = '<summary><span class="toctree-toggle"'
NAMED_FOLD = '<summary aria-label="Pages below this one"><span class="toctree-toggle"'

# MyST-NB's name of a fold of code, which does not hold the words that one sees.
FOLD_OF_CODE = '<summary aria-label="Toggle hidden content">'


def setup(app: Sphinx) -> dict[str, bool]:
    """Connect the repairs."""
    for setting, name in (("html_static_path", "_static"), ("html_extra_path", "_whole")):
        if (app.srcdir / name).is_dir():
            getattr(app.config, setting).append(str(app.srcdir / name))
    app.connect("autodoc-process-docstring", with_plain_bars)
    app.connect("autodoc-skip-member", without_plain_fields)
    app.connect("build-finished", accessible_files)
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
            lines[number] = BAR_OUTSIDE_CODE.sub(lambda found: found["code"] or r"\|", line)
            if line.rstrip().endswith("::"):
                literal_below = margin


def accessible_files(app: Sphinx, exception: Exception | None) -> None:
    """Repair in every page what a screen reader would stumble over."""
    for path in Path(app.outdir).rglob("*.html"):
        text = path.read_text(encoding="utf-8")
        repaired = accessible_html(text)
        if repaired != text:
            path.write_text(repaired, encoding="utf-8")


def accessible_html(text: str) -> str:
    """Return HTML whose folds have names, and whose signatures hold no list without terms."""
    named = text.replace(UNNAMED_FOLD, NAMED_FOLD).replace(FOLD_OF_CODE, "<summary>")
    return SIGNATURE.sub(without_lists, named)


def without_lists(signature: re.Match) -> str:
    """Return a signature with spans in place of the list that Sphinx makes of its parameters."""
    text = signature[0]
    for tag, name in (("dl", "params"), ("dd", "param")):
        text = text.replace(f"<{tag}>", f'<span class="{name}">').replace(f"</{tag}>", "</span>")
    return text
