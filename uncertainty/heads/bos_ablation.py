"""BOS ablation: send heads' attention to position 0, and measure what changes."""

import inspect
import operator
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from functools import partial
from typing import NamedTuple

import torch
from torch import Tensor

from .._inputs import (
    IGNORE_INDEX,
    hooks_are_called,
    index_list,
    input_device,
    is_whole,
    one_text_ids,
    without_wrapper,
)
from ..architecture.attention_heads import head_count, head_projection, split_heads
from ..architecture.cache_argument import given_cache
from ..architecture.last_mlp import LastLayerNeurons, last_layer_neurons
from ..architecture.parts import ModelParts, model_parts, relative_tolerance
from ..lens.logit_lens import read_stream

Heads = Sequence[tuple[int, int]] | Tensor  # (layer, head) pairs, or a mask (layers, heads)


class HeadEffects(NamedTuple):
    """What `bos_ablation` measures, each ``(1 + sets, sequences, positions)``, in nats.

    Row 0 is the clean model.

    Attributes:
        entropy: of the next-token distribution.
        loss: of the token after each position, nan at a row's end.
        activations: of the last layer's neurons, with one more axis for them.
    """

    entropy: Tensor
    loss: Tensor
    activations: Tensor


@contextmanager
def heads_attend_to_bos(model, heads: Heads, positions: slice = slice(None)) -> Iterator[None]:
    """Make heads attend to position 0 only, in every pass inside the context.

    Heads are (layer, head) pairs, or a mask ``(layers, heads)`` of truth values. They do so from
    every position, or from ``positions``. A head then outputs the value at position 0. That is also
    what it outputs *at* position 0, which sees nothing else, so it is copied from there and no
    attention weights are needed. When all positions are changed, later ones read a changed past.

    Raises:
        ValueError: no such head; no output projection found; what heads output is no average of
            values (GPT-OSS); a model in training mode; inside, a pass with a cache.
    """
    model = without_wrapper(model)
    pairs = _head_pairs(model, heads)
    with ExitStack() as hooks:
        hooks.enter_context(hooks_are_called())
        refuse_cache = model.base_model.register_forward_pre_hook(_refuse_cache, with_kwargs=True)
        hooks.enter_context(refuse_cache)
        for layer, head in pairs:
            projection = head_projection(model, layer, head)
            copy_output = partial(_copy_output_at_bos, model, head, positions)
            hooks.enter_context(projection.register_forward_pre_hook(copy_output))
        yield


@torch.no_grad()
def bos_ablation(
    model,
    input_ids,
    *,
    head_sets: Sequence[Heads],
    positions: Sequence[int],
    neurons: Sequence[int],
) -> HeadEffects:
    """Send the attention of sets of heads to position 0, at one position at a time.

    The paper does this with one pass for each position; here one pass for each row is enough. Each
    position is run again as an extra token that sees itself and the clean tokens before it. So its
    past is clean, however many positions and sets are measured together.

    Args:
        input_ids: ``(sequences, tokens)``.
        head_sets: the heads of each set are ablated together.
        positions: where to measure; numbers, or a mask with a truth value for each token.
        neurons: which of the last layer's activations to keep; numbers, or a mask with a truth
            value for each neuron.

    Raises:
        ValueError: positions outside the text; a model whose extra tokens, without ablation, do not
            equal its plain pass (ALiBi, a window shorter than the text); else as
            `heads_attend_to_bos` and `last_layer_neurons`.
    """
    model = without_wrapper(model)
    rows = torch.as_tensor(input_ids).cpu()
    if rows.ndim != 2 or not rows.numel() or not is_whole(rows):
        raise ValueError(f"need ids (sequences, tokens), got {tuple(rows.shape)}, {rows.dtype}.")
    tokens = rows.shape[-1]
    measured = torch.tensor(index_list(positions, tokens, name="positions"))
    if not len(measured):
        raise ValueError(f"need at least one of the text's {tokens} positions, got none.")
    if "position_ids" not in inspect.signature(model.base_model.forward).parameters:
        raise ValueError(
            f"{type(model).__name__} takes no position ids, so no position can be run again as an "
            "extra token."
        )
    parts = model_parts(model)
    last_layer = last_layer_neurons(model)
    kept_neurons = index_list(neurons, len(last_layer.output_weights), name="neurons")
    sets: list[Heads] = [(), *head_sets]  # the empty set is the clean model
    with ExitStack() as ablations:
        for number, heads in enumerate(sets):
            start = tokens + number * len(measured)
            extra_tokens = slice(start, start + len(measured))
            ablations.enter_context(heads_attend_to_bos(model, heads, extra_tokens))
        effects = [
            _read_extra_tokens(
                model,
                parts,
                last_layer,
                row,
                positions=measured,
                sets=len(sets),
                neurons=kept_neurons,
            )
            for row in rows
        ]
    entropy, loss, activations = zip(*effects)
    return HeadEffects(
        entropy=torch.stack(entropy, 1),
        loss=torch.stack(loss, 1),
        activations=torch.stack(activations, 1),
    )


def _read_extra_tokens(
    model,
    parts: ModelParts,
    last_layer: LastLayerNeurons,
    row: Tensor,
    *,
    positions: Tensor,
    sets: int,
    neurons: list[int],
) -> tuple[Tensor, Tensor, Tensor]:
    """Run a text of T tokens with its P positions again as extra tokens, once for each of S sets.

    Returns:
        Entropy and loss ``(S, P)``, and activations ``(S, P, neurons)``, at the extra tokens.
    """
    tokens = len(row)
    count = len(positions)

    # 1. the position at which each token stands, (T + S * P,)
    position_ids = torch.cat([torch.arange(tokens), positions.repeat(sets)])

    # 2. what each sees: the text's tokens before its position, and itself
    in_text = torch.arange(len(position_ids)) < tokens
    earlier = position_ids < position_ids[:, None]
    itself = torch.eye(len(position_ids), dtype=torch.bool)
    visible = in_text & earlier | itself  # (T + S * P, T + S * P)
    mask = torch.zeros(visible.shape, dtype=model.dtype)
    mask = mask.masked_fill(~visible, torch.finfo(model.dtype).min)[None, None]

    # 3. the plain pass, and the pass with the extra tokens, which stand at the text's positions
    device = input_device(model)
    with last_layer.record_activations() as activations, parts.record_stream() as stream:
        model.base_model(input_ids=one_text_ids(model, row), use_cache=False)
        model.base_model(
            input_ids=row[position_ids][None].to(device),
            attention_mask=mask.to(device),
            position_ids=position_ids[None].to(device),
            use_cache=False,
        )

    # 4. what enters the final norm: without ablation the extra tokens must equal the plain ones
    plain = stream[len(parts.blocks)][0, positions]  # (P, width)
    extra = stream[-1][0, tokens:]  # (S * P, width)
    if not (extra[:count] - plain).norm() <= relative_tolerance(model) * plain.norm():
        raise ValueError(
            f"{type(model).__name__} reads an extra token differently from the same token in the "
            f"text (ALiBi, or a window shorter than {tokens} tokens?): run a pass for each "
            "position t inside `heads_attend_to_bos(model, heads, slice(t, t + 1))` instead."
        )

    # 5. the effects, (S * P, ...) to (S, P, ...)
    next_tokens = torch.cat([row[1:], torch.tensor([IGNORE_INDEX])])
    trace = read_stream(parts, [extra], targets=next_tokens[position_ids[tokens:]])
    assert trace.cross_entropy is not None  # because targets are given
    kept = activations[1].reshape(len(position_ids), -1)[tokens:, neurons].float().cpu()
    return (
        trace.entropy[0].unflatten(0, (sets, count)),
        trace.cross_entropy[0].unflatten(0, (sets, count)),
        kept.unflatten(0, (sets, count)),
    )


def _head_pairs(model, heads: Heads) -> list[tuple[int, int]]:
    """Return heads as (layer, head) pairs; that there are such heads is checked later."""
    if hasattr(heads, "tolist") and not torch.as_tensor(heads).is_floating_point():
        values = torch.as_tensor(heads)
        if values.dtype == torch.bool:
            expected = (len(model_parts(model).blocks), head_count(model))
            if values.shape != expected:
                raise ValueError(
                    f"a mask of heads needs the shape (layers, heads) = {expected}, got "
                    f"{tuple(values.shape)}."
                )
            values = values.nonzero()
        heads = values.tolist()
    pairs = []
    for entry in heads if isinstance(heads, Iterable) else [heads]:
        pair = tuple(entry) if isinstance(entry, Iterable) else (entry,)
        is_pair = len(pair) == 2 and not any(isinstance(number, bool) for number in pair)
        if not is_pair or not all(hasattr(number, "__index__") for number in pair):
            raise ValueError(
                f"heads must be (layer, head) pairs of whole numbers, [(18, 6), ...], got {entry!r}"
                " among them."
            )
        pairs.append((operator.index(pair[0]), operator.index(pair[1])))
    return pairs


def _copy_output_at_bos(model, head: int, positions: slice, _module, arguments: tuple) -> Tensor:
    """Replace a head's output at positions by its output at position 0, as a forward pre-hook."""
    outputs = split_heads(model, arguments[0]).clone()  # (batch, tokens, heads, head size)
    outputs[:, positions, head] = outputs[:, :1, head]
    return outputs.flatten(-2)


def _refuse_cache(_module, arguments, named) -> None:
    """Raise ValueError where a pass continues a cached text, as a forward pre-hook."""
    cache = given_cache(named)
    if cache is not None and cache.get_seq_length():
        raise ValueError(
            "after a cached text position 0 is not in the pass: give the model whole texts, with "
            "use_cache=False."
        )
