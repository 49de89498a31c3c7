"""Run shared tokens through the model only once: a batch's common prefix, and repeated prompts.

The rows of a batch are laid out as ``prefix | padding | rest``. The common prefix goes through the
model once, and so does each distinct prompt; keys and values are copied for all rows that continue
from there. Where nothing is shared the padding is on the left, as usual. Padding *inside* a row is
harmless only where positions are counted by the attention mask alone, so on other models prompts of
uneven length have no common prefix.
"""

from inspect import signature
from typing import Any

import torch
from torch import Tensor

from .._inputs import input_device
from ..architecture.cache_argument import cache_argument, given_cache, named_cache

# A common prefix of fewer tokens is not worth a forward pass of its own.
MIN_PREFIX = 8

# Kinds of layers whose cache is keys and values.
ATTENTION_LAYERS = {"full_attention", "sliding_attention", "chunked_attention"}


def read_prompts(
    model, rows: list[Tensor], *, pad_id: int, new_tokens: int
) -> tuple[Tensor, Tensor, Any]:
    """Read what the prompts of a batch share, before their answers are generated.

    Every row keeps at least its last token unread: that token's logits start the answer.

    Args:
        rows: the prompts' token ids, each ``(tokens,)``.
        pad_id: the token id that fills short rows.
        new_tokens: how many tokens at most will be generated.

    Returns:
        Token ids and attention mask, both ``(rows, width)``, and a key-value cache of their first
        columns for all rows (None when nothing was shared).
    """
    # 1. the distinct prompts, and whether their prefix can be shared
    distinct, prompt_of_row = _distinct_prompts(rows)
    has_repeats = len(distinct) < len(rows)
    can_copy_cache = _caches_keys_and_values(model)
    shared = 0
    if can_copy_cache and _may_share_a_prefix(model, distinct, new_tokens):
        shared = _common_prefix_length(distinct)
    ids, mask = lay_out(distinct, shared=shared, pad_id=pad_id)  # (distinct, width) each

    # 2. the common prefix, read once and copied for every distinct prompt
    cache = None
    if shared:
        prefix = distinct[0][None, :shared]  # (1, shared)
        cache = _extend_cache(model, prefix)
        cache.batch_repeat_interleave(len(distinct))
    if not has_repeats:
        return ids, mask, cache

    # 3. the rest of every distinct prompt but its last token, copied for every repeat
    if can_copy_cache:
        unread = ids[:, shared:-1]  # (distinct, width - shared - 1)
        if unread.shape[1] > 0:
            cache = _extend_cache(model, unread, mask[:, :-1], cache)
        if cache is not None:
            # reorder_cache also repeats rows
            cache.reorder_cache(prompt_of_row.to(input_device(model)))
    return ids[prompt_of_row], mask[prompt_of_row], cache  # (rows, width) each


def lay_out(rows: list[Tensor], *, shared: int, pad_id: int) -> tuple[Tensor, Tensor]:
    """Return token ids and attention mask, both ``(rows, width)``.

    Every row's padding is inserted right after its first ``shared`` tokens.
    """
    width = max(len(row) for row in rows)
    columns = torch.arange(width)
    padded_rows = []
    masks = []
    for row in rows:
        pad_count = width - len(row)
        pad = torch.full((pad_count,), pad_id)
        padded_rows.append(torch.cat([row[:shared], pad, row[shared:]]))
        masks.append((columns < shared) | (columns >= shared + pad_count))
    return torch.stack(padded_rows), torch.stack(masks).long()


def _distinct_prompts(rows: list[Tensor]) -> tuple[list[Tensor], Tensor]:
    """Return the prompts without repeats, in order, and for each row the index of its prompt."""
    index_of: dict[tuple[int, ...], int] = {}
    distinct: list[Tensor] = []
    prompt_of_row = []
    for row in rows:
        key = tuple(row.tolist())
        if key not in index_of:
            index_of[key] = len(distinct)
            distinct.append(row)
        prompt_of_row.append(index_of[key])
    return distinct, torch.tensor(prompt_of_row)


def _may_share_a_prefix(model, prompts: list[Tensor], new_tokens: int) -> bool:
    """Return whether the prompts need no padding, or padding after a prefix changes no number."""
    lengths = [len(prompt) for prompt in prompts]
    if min(lengths) == max(lengths):
        return True
    return _ignores_padding_inside(model, max(lengths) + new_tokens)


def _common_prefix_length(prompts: list[Tensor]) -> int:
    """Count the leading tokens that all prompts have in common, leaving each at least its last.

    The count is 0 when the prefix is too short to be worth a forward pass of its own.
    """
    if len(prompts) < 2:
        return 0
    longest = min(len(prompt) for prompt in prompts) - 1  # the longest possible prefix
    beginnings = torch.stack([prompt[:longest] for prompt in prompts])  # (prompts, longest)
    agrees = (beginnings == beginnings[0]).all(0)  # (longest,)
    length = int(agrees.long().cumprod(0).sum())
    return length if length >= MIN_PREFIX else 0


@torch.no_grad()
def _extend_cache(model, ids: Tensor, mask: Tensor | None = None, cache=None):
    """Return the key-value cache after these tokens and those that ``cache`` holds already.

    The costly unembedding is left out.

    Args:
        ids: ``(rows, tokens)``.
        mask: ``(rows, cached + tokens)``.
    """
    options = named_cache(model, cache)
    if mask is not None:
        options["attention_mask"] = mask.to(input_device(model))
        if not mask.all() and "position_ids" in signature(model.base_model.forward).parameters:
            positions = (mask.cumsum(-1) - 1).clamp(min=0)  # (rows, cached + tokens)
            options["position_ids"] = positions[:, -ids.shape[1] :].to(input_device(model))
    output = model.base_model(input_ids=ids.to(input_device(model)), use_cache=True, **options)
    return given_cache(output)


def _caches_keys_and_values(model) -> bool:
    """Return whether the model keeps keys and values, and nothing else, between tokens.

    A recurrent state (Mamba, linear attention, convolutions) cannot be expanded to
    several rows.
    """
    layer_types = getattr(model.config.get_text_config(), "layer_types", None) or []
    has_only_attention = set(layer_types) <= ATTENTION_LAYERS
    is_stateful = getattr(model, "_is_stateful", False)
    return has_only_attention and not is_stateful and bool(cache_argument(model))


def _ignores_padding_inside(model, width: int) -> bool:
    """Return whether padding inside a row of this width changes no number.

    Requires rotary positions that follow the mask, and, within this width, no sliding-window limit
    and no change of rotary frequencies.
    """
    config = model.config.get_text_config()
    rotary = getattr(config, "rope_parameters", None)
    if rotary is None or getattr(config, "alibi", False):
        return False
    if {"dynamic", "longrope"} & _rope_types(rotary):
        return False
    windows = [getattr(config, name, None) for name in ("sliding_window", "attention_chunk_size")]
    return all(size is None or width <= size for size in windows)


def _rope_types(rotary: dict) -> set[str]:
    """Return the kinds of rotary positions, of the whole model or of each kind of layer."""
    by_layer_kind = [value for value in rotary.values() if isinstance(value, dict)]
    settings = [rotary, *by_layer_kind]
    return {each["rope_type"] for each in settings if "rope_type" in each}
