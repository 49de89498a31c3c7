"""A lesson's notebook as the site shows it: its links lead on, and no widget waits for a kernel."""

import json
from collections.abc import Callable, Mapping

from links import with_site_links

WIDGET = "application/vnd.jupyter.widget-view+json"
CLAIM = "application/vnd.uncertainty.claim+json"  # as in uncertainty.course.claims
NEEDS_KERNEL = (
    '<p class="needs-kernel">Here the lesson has something to play with. It needs Python: open '
    "this lesson in Colab or in JupyterLab and run it.</p>"
)


def lesson_page(
    text: str, page: str, pages: Mapping[str, str], links: Callable[..., str] = with_site_links
) -> str:
    """Return a notebook's JSON with the links of the site, and with words in place of widgets."""
    notebook = json.loads(text)
    for cell in notebook["cells"]:
        if cell["cell_type"] == "markdown":
            cell["source"] = links("".join(cell["source"]), page, pages)
        elif cell["cell_type"] == "code":
            cell["outputs"] = [readable(o) for o in cell["outputs"] if not is_progress(o)]
    return json.dumps(notebook)


def is_progress(output: Mapping) -> bool:
    """Whether an output is a progress bar, which says nothing once it is over."""
    words = "".join(output.get("data", {}).get("text/plain", ""))
    return WIDGET in output.get("data", {}) and "%|" in words


def readable(output: dict) -> dict:
    """Return an output as a page can show it: a sentence for a widget, the words of a claim."""
    data = output.get("data", {})
    if WIDGET in data:
        return {**output, "data": {"text/html": NEEDS_KERNEL}}
    if CLAIM in data:
        return {**output, "data": {kind: data[kind] for kind in data if kind != CLAIM}}
    return output
