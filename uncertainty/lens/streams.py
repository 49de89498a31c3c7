"""The residual stream along texts, and where prompts end."""

from collections.abc import Sequence

import torch

from .._inputs import one_text_ids
from ..architecture.parts import model_parts
from ..generation.prompts import Prompt, require_prompt_list
from .generated import generate_with_stream


def last_streams(
    model, tokenizer, prompts: Sequence[Prompt], *, chat: bool = True, batch_size: int = 32
) -> torch.Tensor:
    """The residual stream where each prompt ends: ``(layers + 1, prompts, width)``, for `read_stream`."""
    require_prompt_list(prompts)
    batches = [list(prompts[i : i + batch_size]) for i in range(0, len(prompts), batch_size)]
    found = [
        generate_with_stream(model, tokenizer, batch, chat=chat, max_new_tokens=1)[1][:, :, 0]
        for batch in batches
    ]
    return torch.cat(found).transpose(0, 1)


@torch.no_grad()
def text_stream(
    model, input_ids, piece: int = 256, skip: int = 4
) -> tuple[torch.Tensor, torch.Tensor]:
    """The residual stream along a text, read in pieces, without each piece's first tokens (where attention is parked).

    Only the first piece begins as the text does; a model that needs a beginning-of-sequence token reads the others without.

    Returns:
        ``(layers + 1, positions, width)`` for `read_stream`, and ``(positions,)`` the token that follows each.

    Raises:
        ValueError: a text or piece too short to leave anything.
    """
    ids = one_text_ids(model, input_ids)[0]
    pieces = [part for part in ids.split(piece) if len(part) > skip + 1]
    if not pieces:
        raise ValueError(
            f"{len(ids)} tokens in pieces of {piece} leave nothing after skipping {skip}."
        )
    parts, streams = model_parts(model), []
    for one in pieces:
        with parts.record_stream() as caught:
            model.base_model(input_ids=one[None], use_cache=False)
        streams.append(torch.cat(caught)[:, skip:-1])
    return torch.cat(streams, 1), torch.cat([one[skip + 1 :] for one in pieces]).cpu()
