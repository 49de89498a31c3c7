"""Write the repository's address into every file that names it.

``python docs/address.py``                                says the address and who names it
``python docs/address.py https://github.com/owner/name``  writes another one

The address lies in pyproject.toml, as the project's URL "Repository". Badges, set-up cells and
CITATION.cff repeat it, because they must work where pyproject.toml is not at hand.
"""

import argparse
import re
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FORM = re.compile(r"https://github\.com/[A-Za-z0-9-]+/[A-Za-z0-9._-]+")
HOLDERS = (
    "pyproject.toml", "CITATION.cff", "README.md", "SECURITY.md", "CONTRIBUTING.md", "TEACHING.md",
    ".github/**/*.yml", "docs/**/*.md", "docs/**/*.html", "docs/**/*.po", "notebooks/*.ipynb",
)  # fmt: skip


def repository(root: Path = ROOT) -> str:
    """Return the address as pyproject.toml gives it."""
    project = tomllib.loads(root.joinpath("pyproject.toml").read_text(encoding="utf-8"))["project"]
    return project["urls"]["Repository"]


def holders(root: Path = ROOT) -> list[Path]:
    """Return the files that name the address, sorted."""
    short = _short(repository(root))
    files = sorted({path for pattern in HOLDERS for path in root.glob(pattern)})
    return [path for path in files if short in path.read_text(encoding="utf-8")]


def write_address(address: str, root: Path = ROOT) -> list[Path]:
    """Replace the address by another one, and return the files that changed.

    Raises:
        ValueError: an address of another form; nothing is written.
    """
    address = address.removesuffix("/").removesuffix(".git")
    if not FORM.fullmatch(address):
        raise ValueError(
            f"the address must look like https://github.com/owner/name, got {address!r}."
        )
    old, new = _short(repository(root)), _short(address)
    if old == new:
        return []
    changed = holders(root)
    for path in changed:
        text = path.read_text(encoding="utf-8").replace(old, new)
        path.write_text(text, encoding="utf-8", newline="\n")
    return changed


def _short(address: str) -> str:
    """Return owner/name: badges have it behind Colab's own address."""
    return "/".join(address.split("/")[-2:])


def main(arguments: list[str] | None = None) -> None:
    """Run what the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("address", nargs="?", help="the new address; default: only tell")
    options = parser.parse_args(arguments)
    if options.address is None:
        print(repository(), *(path.relative_to(ROOT) for path in holders()), sep="\n")
        return
    try:
        changed = write_address(options.address)
    except ValueError as error:
        parser.error(str(error))
    print(f"{len(changed)} files now name {repository()}")


if __name__ == "__main__":
    main()
