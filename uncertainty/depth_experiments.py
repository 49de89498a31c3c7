"""The runs through depth that lessons 08 and 09 look at: each asks the model once and is remembered on disk."""

import json
import zlib
from collections.abc import Sequence

import numpy as np
import torch

from .anatomy import anatomy
from .generation import Prompt, check_batch
from .lens import generate_with_lens, generate_with_stream, one_row
from .results import remembered


def answers_with_depth(model, tokenizer, prompts: Sequence[Prompt], *, max_new_tokens: int = 24, temperature: float = 0.0,
                       seed: int = 0, renyi: Sequence[float] = (), batch_size: int = 32) -> list[dict]:
    """An answer to each prompt with what the lens saw: ``text``, ``tokens`` and ``read`` (how many were written and read).

    ``entropy``, ``cross_entropy`` (to the written token) and the Renyi entropies (``"0.5"`` for order 0.5) are lists of
    depths (0 the embedding, -1 the model) of lists of tokens, in nats with four decimals.
    """
    check_batch(prompts)

    def compute(batch):
        own = seed + zlib.crc32(json.dumps(batch).encode())  # equal seeds would give all batches the same luck
        options = dict(max_new_tokens=max_new_tokens, temperature=temperature, seed=own if temperature else None)
        return [_record(*pair) for pair in generate_with_lens(model, tokenizer, batch, renyi=renyi, **options)]
    settings = dict(limit=max_new_tokens, temperature=temperature, seed=seed, renyi=[str(order) for order in renyi], batch=batch_size)
    if temperature:
        settings["prompts"] = zlib.crc32(json.dumps(list(prompts)).encode())
    return remembered("depth", model, tokenizer, list(prompts), compute, settings=settings, batch_size=batch_size,
                      code=("anatomy", "lens", "depth_experiments"))


def last_streams(model, tokenizer, prompts: Sequence[Prompt], *, chat: bool = True, batch_size: int = 32) -> torch.Tensor:
    """The residual stream where each prompt ends: ``(layers + 1, prompts, width)``, for `read_stream`."""
    check_batch(prompts)
    batches = [list(prompts[i : i + batch_size]) for i in range(0, len(prompts), batch_size)]
    found = [generate_with_stream(model, tokenizer, batch, chat=chat, max_new_tokens=1)[1][:, :, 0] for batch in batches]
    return torch.cat(found).transpose(0, 1)


@torch.no_grad()
def text_stream(model, input_ids, piece: int = 256, skip: int = 4) -> tuple[torch.Tensor, torch.Tensor]:
    """The residual stream along a text, read in pieces, without each piece's first tokens (where attention is parked).

    Only the first piece begins as the text does; a model that needs a beginning-of-sequence token reads the others without.

    Returns:
        ``(layers + 1, positions, width)`` for `read_stream`, and ``(positions,)`` the token that follows each.

    Raises:
        ValueError: a text or piece too short to leave anything.
    """
    ids = one_row(model, input_ids)[0]
    pieces = [part for part in ids.split(piece) if len(part) > skip + 1]
    if not pieces:
        raise ValueError(f"{len(ids)} tokens in pieces of {piece} leave nothing after skipping {skip}.")
    parts, streams = anatomy(model), []
    for one in pieces:
        with parts.residuals() as caught:
            model.base_model(input_ids=one[None], use_cache=False)
        streams.append(torch.cat(caught)[:, skip:-1])
    return torch.cat(streams, 1), torch.cat([one[skip + 1 :] for one in pieces]).cpu()


def profile_rows(records: Sequence[dict], name: str = "entropy") -> np.ndarray:
    """One row a record: the mean over its tokens at each depth, ``(records, depths)``; nan for an empty answer."""
    return np.array([np.mean(r[name], axis=1) if r["tokens"] else np.full(len(r[name]), np.nan) for r in records])


def _record(answer, trace) -> dict:
    columns = {"entropy": trace.entropy, "cross_entropy": trace.cross_entropy} | {str(a): v for a, v in trace.renyi.items()}
    return dict(text=answer.text, tokens=len(answer), read=len(answer.prompt_ids)) | {
        name: np.round(values.double().numpy(), 4).tolist() for name, values in columns.items()}
