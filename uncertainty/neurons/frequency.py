"""The direction in the logits that leads to frequent tokens, and which neurons point along it.

Source: Confidence Regulation Neurons (arXiv 2406.16254), section 4.
"""

import torch
from torch import Tensor

from ..architecture.final_norm import final_norm
from ..architecture.parts import model_parts
from ..architecture.unembedding import effective_unembedding, vocabulary_slices
from .geometry import SMALLEST_NORM, effective_output_weights, geometry
from .unigrams import log_unigram


def frequency_direction(unigram: Tensor) -> Tensor:
    """Return v = log P - mean(log P), scaled to length 1, ``(vocabulary,)``, float64.

    It is a direction in the space of *logits*.

    Raises:
        ValueError: a probability that is not positive (smooth first), or all probabilities equal,
            because then there is no such direction.
    """
    log_p = log_unigram(unigram)
    direction = log_p - log_p.mean()
    if not direction.norm() > 1e-9:
        raise ValueError(
            "all tokens are equally likely, so no direction leads to the frequent ones."
        )
    return direction / direction.norm()


@torch.no_grad()
def frequency_cosine(model, direction: Tensor) -> Tensor:
    """Return the cosine of each last-layer neuron's effect on the logits with a direction there.

    ``(neurons,)``, float64. Per unit of activation a neuron adds e = W w to the logits, with W the
    effective unembedding and w the neuron's output weights, up to the norm's denominator, which is
    the same for all tokens; a softcap is left out. Both e and the direction are centred over the
    vocabulary: softmax does not see a shift of all logits. |e| is computed from the singular values
    of W, so that nothing of size neurons x vocabulary exists.

    Raises:
        ValueError: a direction of another length; a norm after the MLP, so that another vector
            arrives; else as `geometry`.
    """
    parts = model_parts(model)
    weights = effective_output_weights(model).double()  # (neurons, width)
    norm_formula = final_norm(parts)
    vocabulary = len(parts.unembedding.weight)
    if direction.shape != (vocabulary,):
        raise ValueError(
            f"the direction has shape {tuple(direction.shape)}, the unembedding {vocabulary} rows."
        )

    # 1. the inner products e . v = w . (W^T v)
    v = (direction - direction.mean()).to(weights)
    read_direction = weights.new_zeros(weights.shape[1])  # W^T v, (width,)
    for rows in vocabulary_slices(vocabulary):
        unembedding = effective_unembedding(parts, norm_formula, torch.float64, rows)
        read_direction += unembedding.T @ v[rows]
    products = (weights @ read_direction).cpu()

    # 2. the lengths |e| = |w| |cosines * singular values|
    shape = geometry(model)
    lengths = shape.norms * (shape.cosines * shape.singular_values).norm(dim=1)
    return products / (lengths * v.norm().cpu()).clamp(min=SMALLEST_NORM)
