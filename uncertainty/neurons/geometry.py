"""The geometry of the last layer: what its neurons write, and what the unembedding hardly reads.

All vectors are in the coordinates in which the final norm only divides. Its gain is folded into the
unembedding. Where the norm subtracts the mean (LayerNorm), the mean over the width is subtracted
from the unembedding's rows and from the neurons' output weights. The unembedding's mean over the
vocabulary is subtracted, too: what is added to all logits alike changes no probability. Rows that
pad a vocabulary (Pythia, Phi-2, Qwen) take part, as they do in the model's own softmax.
The room ``architecture`` knows the models; this module contains only formulas.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from scipy import stats
from torch import Tensor

from ..architecture.final_norm import final_norm
from ..architecture.last_mlp import last_layer_neurons
from ..architecture.parts import model_parts
from ..architecture.unembedding import effective_unembedding, vocabulary_slices

SMALLEST_NORM = 1e-300  # in place of a norm of 0, to divide by


@dataclass(frozen=True, eq=False)
class Geometry:
    """What the last layer's weights say, without any text; on the CPU.

    Attributes:
        singular_values: ``(width,)`` of the effective unembedding, the largest first.
        directions: ``(width, width)``, column j is the direction of the residual stream that
            belongs to singular value j.
        cosines: ``(neurons, width)`` between each neuron's output weights and each direction, with
            sign.
        norms: ``(neurons,)`` length of the output weights.
        centred: whether the final norm subtracts the mean, in which case nothing can point along
            the last direction.
    """

    singular_values: Tensor
    directions: Tensor
    cosines: Tensor
    norms: Tensor
    centred: bool = False

    def chance(self, k: int, quantile: float = 0.5) -> float:
        """Return the rho of a random neuron of this model: `random_null_space_fraction` for k."""
        width = len(self.singular_values)
        if k <= self.centred:  # the one direction is the mean's
            return 0.0
        return random_null_space_fraction(width - self.centred, k - self.centred, quantile)

    def null_space_fraction(self, k: int) -> Tensor:
        """Return rho, ``(neurons,)``: the weights' share in the directions that are read least.

        rho = |w U_k| / |w|, between 0 and 1, with U_k the k directions of the smallest singular
        values; see `random_null_space_fraction` for what chance gives.

        Raises:
            ValueError: k is not between 1 and the width.
        """
        width = len(self.singular_values)
        if not 1 <= k <= width:
            raise ValueError(f"k must lie between 1 and the width {width}, got {k}.")
        return self.cosines[:, -k:].norm(dim=1).clamp(max=1)


@torch.no_grad()
def geometry(model) -> Geometry:
    """Return the effective unembedding's singular values and directions, and the neurons' cosines.

    They come from the eigenvectors of the width x width Gram matrix in float64. A LayerNorm leaves
    one singular value at zero: the direction of the mean, in which nothing can be written.

    Raises:
        ValueError: as `model_parts`, `last_layer_neurons` and `final_norm`; a norm follows the MLP
            (Gemma-2 and 3, OLMo-2).

    Source: arXiv 2406.16254, section 3.
    """
    norm_formula = final_norm(model_parts(model))
    weights = effective_output_weights(model).double()  # (neurons, width)
    norms = weights.norm(dim=1)

    # 1. eigenvectors of the Gram matrix, the smallest eigenvalue first
    width = weights.shape[1]
    gram = weights.new_zeros(width, width)
    for rows in _effective_rows(model):
        gram += rows.T @ rows
    squares, directions = torch.linalg.eigh(gram)

    # 2. the cosines of the output weights with these directions
    cosines = weights @ directions / norms.clamp(min=SMALLEST_NORM)[:, None]
    return Geometry(
        singular_values=squares.clamp(min=0).sqrt().flip(0).cpu(),
        directions=directions.flip(1).cpu(),
        cosines=cosines.flip(1).cpu(),
        norms=norms.cpu(),
        centred=norm_formula.centred,
    )


def null_space_fraction(model, k: int) -> Tensor:
    """Return `Geometry.null_space_fraction` of a model, ``(neurons,)``.

    For more than one k, keep the `geometry`.
    """
    return geometry(model).null_space_fraction(k)


@torch.no_grad()
def logit_variance(model) -> Tensor:
    """Return how unevenly each last-layer neuron writes to the logits, ``(neurons,)``.

    Var_t[ w . u_t / (|w| |u_t|) ] over the vocabulary (unbiased), with u_t the rows of the
    effective unembedding. It is small for a neuron that acts through the final norm alone.

    Raises:
        ValueError: as `geometry`.

    Source: arXiv 2406.16254, section 3.
    """
    weights = effective_output_weights(model).double()
    weights = weights / weights.norm(dim=1, keepdim=True).clamp(min=SMALLEST_NORM)
    total = weights.new_zeros(len(weights))
    squares = weights.new_zeros(len(weights))
    count = 0
    for rows in _effective_rows(model):
        rows = rows / rows.norm(dim=1, keepdim=True).clamp(min=SMALLEST_NORM)
        cosines = weights @ rows.T  # (neurons, rows)
        total += cosines.sum(1)
        squares += cosines.square().sum(1)
        count += len(rows)
    variance = (squares - total**2 / count) / (count - 1)
    return variance.clamp(min=0).cpu()


def effective_output_weights(model) -> Tensor:
    """Return each last-layer neuron's output weights as the final norm sees them.

    ``(neurons, width)``. They are those of `last_layer_neurons`, centred over the width where the
    final norm is a LayerNorm.

    Raises:
        ValueError: a norm follows the MLP (Gemma-2 and 3, OLMo-2): its gain and scale decide what
            arrives; else as `last_layer_neurons`.
    """
    neurons = last_layer_neurons(model)
    if not neurons.adds_to_stream:
        raise ValueError(
            f"{type(model).__name__}: a norm follows the last MLP (or a factor that we do not "
            "know), so its output weights are not what a neuron adds to the stream, and their "
            "geometry would mislead. `ablation_sweep` takes such models, the slow way."
        )
    return final_norm(model_parts(model)).centre(neurons.output_weights)


def random_null_space_fraction(width: int, k: int, quantile: float = 0.5) -> float:
    """Return the quantile of rho for a random direction.

    rho^2 is Beta(k / 2, (width - k) / 2) distributed. Under a LayerNorm one of the k directions is
    the mean, which no centred weight has: take width - 1 and k - 1.

    Raises:
        ValueError: not 1 <= k < width, or a quantile outside 0..1.
    """
    if not (1 <= k < width and 0 <= quantile <= 1):
        raise ValueError(
            f"need 1 <= k < width and a quantile in 0..1, got k={k}, width={width}, "
            f"quantile={quantile}."
        )
    rho_squared = stats.beta(k / 2, (width - k) / 2)
    return float(rho_squared.ppf(quantile) ** 0.5)


def _effective_rows(model) -> Iterator[Tensor]:
    """Yield the effective unembedding, centred both ways, float64: ``(rows, width)`` at a time."""
    parts = model_parts(model)
    norm_formula = final_norm(parts)
    unembedding = parts.unembedding.weight
    row_slices = vocabulary_slices(len(unembedding))
    total = torch.zeros_like(norm_formula.gain, device=unembedding.device)
    for rows in row_slices:
        total += effective_unembedding(parts, norm_formula, torch.float64, rows).sum(0)
    mean = total / len(unembedding)
    for rows in row_slices:
        yield norm_formula.centre(
            effective_unembedding(parts, norm_formula, torch.float64, rows) - mean
        )
