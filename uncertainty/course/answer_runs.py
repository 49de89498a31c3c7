"""The runs that several lessons look at: each asks the model once and is kept on disk."""

from collections.abc import Sequence

import numpy as np

from .._thinking import separate_thinking
from ..data.questions import Question
from ..evaluation.answer_words import plain_words
from ..evaluation.number_words import numbers_to_digits
from ..generation.answers import Generation
from ..generation.decoding import generate
from ..generation.prompts import Prompt, require_prompt_list
from ..information import upcast
from ..measures.answer_measures import answer_measures
from ..measures.evidence import aleatoric_epistemic
from ..measures.meaning import cluster_by_meaning
from ..measures.raw_logits import raw_logits
from ..measures.sampling import sample_answers
from ..measures.token_measures import token_measures
from .results import batch_seed, cached_results, json_checksum
from .spot_check import given_answer, settle_near_ties

SHORT = {"role": "system", "content": "Answer with a short answer, a word or a few words only."}
LIMIT = 24  # tokens; the grader reads the first sentence
SAMPLE_LIMIT = 16  # tokens: enough for a short answer, and ten samples cost ten times as much

# One function from each module that decides the measures: the measures, and what they rest on.
MEASURING = (answer_measures, token_measures, raw_logits, aleatoric_epistemic, upcast)
# The same for clusters of answers, which lesson 08 keeps itself: `cached_results` takes it as code.
CLUSTERING = (cluster_by_meaning, plain_words, numbers_to_digits, separate_thinking)


def short_prompt(question: Question | str) -> list[dict[str, str]]:
    """Return the conversation that asks for a short answer."""
    text = question.question if isinstance(question, Question) else question
    return [SHORT, {"role": "user", "content": text}]


def greedy_answers(
    model,
    tokenizer,
    prompts: Sequence[Prompt],
    *,
    max_new_tokens: int = LIMIT,
    batch_size: int = 32,
) -> list[dict]:
    """Return the greedy answer to each prompt, from disk where it was asked for before.

    Each record holds ``text``, ``ids`` (of the tokens written), ``tokens`` (how many they are),
    ``read`` (the number of prompt tokens) and ``measures``: `answer_measures`, or None for an
    answer that ended at once, which has nothing to measure.

    Recorded answers are checked by asking again. Where the model now goes another way at a near tie
    (`is_near_tie`), the recorded tokens are measured instead.
    """
    require_prompt_list(prompts)

    def compute(batch: list) -> list[dict]:
        answers = generate(model, tokenizer, batch, max_new_tokens=max_new_tokens)
        return [_answer_record(answer) for answer in answers]

    def given(prompt: Prompt, token_ids: list[int]) -> dict:
        return _answer_record(given_answer(model, tokenizer, prompt, token_ids))

    def recheck(batch: list, recorded: list[dict]) -> list[dict]:
        return settle_near_ties(model, tokenizer, batch, recorded, compute(batch), given)

    return cached_results(
        model,
        tokenizer,
        prompts,
        compute,
        task="greedy",
        settings={"limit": max_new_tokens, "batch": batch_size},
        batch_size=batch_size,
        code=(greedy_answers, *MEASURING),
        recheck=recheck,
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
    """Return several sampled answers to each prompt, from disk where they were drawn before.

    Each record holds the lists ``texts``, ``ids`` (of the tokens written), ``tokens`` (how many)
    and ``surprisal`` (mean per token, nats; None for an empty sample), and ``read``, the number of
    prompt tokens.

    Recorded samples are checked by measuring the recorded tokens: another kind of processor draws
    other random numbers, so drawing them again would tell nothing.

    The samples belong to this list of prompts: another list draws others. A batch holds prompts x
    samples x tokens x vocabulary raw logits for a moment (250 MB with the defaults); a smaller
    ``batch_size`` needs less.
    """
    require_prompt_list(prompts)

    def compute(batch: list) -> list[dict]:
        groups = sample_answers(
            model,
            tokenizer,
            batch,
            samples,
            temperature=temperature,
            max_new_tokens=max_new_tokens,
            seed=batch_seed(seed, batch),
        )
        return [_sample_record(group) for group in groups]

    def given_samples(prompt: Prompt, samples: list[list[int]]) -> dict:
        distinct = {tuple(ids) for ids in samples}
        answers = {ids: given_answer(model, tokenizer, prompt, list(ids)) for ids in distinct}
        return _sample_record([answers[tuple(ids)] for ids in samples])

    def recheck(batch: list, recorded: list[dict]) -> list[dict]:
        return [given_samples(prompt, old["ids"]) for prompt, old in zip(batch, recorded)]

    settings = {
        "samples": samples,
        "temperature": temperature,
        "limit": max_new_tokens,
        "seed": seed,
        "batch": batch_size,
        "prompts": json_checksum(list(prompts)),
    }
    return cached_results(
        model,
        tokenizer,
        prompts,
        compute,
        task="samples",
        settings=settings,
        batch_size=batch_size,
        code=(sampled_answers, sample_answers, batch_seed, *MEASURING),
        recheck=recheck,
    )


def measure_columns(records: Sequence[dict]) -> dict[str, np.ndarray]:
    """Return every measure of `greedy_answers` as a column, and the length in tokens.

    An answer that ended at once has nan for each measure.
    """
    measured = [record["measures"] or {} for record in records]
    names = dict.fromkeys(name for measures in measured for name in measures)
    columns = {
        name: np.array([measures.get(name, np.nan) for measures in measured], dtype=float)
        for name in names
    }
    columns["length"] = np.array([float(record["tokens"]) for record in records])
    return columns


def _answer_record(answer: Generation) -> dict:
    return {
        "text": answer.text,
        "ids": answer.token_ids.tolist(),
        "tokens": len(answer),
        "read": len(answer.prompt_ids),
        "measures": answer_measures(answer) if len(answer) else None,
    }


def _sample_record(samples: list[Generation]) -> dict:
    return {
        "texts": [sample.text for sample in samples],
        "ids": [sample.token_ids.tolist() for sample in samples],
        "tokens": [len(sample) for sample in samples],
        "surprisal": [_mean_surprisal(sample) for sample in samples],
        "read": len(samples[0].prompt_ids),
    }


def _mean_surprisal(answer: Generation) -> float | None:
    if len(answer) == 0:
        return None
    return token_measures(answer)["surprisal"].mean().item()
