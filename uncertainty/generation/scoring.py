"""The logits of text that is given rather than generated: a whole answer, or a choice of next tokens."""

from collections.abc import Sequence

import torch
from torch import Tensor

from .answers import Generation
from .decoding import _run
from .prompts import (
    Prompt,
    decoded,
    prompt_token_ids,
    require_decoder_in_eval_mode,
    require_prompt_list,
)


def score(
    model, tokenizer, prompt: Prompt, answer: str | Sequence[int], *, chat: bool = True
) -> Generation:
    """The logits an answer *would* have been written from: one forward pass over prompt + answer (teacher forcing).

    Args:
        answer: a text (tokenised on its own, exactly as given: mind a leading space when ``chat=False``) or token ids.

    Returns:
        A `Generation` with finish_reason "given". For the model's own greedy tokens its logits equal `generate`'s.

    Raises:
        ValueError: the answer is empty or no single row of ids; the model is no decoder-only one or is training.
    """
    require_decoder_in_eval_mode(model)
    prompt_ids = prompt_token_ids(tokenizer, prompt, chat=chat)
    ids = (
        tokenizer(answer, add_special_tokens=False).input_ids if isinstance(answer, str) else answer
    )
    answer_ids = torch.as_tensor(ids, dtype=torch.long).cpu()
    if answer_ids.ndim != 1 or len(answer_ids) == 0:
        raise ValueError(
            f"nothing to score: need one row of token ids, got shape {tuple(answer_ids.shape)}."
        )
    read = torch.cat([prompt_ids, answer_ids])[None].to(model.device)
    with torch.no_grad():
        logits = model(input_ids=read, use_cache=False).logits[0, len(prompt_ids) - 1 : -1]
    return Generation(
        prompt,
        decoded(tokenizer, answer_ids),
        answer_ids,
        logits.to("cpu", torch.float32, copy=True),
        prompt_ids,
        "given",
        tokenizer,
    )


def choice_log_probabilities(
    model, tokenizer, prompts: Sequence[Prompt], choices: Sequence[str], *, chat: bool = True
) -> Tensor:
    """log p(the next token begins this choice), nats, ``(prompts, choices)``, without generating anything.

    The probabilities need not add up to 1: what is left goes to saying something else; a softmax over the last axis
    compares the choices alone. Mind the leading space of a choice that goes on with begun text.

    Raises:
        ValueError: no list of prompts, no choices, one that is empty, or two that begin alike; else as `generate`.
    """
    require_decoder_in_eval_mode(model)
    require_prompt_list(prompts)
    first = (
        [ids[0] for ids in tokenizer([*choices], add_special_tokens=False).input_ids if ids]
        if choices
        else []
    )
    if isinstance(choices, str) or not first or len(set(first)) < len(choices):
        raise ValueError(
            f"need a list of choices that begin with different tokens, got {choices!r}."
        )
    rows = [prompt_token_ids(tokenizer, one, chat=chat) for one in prompts]
    _, [logits] = _run(model, tokenizer, rows, 1, 0.0, None)
    return logits.float().log_softmax(-1)[:, first].cpu()
