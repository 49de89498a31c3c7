"""The lens along what a model writes."""

from collections.abc import Sequence

import torch
from torch import Tensor

from ..architecture.parts import model_parts
from ..generation.answers import Generation
from ..generation.decoding import generate
from ..generation.prompts import Prompt, require_prompt_list
from .logit_lens import LensTrace, read_stream


def generate_with_lens(
    model,
    tokenizer,
    prompts: Sequence[Prompt],
    *,
    renyi: Sequence[float] = (),
    top: int = 1,
    **options,
) -> list[tuple[Generation, LensTrace]]:
    """`generate` for a list of prompts, with the lens at every step; each position is computed once.

    Column t of an answer's trace is the stream that its token t was drawn from, and that token is the target.

    Raises:
        ValueError: one prompt instead of a list; else as `generate` and `logit_lens`.
    """
    answers, stream = generate_with_stream(model, tokenizer, prompts, **options)
    written = torch.cat(
        [rows[:, : len(answer)] for answer, rows in zip(answers, stream)], 1
    )  # all answers in a row
    targets = torch.cat([answer.token_ids for answer in answers])
    trace = read_stream(model_parts(model), written, targets=targets, renyi=renyi, top=top)
    ends = torch.tensor([len(answer) for answer in answers]).cumsum(0).tolist()
    return [(answer, trace.columns(end - len(answer), end)) for answer, end in zip(answers, ends)]


def generate_with_stream(
    model, tokenizer, prompts: Sequence[Prompt], **options
) -> tuple[list[Generation], Tensor]:
    """`generate` for a list of prompts, and the residual stream each token was drawn from.

    Returns:
        The answers, and ``(prompts, layers + 1, steps, width)``; the steps after an answer's end mean nothing.

    Raises:
        ValueError: one prompt instead of a list; else as `generate`.
    """
    require_prompt_list(prompts)
    parts = model_parts(model)
    with parts.record_stream(positions=slice(-1, None)) as stream:
        answers = generate(model, tokenizer, list(prompts), **options)
    depths, steps = (
        len(parts.blocks) + 1,
        max(len(answer) + (answer.finish_reason == "stop") for answer in answers),
    )
    written = torch.cat(
        stream[-steps * depths :], 1
    )  # passes before these only read what the prompts begin with
    return answers, written.unflatten(1, (steps, depths)).transpose(1, 2)
