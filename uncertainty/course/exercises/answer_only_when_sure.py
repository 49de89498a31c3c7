"""Exercises of lesson 04: risk at a coverage, calibration error, temperature."""

import numpy as np

from .exercise import exercise

CORRECT = np.array([True, False, True, True, False, True, False])
CONFIDENCE = np.array([0.95, 0.85, 0.65, 0.61, 0.3, 0.25, 0.05])


@exercise(
    inputs=[
        (~CORRECT, np.array([0.4, 0.2, 0.9, 0.5, 0.1, 0.3, 0.6]), share)
        for share in (0.3, 1.0, 0.6)
    ],
    hint="Sort by doubt (`np.argsort`), keep the first `round(share * len(doubt))`, take the mean "
    "of `wrong` there.",
)
def risk_at(wrong, doubt, share):
    kept = np.argsort(doubt)[: round(share * len(doubt))]
    return float(wrong[kept].mean())


@risk_at.mistake("You kept the answers with the largest doubt; answer where the model is surest.")
def _(wrong, doubt, share):
    return float(wrong[np.argsort(-doubt)[: round(share * len(doubt))]].mean())


@risk_at.mistake("Divide by the answers that are given, not by all: what is refused is not wrong.")
def _(wrong, doubt, share):
    return float(wrong[np.argsort(doubt)[: round(share * len(doubt))]].sum() / len(doubt))


@risk_at.mistake("That is the share of right answers; risk is the share of wrong ones.")
def _(wrong, doubt, share):
    return float(1 - wrong[np.argsort(doubt)[: round(share * len(doubt))]].mean())


@exercise(
    inputs=[(CORRECT, CONFIDENCE, 5), (CORRECT, CONFIDENCE, 1)],
    hint="The bin of each answer: `np.minimum((confidence * bins).astype(int), bins - 1)`. For "
    "every bin that has answers: its share of the answers times |mean of `correct` - mean of "
    "`confidence`|; add up.",
)
def calibration_error(correct, confidence, bins):
    places = np.minimum((confidence * bins).astype(int), bins - 1)
    gaps = [
        (places == b).mean() * abs(correct[places == b].mean() - confidence[places == b].mean())
        for b in range(bins)
        if (places == b).any()
    ]
    return float(sum(gaps))


@calibration_error.mistake(
    "Weigh each bin by its share of the answers: a bin with one answer must not count like "
    "one with forty."
)
def _(correct, confidence, bins):
    places = np.minimum((confidence * bins).astype(int), bins - 1)
    gaps = [
        abs(correct[places == b].mean() - confidence[places == b].mean())
        for b in range(bins)
        if (places == b).any()
    ]
    return float(np.mean(gaps))


@calibration_error.mistake(
    "Without the absolute value, bins that are too sure cancel bins that are too modest."
)
def _(correct, confidence, bins):
    return float(correct.mean() - confidence.mean())


@calibration_error.mistake("Compare with the bin's mean confidence, not with its middle.")
def _(correct, confidence, bins):
    places = np.minimum((confidence * bins).astype(int), bins - 1)
    return float(
        sum(
            (places == b).mean() * abs(correct[places == b].mean() - (b + 0.5) / bins)
            for b in range(bins)
            if (places == b).any()
        )
    )


@exercise(
    inputs=[(np.array([0.9, 0.5, 0.2]), 2.0), (np.array([0.9, 0.5, 0.2]), 0.5)],
    hint="Log-odds: `np.log(p / (1 - p))`. Divide them by the temperature and go back with `1 / (1 "
    "+ np.exp(-x))`.",
)
def tempered(confidence, temperature):
    log_odds = np.log(confidence / (1 - confidence))
    return 1 / (1 + np.exp(-log_odds / temperature))


@tempered.mistake(
    "Multiplying sharpens where it should soften: divide the log-odds by the temperature."
)
def _(confidence, temperature):
    return 1 / (1 + np.exp(-np.log(confidence / (1 - confidence)) * temperature))


@tempered.mistake("You divided the probability itself; temperature acts on its log-odds.")
def _(confidence, temperature):
    return confidence / temperature


@tempered.mistake(
    "You divided log p; a probability of being right has two sides: use the log-odds, log p - "
    "log(1 - p)."
)
def _(confidence, temperature):
    return np.exp(np.log(confidence) / temperature)
