"""Which states a probe reads, and which answers it may learn from."""

from matplotlib.axes import Axes

from uncertainty.plotting.style import BLACK, GREEN, ORANGE, SKY

from .style import GREY, PALE, arrow, box, canvas, label

ALT = (
    "Left, the tokens of a text as columns and the depths of the network as rows. The probe takes "
    "one row, at the answer's tokens only and not at the prompt's, forms the mean of their states, "
    "subtracts m, divides by s, forms a weighted sum and adds b. Right, the five folds of the "
    "answers as columns and five lines as rows. The line for fold 0 judges fold 0 and learns from "
    "the other four, and so on, so each fold is judged once. The four folds that the line for fold "
    "0 learns from are divided again into three, to choose the depth."
)
TOKENS = ("...", "answer:", "The", "capital", "is", "Lima")
PROMPT = 2  # so many of the tokens above belong to the prompt
ROWS = 4  # depths that are drawn
CHOSEN = 2
FOLDS = 5
INNER = 3  # folds inside, for the choice of the depth


def draw() -> Axes:
    """Draw the states that are read on the left, the folds on the right."""
    axes = canvas(28.6, 9.6)
    _draw_states(axes)
    _draw_folds(axes)
    return axes


def _draw_states(axes: Axes) -> None:
    """Tokens as columns, depths as rows; the probe reads one row of the answer."""
    left, bottom, width, height = 3.0, 2.6, 1.75, 1.0
    for column, token in enumerate(TOKENS):
        x = left + column * width
        label(axes, (x, bottom - 0.85), token, size=11)
        for row in range(ROWS):
            is_answer = column >= PROMPT
            is_read = is_answer and row == CHOSEN
            fill = ORANGE if is_read else PALE if is_answer else "#EEEEEE"
            edge = BLACK if is_read else GREY
            middle = (x, bottom + row * height)
            box(axes, middle, "", width=1.5, height=0.72, fill=fill, edge=edge)
    label(axes, (left - 1.0, bottom), "depth 0", size=11, align="right")
    label(axes, (left - 1.0, bottom + CHOSEN * height), "depth l", size=11, align="right")
    middle = left + (PROMPT + len(TOKENS) - 1) / 2 * width
    arrow(axes, (middle, bottom + CHOSEN * height + 0.4), (middle, 7.2))
    box(axes, (middle, 7.8), "x: mean of the row, then  w · (x - m) / s + b", width=10.0)
    arrow(axes, (middle, 8.4), (middle, 9.0))
    label(axes, (middle + 0.3, 8.9), "doubt", size=11, align="left", bold=True)
    label(axes, (left + width / 2, 1.0), "prompt", size=11, colour=GREY)
    label(axes, (middle, 1.0), "answer", size=11, colour=GREY)


def _draw_folds(axes: Axes) -> None:
    """Folds as columns, lines as rows; below, how the part to learn from is divided again."""
    left, width = 18.4, 1.95
    for fold in range(FOLDS):
        y = 8.1 - 1.05 * fold
        label(axes, (left + (fold + 0.5) * width, 9.0), f"fold {fold}", size=11)
        label(axes, (left - 0.3, y), f"line for fold {fold}", size=11, align="right")
        for part in range(FOLDS):
            is_judged = part == fold
            middle = (left + (part + 0.5) * width, y)
            text = "judge" if is_judged else "learn"
            fill = GREEN if is_judged else SKY
            box(axes, middle, text, width=1.85, height=0.72, fill=fill, edge=BLACK, size=11)
    start = left + width
    inner_width = (FOLDS - 1) * width / INNER
    label(axes, (left - 0.3, 1.5), "what the line for\nfold 0 learns from", size=11, align="right")
    for end in (start, start + (FOLDS - 1) * width):
        axes.plot([end, end], [2.1, 3.4], color=GREY, linestyle=":")
    for part in range(INNER):
        middle = (start + (part + 0.5) * inner_width, 1.5)
        box(axes, middle, "choose depth", width=inner_width - 0.1, height=0.8, size=10)
