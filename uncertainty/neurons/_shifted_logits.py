"""What becomes of a distribution when its logits are shifted along two known vectors.

For a position with logits z, and columns i of shifts: ``z + alpha_i y + beta_i u_i``. That is all an ablated neuron of the
last layer does (see `ablation`); here are only tensors. Shapes: T positions, B columns, V the vocabulary.
"""

import math
from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor

from .._inputs import IGNORE_INDEX


@dataclass(eq=False)
class Positions:
    """Some positions of the clean model.

    Attributes:
        logits: ``(T, V)`` before the softcap; where there is none they become log-probabilities.
        y: ``(T, V)`` what alpha multiplies.
        targets: ``(T,)`` the next tokens, -100 for none.
        softcap: as in `model_parts`.
        unigram: ``(V,)`` probabilities, or None.
    """

    logits: Tensor
    y: Tensor
    targets: Tensor
    softcap: float | None = None
    unigram: Tensor | None = None

    def __post_init__(self):
        capped = self.logits if self.softcap is None else self.capped(self.logits.clone())
        self.log_p = capped.log_softmax(-1)
        self.logits = self.log_p if self.softcap is None else self.logits
        self.z = (
            self.capped(self.logits.clone()) if self.softcap is not None else self.log_p
        )  # what nothing shifted becomes
        self.top, p = self.log_p.argmax(-1), self.p
        self.size, self.mean_y = (
            log_sum_exp(self.z.amax(-1), p.amax(-1).double()),
            torch.linalg.vecdot(p, self.y),
        )

    @cached_property
    def p(self) -> Tensor:
        """Probabilities, of which the sum is 1 also in float32."""
        p = self.z.softmax(-1)
        return p.div_(p.sum(-1, keepdim=True))

    def capped(self, logits: Tensor) -> Tensor:
        """The softcap, in place."""
        return (
            logits if self.softcap is None else logits.div_(self.softcap).tanh_().mul_(self.softcap)
        )

    def __getitem__(self, part: slice) -> "Positions":
        """Some of the positions."""
        some = object.__new__(Positions)
        whole = ("softcap", "unigram")
        some.__dict__.update(
            {name: value if name in whole else value[part] for name, value in vars(self).items()}
        )
        return some


def shifted(at: Positions, u: Tensor, alpha: Tensor, beta: Tensor, out: Tensor) -> Tensor:
    """The shifted (and capped) logits, written to ``out`` (T, B, V); u is (B, V) or (T, B, V), alpha and beta are (T, B)."""
    torch.addcmul(at.logits[:, None], u, beta[..., None], out=out)
    return at.capped(out.addcmul_(at.y[:, None], alpha[..., None]) if alpha.any() else out)


def read(
    at: Positions, logits: Tensor, space: Tensor, drift: Tensor | None = None, ranked: bool = True
) -> dict[str, Tensor]:
    """Entropy, loss and so on of logits (T, B, V), by name, each (T, B) in float64; ``space`` is memory of the same shape.

    In float32 a softmax over 50,000 tokens does not sum to 1: what it does sum to is divided out. About 1e-5 nats of rounding
    remain; a KL below 1e-6 is noise. ``drift`` is the clean model's mean of what was added, where that is known without a look.
    Unless ``ranked`` there is no rank.
    """
    p = torch.softmax(logits, -1, out=space)
    weight, largest = p.sum(-1).double(), logits.amax(-1)
    size, mean = (
        log_sum_exp(largest, p.amax(-1).double() / weight),
        p.mul_(logits).sum(-1).double() / weight,
    )
    drift = (
        torch.bmm(torch.sub(logits, at.z[:, None], out=space), at.p[..., None])[..., 0]
        if drift is None
        else drift
    )
    own = at.targets.clamp(min=0)
    of_target, of_top = (
        logits.gather(-1, ids[:, None, None].expand(*logits.shape[:2], 1)) for ids in (own, at.top)
    )
    found = dict(
        entropy=size - mean,
        loss=size - of_target[..., 0].double(),
        kl=size - at.size[:, None] - drift.double(),
        argmax_changed=largest > of_top[..., 0],
    )
    if ranked:
        found["rank"] = torch.gt(logits, of_target, out=space).sum(-1).long()
    if at.unigram is not None:
        found["kl_unigram"] = size + unigram_part(at, torch.matmul(logits, at.unigram.to(logits)))
    return finished(at, found)


def log_sum_exp(largest: Tensor, probability: Tensor) -> Tensor:
    """From the largest logit and its probability, in float64."""
    return largest.double() - probability.log()


def finished(at: Positions, found: dict[str, Tensor]) -> dict[str, Tensor]:
    """No rounding below zero, and nothing about a next token where there is none."""
    none = at.targets == IGNORE_INDEX
    found["loss"][none] = math.nan
    if "rank" in found:
        found["rank"][none] = -1
    return found | {
        name: found[name].clamp(min=0)
        for name in found
        if name in ("entropy", "loss", "kl", "kl_unigram")
    }


def unigram_part(at: Positions, expected: Tensor) -> Tensor:
    """With P the unigram: sum P log P - sum P z, so that adding the log-sum-exp of z gives KL(P || softmax z)."""
    return -torch.special.entr(at.unigram.double()).sum() - expected.double()
