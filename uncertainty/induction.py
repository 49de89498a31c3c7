"""Repeated text, the heads that notice it, and what happens when they are silenced or when neurons are held back.

A repeat is one row of token ids: [first token, S, S], with S of ``length`` tokens. In the second copy everything can be
predicted by looking up what followed last time (induction). The first token is the tokenizer's BOS (its end token where
there is none): attention is parked there, and BOS ablation sends a head's attention there.

Source: Confidence Regulation Neurons (arXiv 2406.16254), section 6 and appendix. Its sequence text[:100] + text[1:100] is
this layout with length 99 when the text begins with BOS; one layout serves the loss curves, the scores and the ablations.
"""

import inspect
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from functools import partial
from typing import NamedTuple
from weakref import WeakSet

import torch
from torch import Tensor, nn

from .anatomy import Anatomy, Neurons, anatomy, last_neurons
from .frequency import text_chunks
from .lens import IGNORED, one_row, read_stream

WAYS_OUT = ("self_attn.o_proj", "self_attn.out_proj", "self_attn.dense", "attn.c_proj", "attn.out_proj",
            "attn.attention.out_proj", "attention.dense", "self_attention.dense")  # the projections behind the heads
_PROVEN: WeakSet = WeakSet()
Heads = Sequence[tuple[int, int]]  # (layer, head)


class HeadEffects(NamedTuple):
    """What `bos_ablation` read, each ``(1 + sets, sequences, positions)``; row 0 is the clean model. Nats.

    ``loss`` is that of the token after each position (nan at a row's end); ``activations`` has one more axis, the neurons.
    """

    entropy: Tensor
    loss: Tensor
    activations: Tensor


def random_repeats(tokenizer, count: int, length: int, seed: int = 0) -> Tensor:
    """``(count, 1 + 2 * length)`` ids [first, S, S]; S are ordinary tokens drawn at random, all different within a row.

    Raises:
        ValueError: a count or length below 1, or more tokens than there are; a tokenizer with neither BOS nor end token.
    """
    special = {*tokenizer.all_special_ids, *tokenizer.added_tokens_decoder}
    ordinary = torch.tensor([token for token in range(len(tokenizer)) if token not in special])
    if count < 1 or not 1 <= length <= len(ordinary):
        raise ValueError(f"need a count of 1 or more and a length of 1 to {len(ordinary)}, got {count} and {length}.")
    generator = torch.Generator().manual_seed(seed)
    return _repeated(tokenizer, [ordinary[torch.randperm(len(ordinary), generator=generator)[:length]] for _ in range(count)])


def natural_repeats(tokenizer, texts: Sequence[str], count: int, length: int, seed: int = 0) -> Tensor:
    """The same layout, where S are windows of the texts, drawn by `text_chunks`. Raises ValueError as that does."""
    return _repeated(tokenizer, text_chunks(tokenizer, texts, length, count, seed))


def natural_induction(ids: Sequence[int], n: int = 7, banned: Sequence[int] = ()) -> list[tuple[int, int]]:
    """Where a text repeats itself: (first, second) places at which the same ``n`` tokens begin.

    Only stretches of n different tokens, none of them banned, that occur exactly twice without touching; of a longer
    repeat its beginning. Source: appendix on natural induction (6 tokens, and the one they predict).
    """
    ids, places, banned = [int(token) for token in ids], defaultdict(list), set(banned)
    for start in range(len(ids) - n + 1):
        places[tuple(ids[start : start + n])].append(start)
    twice = {tuple(at) for gram, at in places.items()
             if len(at) == 2 and at[1] - at[0] > n and len(set(gram)) == n and not banned & set(gram)}
    return sorted((one, two) for one, two in twice if (one - 1, two - 1) not in twice)


@torch.no_grad()
def attention_patterns(model, input_ids) -> tuple[Tensor, ...]:
    """The attention weights of one text: for each layer ``(heads, tokens, tokens)``, each row a distribution over positions.

    The model computes them with its plain ("eager") attention; the fast kind never has them. It is set back afterwards.

    Raises:
        ValueError: a model that cannot switch; rows that do not sum to 1 (GPT-OSS has sinks); else as `logit_lens`.
    """
    ids, before = one_row(model, input_ids), model.config._attn_implementation
    try:
        if before != "eager":
            model.set_attn_implementation("eager")
        patterns = model.base_model(input_ids=ids, output_attentions=True, use_cache=False).attentions
    finally:
        if before != "eager":
            model.set_attn_implementation(before)
    if not patterns or patterns[0] is None or any(pattern.triu(1).any() for pattern in patterns):
        raise ValueError(f"{type(model).__name__} gives no attention weights, or some that look ahead (Falcon, unless it was "
                         "loaded so): load it with attn_implementation='eager'.")
    off = max((pattern.double().sum(-1) - 1).abs().max().item() for pattern in patterns)
    if not off <= _tolerance(model):
        raise ValueError(f"{type(model).__name__}: attention weights miss the sum 1 by up to {off:.2g}, so part of it goes "
                         "elsewhere (a sink?) and the rest cannot be read as shares.")
    return tuple(pattern[0] for pattern in patterns)


def induction_scores(model, repeats) -> Tensor:
    """How much each head looks at what followed last time, ``(layers, heads)`` between 0 and 1.

    From each position t of the second copy the weight on t - (length - 1), averaged over positions and rows. (The paper's
    diagonal takes in the last two positions before it.) One row's attention is in memory at a time.

    Raises:
        ValueError: rows that are no repeats; else as `attention_patterns`.
    """
    repeats = torch.as_tensor(repeats)
    repeats = repeats[None] if repeats.ndim == 1 else repeats
    length = (repeats.shape[-1] - 1) // 2
    if repeats.ndim != 2 or length < 1 or not torch.equal(repeats[:, 1 : 1 + length], repeats[:, 1 + length :]):
        raise ValueError(f"need rows [first, S, S] such as `random_repeats` gives, got shape {tuple(repeats.shape)}.")
    scores = [torch.stack([pattern.diagonal(1 - length, -2, -1)[:, -length:].float().mean(-1).cpu()
                           for pattern in attention_patterns(model, row)]) for row in repeats]
    return torch.stack(scores).mean(0)


def clip_to_mean(first: Tensor, second: Tensor) -> Callable[[Tensor], Tensor]:
    """Clip mean-ablation: keep each neuron from going further than its mean of the first copy, in the direction a repeat moves it.

    With m the mean over the first copy, a neuron that rises in the second copy becomes min(a, m), any other max(a, m). That
    cuts ordinary swings beyond m, too, and whatever else differs between the copies, position for instance.

    Args:
        first, second: ``(positions, neurons)`` activations in the two copies, from which m and the direction are taken.

    Returns:
        A function from activations ``(..., neurons)`` to new ones, for `ablation_sweep`'s ``value``. It clips wherever it is
        applied; a last-layer neuron matters at its own position only, so read the second copy.

    Raises:
        ValueError: shapes that are not those.
    """
    if first.ndim != 2 or second.ndim != 2 or first.shape[1] != second.shape[1] or not len(first) or not len(second):
        raise ValueError(f"need activations (positions, neurons) twice, got {tuple(first.shape)} and {tuple(second.shape)}.")
    mean, rises = first.mean(0), second.mean(0) > first.mean(0)
    return lambda a: torch.where(rises.to(a.device), a.minimum(mean.to(a)), a.maximum(mean.to(a)))


@contextmanager
def bos_ablated(model, heads: Heads, rows: slice = slice(None)) -> Iterator[None]:
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
            hooks.append(_way_out(model, layer, head).register_forward_pre_hook(move))
        yield
    finally:
        for hook in hooks:
            hook.remove()


@torch.no_grad()
def bos_ablation(model, input_ids, sets: Sequence[Heads], positions: Sequence[int], neurons: Sequence[int]) -> HeadEffects:
    """Send the attention of sets of heads to position 0, at one position at a time as the paper does, in one pass a row.

    Each position is run again as an extra token that sees itself and the clean tokens before it. So its past is clean,
    however many positions and sets are read together.

    Args:
        input_ids: ``(sequences, tokens)``.
        sets: the heads of each are ablated together. ``positions``: where to read.
        neurons: which of the last layer's activations to keep.

    Raises:
        ValueError: positions outside; a model whose extra tokens, without ablation, do not equal its plain pass (ALiBi, a
            window shorter than the text); else as `bos_ablated` and `last_neurons`.
    """
    rows, where, sets = torch.as_tensor(input_ids).cpu(), torch.as_tensor(positions), [(), *sets]
    tokens = rows.shape[-1]
    if rows.ndim != 2 or not rows.numel() or not len(where) or not 0 <= int(where.min()) <= int(where.max()) < tokens:
        raise ValueError(f"need ids (sequences, tokens) and positions inside them, got {tuple(rows.shape)} and {positions}.")
    if "position_ids" not in inspect.signature(model.base_model.forward).parameters:
        raise ValueError(f"{type(model).__name__} takes no position ids, so no position can be run again as an extra token.")
    place, parts, last = torch.cat([torch.arange(tokens), where.repeat(len(sets))]), anatomy(model), last_neurons(model)
    with ExitStack() as stack:
        for number, heads in enumerate(sets):
            copy = slice(tokens + number * len(where), tokens + (number + 1) * len(where))
            stack.enter_context(bos_ablated(model, heads, copy))
        found = [_read_extra(model, parts, last, row, place, len(where), list(neurons)) for row in rows]
    return HeadEffects(*(torch.stack(values, 1) for values in zip(*found)))


def _read_extra(model, parts: Anatomy, last: Neurons, row: Tensor, place: Tensor, count: int, neurons: list[int]) -> list[Tensor]:
    """Entropy, loss and activations, (sets, count, ...), at the extra tokens after a row; ``place`` is where all stand."""
    tokens = len(row)
    sees = (torch.arange(len(place)) < tokens) & (place < place[:, None]) | torch.eye(len(place), dtype=torch.bool)
    mask = torch.zeros(sees.shape, dtype=model.dtype).masked_fill(~sees, torch.finfo(model.dtype).min)[None, None]
    with last.caught() as caught, parts.residuals() as stream:
        model.base_model(input_ids=one_row(model, row), use_cache=False)
        model.base_model(input_ids=one_row(model, row[place]), attention_mask=mask.to(model.device),
                         position_ids=place[None].to(model.device), use_cache=False)
    plain, extra = stream[len(parts.blocks)][0, place[tokens : tokens + count]], stream[-1][0, tokens:]
    if not (extra[:count] - plain).norm() <= _tolerance(model) * plain.norm():
        raise ValueError(f"{type(model).__name__} reads an extra token differently from the same token in the text (ALiBi, or "
                         f"a window shorter than {tokens} tokens?): run a pass for each position t inside "
                         "`bos_ablated(model, heads, slice(t, t + 1))` instead.")
    targets = torch.cat([row[1:], torch.tensor([IGNORED])])[place[tokens:]]
    trace = read_stream(parts, [extra], targets=targets)
    kept = caught[1].reshape(len(place), -1)[tokens:, neurons].float().cpu()
    return [value.unflatten(0, (-1, count)) for value in (trace.entropy[0], trace.cross_entropy[0], kept)]


def _repeated(tokenizer, rows: Sequence[Tensor]) -> Tensor:
    first = tokenizer.eos_token_id if tokenizer.bos_token_id is None else tokenizer.bos_token_id
    if first is None:
        raise ValueError("this tokenizer has neither a BOS nor an end token to begin a row with.")
    return torch.stack([torch.cat([torch.tensor([first]), row, row]) for row in rows])


def _tolerance(model) -> float:
    return 1e-3 if model.dtype.itemsize >= 4 else 0.05


def _by_head(model, states: Tensor) -> Tensor:
    return states.unflatten(-1, (model.config.get_text_config().num_attention_heads, -1))


def _moved(model, head: int, rows: slice, _, arguments: tuple) -> Tensor:
    """A pre-hook: the heads' outputs with one head's at these rows replaced by what it puts out at position 0."""
    heads = _by_head(model, arguments[0]).clone()
    heads[:, rows, head] = heads[:, :1, head]
    return heads.flatten(-2)


def _refuse_cache(_, arguments, named) -> None:
    cache = named.get("past_key_values")
    if cache is not None and cache.get_seq_length():
        raise ValueError("after a cached text position 0 is not in the pass: give the model whole texts, with use_cache=False.")


@torch.no_grad()
def _way_out(model, layer: int, head: int) -> nn.Module:
    """The projection whose input are a layer's heads side by side, each an average of values over positions. Proven.

    The attention is fed made-up inputs [u, u], [w, w] and [u, w]: an average shows the value of u, and that of w, everywhere in
    the first two, and in the third at the second position a point between them, with one share a head.
    """
    one_row(model, [1])  # refuses a model in training
    blocks, count, seen = anatomy(model).blocks, model.config.get_text_config().num_attention_heads, []
    if not (0 <= layer < len(blocks) and 0 <= head < count):
        raise ValueError(f"no head {head} in layer {layer}: there are layers 0..{len(blocks) - 1} with heads 0..{count - 1}.")
    modules = dict(blocks[layer].named_modules())
    path = next((path for path in WAYS_OUT if path in modules), None)
    if path is None:
        raise ValueError(f"no projection behind the heads where we know to look in a {type(blocks[layer]).__name__}.")
    if modules[path] in _PROVEN:
        return modules[path]

    def feed(_, arguments, named):
        states = arguments[0] if arguments else named["hidden_states"]
        u, w = torch.randn(2, states.shape[-1], generator=torch.Generator().manual_seed(0)).to(states)
        fed = torch.stack([u, u, w, w, u, w]).view(3, 2, -1)
        return ((fed, *arguments[1:]), named) if arguments else (arguments, named | {"hidden_states": fed})
    hooks = [modules[path.split(".")[0]].register_forward_pre_hook(feed, with_kwargs=True),
             modules[path].register_forward_pre_hook(lambda _, arguments: seen.append(arguments[0]))]
    try:
        model.base_model(input_ids=torch.ones(3, 2, dtype=torch.long, device=model.device), use_cache=False)
    finally:
        for hook in hooks:
            hook.remove()
    x = _by_head(model, seen[0].double())
    u, w, mixed = x[0, 0], x[1, 0], x[2, 1]
    share = ((mixed - w) * (u - w)).sum(-1, keepdim=True) / (u - w).square().sum(-1, keepdim=True)
    off = torch.stack([x[0, 1] - u, x[1, 1] - w, x[2, 0] - u, w + share * (u - w) - mixed]).abs().max() / x.abs().max()
    if not off <= _tolerance(model):
        raise ValueError(f"{type(model).__name__}, layer {layer}: what a head puts out is no average of values (a sink or a "
                         "gate?), so its attention cannot be moved to position 0 this way.")
    _PROVEN.add(modules[path])
    return modules[path]
