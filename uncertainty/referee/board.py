"""The table that the referee returns."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from html import escape

from ..evaluation.intervals import Interval
from ..evaluation.judging import ControlVerdict
from ..measures.labels import measure_label

CONTROLS = {
    "length": "labels exchanged among answers of equal length",
    "topic": "labels exchanged among questions of one category",
    "shuffled": "labels exchanged among all answers",
}


@dataclass(frozen=True)
class BoardRow:
    """One doubt on the board.

    Attributes:
        measure: its name.
        is_added: whether it is a function of yours.
        auroc, rejection_ratio: with intervals, over the answers that have a value.
        orientation: "as meant", "upside down" or "unclear": does it grow with being wrong?
        controls: "length", "topic" and "shuffled", each with its bar and the verdict of
            `claim_verdict`; a row that is itself a control lacks some.
        lead: its AUROC less the baseline's on the same answers; None for the baseline.
        answers: how many answers it was asked for.
        missing: how many of these have no value.
        tokens: tokens through the model beyond the answer, a mean per answer.
        seconds: the function's own time per answer; None for a measure that was recorded.
    """

    measure: str
    is_added: bool
    auroc: Interval
    rejection_ratio: Interval
    orientation: str
    controls: Mapping[str, ControlVerdict]
    lead: Interval | None
    answers: int
    missing: int
    tokens: float
    seconds: float | None


@dataclass(frozen=True)
class Board:
    """Doubts in the order of their AUROC, best first. It prints itself as a table.

    ``board["mine"]`` is the row of a measure, ``for row in board`` goes through all of them.

    Attributes:
        baseline: the doubt that each ``lead`` is over, fixed before anything is measured.
        notes: sentences that a reader of the table needs.
    """

    rows: tuple[BoardRow, ...]
    baseline: str
    notes: tuple[str, ...] = field(default=())

    def __iter__(self) -> Iterator[BoardRow]:
        return iter(self.rows)

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, measure: str) -> BoardRow:
        for row in self.rows:
            if row.measure == measure:
                return row
        raise KeyError(f"no {measure!r} on the board; it has {[r.measure for r in self.rows]}.")

    def __repr__(self) -> str:
        table = [self._heads(), *(self._cells(row) for row in self.rows)]
        widths = [max(map(len, column)) for column in zip(*table)]
        lines = [
            "  ".join(cell.ljust(width) for cell, width in zip(cells, widths)).rstrip()
            for cells in table
        ]
        return "\n".join([*lines, *self.notes])

    def _repr_html_(self) -> str:
        heads = "".join(f'<th scope="col">{escape(head)}</th>' for head in self._heads())
        lines = []
        for row in self.rows:
            first, *others = (escape(cell) for cell in self._cells(row))
            name = f"<strong>{first}</strong>" if row.is_added else first
            cells = "".join(f"<td>{cell}</td>" for cell in others)
            lines.append(f'<tr><th scope="row">{name}</th>{cells}</tr>')
        notes = "".join(f"<p>{escape(note)}</p>" for note in self.notes)
        caption = "Doubts by their AUROC, best first; 95 % intervals over questions"
        return (
            f"<table><caption>{caption}</caption><thead><tr>{heads}</tr></thead>"
            f"<tbody>{''.join(lines)}</tbody></table>{notes}"
        )

    def _heads(self) -> list[str]:
        return [
            "doubt",
            "AUROC",
            "rejection ratio",
            f"lead over {measure_label(self.baseline)}",
            "direction",
            *(f"beyond {name}" if name != "shuffled" else "beyond chance" for name in CONTROLS),
            "answers",
            "missing",
            "tokens",
            "ms",
        ]

    def _cells(self, row: BoardRow) -> list[str]:
        verdicts = [row.controls[name].verdict if name in row.controls else "" for name in CONTROLS]
        label = measure_label(row.measure)
        return [
            f"* {label}" if row.is_added else label,
            str(row.auroc),
            str(row.rejection_ratio),
            "" if row.lead is None else str(row.lead),
            row.orientation,
            *("not judged" if verdict is None else verdict for verdict in verdicts),
            str(row.answers),
            str(row.missing),
            f"{row.tokens:.0f}",
            "" if row.seconds is None else f"{1000 * row.seconds:.1f}",
        ]
