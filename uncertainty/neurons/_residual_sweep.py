"""The sweep for groups of neurons and for a norm after the MLP: each new residual is unembedded."""

import torch
from torch import Tensor
from tqdm.auto import tqdm

from ._exact_sweep import clean_effects, effects_of_kind
from ._text_state import TextState, run_to_final_norm
from .effects import Effects, join_effects


def residual_sweep(
    state: TextState,
    positions: slice,
    groups: list[list[int]],
    activation_shift: Tensor,
    bar: tqdm,
) -> dict[str, Effects]:
    """Return the effects of groups of neurons, each ablated together, at some positions (T)."""
    clean = state.clean_positions(positions)
    clean_residual = state.residual[positions]  # (T, width)
    clean_scale = state.norm.scale(clean_residual)  # (T, 1)
    clean_normalised = state.normalised(clean_residual)
    blocks = []
    for group in groups:
        residual = _ablated_residual(state, positions, group, activation_shift)
        effects: dict[str, Effects] = {}
        for kind, scale in (("total", None), ("direct", clean_scale)):
            change = state.normalised(residual, scale) - clean_normalised  # (T, width)
            logits = (clean.logits + change @ state.unembedding.T)[:, None]  # (T, 1, V)
            logits = clean.softcapped_(logits)
            workspace = torch.empty_like(logits)
            effects |= effects_of_kind(kind, clean, logits, workspace, freeze=state.freeze)
        blocks.append(effects)
        bar.update(len(clean.y))  # the bar counts pairs of a group and a token
    return join_effects(blocks, dim=1) | clean_effects(state, clean)


def _ablated_residual(
    state: TextState, positions: slice, group: list[int], activation_shift: Tensor
) -> Tensor:
    """Return what enters the final norm when a group's activations are shifted, ``(T, width)``.

    Where the MLP's output is normed before it is added, the model runs again over the sequences
    with these positions.
    """
    if state.neurons.adds_to_stream:
        written = (
            activation_shift[positions][:, group] @ state.neurons.output_weights[group].double()
        )
        return state.residual[positions] + written

    length = state.ids.shape[1]
    first = positions.start // length
    stop = -(-positions.stop // length)  # rounded up
    in_group = torch.zeros_like(activation_shift[0])  # (N,)
    in_group[group] = 1
    shift_of_sequences = iter(activation_shift[first * length : stop * length].split(length))

    def shift_group(activations: Tensor) -> Tensor:
        moved = next(shift_of_sequences) * in_group
        return activations + moved.view(activations.shape).to(activations)

    with state.neurons.edit_activations(shift_group):
        residual = run_to_final_norm(state.model, state.parts, state.ids[first:stop])
    offset = first * length
    return residual[positions.start - offset : positions.stop - offset].to(state.residual)
