"""The attention's output projection: its input is the outputs of all heads side by side."""

from weakref import WeakSet

import torch
from torch import Tensor, nn

from .._inputs import hooks_are_called, input_device
from .parts import model_parts, relative_tolerance

HEAD_PROJECTIONS = (
    "self_attn.o_proj",
    "self_attn.out_proj",
    "self_attn.dense",
    "attn.c_proj",
    "attn.out_proj",
    "attn.attention.out_proj",
    "attention.dense",
    "self_attention.dense",
)
_PROVEN: WeakSet = WeakSet()


def split_heads(model, states: Tensor) -> Tensor:
    """Split the projection's input: (..., heads * head size) to ``(..., heads, head size)``."""
    return states.unflatten(-1, (head_count(model), -1))


@torch.no_grad()
def head_projection(model, layer: int, head: int) -> nn.Module:
    """Return the output projection of a layer's attention.

    Its input is the heads' outputs side by side. Each output is an average of the head's values
    over positions; that is proven when a layer is asked for the first time.

    Raises:
        ValueError: no such head; no output projection under a known name; heads that do not
            average their values (a sink, as in GPT-OSS, or a gate); a model in training mode.
    """
    blocks = model_parts(model).blocks
    heads = head_count(model)
    if not (0 <= layer < len(blocks) and 0 <= head < heads):
        raise ValueError(
            f"no head {head} in layer {layer}: there are layers 0..{len(blocks) - 1} with heads "
            f"0..{heads - 1}."
        )
    modules = dict(blocks[layer].named_modules())
    path = next((path for path in HEAD_PROJECTIONS if path in modules), None)
    if path is None:
        raise ValueError(
            f"the attention of a {type(blocks[layer]).__name__} has no output projection under the "
            "names that this course knows."
        )
    projection = modules[path]
    if projection not in _PROVEN:
        attention = modules[path.split(".")[0]]  # paths begin with the attention module
        error = _deviation_from_averaging(model, attention, projection)
        if not error <= relative_tolerance(model):
            raise ValueError(
                f"{type(model).__name__}, layer {layer}: what a head outputs is no average of "
                "values (a sink or a gate?), so BOS ablation does not apply to it."
            )
        _PROVEN.add(projection)
    return projection


def _deviation_from_averaging(model, attention: nn.Module, projection: nn.Module) -> float:
    """Return how far a layer's heads are from averaging values, relative to their outputs.

    The attention is given three texts of two made-up states: [u, u], [w, w] and [u, w]. Let v(x)
    be a head's value of the state x. A head whose attention weights sum to 1 and that does not
    look ahead outputs

        text      position 0   position 1
        [u, u]    v(u)         v(u)
        [w, w]    v(w)         v(w)
        [u, w]    v(u)         a v(u) + (1 - a) v(w),  with one weight a for the whole head

    So three outputs must equal v(u) or v(w), which the first positions show, and the last must lie
    on the line between them. A sink shrinks the values, by another factor where more is attended
    to; a gate scales the value of one state by the gate of another; and if the heads are stored in
    another order, no single weight a fits.
    """

    # 1. three texts of two states, (3, 2, width), in place of what enters the attention
    def replace_states(module, arguments, named):
        states = arguments[0] if arguments else named["hidden_states"]
        generator = torch.Generator().manual_seed(0)
        u, w = torch.randn(2, states.shape[-1], generator=generator).to(states)
        made_up = torch.stack([u, u, w, w, u, w]).view(3, 2, -1)
        if arguments:
            return (made_up, *arguments[1:]), named
        return arguments, named | {"hidden_states": made_up}

    # 2. what then enters the projection, (3, 2, heads * head size)
    recorded: list[Tensor] = []

    def record(module, arguments):
        recorded.append(arguments[0])

    ids = torch.ones(3, 2, dtype=torch.long, device=input_device(model))
    with (
        hooks_are_called(),
        attention.register_forward_pre_hook(replace_states, with_kwargs=True),
        projection.register_forward_pre_hook(record),
    ):
        model.base_model(input_ids=ids, use_cache=False)
    outputs = split_heads(model, recorded[0].double())  # (3, 2, heads, head size)

    # 3. the head's values of u and w, and its mixture of them, each (heads, head size)
    value_u = outputs[0, 0]
    value_w = outputs[1, 0]
    mixture = outputs[2, 1]

    # 4. the weight a of each head, (heads, 1): the point of the line nearest to the mixture
    line = value_u - value_w
    weight = ((mixture - value_w) * line).sum(-1, keepdim=True) / line.square().sum(
        -1, keepdim=True
    )

    # 5. the largest difference to the table above
    differences = torch.stack(
        [
            outputs[0, 1] - value_u,
            outputs[1, 1] - value_w,
            outputs[2, 0] - value_u,
            value_w + weight * line - mixture,
        ]
    )
    return (differences.abs().max() / outputs.abs().max()).item()


def head_count(model) -> int:
    """Return how many heads each layer's attention has."""
    return model.config.get_text_config().num_attention_heads
