"""Keep the translations beside the lessons: ``make translation`` writes the catalogs anew.

A message that is new in a lesson becomes an empty entry; one that changed keeps its old
translation and is marked "fuzzy" until a translator has looked at it; one that is gone is dropped.
What is left to do is said: what is not translated, and what a translation does not keep
(`faithful`). With ``--check`` nothing is written, and something left to do is an error.
"""

import argparse
import contextlib
import io
import re
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po, write_po
from faithful import faults, terms_of
from sphinx.cmd.build import build_main
from translated import LANGUAGES, SOURCES, catalog_path, is_done, prose, read_catalog

HERE = Path(__file__).parent
SETTINGS = ("extensions=myst_nb", "suppress_warnings=myst,misc")
HEADER = """# {page} in the language {language}. `make translation` writes the messages;
# a translator fills in each msgstr and takes the mark "fuzzy" away.
"""
# What Babel says in the head of a file besides: dates and names that would change with each run.
UNWANTED = re.compile(
    rb'^"(?:Project-Id|Report|POT-Creation|PO-Revision|Last-|Language-Team|Generated).*\n', re.M
)


def main(arguments: list[str] | None = None) -> int:
    """Write the catalogs; with --check return 1 when a message has no translation that holds."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true", help="write nothing")
    options = parser.parse_args(arguments)
    messages = all_messages()
    told = []
    for language in LANGUAGES:
        for name, found in messages.items():
            catalog = read_catalog(language, name)
            if not options.check:
                catalog = refreshed(catalog, found, language, name)
                write_catalog(catalog, catalog_path(language, name))
            lines = [*drift(catalog, found), *unfaithful(catalog, language)]
            told += [f"{language}, {SOURCES[name]}: {line}" for line in lines]
    print("\n".join(told) if told else "Every message is translated, and keeps what it must.")
    return int(options.check and bool(told))


def drift(catalog: Catalog, messages: list[str]) -> Iterator[str]:
    """Yield what a translator has to do for a page, each with the first words of the message."""
    entries = {entry.id: entry for entry in catalog if entry.id}
    for message in messages:
        entry = entries.get(message)
        if entry is None or not is_done(entry):
            fuzzy = entry is not None and entry.fuzzy
            yield f"{'to look at again' if fuzzy else 'not translated'}: {first_words(message)}"
    for gone in [message for message in entries if message not in messages]:
        yield f"no longer in the page: {first_words(gone)}"


def unfaithful(catalog: Catalog, language: str) -> Iterator[str]:
    """Yield what the finished translations of a page do not keep."""
    terms = terms_of(language)
    for entry in catalog:
        if entry.id and is_done(entry):
            for fault in faults(entry.id, entry.string, terms):
                yield f"{fault}: {first_words(entry.id)}"


def first_words(message: str) -> str:
    """Return the beginning of a message."""
    words = message.split()
    return " ".join(words[:12]) + (" ..." if len(words) > 12 else "")


def refreshed(catalog: Catalog, messages: list[str], language: str, name: str) -> Catalog:
    """Return a catalog with the messages of the page as it is now, in their order."""
    template = Catalog()
    for message in messages:
        template.add(message)
    catalog.update(template)
    catalog.obsolete.clear()
    header = HEADER.format(page=name, language=language)
    ordered = Catalog(locale=language, header_comment=header, fuzzy=False)
    for message in messages:
        entry = catalog[message]
        ordered.add(message, entry.string, flags=entry.flags, user_comments=entry.user_comments)
    return ordered


def write_catalog(catalog: Catalog, path: Path) -> None:
    """Write a catalog; the same messages give the same bytes."""
    written = io.BytesIO()
    write_po(written, catalog, width=0, no_location=True, ignore_obsolete=True)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(UNWANTED.sub(b"", written.getvalue()))


def all_messages() -> dict[str, list[str]]:
    """Return the messages of every page in their order, as Sphinx's gettext builder finds them.

    Raises:
        RuntimeError: Sphinx could not read the pages.
    """
    with tempfile.TemporaryDirectory() as folder:
        source, out = Path(folder, "source"), Path(folder, "out")
        source.mkdir()
        for name, path in SOURCES.items():
            (source / f"{name}.md").write_text(prose(path), encoding="utf-8")
        contents = "\n".join(["# -", "", "```{toctree}", *SOURCES, "```", ""])
        (source / "index.md").write_text(contents, encoding="utf-8")
        settings = [word for setting in SETTINGS for word in ("-D", setting)]
        how = ["-b", "gettext", "-Q", *settings, "--conf-dir", str(HERE)]
        with contextlib.redirect_stderr(sys.stderr):
            if build_main([*how, str(source), str(out)]):
                raise RuntimeError("sphinx-build could not read the pages.")
        return {name: template_messages(out / f"{name}.pot") for name in SOURCES}


def template_messages(path: Path) -> list[str]:
    """Return the messages of a template that Sphinx wrote."""
    with path.open("rb") as file:
        return [entry.id for entry in read_po(file) if entry.id]


if __name__ == "__main__":
    sys.exit(main())
