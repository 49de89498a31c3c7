"""The residual stream along texts, and where prompts end."""

from collections.abc import Sequence

import torch
from torch import Tensor

from .._inputs import SKIPPED_POSITIONS, one_text_ids
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
    ids = one_text_ids(model, input_ids)[0]
    pieces = [part for part in ids.split(piece) if len(part) > skip + 1]
    if not pieces:
        raise ValueError(
            f"{len(ids)} tokens in pieces of {piece} leave nothing after skipping {skip}."
        )
    parts = model_parts(model)
    streams = []
    for part in pieces:
        with parts.record_stream() as recorded:
            model.base_model(input_ids=part[None], use_cache=False)
        streams.append(torch.cat(recorded)[:, skip:-1])  # (depths, positions, width)
    following = torch.cat([part[skip + 1 :] for part in pieces])
    return torch.cat(streams, 1), following.cpu()
