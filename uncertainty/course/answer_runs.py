"""The runs that several lessons look at: each asks the model once and is remembered on disk."""

import json
import zlib
from collections.abc import Sequence

import numpy as np

from ..data.questions import Question
from ..generation.answers import Generation
from ..generation.decoding import generate
from ..generation.prompts import Prompt, require_prompt_list
from ..measures.answer_measures import answer_measures
from ..measures.sampling import sample_answers
from ..measures.token_measures import token_measures
from .results import cached_results

SHORT = {"role": "system", "content": "Answer with a short answer, a word or a few words only."}
LIMIT = 24  # tokens; the grader reads the first sentence
SAMPLE_LIMIT = (
    16  # by then a short answer has said what it says, and ten samples are ten times as dear
)


def short_prompt(question: Question | str) -> list[dict[str, str]]:
    """The conversation that asks for a short answer."""
    return [SHORT, {"role": "user", "content": getattr(question, "question", question)}]


def greedy_answers(
    model, tokenizer, prompts: Sequence[Prompt], max_new_tokens: int = LIMIT, batch_size: int = 32
) -> list[dict]:
    """The greedy answer to each prompt: ``text``, ``tokens`` and ``read`` (how many were written and read), ``measures``.

    ``measures`` are `answer_measures`; None for an answer that ended at once, which has nothing to measure.
    """
    require_prompt_list(prompts)

    def compute(batch):
        return [
            _record(g) for g in generate(model, tokenizer, batch, max_new_tokens=max_new_tokens)
        ]

    settings = {"limit": max_new_tokens, "batch": batch_size}
    return cached_results(
        "greedy", model, tokenizer, list(prompts), compute, settings=settings, batch_size=batch_size
    )


def sampled_answers(
    model,
    tokenizer,
    prompts: Sequence[Prompt],
    samples: int = 10,
    *,
    temperature: float = 1.0,
    max_new_tokens: int = SAMPLE_LIMIT,
    seed: int = 0,
    batch_size: int = 8,
) -> list[dict]:
    """So many samples for each prompt: lists ``texts``, ``tokens`` and ``surprisal`` (mean per token, nats), and ``read``.

    The samples belong to this list of prompts: another list draws others. A batch holds prompts x samples x tokens x
    vocabulary raw logits for a moment (250 MB with the defaults); a smaller ``batch_size`` needs less.
    """
    require_prompt_list(prompts)

    def compute(batch):
        own = seed + zlib.crc32(
            json.dumps(batch).encode()
        )  # equal seeds would give all batches the same luck
        options = dict(temperature=temperature, max_new_tokens=max_new_tokens, seed=own)
        return [
            _samples(group) for group in sample_answers(model, tokenizer, batch, samples, **options)
        ]

    settings = {
        "samples": samples,
        "temperature": temperature,
        "limit": max_new_tokens,
        "seed": seed,
        "batch": batch_size,
        "prompts": zlib.crc32(json.dumps(list(prompts)).encode()),
    }
    return cached_results(
        "samples",
        model,
        tokenizer,
        list(prompts),
        compute,
        settings=settings,
        batch_size=batch_size,
    )


def measure_columns(records: Sequence[dict]) -> dict[str, np.ndarray]:
    """Every measure of `greedy_answers` as a column, and the length in tokens; nan where an answer ended at once."""
    names = dict.fromkeys(name for r in records for name in r["measures"] or {})
    columns = {
        name: np.array([(r["measures"] or {}).get(name, np.nan) for r in records]) for name in names
    }
    return columns | {"length": np.array([float(r["tokens"]) for r in records])}


def _record(answer: Generation) -> dict:
    measures = answer_measures(answer) if len(answer) else None
    return {
        "text": answer.text,
        "tokens": len(answer),
        "read": len(answer.prompt_ids),
        "measures": measures,
    }


def _samples(group: list[Generation]) -> dict:
    surprisal = [token_measures(g)["surprisal"].mean().item() if len(g) else None for g in group]
    return {
        "texts": [g.text for g in group],
        "tokens": [len(g) for g in group],
        "surprisal": surprisal,
        "read": len(group[0].prompt_ids),
    }
