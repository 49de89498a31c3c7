"""The lens' arithmetic: a few statistics of every slice of the vocabulary, mixed at the end in float64."""

import math

import torch
from torch import Tensor

from ..architecture.parts import ModelParts
from ..information import upcast

ROWS, COLUMNS = 2048, 2048  # so many logits at a time: 16 MB in float32, twice
PIECE = 64  # a divisor of COLUMNS


def read_block(
    parts: ModelParts, stream: Tensor, targets: Tensor, orders: list[float], top: int
) -> dict[str | float, Tensor]:
    """Everything about one block of tokens, by name: ``(tokens, depths, ...)``."""
    states, targets = parts.before_head(stream), targets.clamp(min=0).to(stream.device)
    weight, bias = parts.unembedding.weight, getattr(parts.unembedding, "bias", None)
    chosen = torch.einsum("tld,tkd->tlk", states, weight[targets])
    chosen = upcast(parts.after_head(chosen if bias is None else chosen + bias[targets][:, None]))
    slices, width = [], min(COLUMNS, len(weight))
    products, space = (
        like.new_empty(states.shape[:2].numel() * width) for like in (states, chosen)
    )  # used again and again
    for start in range(0, len(weight), COLUMNS):
        part = slice(start, start + COLUMNS)
        shape = (*states.shape[:2], len(weight[part]))
        logits = torch.mm(
            states.flatten(0, 1),
            weight[part].T,
            out=products[: math.prod(shape)].view(-1, shape[-1]),
        ).view(shape)
        logits = upcast(parts.after_head(logits if bias is None else logits.add_(bias[part])))
        slices.append(
            _read_slice(
                logits, chosen, targets - start, orders, top, space[: math.prod(shape)].view(shape)
            )
        )
        slices[-1]["top_tokens"] += start
    values = {name: [one[name] for one in slices] for name in slices[0]}
    return {
        name: value.to(chosen.dtype) if value.is_floating_point() else value
        for name, value in _mix(values, chosen, orders, len(weight), top).items()
    }


def _read_slice(
    logits: Tensor, chosen: Tensor, own: Tensor, orders: list[float], top: int, space: Tensor
) -> dict:
    """One slice of the vocabulary, as a distribution p of its own over logits z.

    ``mean`` is E[z_l] under p_l, ``final_mean`` E[z_l] under p_L, ``reverse_mean`` E[z_L] under p_l, all within the slice.
    The slice's size is its log-sum-exp. ``space`` is memory to work in, shaped like the logits.
    """
    values, places = _largest(logits, min(top, logits.shape[-1]))
    p = torch.softmax(logits, -1, out=space)
    largest = values[..., 0].double()
    size = largest - p.gather(-1, places[..., :1])[..., 0].double().log()
    final_mean = torch.bmm(p[:, -1:], logits.transpose(1, 2))[:, 0].double()
    reverse_mean = torch.bmm(logits[:, -1:], p.transpose(1, 2))[:, 0].double()
    mean = p.mul_(logits).sum(-1).double()
    powers = {
        alpha: alpha * largest
        + torch.sub(logits, values[..., :1], out=space).mul_(alpha).exp_().sum(-1).double().log()
        for alpha in orders
        if alpha not in (0, 1, math.inf)
    }
    return (
        dict(
            size=size,
            mean=mean,
            final_mean=final_mean,
            reverse_mean=reverse_mean,
            top_tokens=places,
            top_logits=values,
            rank=_larger(logits, chosen, own, space),
        )
        | powers
    )


def _largest(logits: Tensor, count: int) -> tuple[Tensor, Tensor]:
    """The `count` largest logits and their places: looked for only in the pieces that have the largest maxima."""
    width = logits.shape[-1]
    if width % PIECE or count > width // PIECE:
        return tuple(logits.topk(count))
    pieces = logits.unflatten(-1, (-1, PIECE))
    where = pieces.amax(-1).topk(count).indices
    best = pieces.take_along_dim(where[..., None], -2).flatten(-2).topk(count)
    return best.values, where.gather(-1, best.indices // PIECE) * PIECE + best.indices % PIECE


def _larger(logits: Tensor, chosen: Tensor, own: Tensor, space: Tensor) -> Tensor:
    """How many logits of a slice exceed each chosen token's, itself not counted; ``own`` is its place, perhaps outside.

    The chosen logits come from another product, a rounding apart; so equals must not count as larger.
    """
    chosen = chosen + 8 * torch.finfo(chosen.dtype).eps * (1 + chosen.abs())
    larger = torch.zeros_like(chosen)
    for k in range(chosen.shape[-1]):
        larger[..., k] = torch.gt(logits, chosen[..., k : k + 1], out=space).sum(-1)
    inside = (own >= 0) & (own < logits.shape[-1])
    itself = (
        logits.gather(-1, own.clamp(0, logits.shape[-1] - 1)[:, None].expand(chosen.shape)) > chosen
    )
    return larger.long() - (itself & inside[:, None]).long()


def _mix(
    values: dict, chosen: Tensor, orders: list[float], vocabulary: int, top: int
) -> dict[str | float, Tensor]:
    """Put the slices of the vocabulary together; every value is a list with one tensor a slice."""
    sizes, mean, final_mean, reverse_mean = (
        torch.stack(values[name]) for name in ("size", "mean", "final_mean", "reverse_mean")
    )
    size = sizes.logsumexp(0)
    share = (sizes - size).exp()
    entropy = size - (share * mean).sum(0)
    to_final = size - (share[..., -1:] * final_mean).sum(0)  # CE(p_L, p_l)
    from_final = size[:, -1:] - (share * reverse_mean).sum(0)  # CE(p_l, p_L)
    best = torch.cat(values["top_logits"], -1).topk(top)
    found = dict(
        entropy=entropy.clamp(min=0),
        kl_to_final=(to_final - entropy[:, -1:]).clamp(min=0),
        reverse_kl=(from_final - entropy).clamp(min=0),
        top_tokens=torch.cat(values["top_tokens"], -1).gather(-1, best.indices),
        top_probabilities=(best.values - size[..., None]).exp(),
        cross_entropy=(size[..., None] - chosen).clamp(min=0),
        rank=sum(values["rank"]),
    )
    limits = {
        0: torch.full_like(size, math.log(vocabulary)),
        1: found["entropy"],
        math.inf: size - best.values[..., 0],
    }
    return found | {
        alpha: limits[alpha]
        if alpha in limits
        else (torch.stack(values[alpha]).logsumexp(0) - alpha * size) / (1 - alpha)
        for alpha in orders
    }
