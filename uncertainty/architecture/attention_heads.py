"""Where a layer's heads come together: the projection behind them, proven to read averages of values."""

from weakref import WeakSet

import torch
from torch import Tensor, nn

from .._inputs import one_text_ids
from .parts import model_parts

WAYS_OUT = (
    "self_attn.o_proj",
    "self_attn.out_proj",
    "self_attn.dense",
    "attn.c_proj",
    "attn.out_proj",
    "attn.attention.out_proj",
    "attention.dense",
    "self_attention.dense",
)  # the projections behind the heads
_PROVEN: WeakSet = WeakSet()


def relative_tolerance(model) -> float:
    return 1e-3 if model.dtype.itemsize >= 4 else 0.05


def by_head(model, states: Tensor) -> Tensor:
    return states.unflatten(-1, (model.config.get_text_config().num_attention_heads, -1))


@torch.no_grad()
def head_projection(model, layer: int, head: int) -> nn.Module:
    """The projection whose input are a layer's heads side by side, each an average of values over positions. Proven.

    The attention is fed made-up inputs [u, u], [w, w] and [u, w]: an average shows the value of u, and that of w, everywhere in
    the first two, and in the third at the second position a point between them, with one share a head.
    """
    one_text_ids(model, [1])  # refuses a model in training
    blocks, count, seen = (
        model_parts(model).blocks,
        model.config.get_text_config().num_attention_heads,
        [],
    )
    if not (0 <= layer < len(blocks) and 0 <= head < count):
        raise ValueError(
            f"no head {head} in layer {layer}: there are layers 0..{len(blocks) - 1} with heads 0..{count - 1}."
        )
    modules = dict(blocks[layer].named_modules())
    path = next((path for path in WAYS_OUT if path in modules), None)
    if path is None:
        raise ValueError(
            f"no projection behind the heads where we know to look in a {type(blocks[layer]).__name__}."
        )
    if modules[path] in _PROVEN:
        return modules[path]

    def feed(_, arguments, named):
        states = arguments[0] if arguments else named["hidden_states"]
        u, w = torch.randn(2, states.shape[-1], generator=torch.Generator().manual_seed(0)).to(
            states
        )
        fed = torch.stack([u, u, w, w, u, w]).view(3, 2, -1)
        return (
            ((fed, *arguments[1:]), named)
            if arguments
            else (arguments, named | {"hidden_states": fed})
        )

    hooks = [
        modules[path.split(".")[0]].register_forward_pre_hook(feed, with_kwargs=True),
        modules[path].register_forward_pre_hook(lambda _, arguments: seen.append(arguments[0])),
    ]
    try:
        model.base_model(
            input_ids=torch.ones(3, 2, dtype=torch.long, device=model.device), use_cache=False
        )
    finally:
        for hook in hooks:
            hook.remove()
    x = by_head(model, seen[0].double())
    u, w, mixed = x[0, 0], x[1, 0], x[2, 1]
    share = ((mixed - w) * (u - w)).sum(-1, keepdim=True) / (u - w).square().sum(-1, keepdim=True)
    off = (
        torch.stack([x[0, 1] - u, x[1, 1] - w, x[2, 0] - u, w + share * (u - w) - mixed])
        .abs()
        .max()
        / x.abs().max()
    )
    if not off <= relative_tolerance(model):
        raise ValueError(
            f"{type(model).__name__}, layer {layer}: what a head puts out is no average of values (a sink or a "
            "gate?), so its attention cannot be moved to position 0 this way."
        )
    _PROVEN.add(modules[path])
    return modules[path]
