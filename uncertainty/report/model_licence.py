"""Under which licence a model comes, as far as its files here or its page on the hub tell."""

import re
from pathlib import Path

import huggingface_hub

from ..loading.hub import hub_answers, is_hub_id
from ..loading.pinned_files import MODEL_FILES

NOT_STATED = "not stated in the files that are here; read the model's page before you publish"
LICENCE_LINE = re.compile(r"^license(?:_name)?:[ \t]*(\S.*)$", re.M)
MOST_CHARACTERS = 20_000  # of a model card


def model_licence(name: str) -> str:
    """Return the licence of a model in words; a sentence where it cannot be found."""
    if name == "tiny":
        return "none needed: random weights, made here"
    if name in MODEL_FILES:
        return MODEL_FILES[name].terms
    folder = Path(name).expanduser()
    if folder.is_dir():
        return _card_licence(folder / "README.md") or _licence_file(folder) or NOT_STATED
    if is_hub_id(name):
        return _hub_licence(name) or NOT_STATED
    return NOT_STATED


def _hub_licence(name: str) -> str | None:
    kept = huggingface_hub.try_to_load_from_cache(name, "README.md")
    if isinstance(kept, str):
        return _card_licence(Path(kept))
    if not hub_answers():
        return None
    try:
        card = huggingface_hub.model_info(name, timeout=10).card_data
    except Exception:  # each version of the hub's library has its own
        return None
    return getattr(card, "license", None)


def _card_licence(card: Path) -> str | None:
    """Return what the header of a model card says."""
    if not card.is_file():
        return None
    text = card.read_text(encoding="utf-8", errors="replace")[:MOST_CHARACTERS]
    if not text.startswith("---"):
        return None
    header = text.split("\n---", 1)[0]
    found = LICENCE_LINE.search(header)
    return found[1].strip() if found else None


def _licence_file(folder: Path) -> str | None:
    """Return the first line of a licence file."""
    for name in ("LICENSE", "LICENSE.txt", "LICENSE.md"):
        if (folder / name).is_file():
            text = (folder / name).read_text(encoding="utf-8", errors="replace")
            lines = [line.strip() for line in text.splitlines() if line.strip()]
            return f"see its file {name}: {lines[0][:100]}" if lines else None
    return None
