"""The residual stream between attention and MLP (resid_mid)."""

import inspect

import torch
from torch import Tensor, nn

from .parts import _first, first_output, model_parts, probe_ids

FEED_FORWARD = ("mlp", "block_sparse_moe", "feed_forward", "ffn", "fc1")


def resid_mid_modules(model) -> tuple[nn.Module, ...]:
    """For each block the module whose input is the stream between attention and MLP (the second norm, mostly).

    Raises:
        ValueError: attention and MLP read the same stream (a parallel block: GPT-J, Phi, Falcon, most of GPT-NeoX), or the
            block does not end where its middle was when its MLP is silenced (a norm on the stream itself: OPT-350m).
    """
    return tuple(_middle_reader(model, block) for block in model_parts(model).blocks)


@torch.no_grad()
def _middle_reader(model, block: nn.Module) -> nn.Module:
    """The norm whose output the MLP reads, or the MLP itself; proven to read the stream's middle."""
    feed_forward = _first(block, FEED_FORWARD)
    if feed_forward is None:
        raise ValueError(f"no MLP found in a {type(block).__name__}, so no middle.")
    seen = _inputs_and_outputs(model, [block, *block.children()])
    read = seen[feed_forward][0]
    norms = [
        part
        for part in block.children()
        if part in seen
        and part is not feed_forward
        and isinstance(seen[part][1], Tensor)
        and seen[part][1].data_ptr() == read.data_ptr()
    ]
    reader = norms[0] if norms else feed_forward
    if seen[reader][0].flatten().equal(seen[block][0].flatten()):
        raise ValueError(
            f"{type(block).__name__} is parallel: its attention and MLP read the same stream, so it has no middle."
        )
    silenced = getattr(block, "fc2", feed_forward).register_forward_hook(_silence)
    try:
        seen = _inputs_and_outputs(model, [block, reader])
    finally:
        silenced.remove()
    if not torch.allclose(
        seen[reader][0].flatten(), first_output(seen[block][1]).flatten(), atol=1e-4, rtol=1e-3
    ):
        raise ValueError(
            f"{type(block).__name__} does not end where it was after attention when its MLP is silent (a norm on the "
            "stream itself?), so it has no middle."
        )
    return reader


def _inputs_and_outputs(model, parts: list[nn.Module]) -> dict:
    """What each part read and wrote in a pass over a few tokens."""
    seen = {}

    def remember(module, arguments, named, output):
        seen[module] = (arguments[0] if arguments else next(iter(named.values())), output)

    hooks = [part.register_forward_hook(remember, with_kwargs=True) for part in parts]
    try:
        model(input_ids=probe_ids(model), use_cache=False)
    finally:
        for hook in hooks:
            hook.remove()
    return seen


def _silence(module, arguments, output):
    """A hook that takes an MLP's contribution away; Bloom's and MPT's add the residual themselves, and that stays."""
    adds_itself = "residual" in inspect.signature(module.forward).parameters
    nothing = arguments[1] if adds_itself else torch.zeros_like(first_output(output))
    return (nothing, *output[1:]) if isinstance(output, tuple) else nothing
