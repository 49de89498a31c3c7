"""Moments of the tail of each position's next-token distribution.

The head of a position is its `HEAD_TOKENS` likeliest tokens, and the tail is all the others. (In
this module and in `_head_tail` no attention head and no language-model head is meant.) q is the
distribution within the tail: p divided by the tail's total probability. E is the mean under q.

Moments are those of l, y and u, where l = log p - E log p, and y and u are the two vectors along
which the logits are shifted, each less its own mean under q. The moments are named as products:
``yu`` is E[y u], ``luu`` is E[l u^2].

The moments of l and y belong to the positions (`TailMoments`). Those of the columns u = W w, with W
the unembedding and w a neuron's output weights, belong to a block of columns (`ColumnMoments`). The
moments that are linear in u are means over the rows of W, so they cost a product with w and no pass
over the vocabulary.

Shapes: T positions, K tokens of the head, B columns (one for each neuron), V the vocabulary.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import torch
from torch import Tensor

from ._shifted_logits import CleanPositions

HEAD_TOKENS = 128  # K


class ThirdMomentRoots(NamedTuple):
    """Cube roots of upper bounds on two third moments of x, in float64.

    By Minkowski the root of a sum x + x' is at most the sum of the roots of x and x'.

    Attributes:
        plain: the cube root of a bound on E |x|^3.
        with_l: the cube root of a bound on E |l| |x|^3.
    """

    plain: Tensor
    with_l: Tensor


@dataclass(eq=False)
class TailMoments:
    """Each position's head, and the moments of its tail; (T, 1) in float64 where no shape is given.

    Attributes:
        head_tokens: (T, K) the likeliest tokens, the likeliest first.
        head_p: (T, K) their probabilities.
        q: (T, V) the distribution within the tail; 0 at the head.
        ql, q_abs_l: (T, V) q times l, and q times |l|.
        mean_q: (V,) q averaged over the positions.
        mass: the tail's probability.
        log_total_p: log of the sum of the clean probabilities; 0 except for rounding.
        largest_log_p: no log-probability of the tail is above it.
        mean_y, mean_l: E of y itself and of log p itself.
        yy, ly, lyy, ll: moments of l and y, named as the module says.
        abs_l: E |l|.
        y_roots: the cube roots of the third moments of y.
        mean_rows, y_rows, ly_rows, l_rows: (T, width) means over the rows W of the unembedding:
            E[W], E[y W], E[l y W], E[l W]. Their products with w are E[u], E[y u], E[l y u] and
            E[l u].
        max_abs_y: the largest |y - E y| of a token of the tail whose q is above 0.
        max_abs_y_underflowed: the same of a token whose q was rounded to 0.
        log_p_underflowed: log of an upper bound on the total probability of the tokens whose q was
            rounded to 0; -inf where there are no such tokens.
    """

    head_tokens: Tensor
    head_p: Tensor
    q: Tensor
    ql: Tensor
    q_abs_l: Tensor
    mean_q: Tensor
    mass: Tensor
    log_total_p: Tensor
    largest_log_p: Tensor
    mean_y: Tensor
    mean_l: Tensor
    yy: Tensor
    ly: Tensor
    lyy: Tensor
    ll: Tensor
    abs_l: Tensor
    y_roots: ThirdMomentRoots
    mean_rows: Tensor
    y_rows: Tensor
    ly_rows: Tensor
    l_rows: Tensor
    max_abs_y: Tensor
    max_abs_y_underflowed: Tensor
    log_p_underflowed: Tensor


def tail_moments(clean: CleanPositions, unembedding: Tensor) -> TailMoments:
    """Compute the moments of the tails. Four tensors (T, V) are made, and three of them are kept.

    To need no more memory, several steps overwrite a tensor that is not needed any longer.
    """
    # 1. Head and tail
    p = clean.hand_over_p()  # (T, V)
    head_p, head_tokens = p.topk(min(HEAD_TOKENS, p.shape[1] - 1))  # (T, K)
    p.scatter_(1, head_tokens, 0)
    mass = p.sum(1, keepdim=True).double().clamp(min=1e-30)
    q = p.div_(mass.to(p))  # overwrites p
    head_log_p = clean.log_p.gather(1, head_tokens)
    log_total_p = (mass + head_log_p.double().exp().sum(1, keepdim=True)).log()

    # 2. y and l, each less its mean; y is set to 0 at the head
    mean_y = _expect(q, clean.y)
    mean_l = _expect(q, clean.log_p)
    centred_y = clean.y - mean_y.to(q)  # (T, V)
    centred_y.scatter_(1, head_tokens, 0.0)
    underflowed = (q <= 0).scatter_(1, head_tokens, False)  # (T, V) tokens whose q was rounded to 0
    max_abs_y, max_abs_y_underflowed = _largest_y(centred_y, underflowed)
    log_p_underflowed = _log_p_bound(clean, underflowed)
    del underflowed
    centred_l = clean.log_p - mean_l.to(q)  # (T, V)

    # 3. Moments with the weights q, q y, q l y and q l
    mean_rows = q @ unembedding  # (T, width)
    qy = q * centred_y  # (T, V)
    yy = _expect(qy, centred_y)
    y_rows = qy @ unembedding
    qly = qy.mul_(centred_l)  # overwrites qy
    ly = qly.sum(1, keepdim=True).double()
    lyy = _expect(qly, centred_y)
    ly_rows = qly @ unembedding
    ql = centred_l.mul_(q)  # overwrites centred_l
    q_abs_l = torch.abs(ql, out=qly)  # overwrites qly
    ll = _expect(ql, clean.log_p).clamp(min=0)  # E[l log p] = E[l l], because E l = 0
    l_rows = ql @ unembedding

    # 4. Third moments
    abs_y_cubed = centred_y.abs_().pow_(3)  # overwrites centred_y
    y_roots = ThirdMomentRoots(
        plain=_cube_root(_expect(q, abs_y_cubed)),
        with_l=_cube_root(_expect(q_abs_l, abs_y_cubed)),
    )

    return TailMoments(
        head_tokens=head_tokens,
        head_p=head_p,
        q=q,
        ql=ql,
        q_abs_l=q_abs_l,
        mean_q=q.mean(0),
        mass=mass,
        log_total_p=log_total_p,
        largest_log_p=head_log_p[:, -1:].double(),
        mean_y=mean_y,
        mean_l=mean_l,
        yy=yy,
        ly=ly,
        lyy=lyy,
        ll=ll,
        abs_l=q_abs_l.sum(1, keepdim=True).double(),
        y_roots=y_roots,
        mean_rows=mean_rows,
        y_rows=y_rows,
        ly_rows=ly_rows,
        l_rows=l_rows,
        max_abs_y=max_abs_y,
        max_abs_y_underflowed=max_abs_y_underflowed,
        log_p_underflowed=log_p_underflowed,
    )


class ColumnMoments:
    """Moments over the tails of columns u (V, B) = ``unembedding @ vectors.T``: (T, B) in float64.

    After the products with the vectors, each column's mean over all tails is subtracted from it, in
    place. What is added to all logits alike changes no probability, and the cubes stay small. The
    attribute ``u`` is the result. The moments are those of u - E u.

    Attributes:
        tail: the moments of the positions.
        u: (V, B) the columns, less ``tail.mean_q @ u``.
        mean: E u of these columns.
        yu, lu, lyu, uu, luu: moments with u - E u, named as the module says.
        max_abs_u: no |u - E u| is larger.
    """

    def __init__(self, tail: TailMoments, vectors: Tensor, u: Tensor):
        # 1. Moments that are linear in u: products with the vectors. E y = E l = 0, so only E u and
        #    E[l y u] depend on the mean of u; E[l y u] is corrected for it here.
        mean_given_u = (tail.mean_rows @ vectors.T).double()  # (T, B), of u before step 2
        lyu_given_u = (tail.ly_rows @ vectors.T).double()
        self.yu = (tail.y_rows @ vectors.T).double()
        self.lu = (tail.l_rows @ vectors.T).double()
        self.lyu = lyu_given_u - mean_given_u * tail.ly

        # 2. Subtract each column's mean over all tails
        mean_over_tails = tail.mean_q @ u  # (B,)
        u -= mean_over_tails
        self.tail = tail
        self.u = u
        self.mean = mean_given_u - mean_over_tails

        # 3. Moments with u^2. E u is not 0 at a single position, so both need a correction.
        squares = u.square()  # (V, B)
        self.uu = ((tail.q @ squares).double() - self.mean**2).clamp(min=0)
        self.luu = (tail.ql @ squares).double() - 2 * self.mean * self.lu

        self.max_abs_u = torch.maximum(u.amax(0) - self.mean, self.mean - u.amin(0))

    @cached_property
    def loose_roots(self) -> ThirdMomentRoots:
        """Cube roots of loose bounds on the third moments; no further pass over the columns."""
        # E |u|^3 <= max |u| E u^2 and E |l| |u|^3 <= max |u|^2 E |l u|, and by Cauchy-Schwarz
        # E |l u| <= sqrt(E l^2 E u^2)
        plain = self.uu * self.max_abs_u
        with_l = (self.tail.ll * self.uu).sqrt() * self.max_abs_u**2
        return ThirdMomentRoots(plain=_cube_root(plain), with_l=_cube_root(with_l))

    @cached_property
    def tight_roots(self) -> ThirdMomentRoots:
        """Cube roots of tight bounds on the third moments, from the cubes of the columns.

        By Minkowski the root for u - E u is at most the root for u plus the root for E u.
        """
        cubes = self.u.abs().pow_(3)  # (V, B)
        plain = (self.tail.q @ cubes).double()
        with_l = (self.tail.q_abs_l @ cubes).double()
        abs_mean = self.mean.abs()
        return ThirdMomentRoots(
            plain=_cube_root(plain) + abs_mean,
            with_l=_cube_root(with_l) + abs_mean * _cube_root(self.tail.abs_l),
        )


def _largest_y(centred_y: Tensor, underflowed: Tensor) -> tuple[Tensor, Tensor]:
    """Return the largest |y| where q is above 0 and where it underflowed, each (T, 1)."""
    if not underflowed.any():
        max_abs_y = _max_abs(centred_y)
        return max_abs_y, torch.zeros_like(max_abs_y)
    y_above_zero = centred_y.masked_fill(underflowed, 0)
    return _max_abs(y_above_zero), _max_abs(centred_y - y_above_zero)


def _log_p_bound(clean: CleanPositions, tokens: Tensor) -> Tensor:
    """Return the log of (number of tokens) times (their largest p): an upper bound on their p.

    Args:
        tokens: (T, V) booleans. Where a position has none of them, the bound (T, 1) is -inf.
    """
    log_count = tokens.sum(1, keepdim=True).log()
    if not tokens.any():
        return log_count.double()
    largest_log_p = torch.where(tokens, clean.log_p, -torch.inf).amax(1, keepdim=True)
    return (largest_log_p + log_count).double()


def _max_abs(values: Tensor) -> Tensor:
    """The largest absolute value of each row, in float64."""
    return torch.maximum(values.amax(1, True), -values.amin(1, True)).double()


def _cube_root(cubes: Tensor) -> Tensor:
    return cubes.clamp(min=0) ** (1 / 3)


def _expect(weights: Tensor, values: Tensor) -> Tensor:
    """The mean of values (T, V) under weights (T, V): (T, 1), in float64."""
    return torch.linalg.vecdot(weights, values).double()[:, None]
