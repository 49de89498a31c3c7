"""The site for people who cannot see it, who use a keyboard, a phone, dark mode or paper: axe-core in Chromium.

Needs Node.js, Chromium and two npm packages (`make accessible` fetches the packages); without them it is skipped.
"""

import json

import pytest
from browsing import browse

from uncertainty.course.lessons import LESSONS

BAD_PAGE = """<!doctype html>
<html lang="en"><head><title>A page with faults</title></head><body><main><h1>Faults</h1>
<img src="data:image/gif;base64,R0lGODlhAQABAAAAACwAAAAAAQABAAA="><p style="color:#bbb;background:#fff">Pale.</p>
<details><summary>Fold</summary><button></button></details>
<div style="width:900px">Wide.</div><script src="http://127.0.0.1:9/x.js"></script><script>throw Error("no")</script>
</main></body></html>"""


def audit(folder, out) -> list[dict]:
    """What was found on each page in each view."""
    browse("audit_site.mjs", folder, out)
    return json.loads(out.read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def views(site, tmp_path_factory):
    """Every page of the site in every view."""
    found = audit(site.folder, tmp_path_factory.mktemp("audit") / "audit.json")
    assert {view["page"] for view in found} == set(site.pages)
    assert {view["view"] for view in found} == {"wide", "phone", "dark", "print"}
    return found


def test_the_audit_finds_faults(tmp_path):
    """A page with six faults: they must be found, or the tests below say nothing."""
    (tmp_path / "bad.html").write_text(BAD_PAGE, encoding="utf-8")
    views = {view["view"]: view for view in audit(tmp_path, tmp_path / "out.json")}
    rules = {fault["rule"] for fault in views["phone"]["violations"]}
    assert {"image-alt", "color-contrast", "button-name"} <= rules
    assert (
        views["phone"]["sideways"] > 500 and views["phone"]["outside"] and views["phone"]["errors"]
    )
    assert {fault["rule"] for fault in views["print"]["violations"]} == {"color-contrast"}


def test_no_page_violates_wcag(views):
    faults = [
        (view["page"], view["view"], fault["rule"], fault["html"])
        for view in views
        for fault in view["violations"]
    ]
    assert faults == []


def test_no_page_scrolls_sideways(views):
    wide = [
        (v["page"], v["view"], v["sideways"], v["wide"])
        for v in views
        if v["sideways"] > 0 and v["view"] != "print"
    ]
    assert wide == []


def test_pages_work_without_errors_and_without_others(views):
    assert [
        (v["page"], v["view"], v["errors"], v["outside"])
        for v in views
        if v["errors"] or v["outside"]
    ] == []


def test_every_formula_is_set(views):
    assert [v["page"] for v in views if v["formulas"] > v["typeset"]] == [] and sum(
        v["typeset"] for v in views
    ) > 500


def test_dark_is_dark(views):
    assert {(v["view"], v["theme"]) for v in views} >= {("dark", "dark"), ("wide", "light")}
    assert {v["theme"] for v in views if v["view"] == "dark"} <= {
        "dark",
        None,
    }  # a report has no theme


@pytest.mark.parametrize(
    "page",
    ["index.html", f"notebooks/{LESSONS[2].file.removesuffix('.ipynb')}.html", "api/measures.html"],
)
def test_the_keyboard_reaches_everything_and_shows_where_it_is(site, page):
    walk = json.loads(browse("walk_page.mjs", site.folder / page))
    assert walk["first"] == "Skip to main content" and walk["reached"] >= walk["wanted"] > 50
    assert walk["missed"] == [] and walk["faint"] == []


def test_the_search_finds_a_name_and_a_term_and_works_from_a_file(site):
    found = json.loads(browse("search_site.mjs", site.folder, "auroc"))
    assert {"uncertainty.auroc", "Glossary > AUROC"} <= set(found["titles"]) and found[
        "errors"
    ] == []
