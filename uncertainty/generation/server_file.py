"""The file in which answers of a server are kept as they come: one line of JSON for each."""

import json
from collections import defaultdict, deque
from collections.abc import Mapping
from pathlib import Path
from typing import Any


class AnswerFile:
    """What a server was asked and what it sent, appended to a file as each answer comes.

    An answer is found again by the address that was asked and by everything that was asked there,
    the model's name included. The same question asked twice has two answers.
    """

    def __init__(self, path: str | Path, endpoint: str):
        """Read what the file holds, and make sure that it can be written before anything is asked.

        Raises:
            OSError: a file that cannot be read or written.
        """
        self.path = Path(path)
        self.endpoint = endpoint
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with self.path.open("a", encoding="utf-8"):
            pass
        self._kept: dict[str, deque[Any]] = defaultdict(deque)
        for line in self.path.read_text(encoding="utf-8").splitlines():
            self._read_line(line)

    def take(self, request: Mapping[str, Any]) -> Any:
        """Return the next answer that was kept for a request, None where there is none left."""
        kept = self._kept[self._key(request)]
        return kept.popleft() if kept else None

    def keep(self, request: Mapping[str, Any], response: Any) -> None:
        """Append what a server sent to a request.

        Raises:
            OSError: the disk is full, or the file can no longer be written.
        """
        record = {"endpoint": self.endpoint, "request": request, "response": response}
        with self.path.open("a", encoding="utf-8") as file:
            file.write("\n" + json.dumps(record))  # a line that a kill cut short ends here

    def _read_line(self, line: str) -> None:
        """Take note of one line; one that was cut short is left out."""
        try:
            record = json.loads(line)
        except ValueError:
            return
        if isinstance(record, dict) and {"endpoint", "request", "response"} <= record.keys():
            key = json.dumps([record["endpoint"], record["request"]], sort_keys=True)
            self._kept[key].append(record["response"])

    def _key(self, request: Mapping[str, Any]) -> str:
        return json.dumps([self.endpoint, request], sort_keys=True)
