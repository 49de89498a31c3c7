"""What a neuron or an attention head of any layer does: ablate it, and run only what comes after.

For the last layer's neurons a formula leads from the ablation to the logits (`ablation_sweep`).
Between an earlier neuron and the logits there are whole blocks, so they are run again, and only
they: every pass starts from the recorded stream at that block and takes many ablations side by
side. Their ends are read as the lens reads depths: each copy of the text as one depth, the clean
model as the last, so KL(clean || ablated) is the lens' KL to the final row.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor, nn

from .._inputs import IGNORE_INDEX, hooks_are_called, without_wrapper
from .._progress import progress_bar
from ..architecture.attention_heads import head_count, head_projection
from ..architecture.last_mlp import mlp_projection
from ..architecture.parts import ModelParts, model_parts
from ..architecture.replay import Replay, record_replay
from ..architecture.unembedding import slices
from ..lens.logit_lens import LensTrace, read_stream
from ..loading.memory import fitting_count
from ._interventions import neuron_groups, new_activations
from ._text_state import text_rows
from .effects import Effects, join_effects, map_effects, tensors_by_name

# Tokens in a pass, of all copies together: on a CPU more is no faster.
TOKENS_AT_A_TIME = {"cpu": 2048, "cuda": 2**14}


@dataclass(eq=False)
class ReplaySweep(Effects):
    """`Effects` of ablation, ``(tokens, columns)``: a column a neuron, head or group.

    Attributes:
        clean: the model left alone.
        activations: ``(tokens, neurons)`` what enters the output layer of the MLP (for heads: of
            the attention, all heads side by side), before ablation.
    """

    clean: Effects = field(kw_only=True)
    activations: Tensor = field(kw_only=True)


@torch.no_grad()
def replay_sweep(
    model,
    input_ids,
    layer: int,
    neurons: int | Sequence | Tensor | None = None,
    *,
    value: str | float | Tensor | Callable[[Tensor], Tensor] = "mean",
    tokens_at_a_time: int | None = None,
    progress: bool = True,
) -> ReplaySweep:
    """Ablate neurons of any layer one by one, each at every token of a text at once.

    With f the blocks after the ablation, x what enters them and delta the neuron's part of it, the
    result is that of f(x - delta): nothing is approximated, and the blocks before are not run. Of
    a model with L layers that leaves L - layer blocks and the unembedding. A later token sees the
    ablation at earlier ones, through attention.

    Args:
        model: in transformers' format.
        input_ids: ``(tokens,)``, or ``(sequences, tokens)``; the rows of the result are then
            sequence by sequence.
        layer: the block whose MLP they belong to, 0 for the first.
        neurons, value: as in `ablation_sweep`.
        tokens_at_a_time: tokens in a pass, of all copies together; None: as memory allows. The
            result does not depend on it beyond rounding.
        progress: whether to show a progress bar.

    Returns:
        A `ReplaySweep` on the CPU, in nats: total effects. The blocks compute in the model's own
        precision; what their end says is read in float32 (float64 for such a model).

    Raises:
        ValueError: no such layer; neurons or values that do not fit; no list of neurons in that
            block (a mixture of experts); a model that cannot start in the middle, because more than
            the stream passes from block to block (shared keys and values); else as `logit_lens`.
    """
    model = without_wrapper(model)
    parts = model_parts(model)
    _require_layer(parts, layer)
    projection = mlp_projection(parts, layer)
    return _replay_groups(
        model,
        input_ids,
        layer,
        projection,
        lambda count: neuron_groups(neurons, count),
        value=value,
        tokens_at_a_time=tokens_at_a_time,
        progress=progress,
    )


@torch.no_grad()
def replay_heads(
    model,
    input_ids,
    layer: int,
    heads: int | Sequence | Tensor | None = None,
    *,
    value: str | float | Tensor | Callable[[Tensor], Tensor] = "mean",
    tokens_at_a_time: int | None = None,
    progress: bool = True,
) -> ReplaySweep:
    """Ablate attention heads of any layer one by one, each at every token of a text at once.

    A head's output, the average of its values before the output layer, becomes ``value``: "mean"
    over all positions given, for each of its numbers; else as in `ablation_sweep`, with the heads'
    outputs side by side in place of the neurons.

    Args:
        heads: which ones (None: all, in order), or lists of heads, each ablated together.
        model, input_ids, layer, value, tokens_at_a_time, progress: as in `replay_sweep`.

    Returns:
        A `ReplaySweep`; a column is a head or a group.

    Raises:
        ValueError: as `replay_sweep`, and where `head_projection` finds no heads that average.
    """
    model = without_wrapper(model)
    parts = model_parts(model)
    _require_layer(parts, layer)
    projection = head_projection(model, layer, 0)

    def head_columns(count: int) -> list[list[int]]:
        """Return the columns of each group of heads."""
        size = count // head_count(model)
        groups = neuron_groups(heads, head_count(model))
        return [
            [head * size + place for head in group for place in range(size)] for group in groups
        ]

    return _replay_groups(
        model,
        input_ids,
        layer,
        projection,
        head_columns,
        value=value,
        tokens_at_a_time=tokens_at_a_time,
        progress=progress,
    )


def _require_layer(parts: ModelParts, layer: int) -> None:
    if layer not in range(len(parts.blocks)):
        raise ValueError(f"no layer {layer}: there are layers 0 to {len(parts.blocks) - 1}.")


def _replay_groups(
    model,
    input_ids,
    layer: int,
    projection: nn.Module,
    groups_of: Callable[[int], list[list[int]]],
    *,
    value: str | float | Tensor | Callable[[Tensor], Tensor],
    tokens_at_a_time: int | None,
    progress: bool,
) -> ReplaySweep:
    """Ablate groups of the numbers that enter a projection of block ``layer``.

    Args:
        groups_of: from how many numbers there are a token to the groups of them.
    """
    # 1. the clean pass of each sequence
    parts = model_parts(model)
    replays = []
    recorded: list[Tensor] = []
    for sequence in text_rows(model, input_ids):
        replay = record_replay(model, parts, sequence[None], layer)
        with projection.register_forward_pre_hook(lambda _, inputs: recorded.append(inputs[0])):
            replay.run(1)
        replays.append(replay)
    clean_activations = torch.cat([a.reshape(-1, a.shape[-1]) for a in recorded]).double()  # (P, N)
    groups = groups_of(clean_activations.shape[1])
    ablated = new_activations(value, clean_activations)  # (P, N)

    # 2. how many copies of the text in a pass
    tokens = replays[0].ids.shape[1]
    if tokens_at_a_time is None:
        tokens_at_a_time = _tokens_that_fit(parts, clean_activations)
    if tokens_at_a_time < 1:
        raise ValueError(f"tokens_at_a_time must be 1 or more, got {tokens_at_a_time}.")
    copies = max(1, tokens_at_a_time // tokens)

    # 3. sequence by sequence, many ablations in a pass
    sequences = []
    with progress_bar(
        total=len(groups) * len(replays), description="replay", shown=progress
    ) as bar:
        for replay, new in zip(replays, ablated.split(tokens)):
            blocks = []
            for some in slices(len(groups), copies):
                ends = _ablated_ends(replay, projection, groups[some], new)  # (copies, T, width)
                blocks.append(_read_ends(replay, ends))
                bar.update(len(ends))
            columns = join_effects([{"total": block["total"]} for block in blocks], dim=1)
            sequences.append(columns | {"clean": blocks[0]["clean"]})
    kinds = join_effects(sequences, dim=0)
    return ReplaySweep(
        **tensors_by_name(kinds["total"]),
        clean=map_effects(lambda values: values[:, 0], kinds["clean"]),
        activations=clean_activations.float().cpu(),
    )


def _tokens_that_fit(parts: ModelParts, activations: Tensor) -> int:
    """Return how many tokens to have in a pass, from the memory that is free.

    In a block a token needs its stream, its activations and what becomes of them: about four times
    both, and the end of its stream is kept.
    """
    width = parts.unembedding.weight.shape[1]
    numbers = 4 * (activations.shape[1] + 2 * width)
    wanted = TOKENS_AT_A_TIME["cuda" if activations.is_cuda else "cpu"]
    return fitting_count(
        wanted,
        bytes_each=numbers * parts.unembedding.weight.element_size(),
        device=activations.device,
    )


def _ablated_ends(
    replay: Replay, projection: nn.Module, groups: list[list[int]], new: Tensor
) -> Tensor:
    """Return what enters the final norm in copies of a text, one for each ablated group.

    Args:
        new: ``(tokens, numbers)`` what the activations become.

    Returns:
        ``(groups, tokens, width)``.
    """

    def ablate(module, arguments):
        changed = arguments[0].clone()
        by_copy = changed.view(len(groups), *new.shape)  # some families flatten copies and tokens
        for copy, group in enumerate(groups):
            by_copy[copy, :, group] = new[:, group].to(changed)
        return (changed, *arguments[1:])

    with hooks_are_called(), projection.register_forward_pre_hook(ablate):
        return replay.run(len(groups))


def _read_ends(replay: Replay, ends: Tensor) -> dict[str, Effects]:
    """Read what the model says after the ends of its stream, (copies, T, width), and after its own.

    Returns:
        The kinds "total", ``(T, copies)``, and "clean", ``(T, 1)``.
    """
    no_target = replay.ids.new_full((1,), IGNORE_INDEX)
    targets = torch.cat([replay.ids[0, 1:], no_target])
    trace = read_stream(replay.parts, [*ends, replay.end[0]], targets=targets)
    return {"total": _rows(trace, slice(0, -1)), "clean": _rows(trace, slice(-1, None))}


def _rows(trace: LensTrace, rows: slice) -> Effects:
    """Return some rows of a lens as effects, ``(tokens, rows)``."""
    assert trace.cross_entropy is not None and trace.rank is not None  # there were targets
    return Effects(
        entropy=trace.entropy[rows].T,
        loss=trace.cross_entropy[rows].T,
        kl=trace.kl_to_final[rows].T,
        argmax_changed=(trace.top_token[rows] != trace.top_token[-1]).T,
        rank=trace.rank[rows].T,
    )
