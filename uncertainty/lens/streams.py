"""The residual stream along texts, and where prompts end."""

from collections.abc import Sequence

import torch
from torch import Tensor

from .._inputs import (
    SKIPPED_POSITIONS,
    input_device,
    is_whole,
    require_context,
    require_ids_in_vocabulary,
    without_wrapper,
)
from ..architecture.parts import model_parts
from ..generation.prompts import Prompt, require_prompt_list
from .generated import generate_with_stream


def last_streams(
    model, tokenizer, prompts: Sequence[Prompt], *, chat: bool = True, batch_size: int = 32
) -> Tensor:
    """Return the residual stream where each prompt ends, for `read_stream`.

    Its shape is ``(layers + 1, prompts, width)``.

    Raises:
        ValueError: one prompt instead of a list; else as `generate`.
    """
    require_prompt_list(prompts)
    ends = []
    for start in range(0, len(prompts), batch_size):
        batch = list(prompts[start : start + batch_size])
        _, stream = generate_with_stream(model, tokenizer, batch, chat=chat, max_new_tokens=1)
        ends.append(stream[:, :, 0])  # (batch, depths, width)
    return torch.cat(ends).transpose(0, 1)


@torch.no_grad()
def text_stream(
    model, input_ids: Tensor | Sequence, *, piece: int = 256, skip: int = SKIPPED_POSITIONS
) -> tuple[Tensor, Tensor]:
    """Record the residual stream along a text that is read in pieces.

    Only the first piece begins as the text does; a model that needs a beginning-of-sequence token
    reads the others without it.

    Args:
        input_ids: ``(tokens,)`` or ``(1, tokens)``.
        piece: number of tokens that are read at a time.
        skip: number of positions left out at the beginning of each piece, where attention sinks
            are.

    Returns:
        ``(layers + 1, positions, width)`` for `read_stream`, and ``(positions,)`` the token that
        follows each.

    Raises:
        ValueError: a text or piece too short to leave anything.
    """
    model = without_wrapper(model)
    parts = model_parts(model)
    ids = _whole_text_ids(model, input_ids)
    require_context(model, min(piece, len(ids)))
    pieces = [part for part in ids.split(piece) if len(part) > skip + 1]
    if not pieces:
        raise ValueError(
            f"{len(ids)} tokens in pieces of {piece} leave nothing after skipping {skip}."
        )
    streams = []
    for part in pieces:
        with parts.record_stream() as recorded:
            model.base_model(input_ids=part[None].to(input_device(model)), use_cache=False)
        streams.append(torch.cat(recorded)[:, skip:-1])  # (depths, positions, width)
    following = torch.cat([part[skip + 1 :] for part in pieces])
    return torch.cat(streams, 1), following.cpu()


def _whole_text_ids(model, input_ids: Tensor | Sequence) -> Tensor:
    """Return the token ids of a text that may be longer than the model's context: ``(tokens,)``."""
    ids = torch.as_tensor(input_ids).cpu()
    if ids.ndim == 2 and len(ids) == 1:
        ids = ids[0]
    if ids.ndim != 1 or not len(ids) or not is_whole(ids):
        raise ValueError(
            "need the token ids of one text, (tokens,) or (1, tokens), "
            f"got shape {tuple(ids.shape)}, {ids.dtype}."
        )
    require_ids_in_vocabulary(ids, model.get_input_embeddings().weight.shape[0])
    return ids.long()
