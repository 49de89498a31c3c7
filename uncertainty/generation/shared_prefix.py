"""Read nothing twice: what the prompts of a batch begin with, and a prompt that is sampled ten times.

The rows of a batch are laid out as ``prefix | padding | rest``. The common prefix goes through the model once, each
distinct prompt once; keys and values are copied for all rows that go on from there. Where nothing is shared the padding
stands on the left, as usual. Padding *inside* a row is harmless only where positions are counted by the attention mask
alone, so on other models prompts of uneven length have no common prefix.
"""

import inspect

import torch
from torch import Tensor

WORTH = 8  # a shorter prefix does not pay for a pass of its own
ATTENTION = {
    "full_attention",
    "sliding_attention",
    "chunked_attention",
}  # layers whose cache is keys and values


def read_prompts(model, rows: list[Tensor], padding: int, steps: int):
    """Read what can be shared, before so many ``steps`` of generation.

    Returns:
        token ids and attention mask, both ``(rows, width)``, and a key-value cache of their first columns for all rows
        (None when nothing was shared). Every row keeps at least its last token unread: its logits start the answer.
    """
    distinct, places = _distinct(rows)
    copies, caching = len(distinct) < len(rows), _caches_keys_and_values(model)
    even = min(map(len, distinct)) == max(map(len, distinct))
    may_pad = caching and (even or _ignores_padding_inside(model, max(map(len, distinct)) + steps))
    shared = _common_length(distinct) if may_pad else 0
    ids, mask = lay_out(distinct, shared, padding)
    cache = None
    if shared:
        cache = _read(model, distinct[0][None, :shared])
        cache.batch_repeat_interleave(len(distinct))
    if copies and caching and ids.shape[1] > 1:
        cache = (
            _read(model, ids[:, shared:-1], mask[:, :-1], cache)
            if shared < ids.shape[1] - 1
            else cache
        )
        cache.reorder_cache(places.to(model.device))
    return (ids[places], mask[places], cache) if copies else (ids, mask, cache)


def lay_out(rows: list[Tensor], shared: int, padding: int) -> tuple[Tensor, Tensor]:
    """Token ids and attention mask, both ``(rows, width)``, with every row's padding right after the shared prefix."""
    width = max(map(len, rows))
    gaps = [torch.full((width - len(row),), padding) for row in rows]
    ids = torch.stack(
        [torch.cat([row[:shared], gap, row[shared:]]) for row, gap in zip(rows, gaps)]
    )
    column = torch.arange(width)
    mask = torch.stack([(column < shared) | (column >= shared + len(gap)) for gap in gaps]).long()
    return ids, mask


def _distinct(rows: list[Tensor]) -> tuple[list[Tensor], Tensor]:
    """The prompts without repeats, in order, and for each row the number of its prompt."""
    keys = [tuple(row.tolist()) for row in rows]
    row_of = dict(zip(keys, rows))
    number = {key: i for i, key in enumerate(row_of)}
    return list(row_of.values()), torch.tensor([number[key] for key in keys])


def _common_length(rows: list[Tensor]) -> int:
    """How many leading tokens all rows have in common, their last left out; 0 when that is not worth a pass."""
    if len(rows) < 2:
        return 0
    heads = torch.stack([row[: min(map(len, rows)) - 1] for row in rows])
    agreed = int((heads == heads[0]).all(0).long().cumprod(0).sum())
    return agreed if agreed >= WORTH else 0


@torch.no_grad()
def _read(model, ids: Tensor, mask: Tensor | None = None, cache=None):
    """The key-value cache after these tokens (and those in ``cache``); the costly unembedding is left out."""
    seen = dict(attention_mask=mask.to(model.device)) if mask is not None else {}
    if mask is not None and not mask.all() and "position_ids" in _arguments(model):
        seen["position_ids"] = (
            (mask.cumsum(-1) - 1).clamp(min=0)[:, -ids.shape[1] :].to(model.device)
        )
    return model.base_model(
        input_ids=ids.to(model.device), past_key_values=cache, use_cache=True, **seen
    ).past_key_values


def _caches_keys_and_values(model) -> bool:
    """No recurrent state (Mamba, linear attention, convolutions), which cannot be copied or left waiting."""
    kinds = set(getattr(model.config.get_text_config(), "layer_types", None) or [])
    return (
        kinds <= ATTENTION
        and not getattr(model, "_is_stateful", False)
        and "past_key_values" in _arguments(model)
    )


def _ignores_padding_inside(model, width: int) -> bool:
    """Rotary positions, counted by the mask; no attention window, and no change of frequencies, within that width."""
    config = model.config.get_text_config()
    windows = [getattr(config, name, None) for name in ("sliding_window", "attention_chunk_size")]
    rotary = getattr(config, "rope_parameters", None)
    plain = (
        rotary is not None
        and not getattr(config, "alibi", False)
        and not {"dynamic", "longrope"} & _rope_types(rotary)
    )
    return plain and all(size is None or width <= size for size in windows)


def _rope_types(rotary: dict) -> set[str]:
    """Of the whole model, or of each kind of layer."""
    kinds = [rotary, *(inner for inner in rotary.values() if isinstance(inner, dict))]
    return {kind["rope_type"] for kind in kinds if "rope_type" in kind}


def _arguments(model) -> set[str]:
    return set(inspect.signature(model.base_model.forward).parameters)
