"""What becomes of a distribution when its logits are shifted along two known vectors.

For a position with logits z, column i of the shifts gives ``z + alpha_i y + beta_i u_i``. Ablating
a neuron of the last layer does just this (see `ablation`), so in a sweep a column is a neuron. This
module contains only formulas on tensors. Shapes: T positions, B columns, V the vocabulary.
"""

import copy
import math
from dataclasses import dataclass, field, replace
from functools import cached_property

import torch
from torch import Tensor

from .._inputs import IGNORE_INDEX
from .effects import Effects


@dataclass(eq=False)
class CleanPositions:
    """Some positions of the clean model.

    Attributes:
        logits: ``(T, V)`` before the softcap; where there is none they become log-probabilities.
        y: ``(T, V)`` what alpha multiplies.
        targets: ``(T,)`` the next tokens, -100 for none.
        softcap: as in `model_parts`.
        unigram: ``(V,)`` probabilities, or None.
        z: ``(T, V)`` the logits after the softcap: what they are when nothing is shifted.
        log_p: ``(T, V)`` log-probabilities.
        top_token: ``(T,)`` the likeliest tokens.
        log_normaliser: ``(T,)`` float64, log sum e^z.
        mean_y: ``(T,)`` the mean of y under p.
    """

    logits: Tensor
    y: Tensor
    targets: Tensor
    softcap: float | None = None
    unigram: Tensor | None = None
    z: Tensor = field(init=False)
    log_p: Tensor = field(init=False)
    top_token: Tensor = field(init=False)
    log_normaliser: Tensor = field(init=False)
    mean_y: Tensor = field(init=False)

    def __post_init__(self) -> None:
        if self.softcap is None:
            self.log_p = self.logits.log_softmax(-1)
            self.logits = self.log_p
            self.z = self.log_p
        else:
            self.z = self.softcapped_(self.logits.clone())
            self.log_p = self.z.log_softmax(-1)
        self.top_token = self.log_p.argmax(-1)
        self.log_normaliser = log_sum_exp(self.z.amax(-1), self.p.amax(-1).double())
        self.mean_y = torch.linalg.vecdot(self.p, self.y)

    @cached_property
    def p(self) -> Tensor:
        """Probabilities ``(T, V)``, of which the sum is 1 also in float32."""
        p = self.z.softmax(-1)
        return p.div_(p.sum(-1, keepdim=True))

    def hand_over_p(self) -> Tensor:
        """Return p for the caller to overwrite, and forget it; the next access computes it anew."""
        p = self.p
        del self.p
        return p

    def softcapped_(self, logits: Tensor) -> Tensor:
        """Apply the softcap, in place."""
        if self.softcap is None:
            return logits
        return logits.div_(self.softcap).tanh_().mul_(self.softcap)

    def __getitem__(self, positions: slice) -> "CleanPositions":
        """Return some of the positions, with nothing computed again."""
        part = copy.copy(self)
        for name, value in vars(self).items():
            if name not in ("softcap", "unigram"):
                setattr(part, name, value[positions])
        return part


def shifted_logits(
    clean: CleanPositions, u: Tensor, *, alpha: Tensor, beta: Tensor, out: Tensor
) -> Tensor:
    """Write z + alpha y + beta u to ``out`` (T, B, V), then apply the softcap.

    ``u`` is (B, V) or (T, B, V), ``alpha`` and ``beta`` are (T, B).
    """
    torch.addcmul(clean.logits[:, None], u, beta[..., None], out=out)
    if alpha.any():
        out.addcmul_(clean.y[:, None], alpha[..., None])
    return clean.softcapped_(out)


def read_effects(
    clean: CleanPositions,
    logits: Tensor,
    workspace: Tensor,
    *,
    mean_shift: Tensor | None = None,
    with_rank: bool = True,
) -> Effects:
    """Read entropy, loss and so on from logits (T, B, V): each (T, B), in float64.

    In float32 a softmax over 50,000 tokens does not sum to 1, so it is divided by its sum. About
    1e-5 nats of rounding remain; a KL below 1e-6 is noise.

    Args:
        workspace: memory of the same shape as the logits; it is overwritten.
        mean_shift: (T, B) the mean under p of what was added to the clean logits z, where that is
            known without a pass over the vocabulary.
        with_rank: whether to find the rank of the next token.
    """
    # 1. Entropy = log sum e^z' - sum p' z'
    p = torch.softmax(logits, -1, out=workspace)  # (T, B, V)
    total_p = p.sum(-1).double()
    largest = logits.amax(-1)
    log_normaliser = log_sum_exp(largest, p.amax(-1).double() / total_p)
    mean_logit = p.mul_(logits).sum(-1).double() / total_p

    # 2. KL(clean || shifted) = log sum e^z' - log sum e^z - sum p (z' - z)
    if mean_shift is None:
        shift = torch.sub(logits, clean.z[:, None], out=workspace)  # (T, B, V)
        mean_shift = torch.bmm(shift, clean.p[..., None])[..., 0]
    kl = log_normaliser - clean.log_normaliser[:, None] - mean_shift.double()

    # 3. The next token, and the clean model's top token
    target_logit = _logits_of(logits, clean.targets.clamp(min=0))  # (T, B, 1)
    top_logit = _logits_of(logits, clean.top_token)
    effects = Effects(
        entropy=log_normaliser - mean_logit,
        loss=log_normaliser - target_logit[..., 0].double(),
        kl=kl,
        argmax_changed=largest > top_logit[..., 0],
    )
    if with_rank:
        effects.rank = torch.gt(logits, target_logit, out=workspace).sum(-1).long()
    if clean.unigram is not None:
        expected_logit = torch.matmul(logits, clean.unigram.to(logits))
        effects.kl_unigram = kl_from_unigram(clean.unigram, expected_logit, log_normaliser)
    return clamp_and_mask(clean, effects)


def log_sum_exp(largest_logit: Tensor, its_probability: Tensor) -> Tensor:
    """Return log sum e^z in float64, from the largest z and its probability."""
    return largest_logit.double() - its_probability.log()


def kl_from_unigram(unigram: Tensor, expected_logit: Tensor, log_normaliser: Tensor) -> Tensor:
    """KL(P || softmax z) = log sum e^z + (sum P log P - sum P z) in float64, with P the unigram."""
    entropy = torch.special.entr(unigram.double()).sum()
    return log_normaliser + (-entropy - expected_logit.double())


def clamp_and_mask(clean: CleanPositions, effects: Effects) -> Effects:
    """Clamp what rounding left below zero, and mask loss and rank where there is no next token.

    There loss becomes nan and rank -1.
    """
    no_target = clean.targets == IGNORE_INDEX
    effects.loss[no_target] = math.nan
    if effects.rank is not None:
        effects.rank[no_target] = -1
    kl_unigram = effects.kl_unigram
    return replace(
        effects,
        entropy=effects.entropy.clamp(min=0),
        loss=effects.loss.clamp(min=0),
        kl=effects.kl.clamp(min=0),
        kl_unigram=None if kl_unigram is None else kl_unigram.clamp(min=0),
    )


def _logits_of(logits: Tensor, tokens: Tensor) -> Tensor:
    """Pick each position's token (T,) from logits (T, B, V): (T, B, 1)."""
    positions, columns, _ = logits.shape
    return logits.gather(-1, tokens[:, None, None].expand(positions, columns, 1))
