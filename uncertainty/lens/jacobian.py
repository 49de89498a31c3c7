"""The Jacobian lens: what a depth's stream does to the final one, to first order and on average.

A translator is fitted to what the stream says; this one is read off the model itself. Its matrix is
the average derivative of the final stream with respect to the stream at one depth, so nothing is
trained. The backward passes that such a derivative costs are the whole expense.
"""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack

import torch
from torch import Tensor

from .._inputs import (
    SKIPPED_POSITIONS,
    hooks_are_called,
    index_list,
    input_device,
    is_whole,
    require_context,
    require_ids_in_vocabulary,
    without_wrapper,
)
from ..architecture.parts import ModelParts, first_output, model_parts


def jacobian_lens(
    model,
    input_ids: Tensor | Sequence,
    *,
    depths: Sequence[int] | None = None,
    later: bool = False,
    offset: bool = True,
    skip: int = SKIPPED_POSITIONS,
    seed: int = 0,
) -> list[Tensor]:
    """Return the average derivative of the final stream for each depth, for `translate`.

    With h_l(p) the stream at depth l and position p, and h_L the stream that enters the final norm,

        J_l = mean over windows and positions p of  d h_L(p) / d h_l(p),

    everything before position p held fixed. The lens reads J_l h_l + b_l, with b_l = mean(h_L) -
    J_l mean(h_l): the first-order expansion around the mean stream. J_L is the identity.

    The published lens is ``later=True, offset=False``. Its derivative of position p adds up over
    that position and all later ones of the window, mean over p of sum over q >= p of d h_L(q) /
    d h_l(p), and it has no offset.

    The derivative at the same position is estimated without bias from one backward pass a window:
    for random signs v, an expectation of v v^T J is J, and products of signs of two positions are 0
    on average. The mean over N positions is off by about sqrt(width / N) of the part of J that is
    not the identity; two lenses of disjoint windows show by how much. With ``later`` there is one
    backward pass a window for each of the ``width`` coordinates, and no random number.

    Args:
        input_ids: windows of a text other than the one you will read, ``(windows, tokens)``.
        depths: ascending, the last one the model's own (the number of blocks); None: all of them.
        later: whether to add the derivatives of later positions.
        offset: whether to expand around the mean; without it b_l is 0.
        skip: number of positions left out at the beginning of each window, where attention sinks
            are.
        seed: of the random signs. The first windows have the same signs however many follow.

    Returns:
        For each depth a ``(width + 1, width)`` matrix A in float64, where [h, 1] A = J h + b.
        Computed in the model's precision.

    Raises:
        ValueError: windows that are too short; depths that are not there, in another order or
            without the last one.

    Source: Gurnee et al., Verbalizable Representations Form a Global Workspace in Language Models
    (arXiv 2607.15495); the same position alone is named as a variant in their code.
    """
    # 1. what is asked for
    model = without_wrapper(model)
    parts = model_parts(model)
    windows = _window_ids(model, input_ids, skip)
    last = len(parts.blocks)
    chosen = list(range(last + 1)) if depths is None else index_list(depths, last + 1, name="depth")
    if not chosen or chosen != sorted(set(chosen)) or chosen[-1] != last:
        raise ValueError(
            f"depths must ascend and end with {last}, the model's own, which `translate` leaves as "
            f"it is; got {list(depths or [])}."
        )
    generator = torch.Generator().manual_seed(seed)

    # 2. sums over windows: of the derivatives without their identity, and of the streams
    sums = None
    means = None
    for window in windows:
        stream = _stream_with_gradients(model, parts, window[None])
        states = [stream[depth] for depth in chosen]
        derivatives = torch.zeros(len(chosen), *2 * states[0].shape[-1:], dtype=torch.float64)
        for rows, cotangent in _cotangents(states[-1], skip, later, generator):
            gradients = torch.autograd.grad(states[-1], states, cotangent, retain_graph=later)
            directions = cotangent[0, skip:].double().cpu()  # (positions, width)
            for derivative, gradient in zip(derivatives, gradients):
                beyond = gradient[0, skip:].double().cpu() - directions
                derivative[rows] += directions[:, rows].T @ beyond
        mean = torch.stack([state[0, skip:].detach().double().cpu().mean(0) for state in states])
        sums = derivatives if sums is None else sums + derivatives
        means = mean if means is None else means + mean
    assert sums is not None and means is not None  # there is a window

    # 3. the averages, as matrices that multiply a row from the right
    positions = windows.shape[1] - skip
    jacobians = sums / (len(windows) * positions) + torch.eye(sums.shape[-1], dtype=torch.float64)
    means = means / len(windows)  # (depths, width)
    return [
        _affine(jacobian, means[-1] - jacobian @ mean if offset else torch.zeros_like(mean))
        for jacobian, mean in zip(jacobians, means)
    ]


def _affine(jacobian: Tensor, offset: Tensor) -> Tensor:
    return torch.cat([jacobian.T, offset[None]])


def _cotangents(
    final: Tensor, skip: int, later: bool, generator: torch.Generator
) -> Iterator[tuple[slice, Tensor]]:
    """Yield what the final stream, ``(1, tokens, width)``, is multiplied by, 0 where skipped.

    Either each coordinate in turn at every position, or random signs once. The slice says which
    coordinates are not 0.
    """
    if not later:
        signs = torch.randint(0, 2, final.shape, generator=generator) * 2.0 - 1
        signs[:, :skip] = 0
        yield slice(None), signs.to(final)
        return
    for coordinate in range(final.shape[-1]):
        unit = torch.zeros_like(final)
        unit[:, skip:, coordinate] = 1
        yield slice(coordinate, coordinate + 1), unit


@torch.enable_grad()
def _stream_with_gradients(model, parts: ModelParts, ids: Tensor) -> list[Tensor]:
    """Return the stream at every depth, ``(1, tokens, width)`` each, as one graph."""
    stream: list[Tensor] = []

    def record_input(module, arguments, named):
        state = arguments[0] if arguments else named["hidden_states"]
        if not stream:  # the graph begins here, whatever the embedding is made of
            state = state.detach().requires_grad_()
        stream.append(state)
        if arguments:
            return (state, *arguments[1:]), named
        return arguments, {**named, "hidden_states": state}

    def record_output(module, arguments, output):
        stream.append(first_output(output))

    with ExitStack() as hooks:
        hooks.enter_context(hooks_are_called())
        for block in parts.blocks:
            hook = block.register_forward_pre_hook(record_input, with_kwargs=True)
            hooks.enter_context(hook)
        hooks.enter_context(parts.blocks[-1].register_forward_hook(record_output))
        model.base_model(input_ids=ids.to(input_device(model)), use_cache=False)
    return stream


def _window_ids(model, input_ids: Tensor | Sequence, skip: int) -> Tensor:
    """Return the windows' token ids, ``(windows, tokens)``."""
    ids = torch.as_tensor(input_ids).cpu()
    if ids.ndim != 2 or not len(ids) or not is_whole(ids):
        raise ValueError(
            f"need windows of token ids, (windows, tokens), got {tuple(ids.shape)}, {ids.dtype}."
        )
    if not 0 <= skip < ids.shape[1]:
        raise ValueError(
            f"windows of {ids.shape[1]} tokens leave nothing after skipping {skip}: skip fewer, or "
            "give longer windows."
        )
    require_ids_in_vocabulary(ids, model.get_input_embeddings().weight.shape[0])
    require_context(model, ids.shape[1])
    return ids.long()
