"""The lens along what a model writes."""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import pad

from .._inputs import without_wrapper
from ..architecture.parts import model_parts
from ..generation.answers import Generation
from ..generation.decoding import generate
from ..generation.probes import reads_batches
from ..generation.prompts import Prompt, padding_id, require_prompt_list
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
    """Answer a list of prompts as `generate` does, with the lens at every step.

    Each position is computed once. Column t of an answer's trace is the stream that its token t was
    drawn from, and that token is the target.

    Raises:
        ValueError: one prompt instead of a list; else as `generate` and `logit_lens`.
    """
    answers, stream = generate_with_stream(model, tokenizer, prompts, **options)

    # 1. the steps that wrote a token, all answers in a row
    written = [steps[:, : len(answer)] for answer, steps in zip(answers, stream)]
    token_ids = torch.cat([answer.token_ids for answer in answers])  # (tokens,)
    row = torch.cat(written, 1)  # (depths, tokens, width)

    # 2. one reading for all of them, cut at the answers' ends
    trace = read_stream(model_parts(model), row, targets=token_ids, renyi=renyi, top=top)
    pairs = []
    start = 0
    for answer in answers:
        stop = start + len(answer)
        pairs.append((answer, trace.tokens_between(start, stop)))
        start = stop
    return pairs


def generate_with_stream(
    model, tokenizer, prompts: Sequence[Prompt], **options
) -> tuple[list[Generation], Tensor]:
    """Answer a list of prompts, and keep the residual stream that each token was drawn from.

    Returns:
        The answers, and ``(prompts, layers + 1, steps, width)``; the steps after an answer's end
        mean nothing.

    Raises:
        ValueError: one prompt instead of a list; else as `generate`.
    """
    require_prompt_list(prompts)
    model = without_wrapper(model)
    parts = model_parts(model)
    if len(prompts) > 1 and not reads_batches(model, padding_id(model, tokenizer)):
        return _one_prompt_at_a_time(model, tokenizer, prompts, options)
    with parts.record_stream(positions=slice(-1, None)) as stream:
        answers = generate(model, tokenizer, list(prompts), **options)

    # An answer that stopped by itself took one more step, in which it drew the end token. The
    # passes before these steps only read what the prompts have in common at their beginning.
    steps = max(len(answer) + (answer.finish_reason == "stop") for answer in answers)
    depths = len(parts.blocks) + 1
    recorded = torch.cat(stream[-steps * depths :], 1)  # (prompts, steps * depths, width)
    return answers, recorded.unflatten(1, (steps, depths)).transpose(1, 2)


def _one_prompt_at_a_time(
    model, tokenizer, prompts: Sequence[Prompt], options: dict[str, Any]
) -> tuple[list[Generation], Tensor]:
    """As `generate_with_stream`, for a model whose numbers a batch would change."""
    answers = []
    streams = []
    seed = options.pop("seed", None)
    for number, prompt in enumerate(prompts):
        own_seed = None if seed is None else seed + number  # a repeated prompt is sampled anew
        [answer], [stream] = generate_with_stream(
            model, tokenizer, [prompt], seed=own_seed, **options
        )
        answers.append(answer)
        streams.append(stream)  # (depths, steps, width)
    steps = max(stream.shape[1] for stream in streams)
    padded = [pad(stream, (0, 0, 0, steps - stream.shape[1])) for stream in streams]
    return answers, torch.stack(padded)
