"""Everything that a line states, after labels and in sentences."""

from collections.abc import Iterator

from ._confidence_labels import labelled_statements
from ._confidence_lines import Line, Statement
from ._confidence_sentences import spoken_statements


def statements_in(
    line: Line, next_line: Line | None, default_scale: int | None
) -> Iterator[Statement]:
    """Yield what a line states; the next line counts only where it holds a label's value."""
    yield from labelled_statements(line, next_line, default_scale)
    yield from spoken_statements(line, default_scale)
