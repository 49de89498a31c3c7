"""The exact sweep over single neurons: one pass over the vocabulary per neuron and token.

Effects come by kind: "total"; "direct", with the norm's denominator frozen; "frozen", with a
direction of the logits frozen (only where one is given); and "clean". Shapes: T positions, B
columns (neurons), V the vocabulary.
"""

from collections.abc import Sequence

import torch
from torch import Tensor
from tqdm.auto import tqdm

from ._shift_factors import ShiftFactors, no_shift, shift_factors
from ._shifted_logits import CleanPositions, read_effects, shifted_logits
from ._text_state import TextState, slices
from .effects import Effects, join_effects


def exact_sweep(
    state: TextState, positions: slice, neurons: list[int], shift: Tensor, bar: tqdm
) -> dict[str, Effects]:
    """Return the exact effects of single neurons at some positions, block of neurons by block."""
    clean = state.clean(positions)
    factors = shift_factors(state, positions, neurons, shift)
    vectors = state.output_weights(neurons)
    columns_at_a_time = max(1, state.logits_at_a_time // len(state.unembedding))
    blocks = []
    for columns in slices(len(neurons), columns_at_a_time):
        u = vectors[columns] @ state.unembedding.T  # (B, V)
        block_factors = {kind: values.columns(columns) for kind, values in factors.items()}
        blocks.append(_column_effects(state, clean, u, block_factors, state.freeze))
        bar.update(len(u) * len(clean.y))
    return join_effects(blocks, dim=1) | clean_effects(state, clean)


def clean_effects(state: TextState, clean: CleanPositions) -> dict[str, Effects]:
    """Return the clean model's effects, computed as those of one column that shifts nothing."""
    no_column = torch.zeros_like(clean.y[:1])  # (1, V)
    return _column_effects(state, clean, no_column, {"clean": no_shift(clean.y)}, freeze=None)


def _column_effects(
    state: TextState,
    clean: CleanPositions,
    u: Tensor,
    factors: dict[str, ShiftFactors],
    freeze: Tensor | None,
) -> dict[str, Effects]:
    """Return the exact effects of columns u (B, V) at all positions, a few positions at a time."""
    positions_at_a_time = max(1, state.logits_at_a_time // u.numel())
    held = min(positions_at_a_time, len(clean.y))
    workspace = u.new_empty(2, held, *u.shape)  # (2, held, B, V)
    mean_u = clean.p @ u.T  # (T, B)
    blocks = []
    for positions in slices(len(clean.y), positions_at_a_time):
        part = clean[positions]
        effects = shifted_effects(
            part,
            u,
            mean_u[positions],
            {kind: values.positions(positions) for kind, values in factors.items()},
            workspace[:, : len(part.y)],
            freeze=freeze,
        )
        blocks.append(effects)
    return join_effects(blocks, dim=0)


def shifted_effects(
    clean: CleanPositions,
    u: Tensor,
    mean_u: Tensor,
    factors: dict[str, ShiftFactors],
    workspace: Tensor | Sequence[Tensor],
    *,
    freeze: Tensor | None = None,
    ranked: bool = True,
) -> dict[str, Effects]:
    """Return the exact effects of columns u (B, V) at positions whose logits all fit into memory.

    Args:
        mean_u: (T, B) the mean of u under p.
        workspace: two tensors (T, B, V); they are overwritten.
    """
    logits_space, reading_space = workspace
    effects: dict[str, Effects] = {}
    for kind, (alpha, beta) in factors.items():
        logits = shifted_logits(clean, u, alpha=alpha, beta=beta, out=logits_space)
        mean_shift = None
        if clean.softcap is None:
            mean_shift = alpha * clean.mean_y[:, None] + beta * mean_u
        effects |= effects_of_kind(
            kind, clean, logits, reading_space, freeze=freeze, mean_shift=mean_shift, ranked=ranked
        )
    return effects


def effects_of_kind(
    kind: str,
    clean: CleanPositions,
    logits: Tensor,
    workspace: Tensor,
    *,
    freeze: Tensor | None,
    mean_shift: Tensor | None = None,
    ranked: bool = True,
) -> dict[str, Effects]:
    """Read the effects from logits (T, B, V); the kind "total" gives the kind "frozen", too.

    The frozen logits are z' + ((z - z') . v) v, with v the direction; they overwrite ``logits``.
    """
    effects = {kind: read_effects(clean, logits, workspace, mean_shift=mean_shift, ranked=ranked)}
    if freeze is not None and kind == "total":
        moved_along = (clean.z @ freeze)[:, None] - logits @ freeze  # (T, B)
        logits.addcmul_(moved_along[..., None], freeze)
        effects["frozen"] = read_effects(clean, logits, workspace)
    return effects
