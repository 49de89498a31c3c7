"""The logits of text that is given rather than generated: an answer, or a choice of next tokens."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor

from .._inputs import (
    input_device,
    is_whole,
    require_context,
    require_ids_in_vocabulary,
    without_wrapper,
)
from .answers import Generation
from .batch_decoding import DecodingOptions, decode_batch
from .internals import check_keep, keep_internals
from .probes import require_decoder
from .prompts import Prompt, decode_text, prompt_token_ids, require_prompt_list
from .tokens import continuation_token_ids


def score(
    model,
    tokenizer,
    prompt: Prompt,
    answer: str | Sequence[int] | Tensor,
    *,
    chat: bool = True,
    template_options: Mapping[str, Any] | None = None,
    keep: Collection[str] = (),
) -> Generation:
    """Compute the logits that an answer *would* have been written from (teacher forcing).

    It takes one forward pass over prompt + answer, and another for what it is to ``keep``.

    Args:
        answer: a text (tokenised as what continues the prompt, exactly as given: mind a leading
            space when ``chat=False``) or token ids.
        chat, template_options, keep: as in `generate`.

    Returns:
        A `Generation` with finish_reason "given". For the model's own greedy tokens its logits
        equal those of `generate`.

    Raises:
        ValueError: an answer that is empty or not one row of ids, or a model or a prompt that
            `generate` refuses, too.
    """
    model = without_wrapper(model)
    check_keep(keep)
    require_decoder(model)
    prompt_ids = prompt_token_ids(tokenizer, prompt, chat=chat, template_options=template_options)
    answer_ids = _answer_token_ids(tokenizer, answer)
    require_ids_in_vocabulary(answer_ids, model.get_input_embeddings().weight.shape[0])
    require_context(model, len(prompt_ids) + len(answer_ids))
    input_ids = torch.cat([prompt_ids, answer_ids])[None]  # (1, prompt + steps)
    input_ids = input_ids.to(input_device(model))
    first_step = len(prompt_ids) - 1  # the last prompt token predicts the first answer token
    with torch.no_grad():
        logits = model(input_ids=input_ids, use_cache=False).logits[0, first_step:-1]
    given = Generation(
        prompt=prompt,
        text=decode_text(tokenizer, answer_ids),
        token_ids=answer_ids,
        logits=logits.to("cpu", torch.float32, copy=True),  # (steps, vocabulary)
        prompt_ids=prompt_ids,
        finish_reason="given",
        tokenizer=tokenizer,
    )
    keep_internals(model, [given], keep)
    return given


def choice_log_probabilities(
    model,
    tokenizer,
    prompts: Sequence[Prompt],
    *,
    choices: Sequence[str],
    chat: bool = True,
    template_options: Mapping[str, Any] | None = None,
) -> Tensor:
    """Compute log p(the next token begins this choice), nats, ``(prompts, choices)``.

    Nothing is generated. The probabilities need not add up to 1: the rest goes to other words. A
    softmax over the last axis compares the choices alone. Mind the leading space of a choice that
    continues text that has begun.

    Where the leading space is a token of its own (for a tokenizer of bytes), it is log p(the space
    and the token behind it begin this choice).

    Raises:
        ValueError: no list of prompts, no choices, a choice that is empty, or two that begin with
            the same token, the space aside; else as `generate`.
    """
    model = without_wrapper(model)
    require_decoder(model)
    require_prompt_list(prompts)
    space_ids, first_ids = _first_token_ids(tokenizer, choices)
    rows = [
        prompt_token_ids(tokenizer, prompt, chat=chat, template_options=template_options)
        for prompt in prompts
    ]
    if not space_ids:
        return _next_log_p(model, tokenizer, rows)[:, first_ids]
    log_p_space = _next_log_p(model, tokenizer, rows)[:, space_ids]
    rows = [torch.cat([row, torch.tensor(space_ids)]) for row in rows]
    return log_p_space + _next_log_p(model, tokenizer, rows)[:, first_ids]


def _next_log_p(model, tokenizer, rows: list[Tensor]) -> Tensor:
    """Return the log-probabilities of what follows each row of ids, ``(rows, vocabulary)``."""
    _, [logits] = decode_batch(model, tokenizer, rows, DecodingOptions(max_new_tokens=1))
    return logits.float().log_softmax(-1).cpu()


def _answer_token_ids(tokenizer, answer: str | Sequence[int] | Tensor) -> Tensor:
    """Return an answer as one row of token ids, ``(steps,)``."""
    if isinstance(answer, str):
        answer = continuation_token_ids(tokenizer, answer)
    answer_ids = torch.as_tensor(answer).cpu()
    if answer_ids.ndim != 1 or len(answer_ids) == 0 or not is_whole(answer_ids):
        raise ValueError(
            "nothing to score: need one row of token ids, got shape "
            f"{tuple(answer_ids.shape)}, {answer_ids.dtype}."
        )
    return answer_ids.long()


def _first_token_ids(tokenizer, choices: Sequence[str]) -> tuple[list[int], list[int]]:
    """Return the token that each choice begins with; all of them must differ.

    Where all choices begin with a token that is a space and nothing else, it comes first, and the
    others are the tokens behind it.
    """
    ids: list[list[int]] = []
    if choices and not isinstance(choices, str):
        ids = [continuation_token_ids(tokenizer, choice) for choice in choices if choice]
    space_ids: list[int] = []
    if ids and all(row[0] == ids[0][0] and len(row) > 1 for row in ids):
        space_ids = ids[0][:1] if tokenizer.decode(ids[0][:1]) == " " else []
    first_ids = [row[len(space_ids)] for row in ids]
    if not first_ids or len(set(first_ids)) < len(choices):
        raise ValueError(
            f"need a list of choices that begin with different tokens, got {choices!r}."
        )
    return space_ids, first_ids
