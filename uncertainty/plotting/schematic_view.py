"""The lessons' schematics: pictures of an idea, drawn beforehand by imgs/draw_schematics.py.

Each is two files of this package, an SVG that is sharp at any size and holds its description, and
a PNG for what cannot show HTML.
"""

from base64 import b64encode
from html import escape
from pathlib import Path
from xml.etree import ElementTree

from IPython.display import display

FILES = Path(__file__).parent / "schematic_files"
DESCRIPTION = "{http://purl.org/dc/elements/1.1/}description"


def show_schematic(name: str) -> None:
    """Display a schematic with its description for those who cannot see it.

    Raises:
        ValueError: there is no schematic of that name; the message lists those there are.
    """
    names = sorted(path.stem for path in FILES.glob("*.svg"))
    if name not in names:
        raise ValueError(f"there is no schematic called {name!r}; there are: {', '.join(names)}.")
    svg = (FILES / f"{name}.svg").read_bytes()
    png = (FILES / f"{name}.png").read_bytes()
    alt = schematic_description(name)
    source = f"data:image/svg+xml;base64,{b64encode(svg).decode()}"
    image = f'<img alt="{escape(alt)}" style="max-width:100%;height:auto" src="{source}">'
    bundle = {"text/html": image, "image/png": b64encode(png).decode(), "text/plain": alt}
    display(bundle, metadata={"image/png": {"alt": alt}}, raw=True)


def schematic_description(name: str) -> str:
    """Return what a schematic shows, in words, as its SVG file says it."""
    root = ElementTree.parse(FILES / f"{name}.svg").getroot()
    return root.findtext(f".//{DESCRIPTION}") or ""
