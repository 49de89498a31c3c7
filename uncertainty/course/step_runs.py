"""Runs that keep the doubt of every step: answers to tasks, and texts that are given."""

from collections.abc import Sequence

import torch

from ..generation.answers import Generation
from ..generation.decoding import generate
from ..generation.prompts import Prompt, require_prompt_list
from ..generation.scoring import score
from ..measures.token_measures import token_measures
from .answer_runs import MEASURING
from .results import cached_results


def answers_by_step(
    model,
    tokenizer,
    prompts: Sequence[Prompt],
    *,
    max_new_tokens: int,
    chat: bool = True,
    batch_size: int = 32,
) -> list[dict]:
    """Return the greedy answer to each prompt with its doubt at every step, from disk if known.

    Each record holds ``text``, ``ids``, and the lists ``surprisal`` (of the written token: the
    cross-entropy) and ``entropy``, one entry a token, nats, four decimals. At a step where two
    tokens are equally likely, another processor may go another way: then all are asked anew.
    """
    require_prompt_list(prompts)

    def compute(batch: list) -> list[dict]:
        answers = generate(model, tokenizer, batch, max_new_tokens=max_new_tokens, chat=chat)
        return [_step_record(answer) for answer in answers]

    return cached_results(
        model,
        tokenizer,
        prompts,
        compute,
        task="steps",
        settings={"limit": max_new_tokens, "chat": chat, "batch": batch_size},
        batch_size=batch_size,
        code=(answers_by_step, *MEASURING),
    )


def given_by_step(model, tokenizer, texts: Sequence[tuple[str, str]]) -> list[dict]:
    """Return the doubt at every token of given texts, from disk where it was measured before.

    Args:
        texts: pairs (what stands before, the text that is measured), read without a chat template.

    Returns:
        Records as `answers_by_step` has.
    """

    def compute(batch: list) -> list[dict]:
        return [
            _step_record(score(model, tokenizer, before, text, chat=False))
            for before, text in batch
        ]

    return cached_results(
        model,
        tokenizer,
        [list(pair) for pair in texts],
        compute,
        task="given",
        batch_size=16,
        settings={},
        code=(given_by_step, *MEASURING),
    )


def _step_record(answer: Generation) -> dict:
    empty = torch.zeros(0)
    measures = token_measures(answer) if len(answer) else {"surprisal": empty, "entropy": empty}
    record: dict = {"text": answer.text, "ids": answer.token_ids.tolist()}
    for name in ("surprisal", "entropy"):
        record[name] = [round(x, 4) for x in measures[name].tolist()]
    return record
