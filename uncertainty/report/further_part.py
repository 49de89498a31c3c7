"""Doubts that cost more than the answer's own pass, when they are asked for: samples and probes."""

import warnings
from collections.abc import Sequence

import numpy as np

from ..course.answer_runs import sampled_answers
from ..course.probe_runs import trained_and_untrained_states
from ..data.questions import Question
from ..data.twins import same_answer_groups
from ..evaluation.cross_fitting import cross_fitted_doubt
from ..evaluation.probe_estimators import DistanceFromRight
from ..loading.embedding_model import load_embedder
from ..loading.errors import ModelUnavailable
from ..measures.agreement import agreement_measures
from ..measures.embedding_measures import embedding_measures
from ..measures.labels import measure_label
from ..referee.board import BoardRow
from ..referee.rows import LabelledAnswers, board_row
from .numbers import finite, interval_record, why_not_judged
from .prompting import Asker

FEWEST_SAMPLES = 2
MEANINGS = {
    "answer_disagreement": "the share of samples that do not say what the answer says",
    "distinct_answers": "how many different answers the samples give",
    "semantic_entropy": "entropy of the samples' meanings, compared word by word, in nats",
    "lexical_disagreement": "1 - how many words the samples share",
    "cocoa": "mean surprisal times the samples' distance from the answer, by embeddings",
    "cocoa_by_string": "the same, by equal answers",
    "semantic_density_complement": "1 - how densely samples lie around the answer, by embeddings",
    "kernel_language_entropy": "entropy of the samples' embeddings, in nats",
    "heat_kernel_entropy": "the same, smoothed over the samples' neighbours",
    "semantic_entropy_by_embeddings": "semantic entropy, meanings compared by embeddings",
    "probe, mean state": "a line through the answer's mean hidden state, learnt from other answers",
    "Mahalanobis distance, mean state": "how far that state is from those of right answers",
    "probe, embeddings": "the same line before the first layer: which words were written",
    "probe, random weights": "the same line on a network without training",
    "perplexity": "for comparison: known after the answer's own pass",
}
CONTROLS = ("probe, embeddings", "probe, random weights")


def further_part(
    asking: Asker,
    questions: Sequence[Question],
    rows: Sequence[dict],
    wrong: np.ndarray,
    doubts: dict[str, np.ndarray],
    *,
    samples: int | None,
    probes: bool,
    rounds: int = 1000,
) -> dict:
    """Judge measures from samples and learnt doubts, each beside perplexity.

    Args:
        rows: `graded_answers` of the questions.
        wrong: ``(answers,)``.
        doubts: `measure_columns` of the answers.
        samples: how many samples of each answer; None: no measures from samples.
        probes: whether doubts are learnt from hidden states.
        rounds: of the bootstrap.
    """
    reason = why_not_judged(wrong)
    if reason is not None:
        return {"left_out": reason}
    found: dict[str, np.ndarray] = {"perplexity": doubts["perplexity"]}
    notes: list[str] = []
    tokens = 0.0
    if samples is not None:
        measured, tokens = _sampled(asking, questions, rows, doubts["perplexity"], samples, notes)
        found |= measured
    from_samples = set(found) - {"perplexity"}
    group = same_answer_groups(questions)
    if probes:
        found |= _learnt(asking, questions, rows, wrong, group, notes)
    answers = LabelledAnswers(
        wrong=wrong,
        length=doubts["length"],
        topic=np.array([question.category for question in questions]),
        baseline=doubts["perplexity"],
        group=group,
    )
    has_value = {name: values for name, values in found.items() if np.isfinite(values).any()}
    judged = [board_row(name, values, answers, rounds=rounds) for name, values in has_value.items()]
    judged.sort(key=lambda row: -np.nan_to_num(row.auroc.value, nan=-1))
    return {
        "left_out": None,
        "samples": samples,
        "tokens": tokens,
        "notes": notes,
        "rows": [_record(row, row.measure in from_samples) for row in judged],
    }


def _sampled(
    asking: Asker,
    questions: Sequence[Question],
    rows: Sequence[dict],
    perplexity: np.ndarray,
    samples: int,
    notes: list[str],
) -> tuple[dict[str, np.ndarray], float]:
    """Return the measures from samples, and the mean number of tokens read and written for them."""
    prompts = [asking.prompt(question) for question in questions]
    with asking.asking():
        drawn = sampled_answers(asking.model, asking.tokenizer, prompts, samples, temperature=1.0)
    try:
        embedder = load_embedder()
    except ModelUnavailable as missing:
        embedder = None
        notes.append(f"Measures by sentence embeddings are left out: {missing}")
    limit = max((max(record["tokens"]) for record in drawn), default=0)
    measured: list[dict[str, float]] = []
    for question, row, record, value in zip(questions, rows, drawn, perplexity):
        if not row["ids"]:
            measured.append({})
            continue
        answer = asking.tokenizer.decode(row["ids"][:limit], skip_special_tokens=True)
        common = {"question": question.question, "answer": answer}
        values = agreement_measures(record["texts"], **common)
        if embedder is not None:
            surprisals = [np.nan if x is None else x for x in record["surprisal"]]
            values |= embedding_measures(
                record["texts"],
                doubt=float(np.log(value)),
                surprisals=surprisals,
                embedder=embedder,
                **common,
            )
        measured.append(values)
    names = dict.fromkeys(name for values in measured for name in values)
    columns = {
        name: np.array([values.get(name, np.nan) for values in measured], dtype=float)
        for name in names
    }
    tokens = [record["read"] + sum(record["tokens"]) for record in drawn]
    return columns, float(np.mean(tokens))


def _learnt(
    asking: Asker,
    questions: Sequence[Question],
    rows: Sequence[dict],
    wrong: np.ndarray,
    group: np.ndarray,
    notes: list[str],
) -> dict[str, np.ndarray]:
    """Return cross-fitted doubts; none, with a note, where states cannot be read."""
    kept = np.array([bool(row["ids"]) for row in rows])
    places = np.flatnonzero(kept).tolist()
    reason = why_not_judged(wrong[kept])
    if reason is not None:
        notes.append(f"Probes are left out: {reason}.")
        return {}
    try:
        trained, untrained = trained_and_untrained_states(
            asking.model,
            asking.tokenizer,
            [asking.prompt(questions[place]) for place in places],
            answers=[rows[place]["ids"] for place in places],
        )
    except ValueError as refusal:
        notes.append(f"Probes are left out: {refusal}")
        return {}
    features = {
        "probe, mean state": (trained.mean[1:], None),
        "Mahalanobis distance, mean state": (trained.mean[1:], [DistanceFromRight()]),
        "probe, embeddings": (trained.mean[0], None),
        "probe, random weights": (untrained.mean, None),
    }
    found = {}
    for name, (columns, estimators) in features.items():
        found[name] = np.full(len(rows), np.nan)
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            learnt = cross_fitted_doubt(
                columns, wrong[kept], groups=group[kept], estimators=estimators
            )
        notes += [f"{name}, {each.message}" for each in caught if each.category is UserWarning]
        found[name][kept] = learnt.doubt
    return found


def _record(row: BoardRow, is_sampled: bool) -> dict:
    length = row.controls["length"]
    return {
        "measure": row.measure,
        "label": measure_label(row.measure),
        "meaning": MEANINGS.get(row.measure),
        "is_control": row.measure in CONTROLS,
        "is_sampled": is_sampled,
        "auroc": interval_record(row.auroc),
        "lead": None if row.lead is None else interval_record(row.lead),
        "beyond_length": length.verdict,
        "bar": None if length.bar is None else finite(length.bar),
        "orientation": row.orientation,
        "rejection_ratio": interval_record(row.rejection_ratio),
        "missing": row.missing,
    }
