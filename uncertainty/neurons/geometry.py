"""The geometry of the last layer: what its neurons write, and which directions the unembedding hardly reads.

Everything lives in the frame in which the final norm only divides: its gain is folded into the unembedding, and where the
norm takes the mean away (LayerNorm), the means over the width are taken away from the unembedding and from the neurons'
output weights. The unembedding's mean over the vocabulary goes, too: what is added to all logits alike changes no
probability. `model_parts` knows the architectures; here are only formulas.
"""

from dataclasses import dataclass

import torch
from scipy import stats
from torch import Tensor

from ..architecture.final_norm import final_norm
from ..architecture.last_mlp import last_layer_neurons
from ..architecture.parts import model_parts
from ..architecture.unembedding import effective_unembedding

ROWS = 4096  # so many rows of the unembedding at a time


@dataclass(frozen=True, eq=False)
class Geometry:
    """What the last layer's weights say, without any text; on the CPU.

    Attributes:
        singular_values: ``(width,)`` of the effective unembedding, the largest first.
        directions: ``(width, width)``, column j is the direction of the residual stream that belongs to singular value j.
        cosines: ``(neurons, width)`` between each neuron's output weights and each direction, with sign.
        norms: ``(neurons,)`` length of the output weights.
        centred: whether the final norm takes the mean away, in which case nothing can point along the last direction.
    """

    singular_values: Tensor
    directions: Tensor
    cosines: Tensor
    norms: Tensor
    centred: bool = False

    def chance(self, k: int, quantile: float = 0.5) -> float:
        """`random_null_space_fraction` for k of these directions: what rho a random neuron of this model would have."""
        width = len(self.singular_values)
        return (
            random_null_space_fraction(width - self.centred, k - self.centred, quantile)
            if k > self.centred
            else 0.0
        )

    def null_space_fraction(self, k: int) -> Tensor:
        """rho ``(neurons,)``: the share of the weights' length in the k directions the unembedding reads least.

        rho = |w U_k| / |w|, between 0 and 1; see `random_null_space_fraction` for what chance gives.

        Raises:
            ValueError: k is not between 1 and the width.
        """
        width = len(self.singular_values)
        if not 1 <= k <= width:
            raise ValueError(f"k must lie between 1 and the width {width}, got {k}.")
        return self.cosines[:, -k:].norm(dim=1).clamp(max=1)


@torch.no_grad()
def geometry(model) -> Geometry:
    """Singular values and directions of the effective unembedding, and how the last layer's neurons lie to them.

    By eigenvectors of the width x width Gram matrix in float64. A LayerNorm leaves one singular value at zero: the direction
    of the mean, in which nothing can be written.

    Raises:
        ValueError: as `model_parts`, `last_layer_neurons` and `final_norm`.

    Source: arXiv 2406.16254, section 3.
    """
    gram = sum(rows.T @ rows for rows in _effective_rows(model))
    squares, directions = torch.linalg.eigh(gram)
    weights = output_weights(model).double()
    norms = weights.norm(dim=1)
    cosines = weights @ directions / norms.clamp(min=1e-300)[:, None]
    return Geometry(
        squares.clamp(min=0).sqrt().flip(0).cpu(),
        directions.flip(1).cpu(),
        cosines.flip(1).cpu(),
        norms.cpu(),
        final_norm(model_parts(model)).centred,
    )


def null_space_fraction(model, k: int) -> Tensor:
    """`Geometry.null_space_fraction` of a model, ``(neurons,)``: for more than one k, keep the `geometry`."""
    return geometry(model).null_space_fraction(k)


@torch.no_grad()
def logit_variance(model) -> Tensor:
    """How unevenly each last-layer neuron writes to the logits, ``(neurons,)``.

    Var_t[ w . u_t / (|w| |u_t|) ] over the vocabulary (unbiased), u_t the rows of the effective unembedding. A neuron that
    acts through the final norm alone has a small one.

    Raises:
        ValueError: as `geometry`.

    Source: arXiv 2406.16254, section 3.
    """
    weights = output_weights(model).double()
    weights = weights / weights.norm(dim=1, keepdim=True).clamp(min=1e-300)
    total, squares, count = 0, 0, 0
    for rows in _effective_rows(model):
        cosines = weights @ (rows / rows.norm(dim=1, keepdim=True).clamp(min=1e-300)).T
        total, squares, count = (
            total + cosines.sum(1),
            squares + cosines.square().sum(1),
            count + len(rows),
        )
    return ((squares - total**2 / count) / (count - 1)).clamp(min=0).cpu()


def output_weights(model) -> Tensor:
    """``(neurons, width)`` what each last-layer neuron adds to the stream, as the final norm sees it (centred for LayerNorm).

    Raises:
        ValueError: a norm follows the MLP (Gemma-2 and 3, OLMo-2): its gain and scale decide what arrives; else as `last_layer_neurons`.
    """
    neurons = last_layer_neurons(model)
    if not neurons.adds_to_stream:
        raise ValueError(
            f"{type(model).__name__}: a norm follows the last MLP, so its output weights are not what a neuron adds "
            "to the stream, and their geometry would mislead. `ablation_sweep` takes such models, the slow way."
        )
    return final_norm(model_parts(model)).centre(neurons.output_weights)


def random_null_space_fraction(width: int, k: int, quantile: float = 0.5) -> float:
    """The quantile of rho for a random direction: rho^2 is Beta(k / 2, (width - k) / 2) distributed.

    Under a LayerNorm one of the k directions is the mean, which no centred weight has: take width - 1 and k - 1.

    Raises:
        ValueError: not 1 <= k < width, or a quantile outside 0..1.
    """
    if not (1 <= k < width and 0 <= quantile <= 1):
        raise ValueError(
            f"need 1 <= k < width and a quantile in 0..1, got k={k}, width={width}, quantile={quantile}."
        )
    return float(stats.beta(k / 2, (width - k) / 2).ppf(quantile) ** 0.5)


def _effective_rows(model):
    """The effective unembedding, centred both ways, a slice of the vocabulary at a time, in float64."""
    parts = model_parts(model)
    form, vocabulary = final_norm(parts), len(parts.unembedding.weight)
    slices = [slice(start, start + ROWS) for start in range(0, vocabulary, ROWS)]
    mean = (
        sum(effective_unembedding(parts, form, torch.float64, rows).sum(0) for rows in slices)
        / vocabulary
    )
    for rows in slices:
        yield form.centre(effective_unembedding(parts, form, torch.float64, rows) - mean)
