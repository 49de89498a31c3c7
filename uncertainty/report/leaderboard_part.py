"""Which doubt ranks wrong answers above right ones, beside its controls."""

from collections.abc import Mapping

import numpy as np

from ..evaluation.intervals import Interval
from ..evaluation.judging import against_control, lead_over, orientation
from ..evaluation.leaderboard import leaderboard
from ..measures.labels import measure_label
from .numbers import finite, interval_record, why_not_judged

SHUFFLED = "shuffled"
LENGTH = "length"
CONTROLS = (LENGTH, SHUFFLED)
MEANINGS = {
    "perplexity": "exp of the mean surprisal of the answer's tokens; 1 is entirely sure",
    "naive": "1 - the product of the tokens' probabilities; grows with every token",
    "sequence_probability_complement": "the same, of the tokens that were written",
    "vanilla": "1 - the mean probability of the tokens",
    "mean_margin_complement": "1 - the mean lead of the likeliest token over the second",
    "min_probability_complement": "1 - the probability of the least likely token",
    "mean_entropy": "how widely the probability is spread over tokens, on average, in nats",
    "max_entropy": "the same, where it is largest",
    "logtoku": "LogTokU: aleatoric times epistemic, of the 25 least sure tokens",
    "aleatoric": "LogTokU's doubt about which of the two best tokens it is",
    "epistemic": "LogTokU's lack of evidence: small when the largest logits are large",
    "negative_self_certainty": "how near the probabilities of a step are to equal ones, in nats",
    "negative_tail_confidence": "DeepConf: mean log-probability of the 20 likeliest tokens, over "
    "the last 8 steps",
    "negative_lowest_group_confidence": "the same, over the 8 steps in a row where it is largest",
    "entropy_production_rate": "mean entropy of the 15 likeliest tokens, in nats",
    "smoothed_surprisal": "surprisal of probabilities that are averaged with those before them",
    LENGTH: "how many tokens the answer has",
    SHUFFLED: "perplexity, dealt out at random",
}
SHUFFLED_MEASURE = "perplexity"  # its values, dealt out at random, are the negative control


def leaderboard_part(wrong: np.ndarray, doubts: Mapping[str, np.ndarray]) -> dict:
    """Judge every doubt as lesson 03 does, with what it adds to the answer's length.

    Args:
        wrong: ``(answers,)``.
        doubts: each ``(answers,)``, nan for an empty answer; "length" is one of them.
    """
    reason = why_not_judged(wrong)
    if reason is not None:
        return {"left_out": reason}
    shuffled = np.random.default_rng(0).permutation(doubts[SHUFFLED_MEASURE])
    board = leaderboard(wrong, dict(doubts) | {SHUFFLED: shuffled})
    rows = []
    for row in board:
        values = shuffled if row.measure == SHUFFLED else doubts[row.measure]
        is_control = row.measure in CONTROLS
        rows.append(
            {
                "measure": row.measure,
                "label": measure_label(row.measure),
                "meaning": MEANINGS.get(row.measure),
                "is_control": is_control,
                "auroc": interval_record(row.auroc),
                "rejection_ratio": interval_record(row.rejection_ratio),
                "average_precision": finite(row.average_precision),
                "missing": row.missing,
                "orientation": orientation(row.auroc),
                "over_length": None
                if is_control
                else over_length(wrong, values, doubts[LENGTH], row.auroc),
            }
        )
    return {"left_out": None, "share_wrong": float(wrong.mean()), "rows": rows}


def over_length(
    wrong: np.ndarray, values: np.ndarray, length: np.ndarray, interval: Interval
) -> dict:
    """Return what a doubt tells beyond the length of the answer.

    ``lead`` is the difference of the AUROCs on the same answers. ``bar`` is how far above one half
    the AUROC gets when labels are exchanged among answers of equal length only, and ``verdict``
    says whether the doubt passes it, by the rule of the course's claims.

    Args:
        wrong, values, length: ``(answers,)``, the values nan where there is none.
        interval: the doubt's AUROC.
    """
    judged = against_control(wrong, values, interval, within=length)
    return {
        "lead": interval_record(lead_over(wrong, values, length)),
        "bar": judged.bar,
        "verdict": judged.verdict,
    }
