"""Two rows of logits that differ by a constant: the same probabilities, another evidence."""

from matplotlib.axes import Axes

from uncertainty.plotting.style import BLACK, BLUE, ORANGE

from .style import GREY, TEXT, canvas, label

ALT = (
    "Two bar charts side by side, of the logits of four words. Left: 20, 17, 8 and 3. Right: each "
    "15 lower, so 5, 2, minus 7 and minus 12. The dashed line of the row's mean, its level, lies "
    "at 12 on the left and at minus 3 on the right; the bars stand alike around it. Below: the "
    "probabilities of the two likeliest words are 0.95 and 0.05 on both sides. The evidence is 20 "
    "and 17 on the left, nearly a tie, and 5 and 2 on the right, where one word leads. Measured "
    "from the level it is 8 and 5 on both sides."
)
WORDS = ("A", "B", "C", "D")
LOGITS = (20.0, 17.0, 8.0, 3.0)
UNIT = 0.21  # centimetres for a logit of 1


def draw() -> Axes:
    """Draw the two rows of logits with their levels, and below what is read off each."""
    axes = canvas(26, 11.6)
    _draw_row(axes, 1.0, 0.0, "logits of one step", "20 and 17: nearly a tie")
    _draw_row(axes, 14.2, -15.0, "the same, 15 lower", "5 and 2: one leads")
    return axes


def _draw_row(axes: Axes, left: float, constant: float, title: str, evidence: str) -> None:
    zero = 5.6
    logits = [logit + constant for logit in LOGITS]
    level = zero + UNIT * sum(logits) / len(logits)
    label(axes, (left + 5.0, 11.0), title, bold=True)
    axes.plot([left, left + 8.4], [zero, zero], color=BLACK, linewidth=1.2)
    label(axes, (left - 0.35, zero), "0", size=11)
    for place, (word, logit) in enumerate(zip(WORDS, logits, strict=True)):
        x = left + 1.2 + 2.0 * place
        axes.bar(x, UNIT * logit, width=1.1, bottom=zero, color=BLUE)
        above = 0.4 if logit > 0 else -0.4
        label(axes, (x, zero + UNIT * logit + above), f"{word}: {logit:g}", size=11)
    axes.plot([left, left + 8.4], [level, level], color=ORANGE, linewidth=2.2, linestyle="--")
    label(axes, (left + 8.6, level), "level", size=11, colour=ORANGE, align="left", bold=True)
    label(axes, (left + 5.0, 1.9), "softmax:  A 0.95, B 0.05", size=TEXT)
    label(axes, (left + 5.0, 1.1), f"evidence:  {evidence}", size=TEXT, bold=True)
    label(axes, (left + 5.0, 0.4), "measured from the level:  8 and 5", size=11, colour=GREY)
