"""What each neuron of the last layer does: ablate it, and read the model again at every token.

The model is not run again. Between the last MLP and the logits there is only the final norm and the
unembedding, so moving one activation by delta moves the residual x along that neuron's output
weights w, and every logit by two known vectors:

    s'^2 = s^2 + (2 delta <x, w> + delta^2 |w|^2) / width    the norm's denominator
    z'   = z + alpha y + beta u,   y = z - c,   u = W w      the logits
    total effect:                               alpha = s / s' - 1,  beta = delta / s'
    direct effect (the denominator frozen):     alpha = 0,           beta = delta / s

A prime marks values after the ablation. W is the unembedding with the norm's gain folded in, and c
is what the biases add; for a LayerNorm x and w are centred. So a neuron and a token cost one pass
over the vocabulary and no product with the unembedding (`_exact_sweep`), and less where a bound on
the error is enough (`_bounded_sweep`). Where the formula does not hold (a norm after the MLP) or
has more than one vector u (several neurons at once), the new residual itself goes through norm and
unembedding (`_residual_sweep`).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor

from .._progress import progress_bar
from ..architecture.unembedding import slices
from ..loading.memory import fitting_count
from ._bounded_sweep import bounded_sweep
from ._exact_sweep import exact_sweep
from ._interventions import neuron_groups, new_activations
from ._residual_sweep import residual_sweep
from ._text_state import TextState, run_clean_model
from .effects import Effects, join_effects, map_effects, tensors_by_name

POSITIONS_AT_A_TIME = 256  # positions whose clean logits are held in memory
CLEAN_COPIES = 4  # log-probabilities, probabilities, what alpha multiplies, and one being made


@dataclass(eq=False)
class Sweep(Effects):
    """`Effects` of ablation (the total effect), with the other effects beside it.

    Attributes:
        direct: the same with the denominator of the final norm frozen at its clean value.
        frozen: the total effect with the logits' part along a given direction kept at its clean
            value, or None.
        clean: the model left alone.
        activations: ``(tokens, neurons)`` of the whole layer, before ablation.
        recomputed_share: the share of the pairs that the fast mode computed exactly after all; 1 in
            exact mode.
    """

    direct: Effects = field(kw_only=True)
    frozen: Effects | None = field(kw_only=True)
    clean: Effects = field(kw_only=True)
    activations: Tensor = field(kw_only=True)
    recomputed_share: float = field(kw_only=True, default=1.0)


@torch.no_grad()
def ablation_sweep(
    model,
    input_ids,
    neurons: int | Sequence | Tensor | None = None,
    *,
    value: str | float | Tensor | Callable[[Tensor], Tensor] = "mean",
    tolerance: float = 0.0,
    unigram: Tensor | None = None,
    freeze: Tensor | None = None,
    logits_at_a_time: int | None = None,
    progress: bool = True,
) -> Sweep:
    """Ablate last-layer neurons one by one, at every token of a text.

    Args:
        model: in transformers' format.
        input_ids: ``(tokens,)``, or ``(sequences, tokens)``; the rows of the result are then
            sequence by sequence.
        neurons: which ones (None: all, in order), as numbers or as a mask with a truth value for
            each neuron of the layer; or lists of numbers or masks, each ablated together.
        value: what the activation becomes: "mean" over all positions given (the first ones of a
            text, too), "zero", a number, a tensor that fits ``(tokens, neurons of the layer)``, or
            a function from these activations to new ones (clipping, say).
        tolerance: 0 computes every pair exactly. Above 0 most pairs are computed from the likely
            tokens and the moments of the rest, with no entropy, loss or KL further from the exact
            one than so many nats (rounding aside). Pairs for which that cannot be promised are
            computed exactly.
        unigram: ``(vocabulary,)`` probabilities, all above 0, to fill ``kl_unigram``.
        freeze: ``(vocabulary,)`` a direction v in the space of logits, |v| = 1, to fill ``frozen``:
            z' + ((z - z') . v) v. Its mean is taken away first: what is added to all logits changes
            no probability.
        logits_at_a_time: how many logits to hold at a time; None: as many as are fast on the
            device, fewer where its memory is short. The result does not depend on it beyond
            rounding.
        progress: whether to show a progress bar.

    Returns:
        A `Sweep` on the CPU. From the last residual on it is computed in float32 (float64 for such
        a model) whatever the model's precision; where a norm follows the MLP the model runs again
        in its own. Leave TF32 off, as torch does.

    Raises:
        ValueError: neurons, value, tolerance or vectors that do not fit; a fast mode asked for
            where there is none (a softcap, a norm after the MLP, groups); a mixture of experts; nan
            or infinite numbers along the text; else as `model_parts`.

    Source: arXiv 2406.16254, sections 3 and 4; the identity above is ours.
    """
    if logits_at_a_time is not None and logits_at_a_time < 1:
        raise ValueError(f"logits_at_a_time must be 1 or more, got {logits_at_a_time}.")
    state = run_clean_model(
        model,
        input_ids,
        unigram=unigram,
        freeze=freeze,
        logits_at_a_time=logits_at_a_time,
    )
    position_count, layer_width = state.activations.shape
    groups = neuron_groups(neurons, layer_width)
    new_values = new_activations(value, state.activations)  # (P, N)
    activation_shift = new_values - state.activations
    shifts_along_one_vector = state.neurons.adds_to_stream and all(
        len(group) == 1 for group in groups
    )
    _check_tolerance(
        tolerance, has_fast_mode=shifts_along_one_vector and state.parts.softcap is None
    )
    positions_at_a_time = fitting_count(
        POSITIONS_AT_A_TIME,
        bytes_each=CLEAN_COPIES * state.unembedding.element_size() * len(state.unembedding),
        device=state.unembedding.device,
    )
    single_neurons = [group[0] for group in groups]

    blocks = []
    recomputed = []
    pair_count = position_count * len(groups)
    with progress_bar(total=pair_count, description="ablation", shown=progress) as bar:
        for positions in slices(position_count, positions_at_a_time):
            if not shifts_along_one_vector:
                effects = residual_sweep(state, positions, groups, activation_shift, bar)
            elif tolerance == 0:
                effects = exact_sweep(state, positions, single_neurons, activation_shift, bar)
            else:
                effects, pairs = bounded_sweep(
                    state, positions, single_neurons, activation_shift, bar, tolerance=tolerance
                )
                recomputed.append(pairs.cpu())
            blocks.append(_to_cpu(state, effects))

    kinds = join_effects(blocks, dim=0)
    return Sweep(
        **tensors_by_name(kinds["total"]),
        direct=kinds["direct"],
        frozen=kinds.get("frozen"),
        clean=map_effects(lambda values: values[:, 0], kinds["clean"]),
        activations=state.activations.float().cpu(),
        recomputed_share=torch.cat(recomputed).double().mean().item() if recomputed else 1.0,
    )


def _to_cpu(state: TextState, effects: dict[str, Effects]) -> dict[str, Effects]:
    """Return the effects on the CPU, with the precision of the unembedding."""

    def move(values: Tensor) -> Tensor:
        if values.is_floating_point():
            values = values.to(state.unembedding.dtype)
        return values.cpu()

    return {kind: map_effects(move, of_kind) for kind, of_kind in effects.items()}


def _check_tolerance(tolerance: float, *, has_fast_mode: bool) -> None:
    is_allowed = 0 <= tolerance < float("inf")
    if not is_allowed or (tolerance > 0 and not has_fast_mode):
        raise ValueError(
            f"tolerance={tolerance}: it must be 0 or larger and finite, and 0 for groups of "
            "neurons, for a norm after the MLP and for a softcap on the logits."
        )
