"""The logits of text that is given rather than generated: an answer, or a choice of next tokens."""

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor

from .._inputs import require_decoder_in_eval_mode
from .answers import Generation
from .batch_decoding import DecodingOptions, decode_batch
from .prompts import Prompt, decode_text, prompt_token_ids, require_prompt_list


def score(
    model,
    tokenizer,
    prompt: Prompt,
    answer: str | Sequence[int] | Tensor,
    *,
    chat: bool = True,
    template_options: Mapping[str, Any] | None = None,
) -> Generation:
    """Compute the logits that an answer *would* have been written from (teacher forcing).

    It takes one forward pass over prompt + answer.

    Args:
        answer: a text (tokenised on its own, exactly as given: mind a leading space when
            ``chat=False``) or token ids.
        chat, template_options: as in `generate`.

    Returns:
        A `Generation` with finish_reason "given". For the model's own greedy tokens its logits
        equal those of `generate`.

    Raises:
        ValueError: an answer that is empty or not one row of ids, an encoder-decoder model, a model
            in training mode, or a prompt that `generate` refuses, too.
    """
    require_decoder_in_eval_mode(model)
    prompt_ids = prompt_token_ids(tokenizer, prompt, chat=chat, template_options=template_options)
    answer_ids = _answer_token_ids(tokenizer, answer)
    input_ids = torch.cat([prompt_ids, answer_ids])[None].to(model.device)  # (1, prompt + steps)
    first_step = len(prompt_ids) - 1  # the last prompt token predicts the first answer token
    with torch.no_grad():
        logits = model(input_ids=input_ids, use_cache=False).logits[0, first_step:-1]
    return Generation(
        prompt=prompt,
        text=decode_text(tokenizer, answer_ids),
        token_ids=answer_ids,
        logits=logits.to("cpu", torch.float32, copy=True),  # (steps, vocabulary)
        prompt_ids=prompt_ids,
        finish_reason="given",
        tokenizer=tokenizer,
    )


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

    Raises:
        ValueError: no list of prompts, no choices, a choice that is empty, or two that begin with
            the same token; else as `generate`.
    """
    require_decoder_in_eval_mode(model)
    require_prompt_list(prompts)
    first_ids = _first_token_ids(tokenizer, choices)
    rows = [
        prompt_token_ids(tokenizer, prompt, chat=chat, template_options=template_options)
        for prompt in prompts
    ]
    _, [logits] = decode_batch(model, tokenizer, rows, DecodingOptions(max_new_tokens=1))
    log_p = logits.float().log_softmax(-1)  # (prompts, vocabulary)
    return log_p[:, first_ids].cpu()


def _answer_token_ids(tokenizer, answer: str | Sequence[int] | Tensor) -> Tensor:
    """Return an answer as one row of token ids, ``(steps,)``."""
    if isinstance(answer, str):
        answer = tokenizer(answer, add_special_tokens=False).input_ids
    answer_ids = torch.as_tensor(answer, dtype=torch.long).cpu()
    if answer_ids.ndim != 1 or len(answer_ids) == 0:
        raise ValueError(
            f"nothing to score: need one row of token ids, got shape {tuple(answer_ids.shape)}."
        )
    return answer_ids


def _first_token_ids(tokenizer, choices: Sequence[str]) -> list[int]:
    """Return the token that each choice begins with; all of them must differ."""
    first_ids: list[int] = []
    if choices and not isinstance(choices, str):
        choice_ids = tokenizer([*choices], add_special_tokens=False).input_ids
        first_ids = [ids[0] for ids in choice_ids if ids]
    if not first_ids or len(set(first_ids)) < len(choices):
        raise ValueError(
            f"need a list of choices that begin with different tokens, got {choices!r}."
        )
    return first_ids
