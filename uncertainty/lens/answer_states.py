"""The residual stream while an answer is read: what a probe looks at."""

import inspect
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor

from .._inputs import (
    index_list,
    input_device,
    require_context,
    require_ids_in_vocabulary,
    without_wrapper,
)
from .._progress import progress_bar
from ..architecture.cache_argument import named_cache
from ..architecture.parts import model_parts
from ..generation.probes import reads_batches, require_decoder
from ..generation.prompts import Prompt, padding_id, prompt_token_ids, require_prompt_list
from ..generation.shared_prefix import lay_out, read_prompts


class AnswerStates(NamedTuple):
    """The residual stream around each answer, at some depths; float32.

    Attributes:
        depths: the depths in order: 0 is the embedding, ``layers`` what enters the final norm.
        before: ``(depths, answers, width)``, at the last token of the prompt.
        mean: the same shape, the mean over the answer's tokens; nan for an answer without any.
        last: the same shape, at the answer's last token; nan for an answer without any.
        tokens: ``(all tokens, width)``, each token of each answer, one answer after another, at the
            depth `along`; None without it.
    """

    depths: list[int]
    before: np.ndarray
    mean: np.ndarray
    last: np.ndarray
    tokens: np.ndarray | None


def answer_states(
    model,
    tokenizer,
    prompts: Sequence[Prompt],
    *,
    answers: Sequence[Sequence[int] | Tensor],
    depths: Sequence[int] | None = None,
    along: int | None = None,
    chat: bool = True,
    batch_size: int = 32,
    progress: bool = False,
) -> AnswerStates:
    """Read prompts with their answers once, and keep the residual stream of the answers.

    With h_l(t) the stream at depth l and answer token t = 1..T (0: the last prompt token)::

        before_l = h_l(0)
        mean_l   = (h_l(1) + ... + h_l(T)) / T
        last_l   = h_l(T)

    Args:
        answers: the token ids of one answer for each prompt, such as the model's own.
        depths: which depths to keep, rising; None: all, ``0..layers``.
        along: the depth at which every token's state is kept, too.
        chat: as in `generate`.
        batch_size: how many answers are read together. A batch holds batch_size x (longest answer
            + 1) x (layers + 1) x width numbers for a moment.
        progress: show a progress bar.

    Raises:
        ValueError: another number of answers than prompts, a depth that the model does not have, or
            what `answer_streams` refuses.

    Source: the last token, Azaria and Mitchell 2023 (arXiv 2304.13734), whose classifier reads it.
    """
    count = len(model_parts(without_wrapper(model)).blocks) + 1
    kept = list(range(count)) if depths is None else index_list(depths, count, name="depths")
    wanted = sorted({*kept, *([] if along is None else index_list(along, count, name="along"))})
    rows = [wanted.index(depth) for depth in kept]
    before: dict[int, Tensor] = {}
    mean: dict[int, Tensor] = {}
    last: dict[int, Tensor] = {}
    tokens: dict[int, Tensor] = {}
    read = answer_streams(
        model, tokenizer, prompts, answers=answers, depths=wanted, chat=chat, batch_size=batch_size
    )
    with progress_bar(total=len(answers), description="answers", shown=progress) as bar:
        for number, stream in read:  # (depths, tokens + 1, width)
            written = stream[rows, 1:]
            before[number] = stream[rows, 0]
            mean[number] = written.mean(1)  # nan where there is no token
            last[number] = written[:, -1] if written.shape[1] else mean[number]
            if along is not None:
                tokens[number] = stream[wanted.index(along), 1:]
            bar.update()
    return AnswerStates(
        depths=kept,
        before=_in_order(before, axis=1),
        mean=_in_order(mean, axis=1),
        last=_in_order(last, axis=1),
        tokens=None if along is None else _in_order(tokens, axis=None),
    )


@torch.no_grad()
def answer_streams(
    model,
    tokenizer,
    prompts: Sequence[Prompt],
    *,
    answers: Sequence[Sequence[int] | Tensor],
    depths: Sequence[int] | None = None,
    chat: bool = True,
    batch_size: int = 32,
) -> Iterator[tuple[int, Tensor]]:
    """Yield each answer's number and its residual stream, ``(depths, tokens + 1, width)``.

    Column 0 is the last token of the prompt, column t the answer's token t. Answers of like length
    are read together, so their numbers come in another order. What the texts of a batch share at
    their beginning is read once. No logits are computed.

    Args, as of `answer_states`. The states are float32 on the CPU.

    Raises:
        ValueError: one prompt instead of a list, another number of answers than prompts, no batch,
            token ids outside the vocabulary, a text longer than the model's context, or a model
            that `generate` or `model_parts` refuses.
    """
    model = without_wrapper(model)
    require_decoder(model)
    require_prompt_list(prompts)
    if len(answers) != len(prompts) or batch_size < 1:
        raise ValueError(
            f"need one answer for each prompt and a batch of at least 1, got {len(answers)} "
            f"answers, {len(prompts)} prompts and batch_size={batch_size}."
        )
    parts = model_parts(model)
    count = len(parts.blocks) + 1
    kept = list(range(count)) if depths is None else index_list(depths, count, name="depths")
    written = [torch.as_tensor(answer).cpu().flatten().long() for answer in answers]
    rows = []
    for prompt, ids in zip(prompts, written):
        require_ids_in_vocabulary(ids, model.get_input_embeddings().weight.shape[0])
        rows.append(torch.cat([prompt_token_ids(tokenizer, prompt, chat=chat), ids]))
        require_context(model, len(rows[-1]))
    pad_id = padding_id(model, tokenizer)
    if len(rows) > 1 and not reads_batches(model, pad_id):
        batch_size = 1

    order = sorted(range(len(rows)), key=lambda number: len(rows[number]))
    for start in range(0, len(order), batch_size):
        batch = order[start : start + batch_size]
        longest = max(len(written[number]) for number in batch)
        stream = _end_of_stream(model, parts, [rows[n] for n in batch], longest + 1, pad_id)
        for place, number in enumerate(batch):
            steps = len(written[number]) + 1
            yield number, torch.stack([stream[depth][place, -steps:] for depth in kept])


def _end_of_stream(model, parts, rows: list[Tensor], steps: int, pad_id: int) -> list[Tensor]:
    """Return the last positions of a batch of texts: ``(rows, steps, width)`` for each depth.

    The rows end together, so padding stands before them or behind their common beginning.
    """
    # 1. the last ``steps`` tokens of each row stay unread; what is shared before them is read once
    if min(len(row) for row in rows) >= steps:
        heads = [row[: len(row) - steps + 1] for row in rows]
        tails = torch.stack([row[len(row) - steps + 1 :] for row in rows])  # (rows, steps - 1)
        ids, mask, cache = read_prompts(model, heads, pad_id=pad_id, new_tokens=steps - 1)
        ids = torch.cat([ids, tails], 1)  # (rows, width)
        mask = torch.cat([mask, torch.ones_like(tails)], 1)
    else:  # a text shorter than the longest answer: nothing is shared
        ids, mask = lay_out(rows, shared=0, pad_id=pad_id)
        cache = None

    # 2. positions are counted by the mask, as `generate` counts them
    done = 0 if cache is None else cache.get_seq_length()
    options: dict[str, Any] = {"attention_mask": mask.to(input_device(model))}
    if "position_ids" in inspect.signature(model.base_model.forward).parameters:
        positions = (mask.cumsum(-1) - 1).clamp(min=0)[:, done:]
        options["position_ids"] = positions.to(input_device(model))
    options |= named_cache(model, cache)
    unread = ids[:, done:].to(input_device(model))
    with parts.record_stream(positions=slice(-steps, None)) as stream:
        model.base_model(input_ids=unread, use_cache=cache is not None, **options)
    return [state.to("cpu", torch.float32) for state in stream]


def _in_order(found: dict[int, Tensor], *, axis: int | None) -> np.ndarray:
    """Return what was found for each answer in the answers' order: stacked, or in a row."""
    ordered = [found[number] for number in sorted(found)]
    joined = torch.cat(ordered) if axis is None else torch.stack(ordered, axis)
    return joined.numpy()
