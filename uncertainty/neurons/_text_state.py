"""Everything about a text that no ablation changes: the clean pass, and the unembedding."""

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from .._inputs import IGNORE_INDEX, one_text_ids, without_wrapper
from ..architecture.final_norm import FinalNorm, final_norm
from ..architecture.last_mlp import LastLayerNeurons, last_layer_neurons
from ..architecture.parts import ModelParts, model_parts
from ..architecture.unembedding import effective_unembedding, vocabulary_slices
from ..loading.memory import fitting_count
from ._shifted_logits import CleanPositions

# How many logits a sweep holds at a time: on a CPU, as many as stay in the cache.
LOGITS_AT_A_TIME = {"cpu": 2**20, "cuda": 2**26}


@dataclass(eq=False)
class TextState:
    """A model and its text before any ablation.

    Shapes: P positions of the whole text, T of them at a time, N neurons of the last layer, V rows
    of the unembedding.

    Attributes:
        model: in transformers' format.
        ids: ``(sequences, tokens)``, on the model's device.
        parts: of the model.
        norm: the final norm as a formula.
        neurons: of the last layer.
        residual: ``(P, width)`` float64, what enters the final norm.
        activations: ``(P, N)`` float64.
        unembedding: ``(V, width)`` with the norm's gain folded in; centred over the vocabulary
            unless there is a softcap, because then adding a constant to all logits changes the
            probabilities.
        bias_logits: ``(V,)`` what the biases of norm and unembedding add to the logits.
        targets: ``(P,)`` the next tokens, -100 for none.
        unigram: ``(V,)`` probabilities, or None.
        freeze: ``(V,)`` a direction of length 1 in the space of logits, or None.
        logits_at_a_time: how many logits to hold at a time.
    """

    model: Any
    ids: Tensor
    parts: ModelParts
    norm: FinalNorm
    neurons: LastLayerNeurons
    residual: Tensor
    activations: Tensor
    unembedding: Tensor
    bias_logits: Tensor
    targets: Tensor
    unigram: Tensor | None
    freeze: Tensor | None
    logits_at_a_time: int

    def clean_positions(self, positions: slice) -> CleanPositions:
        """Return the clean model at T of the positions."""
        y = self.normalised(self.residual[positions]) @ self.unembedding.T  # (T, V)
        logits = y + self.bias_logits
        return CleanPositions(logits, y, self.targets[positions], self.parts.softcap, self.unigram)

    def normalised(self, residual: Tensor, scale: Tensor | None = None) -> Tensor:
        """Centre a residual and divide it by ``scale`` (default: its own); no gain, no bias."""
        if scale is None:
            scale = self.norm.scale(residual)
        return (self.norm.centre(residual) / scale).to(self.unembedding)

    def centred_output_weights(self, neurons: list[int]) -> Tensor:
        """Return what neurons write, ``(neurons, width)``, centred if the final norm centres."""
        return self.norm.centre(self.neurons.output_weights[neurons])


def logits_that_fit(unembedding: Tensor) -> int:
    """Return how many logits to hold at a time on this device, fewer where memory is short.

    Each is held twice, as a logit and as a probability, beside the vectors u.
    """
    wanted = LOGITS_AT_A_TIME["cuda" if unembedding.is_cuda else "cpu"]
    bytes_each = 3 * unembedding.element_size()
    return fitting_count(wanted, bytes_each=bytes_each, device=unembedding.device)


def run_clean_model(
    model,
    input_ids,
    *,
    unigram: Tensor | None,
    freeze: Tensor | None,
    logits_at_a_time: int | None = None,
) -> TextState:
    """Run the clean model over ``(tokens,)`` or ``(sequences, tokens)``; keep what a sweep needs.

    Raises:
        ValueError: ids, unigram or direction that do not fit; nan or infinite numbers in what
            enters the final norm; else as `last_layer_neurons` and `final_norm`.
    """
    # 1. The model's parts and the text
    model = without_wrapper(model)
    parts = model_parts(model)
    neurons = last_layer_neurons(model)
    ids = text_rows(model, input_ids)
    norm = final_norm(parts)

    # 2. The clean pass
    with neurons.record_activations() as recorded:
        residual = run_to_final_norm(model, parts, ids)
    if not residual.isfinite().all():
        position = int((~residual.isfinite().all(-1)).nonzero()[0, 0])
        raise ValueError(
            f"{type(model).__name__}: nan or infinite numbers enter the final norm at position "
            f"{position}; load the model in another precision (bfloat16 or float32 instead of "
            "float16)."
        )
    neuron_count = len(neurons.output_weights)
    activations = torch.cat([values.reshape(-1, neuron_count) for values in recorded]).double()
    no_target = torch.full_like(ids[:, :1], IGNORE_INDEX)
    targets = torch.cat([ids[:, 1:], no_target], 1).flatten()

    # 3. From the final norm to the logits
    unembedding = effective_unembedding(parts, norm, neurons.output_weights.dtype)
    if parts.softcap is None:
        unembedding -= unembedding.mean(0)
    bias_logits = logits_of_biases(parts, norm).to(unembedding)

    device = unembedding.device
    return TextState(
        model=model,
        ids=ids,
        parts=parts,
        norm=norm,
        neurons=neurons,
        residual=residual.to(device),
        activations=activations.to(device),
        unembedding=unembedding,
        bias_logits=bias_logits,
        targets=targets.to(device),
        unigram=None if unigram is None else _checked_unigram(unigram, bias_logits),
        freeze=None if freeze is None else _checked_direction(freeze, bias_logits),
        logits_at_a_time=logits_at_a_time or logits_that_fit(unembedding),
    )


def run_to_final_norm(model, parts: ModelParts, ids: Tensor) -> Tensor:
    """Return what enters the final norm, sequence by sequence, ``(P, width)`` float64."""
    residuals = []
    for sequence in ids:
        with parts.record_stream() as stream:
            model.base_model(input_ids=sequence[None], use_cache=False)
        residuals.append(stream[-1][0])
    return torch.cat(residuals).double()


def text_rows(model, input_ids) -> Tensor:
    """Return the ids as ``(sequences, tokens)`` on the model's device."""
    ids = torch.as_tensor(input_ids)
    if ids.ndim not in (1, 2) or not ids.numel():
        raise ValueError(
            "need token ids (tokens,) or (sequences, tokens), and at least one; "
            f"got shape {tuple(ids.shape)}."
        )
    if ids.ndim == 1:
        ids = ids[None]
    return torch.cat([one_text_ids(model, sequence) for sequence in ids])


def logits_of_biases(parts: ModelParts, norm: FinalNorm) -> Tensor:
    """Return what the biases of norm and unembedding add to the logits, ``(V,)`` float64."""
    norm_bias = norm.bias
    if parts.projection is not None:
        norm_bias = parts.projection.weight.double() @ norm_bias
    weight = parts.unembedding.weight
    # Write into one buffer: many small allocations fragment memory.
    added = norm_bias.new_empty(len(weight))
    for rows in vocabulary_slices(len(weight)):
        torch.mv(weight[rows].double(), norm_bias, out=added[rows])
    head_bias = getattr(parts.unembedding, "bias", None)
    if head_bias is not None:
        added = added + head_bias.double()
    return added * (parts.scale / parts.divisor)


def _checked_unigram(unigram: Tensor, like: Tensor) -> Tensor:
    """Check the unigram; return it with the dtype and device of ``like``, ``(V,)``."""
    values = torch.as_tensor(unigram).to(like.device, torch.float64)
    if not _is_finite_and_fits(values, like) or not (values > 0).all():
        raise ValueError(
            f"unigram must have one finite number for each of {len(like)} rows of the unembedding, "
            f"all above 0 (smooth the counts); got shape {tuple(values.shape)}."
        )
    total = values.sum()
    if abs(total - 1) > 1e-3:
        raise ValueError(f"unigram must sum to 1, got {total:.4g}.")
    return (values / total).to(like)


def _checked_direction(freeze: Tensor, like: Tensor) -> Tensor:
    """Check the direction; return it, centred, with the dtype and device of ``like``, ``(V,)``."""
    values = torch.as_tensor(freeze).to(like.device, torch.float64)
    if not _is_finite_and_fits(values, like):
        raise ValueError(
            f"freeze must have one finite number for each of {len(like)} rows of the unembedding; "
            f"got shape {tuple(values.shape)}."
        )
    length = values.norm()
    if abs(length - 1) > 1e-3:
        raise ValueError(f"freeze must have length 1, got {length:.4g}.")
    centred = values - values.mean()
    return (centred / centred.norm()).to(like)


def _is_finite_and_fits(values: Tensor, like: Tensor) -> bool:
    return values.shape == like.shape and bool(values.isfinite().all())
