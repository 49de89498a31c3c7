"""Build the slides: ``make slides`` writes them into build/slides.

There is a deck for each of two cuts of TEACHING.md. Its slides are what the cells show that are
tagged "slide" in the lessons, in the order of the cut; the lesson's text below a cell is the
speaker's note. Nothing is run and nothing is fetched, and the decks open as files.
"""

import argparse
import shutil
import sys
from pathlib import Path

from decks import DECKS, deck
from places import ROOT
from sphinx.cmd.build import build_main

HERE = Path(__file__).parent


def main(arguments: list[str] | None = None) -> int:
    """Build every deck; return 0 when there was no warning."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=ROOT / "build" / "slides")
    options = parser.parse_args(arguments)
    source = options.out.with_name(options.out.name + "_source")
    for folder in (source, options.out):
        shutil.rmtree(folder, ignore_errors=True)
    source.mkdir(parents=True)
    for name in DECKS:
        source.joinpath(f"{name}.md").write_text(deck(name), encoding="utf-8")
    listed = "\n".join(["# Slides", "", "```{toctree}", *DECKS, "```", ""])
    source.joinpath("index.md").write_text(listed, encoding="utf-8")
    how = ["-b", "revealjs", "--fail-on-warning", "--keep-going", "--quiet"]
    kept = ["--doctree-dir", str(source / ".doctrees"), "--conf-dir", str(HERE)]
    status = build_main([*how, *kept, str(source), str(options.out)])
    if status == 0:
        print(*(f"Open {options.out / name}.html in a browser." for name in DECKS), sep="\n")
    return status


if __name__ == "__main__":
    sys.exit(main())
