"""The exact sweep over single neurons: one pass over the vocabulary per neuron and token.

The functions return a dict of effects, one entry for each kind: "total"; "direct", with the norm's
denominator frozen; "frozen", with a direction of the logits frozen (only where one is given); and
"clean", the model without ablation. Shapes: T positions, B columns (one for each neuron), V the
vocabulary.
"""

from torch import Tensor
from tqdm.auto import tqdm

from ..architecture.unembedding import slices
from ._shift_factors import ShiftFactors, no_shift, shift_factors
from ._shifted_logits import CleanPositions, read_effects, shifted_logits
from ._text_state import TextState
from .effects import Effects, join_effects


def exact_sweep(
    state: TextState, positions: slice, neurons: list[int], activation_shift: Tensor, bar: tqdm
) -> dict[str, Effects]:
    """Return the exact effects of single neurons at some positions, computed block by block."""
    clean = state.clean_positions(positions)
    factors = shift_factors(state, positions, neurons, activation_shift)
    vectors = state.centred_output_weights(neurons)  # (neurons, width)
    columns_at_a_time = max(1, state.logits_at_a_time // len(state.unembedding))
    blocks = []
    for columns in slices(len(neurons), columns_at_a_time):
        u = vectors[columns] @ state.unembedding.T  # (B, V)
        block_factors = {kind: values.columns(columns) for kind, values in factors.items()}
        blocks.append(_column_effects(state, clean, u, block_factors))
        bar.update(len(u) * len(clean.y))  # the bar counts pairs of a neuron and a token
    return join_effects(blocks, dim=1) | clean_effects(state, clean)


def clean_effects(state: TextState, clean: CleanPositions) -> dict[str, Effects]:
    """Return the clean model's effects, computed as those of a column of zeros."""
    zero_column = clean.y.new_zeros(1, clean.y.shape[1])  # (1, V)
    return _column_effects(state, clean, zero_column, {"clean": no_shift(clean.y)})


def _column_effects(
    state: TextState, clean: CleanPositions, u: Tensor, factors: dict[str, ShiftFactors]
) -> dict[str, Effects]:
    """Return the exact effects of columns u (B, V) at all positions, a few positions at a time."""
    positions_at_a_time = max(1, state.logits_at_a_time // u.numel())
    block_size = min(positions_at_a_time, len(clean.y))
    logits_buffer, scratch_buffer = u.new_empty(2, block_size, *u.shape)  # each (block, B, V)
    mean_u = clean.p @ u.T  # (T, B)
    blocks = []
    for positions in slices(len(clean.y), positions_at_a_time):
        part = clean[positions]
        effects = shifted_effects(
            part,
            u,
            mean_u[positions],
            {kind: values.positions(positions) for kind, values in factors.items()},
            (logits_buffer[: len(part.y)], scratch_buffer[: len(part.y)]),
            freeze=state.freeze,
        )
        blocks.append(effects)
    return join_effects(blocks, dim=0)


def shifted_effects(
    clean: CleanPositions,
    u: Tensor,
    mean_u: Tensor,
    factors: dict[str, ShiftFactors],
    workspace: tuple[Tensor, Tensor],
    *,
    freeze: Tensor | None = None,
    with_rank: bool = True,
) -> dict[str, Effects]:
    """Return the exact effects of columns u (B, V) at positions whose logits all fit into memory.

    Args:
        mean_u: (T, B) the mean of u under p.
        workspace: two tensors (T, B, V); they are overwritten.
        freeze, with_rank: as in `effects_of_kind`.
    """
    logits_space, scratch = workspace
    effects: dict[str, Effects] = {}
    for kind, (alpha, beta) in factors.items():
        logits = shifted_logits(clean, u, alpha=alpha, beta=beta, out=logits_space)
        mean_shift = None
        if clean.softcap is None:
            mean_shift = alpha * clean.mean_y[:, None] + beta * mean_u
        effects |= effects_of_kind(
            kind, clean, logits, scratch, freeze=freeze, mean_shift=mean_shift, with_rank=with_rank
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
    with_rank: bool = True,
) -> dict[str, Effects]:
    """Read the effects from logits (T, B, V).

    For the kind "total", also return the kind "frozen" if ``freeze`` is given. The frozen logits
    are z' + ((z - z') . v) v, with v the direction; they overwrite ``logits``.

    Args:
        freeze: (V,) the direction v, or None.
        mean_shift, with_rank: as in `read_effects`.
    """
    read = read_effects(clean, logits, workspace, mean_shift=mean_shift, with_rank=with_rank)
    effects = {kind: read}
    if freeze is not None and kind == "total":
        moved_along = (clean.z @ freeze)[:, None] - logits @ freeze  # (T, B)
        logits.addcmul_(moved_along[..., None], freeze)
        effects["frozen"] = read_effects(clean, logits, workspace)
    return effects
