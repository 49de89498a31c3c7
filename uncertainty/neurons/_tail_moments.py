"""The moments of each position's tail: all tokens but the likeliest ones, which are its head.

q is the tail's own distribution, and E the mean under it. Moments are those of l = log p, y and u,
each less its mean, and they are named as products: ``yu`` is E[y u], ``luu`` is E[l u^2].

The moments of l and y belong to the positions (`TailMoments`). Those of the columns u = W w, with W
the unembedding, belong to a block of columns (`ColumnMoments`). The ones that are linear in u are
means over the rows of W, so they cost a product with w and no pass over the vocabulary.

Shapes: T positions, K tokens of the head, B columns, V the vocabulary.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import torch
from torch import Tensor

from ._shifted_logits import CleanPositions

HEAD_TOKENS = 128  # K


class ThirdMoments(NamedTuple):
    """Cube roots of bounds on E |x|^3 and E |l| |x|^3, in float64. By Minkowski they add up."""

    plain: Tensor
    with_l: Tensor


@dataclass(eq=False)
class TailMoments:
    """Each position's head, and the moments of its tail; (T, 1) in float64 where no shape is given.

    Attributes:
        head_tokens: (T, K) the likeliest tokens, the likeliest first.
        head_p: (T, K) their probabilities.
        q: (T, V) the tail's distribution; 0 at the head.
        ql, q_abs_l: (T, V) q times l, and q times |l|.
        mean_q: (V,) q averaged over the positions.
        mass: the tail's probability.
        log_normaliser: of the clean model's log-probabilities: 0 but for rounding.
        largest_log_p: no log-probability of the tail is above it.
        mean_y, mean_l: E of y and log p themselves.
        yy, ly, lyy, ll: as the module says.
        abs_l: E |l|.
        y_thirds: the third moments of y.
        mean_rows, y_rows, ly_rows, l_rows: (T, width) means over the rows W of the unembedding:
            E[W], E[y W], E[l y W], E[l W]. Their products with w are E[u], E[y u], E[l y u] and
            E[l u].
        y_reach: the largest |y| of a token of the tail whose q is not 0.
        y_reach_unseen: the same of the others, whose q has rounded to 0.
        log_p_unseen: the log of no less than the probability of these others together; -inf where
            there are none.
    """

    head_tokens: Tensor
    head_p: Tensor
    q: Tensor
    ql: Tensor
    q_abs_l: Tensor
    mean_q: Tensor
    mass: Tensor
    log_normaliser: Tensor
    largest_log_p: Tensor
    mean_y: Tensor
    mean_l: Tensor
    yy: Tensor
    ly: Tensor
    lyy: Tensor
    ll: Tensor
    abs_l: Tensor
    y_thirds: ThirdMoments
    mean_rows: Tensor
    y_rows: Tensor
    ly_rows: Tensor
    l_rows: Tensor
    y_reach: Tensor
    y_reach_unseen: Tensor
    log_p_unseen: Tensor


def tail_moments(clean: CleanPositions, unembedding: Tensor) -> TailMoments:
    """Compute the moments of the tails. Four tensors (T, V) are made, and three of them kept."""
    # 1. Head and tail
    q = clean.hand_over_p()  # (T, V)
    head_p, head_tokens = q.topk(min(HEAD_TOKENS, q.shape[1] - 1))  # (T, K)
    q.scatter_(1, head_tokens, 0)
    mass = q.sum(1, keepdim=True).double().clamp(min=1e-30)
    q /= mass.to(q)
    head_log_p = clean.log_p.gather(1, head_tokens)
    log_normaliser = (mass + head_log_p.double().exp().sum(1, keepdim=True)).log()

    # 2. y and l, less their means
    mean_y = _expect(q, clean.y)
    mean_l = _expect(q, clean.log_p)
    centred_y = clean.y - mean_y.to(q)  # (T, V)
    y_reach, y_reach_unseen, log_p_unseen = _reach_of_y(clean, centred_y, q, head_tokens)
    centred_l = clean.log_p - mean_l.to(q)  # (T, V)

    # 3. Moments with q, q y, q l y (in one and the same memory) and q l as weights
    mean_rows = q @ unembedding  # (T, width)
    weights = q * centred_y  # (T, V)
    yy = _expect(weights, centred_y)
    y_rows = weights @ unembedding
    weights *= centred_l
    ly = weights.sum(1, keepdim=True).double()
    lyy = _expect(weights, centred_y)
    ly_rows = weights @ unembedding
    ql = centred_l.mul_(q)
    q_abs_l = torch.abs(ql, out=weights)
    ll = _expect(ql, clean.log_p).clamp(min=0)  # E[l log p] = E[l l], because E l = 0
    l_rows = ql @ unembedding

    # 4. Third moments
    y_cubes = centred_y.abs_().pow_(3)
    y_thirds = ThirdMoments(_cube_root(_expect(q, y_cubes)), _cube_root(_expect(q_abs_l, y_cubes)))

    return TailMoments(
        head_tokens=head_tokens,
        head_p=head_p,
        q=q,
        ql=ql,
        q_abs_l=q_abs_l,
        mean_q=q.mean(0),
        mass=mass,
        log_normaliser=log_normaliser,
        largest_log_p=head_log_p[:, -1:].double(),
        mean_y=mean_y,
        mean_l=mean_l,
        yy=yy,
        ly=ly,
        lyy=lyy,
        ll=ll,
        abs_l=q_abs_l.sum(1, keepdim=True).double(),
        y_thirds=y_thirds,
        mean_rows=mean_rows,
        y_rows=y_rows,
        ly_rows=ly_rows,
        l_rows=l_rows,
        y_reach=y_reach,
        y_reach_unseen=y_reach_unseen,
        log_p_unseen=log_p_unseen,
    )


def _reach_of_y(
    clean: CleanPositions, y: Tensor, q: Tensor, head_tokens: Tensor
) -> tuple[Tensor, Tensor, Tensor]:
    """Return the last three attributes of `TailMoments`; set y to 0 at the head, in place."""
    unseen = (q <= 0).scatter_(1, head_tokens, False)  # (T, V)
    y.scatter_(1, head_tokens, 0.0)
    log_count = unseen.sum(1, keepdim=True).log()
    if not unseen.any():
        y_reach = _largest_size(y)
        return y_reach, torch.zeros_like(y_reach), log_count.double()  # the log of 0
    seen_y = y.masked_fill(unseen, 0)
    y_reach_unseen = _largest_size(y - seen_y)
    largest_log_p = torch.where(unseen, clean.log_p, -torch.inf).amax(1, keepdim=True)
    return _largest_size(seen_y), y_reach_unseen, (largest_log_p + log_count).double()


class ColumnMoments:
    """Moments over the tails of columns u (V, B) = ``unembedding @ vectors.T``: (T, B) in float64.

    Before anything else the column's mean over all tails is taken from it, in place. What is added
    to all logits alike changes no probability, and the cubes stay small.

    Attributes:
        tail: the moments of the positions.
        u: (V, B) the columns, less ``tail.mean_q @ u``.
        mean: E u of these columns.
        yu, lu, lyu, uu, luu: as the module says.
        reach: no |u| is larger.
    """

    def __init__(self, tail: TailMoments, vectors: Tensor, u: Tensor):
        # 1. Linear in u: products with the vectors
        whole_mean = (tail.mean_rows @ vectors.T).double()  # (T, B) of u as it comes
        lyu_of_whole = (tail.ly_rows @ vectors.T).double()
        self.yu = (tail.y_rows @ vectors.T).double()
        self.lu = (tail.l_rows @ vectors.T).double()
        self.lyu = lyu_of_whole - whole_mean * tail.ly

        # 2. The mean over all tails goes
        mean_over_tails = tail.mean_q @ u  # (B,)
        u -= mean_over_tails
        self.tail = tail
        self.u = u
        self.mean = whole_mean - mean_over_tails

        # 3. Squares of u
        squares = u.square()  # (V, B)
        self.uu = ((tail.q @ squares).double() - self.mean**2).clamp(min=0)
        self.luu = (tail.ql @ squares).double() - 2 * self.mean * self.lu

        self.reach = torch.maximum(u.amax(0) - self.mean, self.mean - u.amin(0))

    @cached_property
    def loose_thirds(self) -> ThirdMoments:
        """The third moments of u without another pass over the columns (Cauchy and Schwarz)."""
        plain = self.uu * self.reach
        with_l = (self.tail.ll * self.uu).sqrt() * self.reach**2
        return ThirdMoments(_cube_root(plain), _cube_root(with_l))

    @cached_property
    def tight_thirds(self) -> ThirdMoments:
        """The third moments of u from its cubes: through E |u|^3 and |E u| (Minkowski)."""
        cubes = self.u.abs().pow_(3)  # (V, B)
        plain = (self.tail.q @ cubes).double()
        with_l = (self.tail.q_abs_l @ cubes).double()
        mean_size = self.mean.abs()
        return ThirdMoments(
            _cube_root(plain) + mean_size,
            _cube_root(with_l) + mean_size * _cube_root(self.tail.abs_l),
        )


def _largest_size(values: Tensor) -> Tensor:
    return torch.maximum(values.amax(1, True), -values.amin(1, True)).double()


def _cube_root(cubes: Tensor) -> Tensor:
    return cubes.clamp(min=0) ** (1 / 3)


def _expect(weights: Tensor, values: Tensor) -> Tensor:
    """The mean of values (T, V) under weights (T, V): (T, 1), in float64."""
    return torch.linalg.vecdot(weights, values).double()[:, None]
