"""A text read again from one block on: the blocks before it hand over what they said before."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from .._inputs import hooks_are_called
from .parts import ModelParts, first_output, relative_tolerance


@dataclass(frozen=True, eq=False)
class Replay:
    """A text and what the blocks before ``layer`` made of it.

    The model itself runs, so masks, positions, rotary angles and sliding windows are its own; only
    the earlier blocks are passed over. That is exact where nothing but the residual stream leads
    from them to the later ones, which `record_replay` proves.

    Attributes:
        model: in transformers' format.
        parts: of the model.
        ids: ``(1, tokens)``.
        layer: the first block that computes.
        entering: ``(1, tokens, width)`` the stream that enters it.
        others: for each block before, what it returns beside the stream; None where it returns the
            stream alone.
        end: ``(1, tokens, width)`` what enters the final norm in the clean model.
    """

    model: Any
    parts: ModelParts
    ids: Tensor
    layer: int
    entering: Tensor
    others: list[tuple | None]
    end: Tensor

    def run(self, copies: int) -> Tensor:
        """Run the blocks from ``layer`` on over copies of the text, side by side as one batch.

        Hooks decide what differs between the copies.

        Returns:
            ``(copies, tokens, width)`` what enters the final norm.
        """
        state = self.entering.repeat(copies, 1, 1)
        earlier = self.parts.blocks[: self.layer]
        with passed_over(earlier, state, self.others), self.parts.record_stream() as stream:
            self.model.base_model(input_ids=self.ids.repeat(copies, 1), use_cache=False)
        return stream[-1]


@torch.no_grad()
def record_replay(model, parts: ModelParts, ids: Tensor, layer: int) -> Replay:
    """Read a text ``(1, tokens)`` once, and prepare to read it again from block ``layer`` on.

    Proven on the text itself: what enters the block is moved at random, by its own length, and the
    replay must arrive where a whole forward pass with the same move arrives; beside a copy that is
    left alone, which must arrive where the clean model does.

    Raises:
        ValueError: the proof fails (blocks that share keys and values with earlier ones, say).
    """
    # 1. the clean pass
    entering: list[Tensor] = []
    outputs: dict[nn.Module, Any] = {}
    earlier = parts.blocks[:layer]

    def record_input(module, arguments, named):
        entering.append(stream_argument(arguments, named).detach())

    def record_output(module, arguments, output):
        outputs[module] = output

    hooks = [parts.blocks[layer].register_forward_pre_hook(record_input, with_kwargs=True)]
    hooks += [block.register_forward_hook(record_output) for block in earlier]
    end = _run_with_hooks(hooks, lambda: _end_of_stream(model, parts, ids))
    others = [None if first_output(out) is out else tuple(out[1:]) for out in outputs.values()]
    replay = Replay(model, parts, ids, layer, entering[0], others, end)
    if layer == 0:
        return replay  # nothing is passed over

    # 2. the proof
    generator = torch.Generator().manual_seed(0)
    move = torch.randn(entering[0].shape, generator=generator).to(entering[0])
    move *= entering[0].norm(dim=-1, keepdim=True) / move.norm(dim=-1, keepdim=True)

    def move_first_copy(module, arguments, named):
        state = stream_argument(arguments, named)
        moved = torch.cat([state[:1] + move, state[1:]])
        if arguments:
            return (moved, *arguments[1:]), named
        return arguments, named | {"hidden_states": moved}

    def with_move(run: Callable[[], Tensor]) -> Tensor:
        hook = parts.blocks[layer].register_forward_pre_hook(move_first_copy, with_kwargs=True)
        return _run_with_hooks([hook], run)

    expected = torch.cat([with_move(lambda: _end_of_stream(model, parts, ids)), end])
    name = type(model).__name__
    try:
        found = with_move(lambda: replay.run(2))
    except Exception as error:
        raise ValueError(
            f"{name}: block {layer} cannot run without the blocks before it ({error!r}), so what "
            "comes after it cannot be replayed."
        ) from error
    distance = (found - expected).double().norm()
    size = (expected[0] - expected[1]).double().norm()
    if not distance <= relative_tolerance(model) * size:
        raise ValueError(
            f"{name}: replayed from block {layer} on, the stream ends {distance / size:.2g} of a "
            "test move away from where the whole model leads, so more than the residual stream "
            "passes from block to block. This model is refused rather than misread."
        )
    return replay


@contextmanager
def passed_over(blocks: nn.ModuleList, state: Tensor, others: list[tuple | None]) -> Iterator[None]:
    """Let blocks return ``state`` instead of computing, and what they return beside the stream.

    Args:
        state: ``(batch, tokens, width)``.
        others: one entry for each block, as in `Replay`.
    """
    own = [vars(block).get("forward") for block in blocks]  # accelerate puts one there
    try:
        for block, rest in zip(blocks, others):
            output = state if rest is None else (state, *rest)
            block.forward = lambda *arguments, _output=output, **named: _output
        with hooks_are_called():
            yield
    finally:
        for block, forward in zip(blocks, own):
            if forward is not None:
                block.forward = forward
            else:
                vars(block).pop("forward", None)


def stream_argument(arguments: tuple, named: dict) -> Tensor:
    """Return the residual stream among the arguments of a block."""
    return arguments[0] if arguments else named["hidden_states"]


def _end_of_stream(model, parts: ModelParts, ids: Tensor) -> Tensor:
    """Return what enters the final norm, ``(batch, tokens, width)``."""
    with parts.record_stream() as stream:
        model.base_model(input_ids=ids, use_cache=False)
    return stream[-1]


def _run_with_hooks(hooks: list, run: Callable[[], Tensor]) -> Tensor:
    """Run with hooks that are on their modules already, then remove them."""
    try:
        with hooks_are_called():
            return run()
    finally:
        for hook in hooks:
            hook.remove()
