"""Several answers that are known, read again in one padded batch."""

import inspect
from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor
from torch.nn.utils.rnn import pad_sequence

from .._inputs import (
    input_device,
    is_whole,
    require_context,
    require_ids_in_vocabulary,
    without_wrapper,
)
from .answers import Generation
from .probes import reads_batches, require_decoder
from .prompts import Prompt, decode_text, padding_id, prompt_token_ids, require_prompt_list


@torch.no_grad()
def reread(
    model,
    tokenizer,
    prompts: Sequence[Prompt],
    answers: Sequence[Sequence[int] | Tensor],
    *,
    chat: bool = True,
    template_options: Mapping[str, Any] | None = None,
) -> list[Generation]:
    """Compute the logits of known answers by teacher forcing, all in one forward pass.

    Prompt and answer are padded on the right, where a decoder does not look from any of their
    tokens. Where a batch would change a model's numbers, its rows are read one by one.

    Args:
        answers: the token ids of an answer to each prompt; there may be none.

    Returns:
        A `Generation` for each, as `score` returns it (finish_reason "given").

    Raises:
        ValueError: another number of answers than of prompts, or an answer that is not one row of
            ids; else as `score`.
    """
    model = without_wrapper(model)
    require_decoder(model)
    require_prompt_list(prompts)
    if len(answers) != len(prompts):
        raise ValueError(f"need one answer for each of {len(prompts)} prompts, got {len(answers)}.")
    prompt_rows = [
        prompt_token_ids(tokenizer, prompt, chat=chat, template_options=template_options)
        for prompt in prompts
    ]
    answer_rows = [_one_row(model, answer) for answer in answers]
    rows = [torch.cat(pair) for pair in zip(prompt_rows, answer_rows)]
    for row in rows:
        require_context(model, len(row))
    # the last prompt token predicts the first answer token; no logits are needed before it
    first = min(len(prompt_ids) for prompt_ids in prompt_rows) - 1
    generations = []
    for prompt, prompt_ids, answer_ids, logits in zip(
        prompts, prompt_rows, answer_rows, _row_logits(model, tokenizer, rows, first)
    ):
        first_step = len(prompt_ids) - 1 - first
        steps = slice(first_step, first_step + len(answer_ids))
        generations.append(
            Generation(
                prompt=prompt,
                text=decode_text(tokenizer, answer_ids),
                token_ids=answer_ids,
                logits=logits[steps].to("cpu", torch.float32, copy=True),  # (steps, vocabulary)
                prompt_ids=prompt_ids,
                finish_reason="given",
                tokenizer=tokenizer,
            )
        )
    return generations


def _row_logits(model, tokenizer, rows: list[Tensor], first: int) -> list[Tensor]:
    """Return the logits of each row of ids from position ``first`` on, padding included.

    Each is ``(tokens - first or more, vocabulary)``.
    """
    device = input_device(model)
    pad_id = padding_id(model, tokenizer)
    if len(rows) > 1 and not reads_batches(model, pad_id):
        return [logits for row in rows for logits in _row_logits(model, tokenizer, [row], first)]
    ids = pad_sequence(rows, batch_first=True, padding_value=pad_id)  # (rows, tokens)
    width = ids.shape[1]
    lengths = torch.tensor([len(row) for row in rows])
    mask = (torch.arange(width) < lengths[:, None]).long()
    options = {}
    if "logits_to_keep" in inspect.signature(model.forward).parameters:
        options["logits_to_keep"] = width - first
    output = model(
        input_ids=ids.to(device), attention_mask=mask.to(device), use_cache=False, **options
    )
    return list(output.logits[:, first - width :])  # all of them, where only these were kept


def _one_row(model, answer: Sequence[int] | Tensor) -> Tensor:
    """Return an answer as one row of token ids, ``(steps,)``; it may be empty."""
    answer_ids = torch.as_tensor(answer).cpu()
    if not answer_ids.numel():
        return torch.zeros(0, dtype=torch.long)
    if answer_ids.ndim != 1 or not is_whole(answer_ids):
        raise ValueError(
            "need one row of token ids for each answer, got shape "
            f"{tuple(answer_ids.shape)}, {answer_ids.dtype}."
        )
    require_ids_in_vocabulary(answer_ids, model.get_input_embeddings().weight.shape[0])
    return answer_ids.long()
