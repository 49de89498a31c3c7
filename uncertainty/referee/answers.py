"""The answers on which doubts are judged, and each doubt's value of them."""

import time
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np

from .._inputs import without_wrapper
from .._progress import progress_bar
from ..course.answer_runs import greedy_answers, sampled_answers, short_prompt
from ..data.questions import Question
from ..evaluation.grader import is_correct
from ..generation.answers import Generation
from ..generation.internals import KEPT, keep_internals
from ..generation.rereading import reread
from ..measures.newer_measures import newer_measures
from .functions import Doubt, require_ranking

BATCH = 8  # answers read at a time: their logits take some 100 MB
SAMPLES = 10


@dataclass(frozen=True)
class JudgedAnswers:
    """Greedy answers to questions, each graded.

    Attributes:
        records: `greedy_answers` of the questions.
        wrong: ``(answers,)`` whether the grader takes an answer for wrong.
        sampled: the questions that samples are asked of.
    """

    model: Any
    tokenizer: Any
    questions: Sequence[Question]
    records: Sequence[dict]
    wrong: np.ndarray
    sampled: Sequence[Question]

    @property
    def topics(self) -> np.ndarray:
        """The category of each question, ``(answers,)``."""
        return np.array([question.category for question in self.questions])

    def samples(self) -> dict[str, dict]:
        """Return `sampled_answers` at temperature 1 by the question's id."""
        prompts = [short_prompt(question) for question in self.sampled]
        records = sampled_answers(self.model, self.tokenizer, prompts, SAMPLES, temperature=1.0)
        return {question.id: record for question, record in zip(self.sampled, records)}

    def generations(self, keep: Collection[str] = ()) -> Iterator[tuple[int, Generation]]:
        """Yield the place of each answer that is not empty, and the answer read again.

        Args:
            keep: as in `generate`.
        """
        places = [place for place, record in enumerate(self.records) if record["ids"]]
        lengths = {
            place: self.records[place]["read"] + self.records[place]["tokens"] for place in places
        }
        places.sort(key=lambda place: lengths[place])
        with progress_bar(total=len(places), description="reading answers") as bar:
            for start in range(0, len(places), BATCH):
                batch = places[start : start + BATCH]
                prompts = [short_prompt(self.questions[place]) for place in batch]
                ids = [self.records[place]["ids"] for place in batch]
                generations = reread(self.model, self.tokenizer, prompts, ids)
                keep_internals(self.model, generations, keep)
                yield from zip(batch, generations)
                bar.update(len(batch))


@dataclass(frozen=True)
class DoubtValues:
    """A doubt's value of each answer, and what the values cost.

    Attributes:
        values: ``(answers,)``, nan where the function has none or was not asked.
        asked: ``(answers,)`` whether there was evidence for the function; False where samples were
            asked for and the question has none. None: for all.
        tokens: tokens that went through the model beyond the answer, a mean over answers.
        seconds: the function's own running time, a mean over answers; None where it was not run.
    """

    values: np.ndarray
    asked: np.ndarray | None = None
    tokens: float = 0.0
    seconds: float | None = None


def judged_answers(
    model, tokenizer, questions: Sequence[Question], sampled: Sequence[Question]
) -> JudgedAnswers:
    """Return the model's graded answers, from the record or the cache where they are known."""
    prompts = [short_prompt(question) for question in questions]
    records = greedy_answers(model, tokenizer, prompts)
    wrong = [
        not is_correct(record["text"], question.answers)
        for record, question in zip(records, questions)
    ]
    return JudgedAnswers(model, tokenizer, questions, records, np.array(wrong), sampled)


def doubt_values(answers: JudgedAnswers, doubts: Sequence[Doubt]) -> dict[str, DoubtValues]:
    """Run every function on every answer that there is evidence for.

    The `newer_measures` are among the results, by their keys: the answers are read anyway.

    Raises:
        ValueError: as `Doubt.value` and `require_ranking`, with the question.
    """
    wants_samples = any("samples" in doubt.needs for doubt in doubts)
    samples = answers.samples() if wants_samples else {}
    keep = {need for doubt in doubts for need in doubt.needs if need in KEPT}
    runs = {doubt.name: _Run(len(answers.questions)) for doubt in doubts}
    newer: dict[str, np.ndarray] = {}
    for place, generation in answers.generations(keep):
        for name, value in newer_measures(generation).items():
            newer.setdefault(name, np.full(len(answers.questions), np.nan))[place] = value
        question = answers.questions[place]
        record = samples.get(question.id)
        evidence = {
            "question": question.question,
            "samples": record and list(record["texts"]),
            "states": generation.states,
            "attentions": generation.attentions,
        }
        for doubt in doubts:
            if "samples" in doubt.needs and record is None:
                continue
            run = runs[doubt.name]
            with _tokens_read(answers.model) as read:
                start = time.perf_counter()
                value = doubt.value(generation, evidence, where=f"{question.question!r}")
                run.seconds.append(time.perf_counter() - start)
            run.values[place] = value
            run.tokens.append(sum(read) + _evidence_tokens(doubt, generation, record))
    found = {name: DoubtValues(values) for name, values in newer.items()}
    has_samples = np.array([question.id in samples for question in answers.questions])
    for doubt in doubts:
        run = runs[doubt.name]
        asked = has_samples if "samples" in doubt.needs else None
        judged = run.values if asked is None else run.values[asked]
        require_ranking(doubt.name, judged.tolist())
        found[doubt.name] = DoubtValues(
            run.values, asked, float(np.mean(run.tokens)), float(np.mean(run.seconds))
        )
    return found


class _Run:
    """What is being gathered of one doubt."""

    def __init__(self, count: int):
        self.values = np.full(count, np.nan)
        self.tokens: list[int] = []
        self.seconds: list[float] = []


def _evidence_tokens(doubt: Doubt, generation: Generation, samples: dict | None) -> int:
    """Return how many tokens went through the model for what a function asked for.

    States and attentions take one more pass over prompt and answer; samples read the prompt once.
    """
    tokens = 0
    if any(need in KEPT for need in doubt.needs):
        tokens += len(generation.prompt_ids) + len(generation)
    if "samples" in doubt.needs and samples is not None:
        tokens += samples["read"] + sum(samples["tokens"])
    return tokens


@contextmanager
def _tokens_read(model) -> Iterator[list[int]]:
    """Count the tokens of every forward pass made inside the context."""
    counts: list[int] = []

    def count(module, arguments, named):
        ids = arguments[0] if arguments else named.get("input_ids")
        ids = named.get("inputs_embeds") if ids is None else ids
        counts.append(ids.shape[0] * ids.shape[1])

    body = without_wrapper(model).base_model
    hook = body.register_forward_pre_hook(count, with_kwargs=True)
    try:
        yield counts
    finally:
        hook.remove()
