"""The residual stream between attention and MLP (resid_mid)."""

import inspect
from collections.abc import Iterable
from contextlib import ExitStack

import torch
from torch import Tensor, nn

from .._inputs import hooks_are_called, without_wrapper
from .parts import first_attribute, first_output, model_parts, probe_ids

MLPS = ("mlp", "block_sparse_moe", "feed_forward", "ffn", "fc1")


def resid_mid_modules(model) -> tuple[nn.Module, ...]:
    """Return for each block the module whose input is the stream between attention and MLP.

    In most families that is the second norm.

    Raises:
        ValueError: attention and MLP read the same stream (a parallel block: GPT-J, Phi, Falcon,
            most of GPT-NeoX), or a block whose output differs from its middle when its MLP
            is silenced (a norm on the stream itself: OPT-350m).
    """
    model = without_wrapper(model)
    return tuple(_middle_module(model, block) for block in model_parts(model).blocks)


@torch.no_grad()
def _middle_module(model, block: nn.Module) -> nn.Module:
    """Return the norm before a block's MLP, or the MLP; proven to read the stream's middle."""
    name = type(block).__name__

    # 1. the norm whose output the MLP reads; the MLP itself where there is none
    mlp = first_attribute(block, MLPS)
    if mlp is None:
        raise ValueError(f"no MLP found in a {name}, so no middle.")
    recorded = _inputs_and_outputs(model, [block, *block.children()])
    mlp_input = recorded[mlp][0]
    candidate = mlp
    for child in block.children():
        if child is mlp or child not in recorded:
            continue
        output = recorded[child][1]
        if isinstance(output, Tensor) and output.data_ptr() == mlp_input.data_ptr():
            candidate = child
            break

    # 2. it must not read what the attention reads
    block_input = recorded[block][0].flatten()
    if recorded[candidate][0].flatten().to(block_input.device).equal(block_input):
        raise ValueError(
            f"{name} is parallel: its attention and MLP read the same stream, so it has no middle."
        )

    # 3. with the MLP silenced the block's output must be the middle
    last_module = getattr(block, "fc2", mlp)  # OPT's MLP is no module of its own
    with last_module.register_forward_hook(_silence):
        recorded = _inputs_and_outputs(model, [block, candidate])
    end = first_output(recorded[block][1]).flatten()
    middle = recorded[candidate][0].flatten().to(end.device)
    if not torch.allclose(middle, end, atol=1e-4, rtol=1e-3):
        raise ValueError(
            f"with its MLP silenced, a {name} does not return the stream that attention left (a "
            "norm on the stream itself?), so it has no middle."
        )
    return candidate


def _inputs_and_outputs(model, modules: Iterable[nn.Module]) -> dict:
    """Return (input, output) of each module in a pass over a few tokens, by module."""
    recorded = {}

    def record(module, arguments, named, output):
        first_input = arguments[0] if arguments else next(iter(named.values()))
        recorded[module] = (first_input, output)

    with ExitStack() as hooks:
        hooks.enter_context(hooks_are_called())
        for module in modules:
            hooks.enter_context(module.register_forward_hook(record, with_kwargs=True))
        model(input_ids=probe_ids(model), use_cache=False)
    return recorded


def _silence(module, arguments, output):
    """Remove an MLP's contribution, as a forward hook.

    Bloom's and MPT's MLP adds the residual itself; that stays.
    """
    if "residual" in inspect.signature(module.forward).parameters:
        silent = arguments[1]
    else:
        silent = torch.zeros_like(first_output(output))
    if isinstance(output, tuple):
        return (silent, *output[1:])
    return silent
