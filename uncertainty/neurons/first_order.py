"""What ablations do to first order, all neurons at once, and how much of it goes through frequency.

An ablation moves the logits by delta = alpha y + beta u (see `ablation`). To first order the
divergence from a unigram F, the loss at the next token t and the entropy then change by an inner
product with the gradient at the clean p:

    KL(F || p):  (p - F) . delta            loss -log p_t:  (p - one-hot t) . delta
    entropy H:  -p (log p + H) . delta

Both u = W w and y = W x lie in the range of the unembedding W, so each position needs one pass over
the vocabulary and all neurons follow from vectors as wide as the stream. The same holds for delta
without its part along a direction d of length 1, delta - (delta . d) d: what is left of an effect
when d keeps its clean value. Shapes: T positions, N neurons, L unigrams, V the vocabulary.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import torch
from torch import Tensor

from .._inputs import SKIPPED_POSITIONS
from ..architecture.unembedding import slices
from ._shift_factors import ShiftFactors, shift_factors
from ._text_state import TextState, run_clean_model
from .frequency import frequency_direction

POSITIONS_AT_A_TIME = 64


class Gradient(NamedTuple):
    """The gradient g of a quantity in the logits, by its inner products; float64.

    Attributes:
        unembedding: ``(T, width)`` g W.
        y: ``(T,)`` g . y.
        direction: ``(T,)`` g . v, with v the frequency direction.
    """

    unembedding: Tensor
    y: Tensor
    direction: Tensor


class Shares(NamedTuple):
    """How much of each neuron's effects goes through the frequency direction v.

    A share is 1 - mean |effect with v kept| / mean |effect|; it may be negative.

    Attributes:
        cosine: ``(N,)`` of the neuron's pattern over the vocabulary with v.
        effects: by quantity ("kl", "loss", "entropy"), ``(T, N)``, in nats: ablated less clean.
        kept: the same with v kept.
        controls: by quantity, ``(controls, N)``, the shares that directions at a right angle to v
            take, each with that neuron's cosine. nan where there is none (|cosine| above 0.7).
    """

    cosine: Tensor
    effects: dict[str, Tensor]
    kept: dict[str, Tensor]
    controls: dict[str, Tensor]


@dataclass(eq=False)
class FirstOrder:
    """Everything that first-order effects of single ablations need; see `first_order`.

    Attributes:
        sequence: ``(T,)`` which text a position belongs to.
        entropy: ``(T,)`` of the clean model, in nats.
        rank: ``(T,)`` how many tokens are likelier than the next one.
    """

    sequence: Tensor
    entropy: Tensor
    rank: Tensor
    state: TextState
    activation_shift: Tensor  # (T, N) how far an ablation moves each activation
    factors: ShiftFactors
    normalised: Tensor  # (T, width) float64: y = normalised W^T
    gram: Tensor  # (width, width) W^T W
    gradients: list[dict[str, Gradient]]  # for each unigram, by quantity
    read_directions: Tensor  # (L, width) v W

    def cosines(self, which: int = 0) -> Tensor:
        """Return the cosine of every neuron's pattern with the direction of a unigram, ``(N,)``."""
        return self.shares(which, controls=0).cosine

    def shares(
        self,
        which: int = 0,
        neurons: Sequence[int] | None = None,
        *,
        controls: int = 40,
        seed: int = 0,
    ) -> Shares:
        """Return the effects, and what of them goes through the direction of unigram ``which``.

        A control direction for a neuron with pattern u and cosine c is d = a r + b g: r the part of
        u at a right angle to v, g a random direction of the stream sent through the unembedding and
        made orthogonal to both, and a, b so that |d| = 1 and cos(d, u) = c. So d resembles the
        pattern as much as v does, and has nothing of v.
        """
        columns = list(range(self.activation_shift.shape[1])) if neurons is None else list(neurons)
        w = self.state.centred_output_weights(columns).double()  # (N, width)
        alpha = self.factors.alpha[:, columns]
        beta = self.factors.beta[:, columns]
        v = self.read_directions[which]
        gradients = self.gradients[which]

        # 1. Patterns and their cosines with v; the effects, and what is left when v is kept
        lengths = ((w @ self.gram) * w).sum(1).sqrt()  # |u|
        unit = w / lengths[:, None]
        cosine = unit @ v
        y_v = (self.normalised @ v)[:, None]  # (T, 1)
        along_v = alpha * y_v + beta * (cosine * lengths)  # (T, N)
        effects = {}
        kept = {}
        for name, gradient in gradients.items():
            effects[name] = alpha * gradient.y[:, None] + beta * (gradient.unembedding @ w.T)
            kept[name] = effects[name] - along_v * gradient.direction[:, None]

        # 2. The control directions, from inner products with v, with r and with g
        sine = (1 - cosine**2).sqrt()
        a = cosine / sine
        b = (1 - a**2).sqrt()  # nan where the cosine is too large
        y_r = (self.normalised @ self.gram @ unit.T - cosine * y_v) / sine
        generator = torch.Generator().manual_seed(seed)
        found = {name: w.new_empty(controls, len(w)) for name in gradients}
        for row in range(controls):
            noise = torch.randn(len(v), dtype=torch.float64, generator=generator).to(v)
            noise = noise / (noise @ self.gram @ noise).sqrt()  # |W noise| = 1
            read_noise = self.gram @ noise
            noise_v = noise @ v
            noise_r = (unit @ read_noise - cosine * noise_v) / sine
            rest = (1 - noise_v**2 - noise_r**2).sqrt()  # of W noise, without v and r
            y_g = (self.normalised @ read_noise)[:, None]
            y_d = a * y_r + b * (y_g - noise_v * y_v - noise_r * y_r) / rest
            along_d = alpha * y_d + beta * (cosine * lengths)
            for name, gradient in gradients.items():
                g_v = gradient.direction[:, None]
                g_r = (gradient.unembedding @ unit.T - cosine * g_v) / sine
                g_noise = (gradient.unembedding @ noise)[:, None]
                g_d = a * g_r + b * (g_noise - noise_v * g_v - noise_r * g_r) / rest
                left = effects[name] - along_d * g_d
                found[name][row] = 1 - left.abs().mean(0) / effects[name].abs().mean(0)
        return Shares(cosine, effects, kept, found)

    def top_tokens(self, groups: Sequence[Sequence[int]]) -> tuple[Tensor, Tensor]:
        """Return how sure the model is of its top token with groups of neurons ablated, exactly.

        Two tensors ``(T, 1 + groups)``, the clean model first: the top token's probability, and
        whether it is the next token.
        """
        w = self.state.centred_output_weights(list(range(self.activation_shift.shape[1]))).double()
        vectors = [w[list(group)] for group in groups]
        patterns = [v.to(self.state.unembedding) @ self.state.unembedding.T for v in vectors]
        confidences = []
        hits = []
        for positions in slices(len(self.entropy), POSITIONS_AT_A_TIME):
            clean = self.state.clean_positions(positions)
            x = self.state.norm.centre(self.state.residual[positions])
            scale = self.state.norm.scale(self.state.residual[positions])  # (T, 1)
            columns = [_top_token(clean.log_p, clean.targets)]
            for group, of_group, pattern in zip(groups, vectors, patterns):
                delta = self.activation_shift[positions][:, list(group)]
                moved = delta @ of_group  # (T, width)
                square = scale**2 + ((2 * x + moved) * moved).sum(1, keepdim=True) / w.shape[1]
                new_scale = square.clamp(min=self.state.norm.epsilon).sqrt()
                logits = clean.z + (scale / new_scale - 1).to(clean.y) * clean.y
                logits += (delta / new_scale).to(clean.y) @ pattern
                columns.append(_top_token(logits.log_softmax(-1), clean.targets))
            confidences.append(torch.stack([confidence for confidence, _ in columns], 1))
            hits.append(torch.stack([hit for _, hit in columns], 1))
        return torch.cat(confidences).double(), torch.cat(hits)


@torch.no_grad()
def first_order(model, input_ids, unigrams: Tensor, *, value: Tensor, every: int = 1) -> FirstOrder:
    """Run a model over texts and keep what first-order effects of single ablations need.

    The neurons are those of the last layer. Each text's first `SKIPPED_POSITIONS` positions and its
    last are left out, and of the others all but each ``every``-th.

    Args:
        input_ids: ``(sequences, tokens)``.
        unigrams: ``(L, vocabulary)`` probabilities, all above 0. Each gives a KL and, by
            `frequency_direction`, the direction v that belongs to it.
        value: ``(N,)`` what each activation is set to, its mean elsewhere, say.

    Raises:
        ValueError: texts too short; a softcap on the logits or a norm after the MLP, so that the
            formula does not hold; else as `ablation_sweep` and `frequency_direction`.

    Source: the quantities are those of arXiv 2406.16254, section 4; the expansion is ours.
    """
    ids = torch.atleast_2d(torch.as_tensor(input_ids))
    if ids.shape[1] <= SKIPPED_POSITIONS + 1 or every < 1:
        raise ValueError(
            f"texts of {ids.shape[1]} tokens, every {every}: nothing is left without the first "
            f"{SKIPPED_POSITIONS} and the last."
        )
    state = run_clean_model(model, ids, unigram=None, freeze=None)
    if state.parts.softcap is not None or not state.neurons.adds_to_stream:
        raise ValueError(
            f"{type(model).__name__}: a softcap on the logits or a norm after the MLP; take "
            "`ablation_sweep`, which is exact."
        )

    # 1. The positions that are kept
    places = torch.arange(ids.numel()).view_as(ids)
    places = places[:, SKIPPED_POSITIONS:-1:every].flatten().to(state.residual.device)
    state = replace(
        state,
        residual=state.residual[places],
        activations=state.activations[places],
        targets=state.targets[places],
    )
    activation_shift = value.to(state.activations) - state.activations
    everything = slice(0, len(places))
    neurons = list(range(activation_shift.shape[1]))
    factors = shift_factors(state, everything, neurons, activation_shift)["total"]

    # 2. One pass over the vocabulary for each position
    unembedding = state.unembedding
    lists = torch.stack([frequency_direction(unigram) for unigram in unigrams]).to(unembedding)
    passes = [
        _gradient_sums(state, positions, lists)
        for positions in slices(len(places), POSITIONS_AT_A_TIME)
    ]
    summed = {name: torch.cat([part[name] for part in passes]) for name in passes[0]}

    # 3. KL(F || p) = constant - F . z + log sum e^z, so its gradient is that of the sum less F
    normalised = state.normalised(state.residual).double()
    gradients = []
    for i, unigram in enumerate(unigrams):
        f = (unigram / unigram.sum()).to(unembedding)
        f_w = (f @ unembedding).double()
        gradients.append(
            {
                "kl": Gradient(
                    summed["p_w"] - f_w,
                    summed["p_y"] - normalised @ f_w,
                    summed["p_v"][:, i] - (f @ lists[i]).double(),
                ),
                "loss": Gradient(
                    summed["p_w"] - summed["t_w"],
                    summed["p_y"] - summed["t_y"],
                    summed["p_v"][:, i] - summed["t_v"][:, i],
                ),
                "entropy": Gradient(summed["h_w"], summed["h_y"], summed["h_v"][:, i]),
            }
        )
    return FirstOrder(
        sequence=places.cpu() // ids.shape[1],
        entropy=summed["entropy"],
        rank=summed["rank"].long(),
        state=state,
        activation_shift=activation_shift,
        factors=ShiftFactors(factors.alpha.double(), factors.beta.double()),
        normalised=normalised,
        gram=(unembedding.T @ unembedding).double(),
        gradients=gradients,
        read_directions=(lists @ unembedding).double(),
    )


def _gradient_sums(state: TextState, positions: slice, lists: Tensor) -> dict[str, Tensor]:
    """Return the inner products of p and of the entropy's gradient with W, y and the directions."""
    clean = state.clean_positions(positions)
    p = clean.p  # (T, V)
    entropy = -(p * clean.log_p).sum(-1)
    h = -p * (clean.log_p + entropy[:, None])
    target = clean.log_p.gather(1, clean.targets[:, None])
    sums = {
        "p_w": p @ state.unembedding,
        "p_y": (p * clean.y).sum(-1),
        "p_v": p @ lists.T,
        "t_w": state.unembedding[clean.targets],
        "t_y": clean.y.gather(1, clean.targets[:, None])[:, 0],
        "t_v": lists.T[clean.targets],
        "h_w": h @ state.unembedding,
        "h_y": (h * clean.y).sum(-1),
        "h_v": h @ lists.T,
        "entropy": entropy,
        "rank": (clean.log_p > target).sum(-1),
    }
    return {name: values.double() for name, values in sums.items()}


def _top_token(log_p: Tensor, targets: Tensor) -> tuple[Tensor, Tensor]:
    largest, tokens = log_p.max(-1)
    return largest.exp(), tokens == targets
