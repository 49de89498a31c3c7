"""Relative links of the repository, as they must stand on the site.

A page of the site is linked as a page; a picture comes along; any other file of the repository,
such as code, is linked where the repository can be read.
"""

import posixpath
import re
from collections.abc import Mapping

from repository import ROOT, address_of

PICTURES = (".png", ".svg")
# Code, which is left as it is, or the target of a link: "](target)".
CODE_OR_TARGET = re.compile(
    r"(?P<code>^```.*?^```|`[^`\n]+`)|\]\((?P<target>[^()\s]+)\)", re.M | re.S
)


def with_site_links(text: str, page: str, pages: Mapping[str, str]) -> str:
    """Return Markdown whose relative links lead to pages of the site or to the repository.

    Args:
        page: the path of the file that the text stands in, from the repository's root.
        pages: the path of every page, with the path that it has on the site.
    """

    def rewritten(match: re.Match) -> str:
        if match["code"]:
            return match["code"]
        return f"]({site_target(match['target'], page, pages)})"

    return CODE_OR_TARGET.sub(rewritten, text)


def site_target(target: str, page: str, pages: Mapping[str, str]) -> str:
    """Return what a link of a page leads to on the site.

    Raises:
        ValueError: there is no such file in the repository.
    """
    if re.match(r"[a-z]+:|#", target):
        return target
    file, hash_sign, anchor = target.partition("#")
    path = posixpath.normpath(posixpath.join(posixpath.dirname(page), file))
    if not (ROOT / path).exists():
        raise ValueError(f"{page} links to {target!r}, and there is no {path}.")
    if path not in pages and not path.endswith(PICTURES):
        return address_of(path) + hash_sign + anchor
    if path.endswith(".ipynb"):
        anchor = anchor.lower()  # JupyterLab keeps a heading's capitals, the site does not
    start = posixpath.dirname(pages[page]) or "."
    return posixpath.relpath(pages.get(path, path), start) + hash_sign + anchor


def pictures_of(text: str, page: str) -> set[str]:
    """Return the paths, from the repository's root, of the pictures that a text shows."""
    targets = [match["target"] for match in CODE_OR_TARGET.finditer(text)]
    shown = [t for t in targets if t and t.endswith(PICTURES) and ":" not in t]
    return {posixpath.normpath(posixpath.join(posixpath.dirname(page), t)) for t in shown}
