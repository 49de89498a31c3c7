"""Reports that were written before: from a file, or those that come with the course."""

import gzip
import json
from pathlib import Path

from .reports import FORMAT_VERSION, Report
from .writing import FORMAT

RECORDED = Path(__file__).with_name("recorded_reports")


def read_report(path: str | Path) -> Report:
    """Return a report from the .json file that was written beside its page (or a .json.gz of it).

    Raises:
        FileNotFoundError: no such file.
        ValueError: a file that is no report, or one of another version.
    """
    path = Path(path).expanduser()
    content = path.read_bytes()
    try:
        text = (gzip.decompress(content) if path.suffix == ".gz" else content).decode("utf-8")
        data = json.loads(text)
    except (ValueError, EOFError, OSError) as fault:
        raise ValueError(f"{path} is no report: it holds no JSON ({fault}).") from None
    if not isinstance(data, dict) or data.get("format") != FORMAT:
        raise ValueError(f"{path} is no report: it lacks the line that says {FORMAT!r}.")
    if data["version"] != FORMAT_VERSION:
        raise ValueError(
            f"{path} is a report of version {data['version']}, and this reads version "
            f"{FORMAT_VERSION}: make it anew."
        )
    return Report(data)


def recorded_report(model: str) -> Report:
    """Return a report that comes with the course: of "smollm2-135m" or "gemma3-270m".

    Both were asked every third of the course's questions with one right answer.

    Raises:
        ValueError: another model.
    """
    recorded = sorted(path.name.removesuffix(".json.gz") for path in RECORDED.glob("*.json.gz"))
    if model not in recorded:
        raise ValueError(f"there is a recorded report of {' and '.join(recorded)}, not of {model}.")
    return read_report(RECORDED / f"{model}.json.gz")
