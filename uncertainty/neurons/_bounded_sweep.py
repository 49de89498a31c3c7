"""The fast sweep over single neurons: estimates with a bound, exact effects where that is large."""

from dataclasses import dataclass, replace

import torch
from torch import Tensor
from tqdm.auto import tqdm

from ..architecture.unembedding import slices
from ._exact_sweep import clean_effects, shifted_effects
from ._head_tail import estimate_effects
from ._shift_factors import ShiftFactors, no_shift, shift_factors
from ._shifted_logits import CleanPositions
from ._tail_moments import ColumnMoments, TailMoments, tail_moments
from ._text_state import TextState
from .effects import Effects, join_effects, map_effects, tensors_by_name

COLUMNS_AT_A_TIME = 128  # of u = W w


@dataclass(eq=False)
class UnembeddingVariant:
    """The unembedding as it is or without a direction, and the kinds of effect computed with it.

    Attributes:
        clean: the clean model; its y is computed with this unembedding.
        unembedding: ``(V, width)``.
        factors: those of each kind of effect, by name.
    """

    clean: CleanPositions
    unembedding: Tensor
    factors: dict[str, ShiftFactors]


def bounded_sweep(
    state: TextState,
    positions: slice,
    neurons: list[int],
    activation_shift: Tensor,
    bar: tqdm,
    *,
    tolerance: float,
) -> tuple[dict[str, Effects], Tensor]:
    """Return the effects of single neurons at some positions, off by ``tolerance`` nats at most.

    Also return which pairs were computed exactly: booleans, ``(positions, neurons)``, those of
    each unembedding side by side.
    """
    # 1. Sort the neurons by size of effect: the loose bound then suffices for whole blocks of them
    largest_shift = activation_shift[positions][:, neurons].abs().amax(0)
    order = (largest_shift * state.centred_output_weights(neurons).norm(dim=1)).argsort()
    neurons = [neurons[i] for i in order.tolist()]
    vectors = state.centred_output_weights(neurons)  # (columns, width)

    effects: dict[str, Effects] = {}
    recomputed = []
    variants = _unembedding_variants(state, positions, neurons, activation_shift)
    for variant in variants:
        # 2. Estimate every pair from head and tail
        tail = tail_moments(variant.clean, variant.unembedding)
        blocks = []
        bounds = []
        for columns in slices(len(neurons), COLUMNS_AT_A_TIME):
            factors = {kind: values.columns(columns) for kind, values in variant.factors.items()}
            estimates, bound = _estimate_block(variant, tail, vectors[columns], factors, tolerance)
            blocks.append(estimates)
            bounds.append(bound)
            bar.update(len(vectors[columns]) * len(variant.clean.y) // len(variants))
        effects |= join_effects(blocks, dim=1)

        # 3. Estimate the clean model, too, so that a neuron without effect differs by 0 from it
        if variant is variants[0]:
            zero_vector = vectors.new_zeros(1, vectors.shape[1])
            zero_factors = {"clean": no_shift(variant.clean.y)}
            clean_estimate, _ = _estimate_block(variant, tail, zero_vector, zero_factors, tolerance)
        del tail  # the exact computation needs the memory

        # 4. Compute exactly where the bound is too large (or nan)
        exceeds = ~(torch.cat(bounds, 1) <= tolerance)  # (T, columns)
        _recompute_exactly(state, variant, vectors, exceeds, effects)
        recomputed.append(exceeds)

    # 5. Put the neurons back into the caller's order, and add the clean model
    callers_order = order.argsort()
    effects = {
        kind: map_effects(lambda values: values[:, callers_order], ordered)
        for kind, ordered in effects.items()
    }
    exact_clean = clean_effects(state, variants[0].clean)["clean"]
    effects["clean"] = replace(clean_estimate["clean"], rank=exact_clean.rank)
    return effects, torch.cat(recomputed, 1)


def _unembedding_variants(
    state: TextState, positions: slice, neurons: list[int], activation_shift: Tensor
) -> list[UnembeddingVariant]:
    """Return the variant for total and direct effect, and one for the frozen effect if wanted."""
    clean = state.clean_positions(positions)
    factors = shift_factors(state, positions, neurons, activation_shift)
    variants = [UnembeddingVariant(clean, state.unembedding, factors)]
    if state.freeze is not None:
        # The same algebra with that direction v taken out of the unembedding: (1 - v v^T) W
        frozen_part = torch.outer(state.freeze, state.freeze @ state.unembedding)
        without_direction = state.unembedding - frozen_part  # (V, width)
        y = state.normalised(state.residual[positions]) @ without_direction.T
        variants.append(
            UnembeddingVariant(replace(clean, y=y), without_direction, {"frozen": factors["total"]})
        )
    return variants


def _estimate_block(
    variant: UnembeddingVariant,
    tail: TailMoments,
    vectors: Tensor,
    factors: dict[str, ShiftFactors],
    tolerance: float,
) -> tuple[dict[str, Effects], Tensor]:
    """Estimate the effects of a block of columns, and the largest bound of all kinds, (T, B).

    Both are returned as precise as the unembedding.
    """
    u = variant.unembedding @ vectors.T  # (V, B)
    moments = ColumnMoments(tail, vectors, u)

    def as_precise_as_u(values: Tensor) -> Tensor:
        return values.to(u) if values.is_floating_point() else values

    effects = {}
    bounds = []
    for kind, of_kind in factors.items():
        estimate = estimate_effects(variant.clean, moments, of_kind, tolerance)
        effects[kind] = map_effects(as_precise_as_u, estimate.effects)
        bounds.append(estimate.bound.to(u))
    return effects, torch.stack(bounds).amax(0)


def _recompute_exactly(
    state: TextState,
    variant: UnembeddingVariant,
    vectors: Tensor,
    chosen: Tensor,
    effects: dict[str, Effects],
) -> None:
    """Overwrite the effects of the chosen pairs, booleans (T, columns), with exact ones.

    This goes position by position. All kinds of a pair are computed at once, side by side as
    columns of one kind.
    """
    kinds = list(variant.factors)
    vocabulary = len(variant.unembedding)
    columns_at_a_time = max(1, state.logits_at_a_time // vocabulary // len(kinds))
    memory = variant.unembedding.new_empty(3, 1, columns_at_a_time * len(kinds), vocabulary)
    u_space, logits_space, scratch = memory  # each (1, columns of all kinds, V)

    for block in chosen.any(0).nonzero()[:, 0].split(4 * COLUMNS_AT_A_TIME):
        block_u = vectors[block] @ variant.unembedding.T  # (B, V)
        for t in chosen[:, block].any(1).nonzero()[:, 0].tolist():
            clean = variant.clean[t : t + 1]
            for rows in chosen[t, block].nonzero()[:, 0].split(columns_at_a_time):
                # 1. u, alpha and beta of these columns, once for every kind
                columns = block[rows]
                count = len(rows) * len(kinds)
                u = torch.index_select(
                    block_u, 0, rows.repeat(len(kinds)), out=u_space[0, :count]
                )  # (count, V)
                alphas = [variant.factors[kind].alpha[t, columns] for kind in kinds]
                betas = [variant.factors[kind].beta[t, columns] for kind in kinds]
                factors = ShiftFactors(torch.cat(alphas)[None], torch.cat(betas)[None])

                # 2. Their exact effects, (1, count)
                exact = shifted_effects(
                    clean,
                    u,
                    clean.p @ u.T,
                    {"all": factors},
                    (logits_space[:, :count], scratch[:, :count]),
                    with_rank=False,
                )["all"]

                # 3. Each kind's share to its place
                for name, values in tensors_by_name(exact).items():
                    for kind, share in zip(kinds, values[0].chunk(len(kinds))):
                        estimates = getattr(effects[kind], name)
                        estimates[t, columns] = share.to(estimates)
