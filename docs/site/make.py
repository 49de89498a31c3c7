"""Build the site: ``python docs/site/make.py`` or ``make site`` writes it into build/site.

Nothing is run and nothing is fetched: the lessons are shown with the outputs that they were
committed with. First the pages are laid out in build/site_source (`staging`), then Sphinx makes
HTML of them; conf.py holds its settings. A warning stops the build with an error. The pages can be
opened as files, from a memory stick too. The languages of docs/site/locale have a folder each,
with the pages that are translated (`translating`).
"""

import argparse
import shutil
import sys
from pathlib import Path

from sphinx.cmd.build import build_main
from staging import ROOT, lay_out
from translated import LANGUAGES, page_words
from translating import lay_out_translated

HERE = Path(__file__).parent


def main(arguments: list[str] | None = None) -> int:
    """Build the site; return 0 when there was no warning."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=ROOT / "build" / "site")
    parser.add_argument("--jobs", default="1", help="processes that read and write pages")
    options = parser.parse_args(arguments)
    source = options.out.with_name(options.out.name + "_source")
    for folder in (source, options.out):
        shutil.rmtree(folder, ignore_errors=True)
    lay_out(source / "en")
    status = build(source / "en", options.out, options.jobs)
    for language in LANGUAGES:
        lay_out_translated(source / language, language)
        set_to = ["-D", f"language={language}", "-D", f"html_title={page_words(language)['title']}"]
        status += build(source / language, options.out / language, options.jobs, *set_to)
    if status == 0:
        print(f"Open {options.out / 'index.html'} in a browser.")
    return status


def build(source: Path, out: Path, jobs: str, *settings: str) -> int:
    """Let Sphinx make HTML of the pages in a folder; return 0 when there was no warning."""
    how = ["--fail-on-warning", "--keep-going", "--quiet", "--jobs", jobs, *settings]
    kept = ["--doctree-dir", str(source / ".doctrees")]
    return build_main([*how, *kept, "--conf-dir", str(HERE), str(source), str(out)])


if __name__ == "__main__":
    sys.exit(main())
