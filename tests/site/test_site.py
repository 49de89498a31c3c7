"""The site: every page is there and complete, every link arrives, nothing is asked of anybody else."""

import html
import inspect
import json
import posixpath
import re
from pathlib import Path
from urllib.parse import unquote

import pytest
from packaging.version import Version

import uncertainty
from uncertainty.course.lessons import LESSONS

ROOT = Path(__file__).parent.parent.parent
LESSON_PAGES = [f"notebooks/{lesson.file.removesuffix('.ipynb')}.html" for lesson in LESSONS]
TEXT_PAGES = [
    "CHANGELOG.html",
    "CONTRIBUTING.html",
    "FAMILIES.html",
    "TEACHING.html",
    "docs/capstone/rubric.html",
    "docs/capstone/template.html",
    "docs/explorers/index.html",
    "docs/glossary.html",
    "docs/leaderboard.html",
    "docs/asked_elsewhere.html",
    "docs/ledger/index.html",
    "docs/tour_practitioners.html",
    "docs/tour_researchers.html",
    "index.html",
    "reports/index.html",
]
REPORTS = [
    "reports/gemma3-270m.html",
    "reports/smollm2-135m.html",
]  # pages of their own, without the frame
GERMAN = [
    f"de/{page}" for page in [*LESSON_PAGES[:4], "docs/glossary.html", "index.html", "search.html"]
] + ["de/genindex.html"]
EXPLORERS = [f"docs/explorers/{name}.html" for name in ("lens", "neurons", "threshold", "tokens")]
# Tags that make a browser fetch something, with the attribute that says what.
FETCHING = {
    "img": "src",
    "script": "src",
    "iframe": "src",
    "source": "src",
    "video": "src",
    "link": "href",
}
FETCHED_RELATIONS = {"stylesheet", "preload", "icon", "modulepreload", "prefetch", "preconnect"}


def tags(text: str, name: str) -> list[dict[str, str]]:
    """The attributes of every tag of a kind."""
    found = re.findall(
        rf"<{name}\b((?:\s+[^\s=>]+(?:=(?:\"[^\"]*\"|'[^']*'|[^\s>]+))?)*)\s*/?>", text
    )
    return [
        {
            key: html.unescape(value)
            for key, value in re.findall(r"([^\s=]+)=[\"']([^\"']*)[\"']", attributes)
        }
        for attributes in found
    ]


def words(text: str) -> str:
    """A text's letters and digits, for comparison of what is marked up in two ways."""
    return " ".join(re.findall(r"[a-z0-9]+", text.lower()))


def resources(text: str) -> list[str]:
    """What a browser fetches to show a page."""
    found = []
    for name, attribute in FETCHING.items():
        for attributes in tags(text, name):
            if name != "link" or FETCHED_RELATIONS & set(attributes.get("rel", "").split()):
                found.append(attributes.get(attribute, ""))
    return [target for target in found if target and not target.startswith("data:")]


def test_it_is_built_without_a_warning(site):
    assert re.fullmatch(r"Open .*index\.html in a browser\.\n", site.said)


def test_every_page_is_there(site):
    rooms = {home.split(".")[0] for home in uncertainty._HOME.values() if "." in home}
    reference = [f"api/{name}.html" for name in {"index", "basics", *rooms}]
    made = ["genindex.html", "search.html"]
    assert site.pages == sorted(
        [*LESSON_PAGES, *TEXT_PAGES, *reference, *REPORTS, *EXPLORERS, *made, *GERMAN]
    )


def test_every_lesson_leads_to_its_neighbours(site):
    way = ["TEACHING.html", *LESSON_PAGES, "docs/glossary.html"]
    for before, page, after in zip(way, way[1:], way[2:]):
        links = {
            link["class"]: link["href"]
            for link in tags(site.read(page), "a")
            if "-" in link.get("class", "")
        }
        folder = posixpath.dirname(page)
        assert posixpath.normpath(posixpath.join(folder, links["left-prev"])) == before
        assert posixpath.normpath(posixpath.join(folder, links["right-next"])) == after


def test_every_lesson_opens_in_colab_and_can_be_downloaded(site):
    for page in LESSON_PAGES:
        links = [
            link["href"]
            for link in tags(site.read(page), "a")
            if "dropdown-item" in link.get("class", "")
        ]
        notebook = page.replace(".html", ".ipynb")
        [colab] = [
            link for link in links if link.startswith("https://colab.research.google.com/github/")
        ]
        assert colab.endswith(f"/blob/main/{notebook}")
        [download] = [link for link in links if link.endswith(".ipynb") and link != colab]
        copy = json.loads(site.read(posixpath.normpath(posixpath.join("notebooks", download))))
        original = json.loads((ROOT / notebook).read_text(encoding="utf-8"))
        assert [cell["id"] for cell in copy["cells"]] == [cell["id"] for cell in original["cells"]]


def test_every_description_of_a_figure_is_on_its_page(site):
    for page in LESSON_PAGES:
        alts = {image.get("alt") for image in tags(site.read(page), "img")}
        notebook = json.loads((ROOT / page.replace(".html", ".ipynb")).read_text(encoding="utf-8"))
        outputs = [output for cell in notebook["cells"] for output in cell.get("outputs", [])]
        described = [
            output["metadata"]["image/png"]["alt"]
            for output in outputs
            if "image/png" in output.get("data", {})
        ]
        assert described and {words(alt) for alt in described} <= {words(alt) for alt in alts}


def test_every_picture_has_a_description(site):
    for page in site.pages:
        for attributes in tags(site.read(page), "img"):
            assert attributes.get("alt", "").strip(), (page, attributes)


def test_every_public_name_is_in_the_reference_with_its_docstring(site):
    reference = "".join(site.read(page) for page in site.pages if page.startswith("api/"))
    for name in uncertainty.__all__:
        place = reference.index(f'id="uncertainty.{name}"')
        start = reference.index("</dt>", place)
        entry = words(html.unescape(re.sub(r"<[^>]+>", "", reference[start : start + 8000])))
        value = getattr(uncertainty, name)
        if callable(value):
            docstring = inspect.getdoc(value).split("\n\n")[0]
            assert words(docstring) in entry, name


def test_signatures_stand_as_they_are_written(site):
    text = re.sub(r"<[^>]+>", "", site.read("api/evaluation.html"))
    assert "auroc wrong arraylike uncertainty arraylike float" in words(html.unescape(text))
    assert "_SupportsArray" not in text


def test_no_page_asks_anybody_else_for_anything(site):
    for page in site.pages:
        text = site.read(page)
        for target in resources(text):
            assert not re.match(r"(?:https?:)?//", target), (page, target)
            file = posixpath.normpath(posixpath.join(posixpath.dirname(page), target.split("?")[0]))
            assert (site.folder / file).is_file(), (page, target)
    for sheet in site.folder.rglob("*.css"):
        assert not re.search(
            r"(?:url\(|@import)\s*[\"']?(?:https?:)?//", sheet.read_text(encoding="utf-8")
        ), sheet


def test_formulas_are_set_by_the_sites_own_mathjax(site):
    assert (site.folder / "_static/mathjax/tex-mml-chtml.js").is_file()
    assert len(list((site.folder / "_static/mathjax/output/chtml/fonts").rglob("*.woff"))) > 10
    for page in site.pages:
        text = site.read(page)
        scripts = [s["src"] for s in tags(text, "script") if "mathjax" in s.get("src", "")]
        assert bool(scripts) == (
            'class="math notranslate' in text or 'class="math nohighlight' in text
        ), page


def test_every_page_names_its_language_and_can_be_dark(site):
    for page in site.pages:
        text = site.read(page)
        [root] = tags(text, "html")
        language = "de" if page in GERMAN else "en"
        assert root["lang"].split("-")[0] == language, page
        assert "theme-switch-button" in text or page in [*REPORTS, *EXPLORERS], page


def test_every_link_inside_the_site_arrives(site):
    anchors = {page: set(re.findall(r"\bid=\"([^\"]+)\"", site.read(page))) for page in site.pages}
    for page in site.pages:
        for link in tags(site.read(page), "a"):
            target = unquote(link.get("href", ""))
            if re.match(r"[a-z]+:", target) or not target:
                continue
            file, _, anchor = target.partition("#")
            path = (
                posixpath.normpath(posixpath.join(posixpath.dirname(page), file)) if file else page
            )
            assert (site.folder / path).is_file(), (page, target)
            assert not anchor or path not in anchors or anchor in anchors[path], (page, target)


def test_folded_code_is_named_by_the_words_that_one_sees(site):
    lesson = site.read("notebooks/06_logtoku_on_trial.html")
    folds = re.findall(r"<summary([^>]*)>\s*<p[^>]*>(.*?)</p>", lesson, re.S)
    assert len(folds) >= 4 and all("aria-label" not in attributes for attributes, _ in folds)
    assert {words for _, words in folds} == {"Show the folded code"}


def test_no_page_says_where_it_was_built(site):
    for page in site.pages:
        assert str(ROOT) not in site.read(page) and str(site.folder.parent) not in site.read(
            page
        ), page


def test_where_links_lead(site_modules):
    from links import site_target, with_site_links
    from repository import REPOSITORY
    from staging import PAGES

    assert (
        site_target("../README.md#two-commands", "docs/glossary.md", PAGES)
        == "../index.md#two-commands"
    )
    assert site_target("ledger/README.md", "docs/leaderboard.md", PAGES) == "ledger/index.md"
    assert site_target(
        "00_start_here.ipynb#The-whole-way",
        LESSON_PAGES[3],
        {**PAGES, LESSON_PAGES[3]: LESSON_PAGES[3]},
    ) == ("00_start_here.ipynb#the-whole-way")
    code = site_target("../uncertainty/information.py", "docs/glossary.md", PAGES)
    assert code == f"{REPOSITORY}/blob/main/uncertainty/information.py"
    assert site_target("../tests", "docs/glossary.md", PAGES) == f"{REPOSITORY}/tree/main/tests"
    assert site_target("imgs/lens.png", "README.md", PAGES) == "imgs/lens.png"
    for kept in ("https://example.org/a_(b)", "#here", "mailto:somebody@example.org"):
        assert site_target(kept, "README.md", PAGES) == kept
    with pytest.raises(ValueError, match=r"there is no docs/nowhere\.md"):
        site_target("nowhere.md", "docs/glossary.md", PAGES)
    code = "`x[i](nowhere.md)`\n\n```\nx[i](nowhere.md)\n```\n"
    assert with_site_links(code + "[x](README.md)", "README.md", PAGES) == code + "[x](index.md)"


def test_the_packages_that_build_it_are_pinned():
    pinned = dict(
        line.lower().split("==") for line in (ROOT / "constraints.txt").read_text().split()
    )
    assert Version(pinned["sphinx"]) >= Version("8.2")
    assert {"myst-nb", "sphinx-book-theme", "sphinx-mathjax-offline"} <= set(pinned)
