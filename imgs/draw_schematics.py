"""Draw the lessons' schematics.

``python imgs/draw_schematics.py``            all of them
``python imgs/draw_schematics.py padding``    some of them

A module of imgs/schematics is one schematic: its function `draw` returns the axes, and `ALT` says
what one sees. Both go into the package, where `show_schematic` finds them.
"""

import importlib
import sys
from pathlib import Path

import matplotlib
import matplotlib.pyplot as plt

from uncertainty.plotting.schematic_view import FILES

HERE = Path(__file__).parent / "schematics"
sys.path.insert(0, str(HERE.parent))
# The same drawing gives the same file; letters are outlines, so that no font has to be there.
SETTINGS = {"svg.hashsalt": "schematic", "svg.fonttype": "path", "font.size": 12}


def draw(name: str) -> None:
    """Write one schematic as SVG, with its description, and as PNG."""
    module = importlib.import_module(f"schematics.{name}")
    with matplotlib.rc_context(SETTINGS):
        figure = module.draw().figure
        metadata = {"Title": name, "Description": module.ALT, "Date": None}
        figure.savefig(FILES / f"{name}.svg", metadata=metadata)
        figure.savefig(FILES / f"{name}.png", dpi=80, metadata={"Software": None})
    plt.close(figure)


if __name__ == "__main__":
    matplotlib.use("Agg")
    FILES.mkdir(exist_ok=True)
    drawn = [path.stem for path in sorted(HERE.glob("*.py")) if path.stem != "style"]
    for each in sys.argv[1:] or drawn:
        draw(each)
