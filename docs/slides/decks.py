"""A deck for each cut, as Markdown that Sphinx makes slides of."""

import html

from lesson_slides import Shown, first_sentence, plain, prediction_of, shown_cells, title_of
from plans import Row, cut, discussion

DECKS = {"ninety_minutes": "A taste: 90 minutes", "half_a_day": "Half a day: 210 minutes"}
COURSE = "When should you believe a language model?"
ABOUT = "Arrow keys move, S opens the notes for the speaker, ? lists the other keys."


def deck(name: str) -> str:
    """Return one deck: a first slide, then each line of its cut."""
    title = DECKS[name]
    first = f"# {COURSE}\n\n{title.partition(': ')[2]}\n\n{_small(ABOUT)}\n"
    return "\n".join([first, *(row_slides(row) for row in cut(title))])


def row_slides(row: Row) -> str:
    """Return the slides of one line of a cut: prediction, outputs, a question."""
    if not row.sections:
        return _slide("##", f"{title_of(row.file)}: the quiz", "Hands up for each option.", row.do)
    opening = _slide(
        "##", title_of(row.file), prediction_of(row.file), f"{row.minutes} minutes. {row.do}"
    )
    shown = [s for s in shown_cells(row.file) if s.section in row.sections]
    question, answer = discussion(row.file)
    last = _slide("###", "To discuss", question, answer)
    return "\n".join([opening, *map(_output_slide, shown), last])


def _output_slide(shown: Shown) -> str:
    said = html.escape(first_sentence(shown.notes))
    reading = f'\n\n<p class="fragment">{said}</p>' if said else ""
    return _slide("###", shown.title, shown.body + reading, shown.notes)


def _slide(level: str, title: str, body: str, notes: str) -> str:
    said = "".join(f"<p>{html.escape(line)}</p>" for line in plain(notes).splitlines())
    return f'{level} {title}\n\n{body}\n\n<aside class="notes">{said}</aside>\n'


def _small(text: str) -> str:
    return f'<p class="small">{html.escape(text)}</p>'
