"""BOS ablation: send heads' attention to position 0, and read what changes."""

import inspect
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from functools import partial
from typing import NamedTuple

import torch
from torch import Tensor

from .._inputs import IGNORE_INDEX, one_text_ids
from ..architecture.attention_heads import split_heads, head_projection, relative_tolerance
from ..architecture.last_mlp import LastLayerNeurons, last_layer_neurons
from ..architecture.parts import ModelParts, model_parts
from ..lens.logit_lens import read_stream

Heads = Sequence[tuple[int, int]]  # (layer, head)


class HeadEffects(NamedTuple):
    """What `bos_ablation` read, each ``(1 + sets, sequences, positions)``; row 0 is the clean model. Nats.

    ``loss`` is that of the token after each position (nan at a row's end); ``activations`` has one more axis, the neurons.
    """

    entropy: Tensor
    loss: Tensor
    activations: Tensor


@contextmanager
def heads_attend_to_bos(model, heads: Heads, rows: slice = slice(None)) -> Iterator[None]:
    """Inside, these (layer, head) attend to position 0 only, from every position (or from ``rows``), in passes without a cache.

    Then what a head puts out is the value at position 0, and that is what it puts out *at* position 0, which can see nothing
    else: it is copied, and no attention weights are needed. With all positions changed, later ones read a changed past.

    Raises:
        ValueError: no such head; no projection behind the heads found; what heads put out is no average of values (GPT-OSS);
            a model in training mode; inside, a pass with a cache.
    """
    hooks = [model.base_model.register_forward_pre_hook(_refuse_cache, with_kwargs=True)]
    try:
        for layer, head in heads:
            move = partial(_moved, model, head, rows)
            hooks.append(head_projection(model, layer, head).register_forward_pre_hook(move))
        yield
    finally:
        for hook in hooks:
            hook.remove()


@torch.no_grad()
def bos_ablation(
    model, input_ids, sets: Sequence[Heads], positions: Sequence[int], neurons: Sequence[int]
) -> HeadEffects:
    """Send the attention of sets of heads to position 0, at one position at a time as the paper does, in one pass a row.

    Each position is run again as an extra token that sees itself and the clean tokens before it. So its past is clean,
    however many positions and sets are read together.

    Args:
        input_ids: ``(sequences, tokens)``.
        sets: the heads of each are ablated together. ``positions``: where to read.
        neurons: which of the last layer's activations to keep.

    Raises:
        ValueError: positions outside; a model whose extra tokens, without ablation, do not equal its plain pass (ALiBi, a
            window shorter than the text); else as `heads_attend_to_bos` and `last_layer_neurons`.
    """
    rows, where, sets = torch.as_tensor(input_ids).cpu(), torch.as_tensor(positions), [(), *sets]
    tokens = rows.shape[-1]
    if (
        rows.ndim != 2
        or not rows.numel()
        or not len(where)
        or not 0 <= int(where.min()) <= int(where.max()) < tokens
    ):
        raise ValueError(
            f"need ids (sequences, tokens) and positions inside them, got {tuple(rows.shape)} and {positions}."
        )
    if "position_ids" not in inspect.signature(model.base_model.forward).parameters:
        raise ValueError(
            f"{type(model).__name__} takes no position ids, so no position can be run again as an extra token."
        )
    place, parts, last = (
        torch.cat([torch.arange(tokens), where.repeat(len(sets))]),
        model_parts(model),
        last_layer_neurons(model),
    )
    with ExitStack() as stack:
        for number, heads in enumerate(sets):
            copy = slice(tokens + number * len(where), tokens + (number + 1) * len(where))
            stack.enter_context(heads_attend_to_bos(model, heads, copy))
        found = [
            _read_extra(model, parts, last, row, place, len(where), list(neurons)) for row in rows
        ]
    return HeadEffects(*(torch.stack(values, 1) for values in zip(*found)))


def _read_extra(
    model,
    parts: ModelParts,
    last: LastLayerNeurons,
    row: Tensor,
    place: Tensor,
    count: int,
    neurons: list[int],
) -> list[Tensor]:
    """Entropy, loss and activations, (sets, count, ...), at the extra tokens after a row; ``place`` is where all stand."""
    tokens = len(row)
    sees = (torch.arange(len(place)) < tokens) & (place < place[:, None]) | torch.eye(
        len(place), dtype=torch.bool
    )
    mask = torch.zeros(sees.shape, dtype=model.dtype).masked_fill(
        ~sees, torch.finfo(model.dtype).min
    )[None, None]
    with last.record_activations() as caught, parts.record_stream() as stream:
        model.base_model(input_ids=one_text_ids(model, row), use_cache=False)
        model.base_model(
            input_ids=one_text_ids(model, row[place]),
            attention_mask=mask.to(model.device),
            position_ids=place[None].to(model.device),
            use_cache=False,
        )
    plain, extra = (
        stream[len(parts.blocks)][0, place[tokens : tokens + count]],
        stream[-1][0, tokens:],
    )
    if not (extra[:count] - plain).norm() <= relative_tolerance(model) * plain.norm():
        raise ValueError(
            f"{type(model).__name__} reads an extra token differently from the same token in the text (ALiBi, or "
            f"a window shorter than {tokens} tokens?): run a pass for each position t inside "
            "`heads_attend_to_bos(model, heads, slice(t, t + 1))` instead."
        )
    targets = torch.cat([row[1:], torch.tensor([IGNORE_INDEX])])[place[tokens:]]
    trace = read_stream(parts, [extra], targets=targets)
    kept = caught[1].reshape(len(place), -1)[tokens:, neurons].float().cpu()
    return [
        value.unflatten(0, (-1, count))
        for value in (trace.entropy[0], trace.cross_entropy[0], kept)
    ]


def _moved(model, head: int, rows: slice, _, arguments: tuple) -> Tensor:
    """A pre-hook: the heads' outputs with one head's at these rows replaced by what it puts out at position 0."""
    heads = split_heads(model, arguments[0]).clone()
    heads[:, rows, head] = heads[:, :1, head]
    return heads.flatten(-2)


def _refuse_cache(_, arguments, named) -> None:
    cache = named.get("past_key_values")
    if cache is not None and cache.get_seq_length():
        raise ValueError(
            "after a cached text position 0 is not in the pass: give the model whole texts, with use_cache=False."
        )
