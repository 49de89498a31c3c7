"""docs/leaderboard.md, made from the figures in docs/leaderboard/*.json and from nothing else."""

import json
from pathlib import Path

from uncertainty import measure_label

ORDER = ("smollm2-135m", "gemma3-270m")
CONTROLS = ("length", "topic", "shuffled")
HEADS = (
    "measure",
    "family",
    "AUROC, {sampled} sampled",
    "lead over perplexity there",
    "AUROC, all {answers}",
    "lead over perplexity",
    "direction",
    "beyond length",
    "beyond topic",
    "beyond chance",
    "missing",
    "tokens",
    "core seconds",
)
INTRODUCTION = """# The leaderboard

Every family of doubts in one table for each model, judged on the course's questions with one right
answer. `benchmarks/leaderboard.py` makes the figures and this page.

To choose a doubt, read a row from the left. Does it rank wrong answers above right ones (AUROC)? Does it
do so better than perplexity, which costs nothing: does the interval of the lead lie above 0? Does it know
more than the length of the answer (beyond length)? And what does it cost (the last two columns)? A learnt
doubt must also beat the controls that nothing was trained for.

- **AUROC**: the share of pairs, one answer wrong and one right, in which the wrong one has the larger
  doubt; 0.5 is chance. Intervals are 95 % by bootstrap; questions that share a right answer are drawn
  together.
- **Sampled**: the questions that samples were drawn for, at temperature 1. All rows have a figure
  there, and the order is by it. Doubts that need no samples are judged on all answers, too.
- **Temperature 1** is what the referee draws at, and it decides what samples can tell: where nearly all of
  them differ, a measure that counts different answers has little to rank by. On the default model
  semantic entropy has 0.82 [0.74, 0.90] on the same questions at temperature 0.5 (lesson 17). So a low
  place of the samples' rows is a finding about this temperature.
- **Lead over perplexity**: the bootstrapped difference of two AUROCs on the same answers. Two rows may
  be compared only by such a difference; that their intervals overlap, or do not, says nothing.
- **Direction**: "as meant" when the interval of the AUROC lies above 0.5, "upside down" when it lies
  below, else "unclear".
- **Beyond**: the verdict of `claim_verdict` on the AUROC less one half, against labels exchanged among
  answers of one length, of one topic, and among all. What a doubt knows from the length alone does not
  pass the first. On all answers where the row has them, else on the sampled ones.
- **Learnt** rows are cross-fitted: each answer's doubt comes from a fit that saw neither it nor a
  question with the same right answer, and the depth was chosen inside the folds. The fits learn from
  all answers, save the semantic-entropy probe: its labels say whether the samples of an answer have much
  or little semantic entropy (the split at the median, the largest entropy counted as much), so it learns
  from the sampled answers alone. This split was chosen after a first look without grades: above the median
  alone no answer had a label, since most have the largest entropy there is.
- **Controls** are no measures. "Random weights", "embeddings" and "answer's words" are the same fit on
  what is there without training; what a probe has above them is what training put in. "Shuffled labels"
  is fitted to and judged on labels that were dealt out at random.
- **Tokens**: through the model beyond the answer itself, a mean per question. **Core seconds**: one core,
  float32, likewise, on {timed} questions; none where the answer's own pass is enough, or where it was
  not timed. For samples they hold the drawing, in one batch, and the comparison by all measures
  of texts together.

With some forty rows one or two may lie outside a 95 % interval by chance. The order is that of the point
estimates, and neighbours are not to be told apart by it. The pairs below each table were fixed before
this table was made; lesson 17 had already shown some of them.
"""


def page(folder: Path) -> str:
    """Return the page of all models whose figures lie in a folder."""
    found = {
        file.stem: json.loads(file.read_text(encoding="utf-8")) for file in folder.glob("*.json")
    }
    names = sorted(found, key=lambda name: (ORDER.index(name) if name in ORDER else 9, name))
    parts = [INTRODUCTION.format(timed=8), *(model_part(found[name]) for name in names)]
    return "\n".join(parts)


def model_part(found: dict) -> str:
    heads = [head.format(**found) for head in HEADS]
    lines = [
        f"## {found['model']}",
        "",
        f"{found['answers']} greedy answers, {found['wrong']:.0%} wrong, in {found['groups']} groups of "
        f"questions that share a right answer; {found['samples']} samples for each of {found['sampled']} "
        f"questions, of which {found['sampled_wrong']:.0%} are answered wrong. Answers cut off at the limit: "
        f"{found['at_limit']}.",
        *found["notes"],
        "",
        table_line(heads),
        table_line(["---"] * len(heads)),
        *(table_line(cells(row)) for row in found["rows"]),
        "",
        "Pairs, on the answers that have both; the control exchanges labels among answers of one length:",
        "",
        table_line(
            ["first", "second", "AUROC of the first less the second's", "verdict", "answers"]
        ),
        table_line(["---"] * 5),
        *(table_line(difference_cells(pair)) for pair in found["differences"]),
        "",
    ]
    return "\n".join(lines)


def cells(row: dict) -> list[str]:
    judged = row["all"] or row["sampled"]
    return [
        row["label"],
        row["family"],
        interval(row["sampled"]["auroc"]),
        interval(row["sampled"]["lead"]),
        interval(row["all"] and row["all"]["auroc"]),
        interval(row["all"] and row["all"]["lead"]),
        judged["direction"],
        *(judged["beyond"].get(name) or "" for name in CONTROLS),
        str(judged["missing"]),
        f"{row['tokens']:.0f}",
        "" if row["seconds"] is None else f"{row['seconds']:.2f}",
    ]


def difference_cells(pair: dict) -> list[str]:
    names = [measure_label(pair[key]) for key in ("one", "other")]
    return [*names, interval(pair["lead"]), pair["verdict"] or "not judged", str(pair["answers"])]


def interval(bounds: list | None) -> str:
    if bounds is None:
        return ""
    value, low, high = ("nan" if bound is None else f"{bound:.2f}" for bound in bounds)
    return f"{value} [{low}, {high}]"


def table_line(row: list[str]) -> str:
    return "| " + " | ".join(row) + " |"
