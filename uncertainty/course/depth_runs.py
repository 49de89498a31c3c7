"""The runs through depth of lessons 12, 14 and 15: each asks the model once and is kept on disk."""

from collections.abc import Sequence

import numpy as np
import torch

from ..architecture.parts import model_parts
from ..generation.answers import Generation
from ..generation.prompts import Prompt, require_prompt_list
from ..information import upcast
from ..lens.generated import generate_with_lens
from ..lens.logit_lens import LensTrace, logit_lens, read_stream
from .results import batch_seed, cached_results, json_checksum
from .spot_check import given_answer, settle_near_ties

# One function from each module that decides what the lens sees; the private files of the lens' room
# come with it.
READING_DEPTHS = (generate_with_lens, logit_lens, model_parts, upcast)


def answers_with_depth(
    model,
    tokenizer,
    prompts: Sequence[Prompt],
    *,
    max_new_tokens: int = 24,
    temperature: float = 0.0,
    seed: int = 0,
    renyi: Sequence[float] = (),
    batch_size: int = 32,
    task: str = "depth",
    means: bool = False,
) -> list[dict]:
    """Return an answer to each prompt with what the lens saw, from disk where it was asked before.

    Each record holds ``text``, ``ids`` (of the tokens written), ``tokens`` and ``read`` (how many
    tokens were written and read).
    ``entropy``, ``cross_entropy`` (to the written token) and the Renyi entropies (``"0.5"`` for
    order 0.5) are lists of depths (0 the embedding, -1 the model) of lists of tokens, in nats with
    four decimals.

    Recorded answers are checked as those of `greedy_answers` and `sampled_answers` are. ``task`` is
    the name they are kept under. With ``means`` the entropies are one column, the mean over the
    tokens, and there is no cross-entropy: a small record, and `profile_rows` gives the same.
    """
    require_prompt_list(prompts)
    to_record = _mean_record if means else _depth_record

    def compute(batch: list) -> list[dict]:
        answers = generate_with_lens(
            model,
            tokenizer,
            batch,
            renyi=renyi,
            max_new_tokens=max_new_tokens,
            temperature=temperature,
            seed=batch_seed(seed, batch) if temperature else None,
        )
        return [to_record(answer, trace) for answer, trace in answers]

    def given(prompt: Prompt, token_ids: list[int]) -> dict:
        return to_record(*_given_with_lens(model, tokenizer, prompt, token_ids, renyi))

    def recheck(batch: list, recorded: list[dict]) -> list[dict]:
        if temperature:
            return [given(prompt, old["ids"]) for prompt, old in zip(batch, recorded)]
        return settle_near_ties(model, tokenizer, batch, recorded, compute(batch), given)

    settings = {
        "limit": max_new_tokens,
        "temperature": temperature,
        "seed": seed,
        "renyi": [str(order) for order in renyi],
        "batch": batch_size,
    }
    if means:
        settings["means"] = True
    if temperature:  # then the samples belong to this list of prompts
        settings["prompts"] = json_checksum(list(prompts))
    return cached_results(
        model,
        tokenizer,
        prompts,
        compute,
        task=task,
        settings=settings,
        batch_size=batch_size,
        code=(answers_with_depth, batch_seed, *READING_DEPTHS),
        recheck=recheck,
    )


def profile_rows(records: Sequence[dict], name: str = "entropy") -> np.ndarray:
    """Return one row per record: the mean over its tokens at each depth, ``(records, depths)``.

    An empty answer's row is nan.
    """
    return np.array([_mean_profile(record, name) for record in records])


def _mean_profile(record: dict, name: str) -> np.ndarray:
    if record["tokens"] == 0:
        return np.full(len(record[name]), np.nan)
    return np.mean(record[name], axis=1)  # (depths, tokens) -> (depths,)


def _given_with_lens(
    model, tokenizer, prompt: Prompt, token_ids: list[int], renyi: Sequence[float]
) -> tuple[Generation, LensTrace]:
    """Return what `generate_with_lens` returns for an answer of these tokens."""
    parts = model_parts(model)
    answer = given_answer(model, tokenizer, prompt, token_ids)
    read = torch.cat([answer.prompt_ids, answer.token_ids])
    first = len(answer.prompt_ids) - 1  # the last prompt token predicts the first answer token
    drawn_from = slice(first, first + len(answer))
    with parts.record_stream(positions=drawn_from) as stream, torch.no_grad():
        model.base_model(input_ids=read[None].to(model.device), use_cache=False)
    states = [state[0] for state in stream]  # a (tokens, width) tensor for each depth
    return answer, read_stream(parts, states, targets=answer.token_ids, renyi=renyi)


def _depth_record(answer: Generation, trace: LensTrace) -> dict:
    assert trace.cross_entropy is not None  # the targets are the written tokens
    record = {
        "text": answer.text,
        "ids": answer.token_ids.tolist(),
        "tokens": len(answer),
        "read": len(answer.prompt_ids),
    }
    columns = {"entropy": trace.entropy, "cross_entropy": trace.cross_entropy}
    columns |= {str(order): values for order, values in trace.renyi.items()}
    for name, values in columns.items():
        record[name] = np.round(values.double().numpy(), 4).tolist()
    return record


def _mean_record(answer: Generation, trace: LensTrace) -> dict:
    record = _depth_record(answer, trace)
    del record["cross_entropy"]
    for name, values in record.items():
        if isinstance(values, list) and name != "ids" and record["tokens"] > 0:
            record[name] = np.round(np.mean(values, axis=1, keepdims=True), 4).tolist()
    return record
